import { assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { cliCommand } from "./run_cli.ts";
import { argumentsOf, listAll, tiny } from "./tiny_cases.ts";
import { drawSecret, type TinyRun, writeTexts } from "./tiny_run.ts";

const TABLES = [
  ...["detect", "sample", "measure", "thresholds", "probe", "analyze", "retain", "evaluate", "report"],
  "certify",
];
const FOLDERS = ["select", "unlearn", "attack", "scrub", "train"];

Deno.test("codescrub keeps what stands where it was to write, whatever --force says", async () => {
  using at = await tiny();
  await Deno.writeTextFile(at.path("mine.parquet"), "mine");
  await Deno.mkdir(at.path("mine"));
  await Deno.writeTextFile(at.path("mine/thesis.tex"), "mine");
  for (const force of [true, undefined] as const) {
    for (const command of TABLES) {
      await at.fail(
        command,
        { out: at.path("mine.parquet"), force },
        /it is there already, and no run wrote it: move it away/,
      );
      await at.fail(
        command,
        { out: at.path("mine"), force },
        ["report", "certify"].includes(command)
          ? /it is a folder: name a file/
          : /Unknown table format "mine"/,
      );
      await at.fail(
        command,
        { out: at.path("mine.parquet/out.parquet"), force },
        /"[^"]*mine.parquet" is not a folder/,
      );
    }
    for (const command of FOLDERS) {
      await at.fail(command, { out: at.path("mine.parquet"), force }, /it is not a folder: name another/);
      await at.fail(command, { out: at.path("mine"), force }, /it holds ".*thesis.tex", which no run wrote/);
    }
    for (const second of ["skipped"]) {
      await at.fail("detect", { [second]: at.path("mine.parquet"), force }, /no run wrote it: move it away/);
    }
  }
  assertEquals(await Deno.readTextFile(at.path("mine.parquet")), "mine");
});

Deno.test("codescrub never writes over, into or around what it reads, not even with --force", async () => {
  using at = await tiny();
  const inputs: { [command: string]: (keyof TinyRun)[] } = {
    detect: ["corpus"],
    dedupe: ["corpus"],
    sample: ["corpus"],
    measure: ["model", "corpus"],
    thresholds: ["model", "corpus"],
    probe: ["model", "corpus", "secrets"],
    analyze: ["probe"],
    select: ["probe", "corpus"],
    retain: ["model", "corpus", "secrets"],
    unlearn: ["model", "corpus", "forget", "retain", "thresholds"],
    evaluate: ["model", "corpus", "forget", "retain"],
    attack: ["model", "corpus", "forget"],
    scrub: ["model", "corpus", "request"],
    certify: ["model", "forget"],
    train: ["model", "corpus"],
  };
  for (const [command, names] of Object.entries(inputs)) {
    for (const name of names) {
      const isFolder = FOLDERS.includes(command);
      const path = at[name] as string;
      if (name !== "model") {
        await at.fail(command, { out: path, force: true }, /the command reads it: name another/);
      } else if (isFolder) {
        await at.fail(command, { out: path, force: true }, /the command reads it: name another/);
      }
      if (isFolder) {
        await at.fail(command, { out: dirname(path), force: true }, /which the command reads, lies in it/);
      }
      if (name === "model") {
        const out = `${path}/${isFolder ? "out" : "out.parquet"}`;
        await at.fail(command, { out, force: true }, /it lies in ".*model", which the command reads/);
      }
    }
  }
  await Deno.copyFile(at.probe, at.path("proxy.parquet"));
  const proxy = at.path("proxy.parquet");
  await at.fail("probe", { proxy, out: proxy, force: true }, /the command reads it: name another/);
  await at.fail("evaluate", { unseen: proxy, out: proxy, force: true }, /the command reads it: name another/);
  await at.fail("detect", { skipped: at.corpus, force: true }, /the command reads it: name another/);
  await at.fail("dedupe", { dropped: at.corpus, force: true }, /the command reads it: name another/);
  await at.fail("thresholds", { groups: at.corpus, force: true }, /the command reads it: name another/);
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
