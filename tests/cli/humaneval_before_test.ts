import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { describePasses, type PassesInput, summaryOfPasses } from "../../lib/cli/humaneval_report.ts";
import type { HumanEvalValues } from "../../lib/cli/humaneval_run.ts";
import { HUMANEVAL_PROBLEM_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { callMain } from "./call_main.ts";
import { bytesOf, ROWS, world } from "./humaneval_world.ts";

type World = Awaited<ReturnType<typeof world>>;

/** A run on the model after, compared with the one in `before`. */
const compared = (at: World) => ({
  model: at.path("other"),
  before: at.path("before"),
  out: at.path("after"),
});

Deno.test("humaneval compares with a run that was drawn and judged alike only, naming what differs", async () => {
  using at = await world();
  await at.run({ out: at.path("before") });
  const write = async (name: string, change: (row: typeof ROWS[number]) => object) => {
    const lines = ROWS.map((row) => JSON.stringify({ ...row, ...change(row) }) + "\n");
    await Deno.writeTextFile(at.path(name), lines.join(""));
    return { problems: at.path(name) };
  };
  const refusals: [Partial<HumanEvalValues>, string, { sandbox?: string; timeout?: number }?][] = [
    [{ temperature: 0.8 }, '"temperature" was 0.2, is 0.8'],
    [{ topP: 0.5, maxTokens: 256 }, '"max_tokens" was 512, is 256; "top_p" was 0.95, is 0.5'],
    [{}, '"sandbox" was "pyodide", is "none"', { sandbox: "none" }],
    [{}, '"timeout" was 3, is 30', { timeout: 30 }],
    [
      await write("plus.jsonl", ({ test }) => ({ test: `${test}    assert True\n` })),
      "the file of problems has another content: run both alike",
    ],
    [await write("other.jsonl", ({ prompt }) => ({ prompt: `${prompt}    # Go on.\n` })), '"prompts" was "'],
  ];
  for (const [changes, what, judge = {}] of refusals) {
    await assertRejects(() => at.run({ ...compared(at), ...changes }, { judge }), Error, what);
    assertEquals(at.drawn, [], "nothing is drawn before it is known");
  }
  await at.run({ ...compared(at), n: 3 }); // more samples of as good a kind
});

Deno.test("humaneval does not compare a run with itself, nor with one that was edited", async () => {
  using at = await world();
  await at.run({ out: at.path("before") });
  const itself = { out: at.path("before"), before: at.path("before/../before") };
  await assertRejects(() => at.run(itself), Error, "with itself: give --before the run on the model before");
  await Deno.copyFile(at.path("before/results.parquet"), at.path("kept"));
  for (const name of ["results.parquet", "samples.jsonl"]) {
    await Deno.writeTextFile(at.path(`before/${name}`), "x", { append: true });
    await assertRejects(() => at.run(compared(at)), Error, "has changed since it was written");
    await Deno.copyFile(at.path("kept"), at.path("before/results.parquet"));
  }
});

Deno.test("humaneval does not go on from verdicts that were edited, and judges anew without them", async () => {
  using at = await world();
  await at.run();
  const path = at.path("out/verdicts.jsonl");
  const lines = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, lines.replace('"passed":false', '"passed":true'));
  const message = "was edited, or judged by other tests or another sandbox: remove the file to judge anew";
  await assertRejects(() => at.run({ n: 3 }), SyntaxError, message);
  await Deno.remove(path);
  const { summary } = await at.run({ n: 3 });
  assertEquals([summary.passed, at.drawn.length, at.judged.length], [3, 4, 12]);
});

Deno.test("humaneval tests two runs of a sample each by McNemar's test where they are greedy, not where they were drawn", async () => {
  using at = await world();
  for (const [temperature, isTested] of [[0, true], [0.8, false]] as const) {
    const how = { n: 1, temperature };
    await at.run({ ...how, out: at.path(`before-${temperature}`) });
    const paths = { before: at.path(`before-${temperature}`), out: at.path(`after-${temperature}`) };
    const { summary, text } = await at.run({ ...how, ...paths, model: at.path("other") });
    assertEquals([Object.hasOwn(summary.before as object, "p_value"), text!.includes("McNemar")], [
      isTested,
      isTested,
    ]);
  }
});

Deno.test("a merged run of humaneval goes on to more samples, and compares, as one process' run does", async () => {
  using at = await world();
  await at.run({ out: at.path("before") });
  await at.run({ ...compared(at), out: at.path("whole") });
  for (const shard of ["0/2", "1/2"]) await at.run({ ...compared(at), shard });
  const { code, stderr, stdout } = await callMain(["merge", at.path("after"), "--json"]);
  assertEquals(code, 0, stderr);
  assertEquals(bytesOf(at.path("after")), bytesOf(at.path("whole")));
  const rows = await readRows(at.path("after/problems.parquet"), HUMANEVAL_PROBLEM_COLUMNS);
  assertEquals(rows.map(({ passed_before }) => passed_before), [1, 1, 0, 0]);
  const record = JSON.parse(await Deno.readTextFile(at.path("whole/run.json")));
  assertEquals(JSON.parse(stdout.trimEnd().split("\n").at(-1)!).before, record.summary.before);
  await at.run({ ...compared(at), n: 3 });
  assertEquals(at.drawn.length, 4, "only the third of each");
  await at.run({ ...compared(at), n: 3, out: at.path("whole") });
  assertEquals(bytesOf(at.path("after")), bytesOf(at.path("whole")));
});

Deno.test("merge refuses shards of humaneval that were compared with another run, or with none", async () => {
  using at = await world();
  await at.run({ out: at.path("before") });
  await at.run({ ...compared(at), shard: "0/2" });
  const { before: _, ...alone } = compared(at);
  await at.run({ ...alone, shard: "1/2" });
  const { code, stderr } = await callMain(["merge", at.path("after")]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "it was compared with another run than");
  await Deno.writeTextFile(join(at.path("after-00000-of-00002"), "verdicts.jsonl"), "");
  assertStringIncludes((await callMain(["merge", at.path("after")])).stderr, '"verdicts.jsonl" has changed');
});

Deno.test("a shard of humaneval without problems compares nothing", async () => {
  using at = await world();
  await at.run({ out: at.path("before") });
  const { summary } = await at.run({ ...compared(at), shard: "4/5" });
  assertEquals(Object.keys(summary.before as object), ["results"]);
});

Deno.test("describePasses() has errors, and the paper's rows below ours where the problems are HumanEval's", () => {
  const result = (task_id: string, passed: boolean) => ({
    ...{ task_id, sample: 0, passed, reason: passed ? "passed" : "failed", detail: null },
    ...{ ended: "stop", tokens: 3 },
  });
  const say = (prefix: string, before?: PassesInput["before"]) => {
    const results = [result(`${prefix}/0`, true), result(`${prefix}/1`, false)];
    const input = { results, n: 1, isGreedy: false, seed: 42, before };
    return describePasses(summaryOfPasses(input), input).join("\n");
  };
  const before = {
    results: "",
    counts: ["HumanEval/0", "HumanEval/1"].map((task_id) => ({ task_id, n: 1, c: 1 })),
  };
  const lines = say("HumanEval", before);
  assertStringIncludes(lines, "pass@1 0.5000 (0.0000 to 1.0000), standard error 0.5000");
  assertStringIncludes(
    lines,
    "the run before                 original    100.00 (15.81 to 100.00)  -       -",
  );
  assertStringIncludes(
    lines,
    "this run                       after       50.00 (0.00 to 100.00)    -       -",
  );
  assertStringIncludes(lines, "Qwen2.5-Coder-7B (paper)       CodeEraser  61.65                     73.41");
  assert(!lines.includes("GA") && !say("Made").includes("paper"));
});
