import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { HUMANEVAL_OPTIONS, type HumanEvalValues } from "../../lib/cli/humaneval_run.ts";
import { drawFrom } from "../../lib/cli/humaneval_prompts.ts";
import type { DrawnSample } from "../../lib/cli/humaneval_samples.ts";
import { EMBEDDED_MODEL } from "../../lib/cli/model_folder.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { openModel } from "../../lib/cli/session.ts";
import { HUMANEVAL_PROBLEM_COLUMNS, HUMANEVAL_SAMPLE_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { readProblems } from "../../lib/humaneval/problem.ts";
import { bytesOf, failingAfter, NAMES, QUIET, ROWS, sampleOf, world } from "./humaneval_world.ts";

Deno.test("humaneval writes samples, a row each and a row a problem, and says pass@k", async () => {
  using at = await world();
  const { summary, text } = await at.run();
  const rows = await readRows(at.path("out/results.parquet"), HUMANEVAL_SAMPLE_COLUMNS);
  assertEquals(rows.map(({ task_id, sample, passed }) => [task_id, sample, passed]), [
    ...[["Made/one", 0, true], ["Made/one", 1, false], ["Made/two", 0, false], ["Made/two", 1, true]],
    ...[["Made/three", 0, false], ["Made/three", 1, false], ["Made/four", 0, false], ["Made/four", 1, false]],
  ]);
  assertEquals([rows[1]!.reason, rows[1]!.detail, rows[1]!.ended, rows[3]!.detail], [
    "failed",
    "Wrong",
    "length",
    null,
  ]);
  const problems = await readRows(at.path("out/problems.parquet"), HUMANEVAL_PROBLEM_COLUMNS);
  assertEquals(problems.map(({ passed, pass_at_1, pass_at_5 }) => [passed, pass_at_1, pass_at_5]), [
    ...[[1, 0.5, null], [1, 0.5, null], [0, 0, null], [0, 0, null]],
  ]);
  assertEquals([summary.problems, summary.samples, summary.passed, summary.cut_at_length], [4, 8, 2, 4]);
  assertEquals(summary.reasons, { passed: 2, failed: 6 });
  assert(
    text!.includes(
      "4 problems of 2 samples each: 2 of 8 passed, 4 cut at their length\npass@1 0.2500 (0.0000 to",
    ),
  );
  assertEquals([at.drawn.length, at.judged.length], [8, 8]);
  await assertRejects(() => at.run(), Error, "it is finished already: give --force");
});

Deno.test("humaneval goes on where it was stopped, draws and judges nothing twice, and ends with the same bytes", async () => {
  using at = await world();
  await at.run({ out: at.path("whole") });
  for (const count of [0, 1, 5, 7]) {
    const out = at.path(`stopped-${count}`);
    const openSampler = failingAfter(count, at.parts);
    await assertRejects(() => at.run({ out }, { openSampler }), Error, "Cannot draw: stopped");
    await at.run({ out });
    assertEquals(at.drawn.length, 8 - count);
    assert(at.judged.length >= 8 - count && at.judged.length <= 8);
    assertEquals(bytesOf(out), bytesOf(at.path("whole")), `stopped after ${count}`);
  }
  assert((await at.run({ out: at.path("again") })).summary.passed === 2);
});

Deno.test("humaneval goes on from a torn line of samples and of verdicts", async () => {
  using at = await world();
  await at.run({ out: at.path("whole") });
  await assertRejects(() => at.run({}, { openSampler: failingAfter(5, at.parts) }), Error, "stopped");
  const judged = (await Deno.readTextFile(at.path("out/verdicts.jsonl"))).split("\n").length - 1;
  await Deno.writeTextFile(at.path("out/samples.jsonl"), '{"task_id":"Made/one","comp', { append: true });
  await Deno.writeTextFile(at.path("out/verdicts.jsonl"), '{"task_id":"Made/one","samp', { append: true });
  await at.run();
  assertEquals([at.drawn.length, at.judged.length], [3, 8 - judged]);
  assertEquals(bytesOf(at.path("out")), bytesOf(at.path("whole")));
});

Deno.test("a finished humaneval goes on to more samples without the first again, not to fewer", async () => {
  using at = await world();
  await at.run({ n: 5, out: at.path("whole") });
  await at.run();
  await at.run({ n: 5 });
  assertEquals([at.drawn.length, at.judged.length], [12, 12]);
  assertEquals(bytesOf(at.path("out")), bytesOf(at.path("whole")));
  await assertRejects(() => at.run({ n: 3 }), Error, "it is finished already");
});

Deno.test("a finished humaneval stays finished where what is asked of it is refused, and where nothing can be drawn", async () => {
  using at = await world();
  await at.run({ out: at.path("before") });
  const record = () => JSON.parse(Deno.readTextFileSync(at.path("before/run.json"))).status;
  const again = { out: at.path("before") };
  await at.run({ model: at.path("other") });
  await assertRejects(() => at.run({ ...again, n: 1, before: at.path("out") }), Error, "finished already");
  assertEquals(record(), "finished");
  const openSampler = () => Promise.reject(new Error("Cannot load: no memory"));
  await assertRejects(() => at.run({ ...again, n: 3 }, { openSampler }), Error, "no memory");
  const openJudge = () => Promise.reject(new Error("bwrap is missing"));
  await assertRejects(() => at.run({ ...again, n: 3 }, { openJudge }), Error, "bwrap is missing");
  assertEquals(record(), "finished");
  await assertRejects(() => at.run({ ...again, n: 3 }, { openSampler: failingAfter(1, at.parts) }));
  assertEquals(record(), "unfinished");
});

Deno.test("humaneval refuses to go on with another model or other settings, naming them", async () => {
  using at = await world();
  await at.run();
  const refusals: [Partial<HumanEvalValues>, string][] = [
    [{ n: 3, temperature: 0.8 }, '"temperature" was 0.2, is 0.8'],
    [{ n: 3, model: at.path("other") }, '"model" was '],
    [{ n: 3, maxTokens: 600 }, '"maxTokens" was 512, is 600'],
  ];
  for (const [changes, what] of refusals) {
    await assertRejects(() => at.run(changes), Error, what);
    assertEquals(at.drawn, []);
  }
  await Deno.writeTextFile(at.path("model/model.safetensors"), "trained");
  await assertRejects(
    () => at.run({ n: 3 }),
    Error,
    "as what it reads has changed since it began: the model",
  );
});

Deno.test("humaneval tells what judging failed with, and keeps what was drawn", async () => {
  using at = await world();
  const openJudge = () => Promise.resolve({ run: () => Promise.reject(new Error("Cannot judge: it broke")) });
  await assertRejects(() => at.run({}, { openJudge }), Error, "Cannot judge: it broke");
  const drawn = at.drawn.length;
  assert(drawn > 0);
  const closed = () => Promise.reject(new Error("Cannot start the sandbox: bwrap is missing"));
  await assertRejects(() => at.run({}, { openJudge: closed }), Error, "bwrap is missing");
  assertEquals(at.drawn, [], "nothing is drawn where nothing can be judged");
  await at.run();
  assertEquals([at.drawn.length, at.judged.length], [8 - drawn, 8]);
});

Deno.test("humaneval refuses tests that import what the sandbox has not, before anything is drawn", async () => {
  using at = await world();
  const write = async (module: string) => {
    const rows = ROWS.map((row) => ({ ...row, test: `    import math, ${module} as m\n${row.test}` }));
    await Deno.writeTextFile(at.path("plus.jsonl"), rows.map((row) => JSON.stringify(row) + "\n").join(""));
    return { problems: at.path("plus.jsonl") };
  };
  const message =
    'Cannot judge "Made/one": it imports numpy, which the sandbox cannot (failed, ModuleNotFoundError)';
  await assertRejects(async () => at.run(await write("numpy")), Error, message);
  assertEquals([at.drawn, at.judged, existsSync(at.path("out"))], [[], [], false]);
  assertEquals((await at.run(await write("re"), { judge: { sandbox: "none" } })).summary.passed, 2);
});

Deno.test("humaneval may be interrupted while it draws, and while it waits for verdicts", async () => {
  using at = await world();
  const controller = new AbortController();
  const openJudge = () =>
    Promise.resolve({
      run() {
        if (at.drawn.length === 8) setTimeout(() => controller.abort(new Error("Interrupted")), 5);
        return new Promise<never>(() => {}); // a judge that never answers
      },
    });
  const context = { signal: controller.signal };
  await assertRejects(() => at.run({}, { openJudge, context }), Error, "Interrupted");
  await at.run();
  assertEquals([at.drawn.length, at.judged.length], [0, 8]);
  let left = 3;
  const breathe = () => left-- === 0 ? Promise.reject(new Error("Interrupted")) : Promise.resolve();
  await assertRejects(() => at.run({ n: 4 }, { context: { breathe } }), Error, "Interrupted");
  await at.run({ n: 4 });
  assertEquals(at.drawn.length, 4);
});

Deno.test("humaneval compares with a run on the model before, greedy ones by McNemar's test", async () => {
  using at = await world();
  await at.run({ out: at.path("before"), n: 1, temperature: 0 });
  const wrong = () =>
    Promise.resolve(async function* () {
      for (const name of NAMES) yield { ...sampleOf(`Made/${name}`, 0), completion: "\n    return 0\n" };
    });
  const after = { model: at.path("other"), n: 1, temperature: 0 };
  const { summary, text } = await at.run({ ...after, before: at.path("before") }, { openSampler: wrong });
  const compared = summary.before as { [name: string]: { estimate: number; high: number } };
  assertEquals([compared["pass@1"]!.estimate, compared["pass@1"]!.high], [-0.25, 0]);
  assertEquals([compared.only_before, compared.only_after, compared.p_value] as unknown[], [1, 0, 1]);
  assert(text!.includes("solved before only 1, after only 0: McNemar's p 1.0000"));
  assertEquals((await at.run({ ...after, before: at.path("before") })).summary, summary);
  assertEquals([at.drawn, at.judged], [[], []], "a finished run may be compared without another sample");
  await assertRejects(
    () => at.run({ ...after, before: at.path("model") }),
    Error,
    "it is no finished run of humaneval",
  );
});

Deno.test("shards of humaneval have their problems, and nothing where there are more shards than problems", async () => {
  using at = await world();
  await at.run({ shard: "1/3" });
  assertEquals(new Set(at.drawn.map((name) => name.split(" ")[0])), new Set(["Made/two"]));
  const { summary, text } = await at.run({ shard: "4/5" });
  assertEquals([summary.problems, summary.passes], [0, {}]);
  assert(text!.startsWith("0 problems of 2 samples each: 0 of 0 passed"));
  assertEquals(await Deno.readTextFile(at.path("out-00004-of-00005/samples.jsonl")), "");
});

Deno.test("humaneval says how to get its problems, and what is wrong with one's own", async () => {
  using at = await world();
  const before = Deno.env.get("CODESCRUB_CACHE");
  Deno.env.set("CODESCRUB_CACHE", at.path("cache"));
  try {
    const message = 'it was not fetched yet: run "npx -y deno task fetch humaneval" or give --problems';
    await assertRejects(() => at.run({ problems: undefined }), Error, message);
  } finally {
    if (before === undefined) Deno.env.delete("CODESCRUB_CACHE");
    else Deno.env.set("CODESCRUB_CACHE", before);
  }
  await Deno.writeTextFile(at.path("bad.jsonl"), JSON.stringify({ ...ROWS[0], test: "" }));
  await assertRejects(() => at.run({ problems: at.path("bad.jsonl") }), SyntaxError, "row 1 has no test");
  await assertRejects(() => at.run({ topP: 0 }), Error, "Cannot read --top-p 0");
  assertEquals(HUMANEVAL_OPTIONS.maxTokens.default, 512);
});

Deno.test("drawFrom() gives what follows the prompt, cut at its stop, the same in whatever company", async () => {
  const context = {
    cwd: "/",
    progress: createProgress({ stream: QUIET }),
    signal: new AbortController().signal,
  };
  using session = await openModel(EMBEDDED_MODEL, context);
  const { tokenizer } = session;
  const problems = readProblems(ROWS, "made");
  const draw = drawFrom(session, { temperature: 0.8, topP: 0.95, maxTokens: 48, seed: 1 });
  const all = await Array.fromAsync(draw(problems, { n: 2 }));
  assertEquals(all.length, 8);
  for (const { completion, task_id, tokens, ended } of all) {
    const { stops, prompt } = problems.find((problem) => problem.task_id === task_id)!;
    assert(stops.every((stop) => !completion.includes(stop)), completion);
    const length = (await tokenizer.encodeIds([prompt]))[0]!.length;
    assert(tokens > 0 && (ended === "length" ? length + tokens === 48 : length + tokens <= 48));
  }
  const nameOf = ({ task_id, sample }: DrawnSample) => `${task_id} ${sample}`;
  const wanted = nameOf(all.at(-1)!);
  const alone = draw(problems, { n: 2, isDone: (task, sample) => `${task} ${sample}` !== wanted });
  assertEquals(await Array.fromAsync(alone), [all.at(-1)!]);
});
