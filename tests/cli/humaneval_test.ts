import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HUMANEVAL_PROBLEM_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { callMain } from "./call_main.ts";
import { cliCommand, runCli } from "./run_cli.ts";
import { argumentsOf, tiny } from "./tiny_cases.ts";
import { writeCertainModel } from "./tiny_run.ts";

const sandboxed = { sandbox: undefined, consent: undefined };

/** Problems that a model solves which says "1" after everything, and one that it does not. */
async function writeProblems(path: string): Promise<void> {
  const rows = [/^1{4,}$/, /^2/].map((right, i) => ({
    ...{ task_id: `Made/${i}`, prompt: "def f():\n    return 1", entry_point: "f" },
    test: `import re\ndef check(candidate):\n    assert re.match(r"${right.source}", str(candidate()))\n`,
  }));
  await Deno.writeTextFile(path, rows.map((row) => JSON.stringify(row) + "\n").join(""));
}

Deno.test("humaneval draws from a model, runs its programs in Pyodide, by the command line's own permissions", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "1");
  await writeProblems(at.problems);
  const out = at.path("passes");
  const args = [
    "humaneval",
    "--model",
    at.model,
    "--problems",
    at.problems,
    "--n",
    "2",
    "--max-tokens",
    "30",
  ];
  const { code, stdout, stderr } = await runCli([...args, "--out", out, "--json"]);
  assertEquals(code, 0, stderr);
  const summary = JSON.parse(stdout);
  assertEquals([summary.samples, summary.passed, summary.cut_at_length], [4, 2, 4]);
  assertEquals(summary.passes["pass@1"].estimate, 0.5);
  const rows = await readRows(join(out, "problems.parquet"), HUMANEVAL_PROBLEM_COLUMNS);
  assertEquals(rows.map(({ task_id, passed, passed_before }) => [task_id, passed, passed_before]), [
    ["Made/0", 2, null],
    ["Made/1", 0, null],
  ]);
});

Deno.test("humaneval says that Pyodide has no NumPy where tests import it, and not that the model fails", async () => {
  using at = await tiny();
  const test = "import numpy as np\ndef check(candidate):\n    assert candidate() == 1\n";
  const row = { task_id: "Plus/0", prompt: "def f():\n    return 1", entry_point: "f", test };
  await Deno.writeTextFile(at.problems, JSON.stringify(row) + "\n");
  const args = [
    "humaneval",
    "--model",
    at.model,
    "--problems",
    at.problems,
    "--n",
    "1",
    "--max-tokens",
    "30",
  ];
  const { code, stderr } = await runCli([...args, "--out", at.path("passes")]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    'Cannot judge "Plus/0": it imports numpy, which the sandbox cannot (failed, ModuleNotFoundError)',
  );
});

Deno.test("shards of humaneval are merged to what one process writes, and compared with another run", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "1");
  await writeProblems(at.problems);
  const whole = at.path("whole");
  const good = async (changes: Parameters<typeof at.run>[1]) => {
    const { code, stderr } = await at.run("humaneval", { "max-tokens": 30, ...changes });
    assertEquals(code, 0, stderr);
  };
  await good({ out: whole });
  for (const shard of ["0/2", "1/2"]) await good({ shard, out: at.path("parts") });
  const { code, stderr } = await callMain(["merge", at.path("parts")]);
  assertEquals(code, 0, stderr);
  for (const name of ["samples.jsonl", "results.parquet", "problems.parquet"]) {
    assertEquals(Deno.readFileSync(join(at.path("parts"), name)), Deno.readFileSync(join(whole, name)), name);
  }
  await good({ out: whole, before: at.path("parts") });
  const rows = await readRows(join(whole, "problems.parquet"), HUMANEVAL_PROBLEM_COLUMNS);
  assertEquals(rows.map(({ passed, passed_before }) => [passed, passed_before]), [[2, 2], [0, 0]]);
});

Deno.test("humaneval --plan says samples, tokens, time and memory, and writes nothing", async () => {
  using at = await tiny();
  const before = [...Deno.readDirSync(at.folder)].length;
  const { code, stdout } = await at.run("humaneval", { plan: true, ...sandboxed });
  assertEquals([code, [...Deno.readDirSync(at.folder)].length], [0, before]);
  assertStringIncludes(stdout, "Samples: 4 of 2 problems, 88 tokens at most"); // 32 less 10 of each prompt
  assertStringIncludes(stdout, "Time: at most about");
  assertStringIncludes(stdout, "Memory: about");
});

Deno.test("humaneval refuses what it cannot use in one line, before anything is drawn", async () => {
  using at = await tiny();
  const write = async (rows: unknown[]) => {
    await Deno.writeTextFile(at.path("bad.jsonl"), rows.map((row) => JSON.stringify(row) + "\n").join(""));
    return { problems: at.path("bad.jsonl") };
  };
  const row = { task_id: "a", prompt: "def f():", entry_point: "f", test: "def check(f): pass" };
  await at.fail("humaneval", { consent: undefined }, "could do whatever you may: say so by --consent", 2);
  await at.fail("humaneval", { model: undefined }, "Give --model to draw samples of, or --samples", 2);
  await at.fail("humaneval", { samples: at.problems }, "Cannot use --samples with --model", 2);
  await at.fail("humaneval", { "top-p": 0 }, "Cannot read --top-p 0", 2);
  await at.fail("humaneval", { n: 0 }, "--n", 2);
  await at.fail("humaneval", { timeout: 0 }, "--timeout", 2);
  await at.fail("humaneval", { sandbox: "docker" }, "--sandbox", 2);
  await at.fail("humaneval", { problems: at.path("nowhere.jsonl") }, "nowhere.jsonl");
  await at.fail("humaneval", { before: at.corpus }, "it is no finished run of humaneval");
  const { test: _, ...untested } = row;
  await at.fail("humaneval", await write([untested]), "row 1 has no test");
  await at.fail("humaneval", await write([row, row]), '"a"');
  await at.fail("humaneval", await write([{ ...row, prompt: "x".repeat(600) }]), '"a"');
  await at.fail("humaneval", await write([]), "bad.jsonl");
});

Deno.test("humaneval grows to more samples, to the same bytes", async () => {
  using at = await tiny();
  const name = "samples.jsonl";
  assertEquals((await at.run("humaneval", { n: 3 })).code, 0);
  const bytes = Deno.readTextFileSync(at.path(`out/${name}`));
  assertEquals((await at.run("humaneval", { n: 2, out: at.path("again") })).code, 0);
  assertEquals((await at.run("humaneval", { n: 3, out: at.path("again") })).code, 0);
  assertEquals(Deno.readTextFileSync(at.path(`again/${name}`)), bytes);
  assert(bytes.includes('"settings"'));
});

Deno.test("humaneval goes on where it was killed, to the same bytes", async () => {
  using at = await tiny();
  const path = (name: string, file = "samples.jsonl") => join(at.path(name), file);
  const rowsOf = (file: string) =>
    existsSync(file) ? Deno.readTextFileSync(file).split("\n").slice(0, -1) : [];
  const changes = { n: 30, timeout: 120 }; // a busy machine is no slow program
  assertEquals((await at.run("humaneval", { ...changes, out: at.path("whole") })).code, 0);
  const args = argumentsOf("humaneval", at, { ...changes, out: at.path("killed") });
  const child = cliCommand(args).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  while (rowsOf(path("killed")).length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  child.kill("SIGKILL");
  assertEquals((await child.status).code, 137);
  await output;
  assertEquals(JSON.parse(Deno.readTextFileSync(path("killed", "run.json"))).status, "unfinished");
  const { code, stderr } = await runCli(args);
  assertEquals(code, 0, stderr);
  for (const name of ["samples.jsonl", "verdicts.jsonl", "results.parquet", "problems.parquet"]) {
    assertEquals(Deno.readFileSync(path("killed", name)), Deno.readFileSync(path("whole", name)), name);
  }
});
