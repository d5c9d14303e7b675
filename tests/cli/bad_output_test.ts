import { assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { cliCommand } from "./run_cli.ts";
import { argumentsOf, listAll, tiny } from "./tiny_cases.ts";
import { drawSecret, type TinyRun, writeTexts } from "./tiny_run.ts";

Deno.test("codescrub refuses outputs that exist or whose folder is missing, and keeps them", async () => {
  using at = await tiny();
  await Deno.writeTextFile(at.path("mine.parquet"), "mine");
  await Deno.mkdir(at.path("mine"));
  await Deno.writeTextFile(at.path("mine/thesis.tex"), "mine");
  const tables = ["detect", "measure", "thresholds", "probe", "analyze", "retain", "evaluate", "report"];
  for (const command of tables) {
    await at.fail(
      command,
      { out: at.path("mine.parquet") },
      /it is there already: give --force to replace it/,
    );
    await at.fail(
      command,
      { out: at.path("mine") },
      command === "report" ? /it is a folder: name a file/ : /Unknown table format "mine"/,
    );
    await at.fail(
      command,
      { out: at.path("no/out.parquet") },
      /the folder ".*no" does not exist: make it first/,
    );
  }
  for (const command of ["select", "unlearn"]) {
    await at.fail(command, { out: at.path("mine.parquet") }, /it is not a folder: name another/);
    await at.fail(
      command,
      { out: at.path("mine") },
      /it holds other files: give --force to write beside them/,
    );
    await at.fail(command, { out: at.path("no/run") }, /the folder ".*no" does not exist: make it first/);
  }
  assertEquals(await Deno.readTextFile(at.path("mine.parquet")), "mine");
});

Deno.test("codescrub never writes over what it reads, not even with --force", async () => {
  using at = await tiny();
  const inputs: { [command: string]: (keyof TinyRun)[] } = {
    detect: ["corpus"],
    measure: ["corpus"],
    thresholds: ["corpus"],
    probe: ["corpus", "secrets"],
    analyze: ["probe"],
    retain: ["corpus", "secrets"],
    evaluate: ["corpus", "forget", "retain"],
  };
  for (const [command, names] of Object.entries(inputs)) {
    for (const name of names) {
      await at.fail(
        command,
        { out: at[name] as string, force: true },
        /the command reads it: name another file/,
      );
    }
  }
  await Deno.copyFile(at.probe, at.path("proxy.parquet"));
  const proxy = at.path("proxy.parquet");
  await at.fail("probe", { proxy, out: proxy, force: true }, /the command reads it: name another file/);
  await at.fail(
    "evaluate",
    { unseen: proxy, out: proxy, force: true },
    /the command reads it: name another file/,
  );
});

Deno.test("Ctrl-C in the middle of probe ends it with 130 and leaves no table", async () => {
  using at = await tiny();
  const texts = Array.from(
    { length: 600 },
    (_, i) => [`t${i}`, `# ${i}\nkey = "${drawSecret(i)}"\n${"x = 1\n".repeat(70)}`],
  );
  await writeTexts(at.path("texts.jsonl"), Object.fromEntries(texts));
  const lines = texts.map(([doc_id], i) => {
    const start = `# ${i}\nkey = "`.length;
    return JSON.stringify({ doc_id, tag: "KEY", start, end: start + 40 });
  });
  await Deno.writeTextFile(at.path("places.jsonl"), lines.join("\n"));
  const changes = { corpus: at.path("texts.jsonl"), secrets: at.path("places.jsonl"), el: true } as const;
  const before = listAll(dirname(at.corpus));
  const child = cliCommand(argumentsOf("probe", at, changes)).spawn();
  let stderr = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stderr) {
    const isFirst = !stderr.includes("Probing: 0 of");
    stderr += decoder.decode(bytes);
    if (isFirst && stderr.includes("Probing: 0 of")) child.kill("SIGINT");
  }
  assertEquals([(await child.status).code, await new Response(child.stdout).text()], [130, ""]);
  assertEquals(
    stderr.trimEnd().split("\n").at(-1),
    "codescrub: Interrupted by SIGINT: what was finished stays",
  );
  assertEquals(listAll(dirname(at.corpus)), before);
});
