import { assertEquals } from "@std/assert";
import { listRuns, runsAlong, valueText } from "../../lib/figures/hyperparameter_runs.ts";
import { makeRun, PRESET } from "./hyperparameter_runs.ts";

const SCORES = [[1, 1], [0.5, 0.9], [0.2, 0.8]] as const;

Deno.test("listRuns() tells runs apart by every setting, whatever the order of their rows", () => {
  const rows = [
    ...makeRun({}, SCORES),
    ...makeRun({ lr: 2e-4 }, SCORES).reverse(),
    ...makeRun({ method: "ga" }, SCORES, "not-converged"),
  ];
  const runs = listRuns(rows);
  assertEquals(runs.map(({ method, lr, isReached }) => [method, lr, isReached]), [
    ["codeeraser", 1e-4, true],
    ["codeeraser", 2e-4, true],
    ["ga", 1e-4, false],
  ]);
  assertEquals(runs.map(({ rows, before, after }) => [rows.length, before.epoch, after.epoch]), [
    [3, 0, 2],
    [3, 0, 2],
    [3, 0, 2],
  ]);
});

Deno.test("listRuns() ends a run with the epoch that was kept last, else as it began", () => {
  const rows = makeRun({}, SCORES);
  const after = (kept: boolean[]) =>
    listRuns(rows.map((row, i) => ({ ...row, kept: kept[i]! })))[0]?.after.epoch;
  assertEquals([after([true, true, false]), after([true, false, false]), after([false, false, false])], [
    1,
    0,
    0,
  ]);
});

Deno.test("runsAlong() takes runs that differ in one thing only, in the order of its values", () => {
  const runs = listRuns([
    ...makeRun({ gamma: 2 }, SCORES),
    ...makeRun({}, SCORES),
    ...makeRun({ gamma: 2, lr: 1 }, SCORES),
    ...makeRun({ gamma: 0, method: "ga" }, SCORES),
  ]);
  assertEquals(runsAlong(runs, "gamma", PRESET).map(({ gamma }) => gamma), [0.5, 2]);
  assertEquals(runsAlong(runs, "alpha", PRESET).length, 1);
  assertEquals(runsAlong([], "alpha", PRESET), []);
});

Deno.test("valueText() writes small values by their power", () => {
  assertEquals([0, 0.5, 1e-3, 9e-4, 8e-4].map(valueText), ["0", "0.5", "0.001", "9e-4", "8e-4"]);
});
