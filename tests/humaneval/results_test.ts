import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { PAPER_PASSES, passRow } from "../../lib/humaneval/paper_passes.ts";
import { passAtK, type ProblemCounts } from "../../lib/humaneval/pass_at_k.ts";
import { compareGreedy, countPasses, problemResults } from "../../lib/humaneval/results.ts";

/** Problems of n samples each, so many of them passing. */
function countsOf(n: number, passing: readonly number[]): ProblemCounts[] {
  return passing.map((c, i) => ({ task_id: `Made/${i}`, n, c }));
}

Deno.test("the paper's retentions are the means of its ratios, within what rounding leaves open", () => {
  assertEquals(PAPER_PASSES.length, 20);
  const originals = new Map(
    PAPER_PASSES.flatMap(({ model, method, passes }) => method === "original" ? [[model, passes]] : []),
  );
  assertEquals(originals.size, 5);
  for (const { model, method, passes, retention } of PAPER_PASSES) {
    if (method === "original") continue;
    const ratios = (change: number) =>
      passes.map(({ share }, i) =>
        (share.estimate! + change) / (originals.get(model)![i]!.share.estimate! - change)
      );
    const meanOf = (change: number) => ratios(change).reduce((sum, ratio) => sum + ratio / 3, 0) * 100;
    const kept = retention!.estimate!;
    assert(
      meanOf(-0.005) - 0.01 <= kept && kept <= meanOf(0.005) + 0.01,
      `${model} ${method} ${kept} ${meanOf(0)}`,
    );
  }
});

Deno.test("countPasses() and problemResults() count each problem's samples", () => {
  const results = [3, 0, 12].flatMap((c, i) =>
    Array.from({ length: 12 }, (_, sample) => ({ task_id: `Made/${i}`, passed: sample < c }))
  );
  const counts = countPasses(results);
  assertEquals(counts, countsOf(12, [3, 0, 12]));
  const [first] = problemResults(counts);
  assertEquals(first, {
    samples_before: null,
    passed_before: null,
    ...{ task_id: "Made/0", samples: 12, passed: 3, pass_at_1: passAtK({ n: 12, c: 3 }, 1) },
    ...{ pass_at_5: passAtK({ n: 12, c: 3 }, 5), pass_at_10: passAtK({ n: 12, c: 3 }, 10) },
  });
  const few = problemResults(countsOf(4, [2]))[0]!;
  assertEquals([few.pass_at_1, few.pass_at_5, few.pass_at_10], [0.5, null, null]);
});

Deno.test("compareGreedy() is McNemar's test of the problems that one model alone solves", () => {
  // b and c of binomtest(min(b, c), b + c, 0.5).pvalue of SciPy 1.17
  const oracle = [[1, 0, 1], [2, 5, 0.453125], [10, 25, 0.016673847800120715], [
    164,
    120,
    0.01059625757398699,
  ]] as const;
  for (const [b, c, expected] of oracle) {
    const passes = [[1, 0, b], [0, 1, c], [1, 1, 7], [0, 0, 9]] as const;
    const each = (which: 0 | 1) =>
      countsOf(1, passes.flatMap((pair) => Array<number>(pair[2]).fill(pair[which])));
    const { onlyBefore, onlyAfter, pValue } = compareGreedy(each(0), each(1).toReversed());
    assertEquals([onlyBefore, onlyAfter], [b, c]);
    assertAlmostEquals(pValue, expected, 1e-12);
  }
});

Deno.test("compareGreedy() refuses several samples of a problem, and other problems", () => {
  const one = countsOf(1, [1, 0]);
  const refusals = [
    [countsOf(2, [1, 0]), '"Made/0" has 1 before and 2 after, one each is needed'],
    [countsOf(1, [1]), "there are 2 problems before, 1 after"],
    [one.map((problem) => ({ ...problem, task_id: `x${problem.task_id}` })), '"Made/0" has none after'],
  ] as const;
  for (const [after, what] of refusals) {
    assertThrows(() => compareGreedy(one, after), RangeError, `Cannot compare greedy samples: ${what}`);
  }
});

Deno.test("passRow() has intervals where the paper has none, and the columns that its samples allow", () => {
  const before = countsOf(10, Array.from({ length: 40 }, (_, i) => i % 4 * 3));
  const after = before.map((problem) => ({ ...problem, c: Math.max(0, problem.c - 1) }));
  const row = passRow({ model: "ours", method: "CodeEraser" }, after, { before });
  for (const { share: { estimate, low, high } } of row.passes) assert(low! < estimate! && estimate! < high!);
  const { estimate, low, high } = row.retention!;
  assert(70 < low! && low! < estimate! && estimate! < high! && high! < 100);
  assertEquals(passRow({ model: "ours", method: "original" }, before).retention, null);
  const few = passRow({ model: "ours", method: "original" }, countsOf(1, [1, 0]));
  assertEquals(few.passes.map(({ share }) => share.estimate), [50, null, null]);
  const none = countsOf(10, [0, 0]);
  assertEquals(passRow({ model: "ours", method: "GA" }, none, { before: none }).retention!.estimate, null);
});
