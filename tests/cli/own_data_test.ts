import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readTable } from "../../lib/datasets/tables.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { drawSecret, writeCertainModel } from "./tiny_run.ts";

/** A folder of code with secrets, a model that knows their first letters, and what was found and probed there. */
async function ownData() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeCertainModel(path("model"), "n");
  Deno.mkdirSync(path("src"));
  for (let i = 0; i < 4; i++) {
    const text = `# file ${i}\n${"x = 1\n".repeat(30)}token = "${drawSecret(i)}"\n`;
    Deno.writeTextFileSync(path(`src/${i}.py`), text);
    Deno.writeTextFileSync(path(`src/clean${i}.py`), `# clean ${i}\n${"y = 2\n".repeat(40)}`);
  }
  const run = async (command: string, ...args: string[]) => {
    const { code, stdout, stderr } = await callMain([command, ...args]);
    return { code, stdout, stderr, line: stderr.trimEnd().split("\n").at(-1)! };
  };
  const model = ["--model", path("model"), "--corpus", path("src")];
  const commands = {
    detect: () => run("detect", path("src"), "--out", path("secrets.csv")),
    probe: (out: string) => run("probe", ...model, "--secrets", path("secrets.csv"), "--out", path(out)),
    select: (out: string) =>
      run(
        "select",
        ...["--probe", path("probe.csv"), "--corpus", path("src"), "--k", "2", "--groups", "1"],
        ...["--min-ma", "0", "--min-mask-tokens", "1", "--out", path(out)],
      ),
    retain: (out: string, ...how: string[]) =>
      run(
        "retain",
        ...["--model", path("model"), "--texts", path("src"), "--secrets", path("secrets.csv"), "--k", "2"],
        ...[...how, "--out", path(out)],
      ),
    unlearn: (out: string, ...how: string[]) =>
      run(
        "unlearn",
        ...[...model, "--forget", path("sets/forget_0.parquet"), "--ma", "0", "--el10", "0", "--lr", "1e-7"],
        ...["--epochs", "1", ...how, "--out", path(out)],
      ),
    evaluate: (out: string) =>
      run("evaluate", ...model, "--forget", path("sets/forget_0.parquet"), "--out", path(out)),
  };
  return { path, ...commands, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("every command that takes places refuses those of a corpus that has changed since", async () => {
  using at = await ownData();
  for (const done of [await at.detect(), await at.probe("probe.csv"), await at.select("sets")]) {
    assertEquals(done.code, 0, done.line);
  }
  const probed = (await readTable(at.path("probe.csv"))).toRecords();
  const found = (await readTable(at.path("secrets.csv"))).toRecords();
  assertEquals(
    probed.map(({ detector, fingerprint }) => [detector, fingerprint]),
    found.map(({ detector, fingerprint }) => [detector, fingerprint]),
  );
  const file = at.path("src/2.py");
  const before = Deno.readTextFileSync(file);
  const inSet = JSON.stringify((await readTable(at.path("sets/forget_0.parquet"))).toRecords());
  for (const name of ["0.py", "1.py", "2.py", "3.py"]) {
    const text = Deno.readTextFileSync(at.path(`src/${name}`));
    Deno.writeTextFileSync(at.path(`src/${name}`), `import os\n${text}`); // every place has moved
  }
  const tries = {
    probe: await at.probe("again.csv"),
    select: await at.select("again"),
    retain: await at.retain("again.parquet", "--any"),
    unlearn: await at.unlearn("again", "--method", "ga"),
    evaluate: await at.evaluate("again.csv"),
  };
  for (const [command, { code, line }] of Object.entries(tries)) {
    assertEquals(code, 1, command);
    assertStringIncludes(line, "another value stands there than was found", command);
    assertStringIncludes(line, "run detect again", command);
  }
  assert(!inSet.includes(before.slice(-20)), "a set holds no text");
  Deno.env.set("CODESCRUB_KEY", "another key of enough bytes");
  try {
    assertStringIncludes((await at.probe("again.csv")).line, "or CODESCRUB_KEY: run detect again");
  } finally {
    Deno.env.delete("CODESCRUB_KEY");
  }
});

Deno.test("retain says what helps where nothing is memorized, and takes any texts without secrets", async () => {
  using at = await ownData();
  await at.detect();
  const none = await at.retain("none.csv");
  assertEquals(none.code, 1);
  assertStringIncludes(none.line, "0 texts reach BLEU-4 0.95, the best has 0.");
  assertStringIncludes(none.line, "a smaller --min-bleu, or --any for texts that need not be memorized");
  assertEquals((await at.retain("low.csv", "--min-bleu", "0")).code, 0);
  const any = await at.retain("any.csv", "--any");
  assertEquals(any.code, 0, any.line);
  const rows = (await readTable(at.path("any.csv"))).toRecords();
  assertEquals(rows.map(({ doc_id, bleu4 }) => [String(doc_id).startsWith("clean"), bleu4]), [[true, null], [
    true,
    null,
  ]]);
  const record = JSON.parse(Deno.readTextFileSync(at.path(".codescrub/any.csv.json")));
  assertEquals([record.settings.any, record.summary.any], [true, true]);
});

Deno.test("unlearn does without a retain set where its method does, and says which does not", async () => {
  using at = await ownData();
  for (const done of [await at.detect(), await at.probe("probe.csv"), await at.select("sets")]) {
    assertEquals(done.code, 0, done.line);
  }
  for (const method of ["ga", "ssga"]) {
    const { stdout, line } = await at.unlearn(method, "--method", method, "--json");
    const summary = JSON.parse(stdout);
    assertEquals([summary.status, summary.after.retain_ma], ["not-converged", null], line);
  }
  const eraser = await at.unlearn("codeeraser", "--method", "codeeraser");
  assertEquals([eraser.code, eraser.line], [
    2,
    'codescrub: Missing option "--retain": codeeraser keeps what a retain set shows it',
  ]);
  const evaluated = await at.evaluate("evaluation.csv");
  assertEquals(evaluated.code, 0, evaluated.line);
});

Deno.test("unlearn says once that the learning rate is small for the model, in its result and its record too", async () => {
  using at = await ownData();
  for (const done of [await at.detect(), await at.probe("probe.csv"), await at.select("sets")]) {
    assertEquals(done.code, 0, done.line);
  }
  const { code, stdout, line, stderr } = await at.unlearn("ga", "--method", "ga", "--epochs", "5", "--json");
  const [note, more] = stderr.split("\n").filter((line) => line.startsWith("The learning rate"));
  assertMatch(
    note!,
    /^The learning rate is small for this model: MA has hardly moved in 4 epochs .*: try --lr 0\.000001$/,
  );
  assertEquals([code, more, JSON.parse(stdout).notes], [1, undefined, [note]]);
  assertEquals(JSON.parse(Deno.readTextFileSync(at.path("ga/run.json"))).summary.notes, [note]);
  assertStringIncludes(line, "after 5 epochs (not-converged): try --lr 0.000001");
});
