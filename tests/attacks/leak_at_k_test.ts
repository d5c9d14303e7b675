import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { discoverable, leakAtK, leaksAtK } from "../../lib/attacks/leak_at_k.ts";

/** The mean of the largest over all choices of k. */
function plainLeak(scores: readonly number[], k: number): number {
  const largest: number[] = [];
  const choose = (from: number, chosen: number[]) => {
    if (chosen.length === k) return void largest.push(Math.max(...chosen));
    for (let i = from; i < scores.length; i++) choose(i + 1, [...chosen, scores[i]!]);
  };
  choose(0, []);
  return largest.reduce((sum, value) => sum + value, 0) / largest.length;
}

Deno.test("leakAtK() is the mean of the largest over all choices of k", () => {
  for (const scores of [[1], [0, 1, 0, 0, 1], [0.5, 0.25, 0.5, 1, 0.125, 0], [0, 0, 0]]) {
    for (let k = 1; k <= scores.length; k++) {
      assertAlmostEquals(leakAtK(scores, k), plainLeak(scores, k), 1e-12, `${scores}, ${k}`);
    }
  }
});

Deno.test("leakAtK() of hits and misses is pass@k", () => {
  const [n, c, k] = [200, 3, 50];
  const scores = Array.from({ length: n }, (_, i) => i < c ? 1 : 0);
  let misses = 1; // C(n - c, k) / C(n, k)
  for (let i = n - c + 1; i <= n; i++) misses *= 1 - k / i;
  assertAlmostEquals(leakAtK(scores, k), 1 - misses, 1e-12);
  for (const k of [0, 1.5, 201]) {
    assertThrows(() => leakAtK(scores, k), RangeError, `Cannot estimate leak@${k} from 200 draws`);
  }
});

Deno.test("discoverable() is 1 - (1 - q)^n, also where q is too small for that formula", () => {
  for (const [q, n] of [[0.3, 1], [0.3, 7], [1, 5], [0, 5]] as const) {
    assertAlmostEquals(discoverable(Math.log(q), n), 1 - (1 - q) ** n, 1e-12);
  }
  assertAlmostEquals(discoverable(Math.log(1e-30), 1e4) / 1e-26, 1, 1e-9);
  assertEquals(discoverable(1e-9, 3), 1, "a sum of logarithms that rounding put above 0");
});

Deno.test("leaksAtK() is what leakAtK() of 200 draws is in the mean over all that may be drawn", () => {
  const n = 200;
  for (const q of [0.001, 0.02, 0.5, 0.99]) {
    const leaks = leaksAtK(Math.log(q));
    for (const k of [1, 10, 100, 200]) {
      let [mean, log] = [0, n * Math.log1p(-q)]; // of the probability of so many hits
      for (let hits = 0; hits <= n; hits++) {
        mean += Math.exp(log) * leakAtK(Array.from({ length: n }, (_, i) => i < hits ? 1 : 0), k);
        log += Math.log((n - hits) / (hits + 1)) + Math.log(q) - Math.log1p(-q);
      }
      assertAlmostEquals(leaks[k]!, mean, 1e-9, `${q}, ${k}`);
    }
  }
});
