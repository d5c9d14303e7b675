import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RowResult } from "./bench_result.ts";
import { conclusionsOf } from "./bench_demo.ts";
import { type BenchFile, type CheckFile, essentialTable } from "./essential.ts";
import { runStages, type Stage } from "./prove.ts";

const RESULT: RowResult = {
  ...{ row: "gpt2", name: "GPT-2, forward", unit: "ms", ours: 10, peers: { eager: 20, compile: null } },
  goals: [{ what: "x eager", value: 2, atLeast: 1.5 }, { what: "x compile", value: null, atLeast: 1 }],
  ...{ notes: [], seconds: 3, final: true },
};
const CHECK: CheckFile = {
  ...{ isGpu: true, card: "NVIDIA H100" },
  rows: [
    { row: "gpt2 float32", verdict: "pass" },
    { row: "steps", verdict: "fail", reason: "differs by 1.0e+0" },
    { row: "float16", verdict: "not offered" },
  ],
};
const BENCH: BenchFile = {
  machine: { card: "NVIDIA H100", driver: "580" },
  results: [RESULT, { ...RESULT, name: "load", goals: [], peers: {}, ours: null, final: false }],
  failures: [{ row: "large", error: "stopped after 150 s" }],
  skipped: ["demo"],
};

Deno.test("essentialTable() has a line for each measurement and goal, after the checks and what failed", () => {
  const lines = essentialTable(CHECK, BENCH).split("\n").map((line) => line.trimEnd());
  assertEquals(lines.slice(0, 6), [
    "NVIDIA H100",
    "check:gpu: 1 passed, 1 failed",
    "  FAILED steps: differs by 1.0e+0",
    "bench:gpu: 2 measurements",
    "  FAILED large: stopped after 150 s",
    "  not started: demo",
  ]);
  assertEquals(lines.slice(-3).map((line) => line.split(/ {2,}/)), [
    ["GPT-2, forward", "10.0 ms", "eager 20.0 ms, compile ?", "2.00 x eager", ">= 1.5", "reached"],
    ["", "? x compile", ">= 1", "not measured"],
    ["load (not finished)", "?", "-", "-", "-"],
  ]);
});

Deno.test("essentialTable() says what was not run, and that a CPU is no GPU", () => {
  assertEquals(essentialTable(null, null).split("\n"), [
    "On a CPU: this says nothing about a GPU",
    "check:gpu: not run",
    "bench:gpu: not run",
  ]);
  const early = essentialTable(CHECK, null).split("\n"); // stopped while it checked
  assertEquals([early[0], early.at(-1)], ["NVIDIA H100", "bench:gpu: not run"]);
  const cpu = { ...BENCH, machine: { card: null, driver: null } };
  assertStringIncludes(essentialTable(null, cpu), "On a CPU");
});

Deno.test("runStages() stops what takes too long, and all where what is needed fails", async () => {
  const script = (name: string, code: string, rest: Partial<Stage> = {}): Stage => ({
    ...{ name, args: ["eval", code], seconds: () => 60, ...rest },
  });
  const run = async (stages: Stage[], signal = new AbortController().signal) => {
    const ended: [string, unknown][] = [];
    await runStages(stages, { signal, onEnd: (...ending) => ended.push(ending) });
    return ended;
  };
  const waits = "setInterval(() => {}, 1000)";
  const [good, bad, late] = [
    script("good", ""),
    script("bad", "Deno.exit(3)", { isNeeded: true }),
    script("late", waits, { seconds: () => 0.2 }),
  ];
  assertEquals(await run([late, good, bad, good]), [["late", "out of time"], ["good", 0], ["bad", 3]]);
  assertEquals(await run([script("none", "", { seconds: () => -1 })]), [["none", "out of time"]]);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  assertEquals(await run([script("long", waits), good], abort.signal), [["long", "interrupted"]]);
});

Deno.test("conclusionsOf() says of each method what the demo says", () => {
  const scores = (ma: number, el_10 = 0) => ({ ma, el_10 });
  const conclusions = conclusionsOf({
    thresholds: { ma: 0.3, el_10: 0.1 },
    forget: { before: scores(0.9, 0.9), ga: scores(0.4), codeeraser: scores(0.2) },
    retain: { before: scores(0.97), ga: scores(0.3), codeeraser: scores(0.96) },
    seconds: 1,
  });
  assertEquals(conclusions, ["codeeraser erased and kept", "ga did not erase and did not keep"]);
});
