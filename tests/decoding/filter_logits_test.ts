import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkSampling, filterLogits, type LikelyTokens } from "../../lib/decoding/filter_logits.ts";
import { drawToken } from "../../lib/decoding/next_token.ts";

interface Case {
  row: (number | null)[];
  isMade: boolean;
  results: {
    sampling: [number, number, number];
    kept: number[] | { count: number; sum: number; squares: number };
    probabilities: number[];
  }[];
}

const CASES: Case[] = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/sampling.json", import.meta.url)),
);

/** As make_sampling.py has it. */
function made([length, seed, scale]: [number, number, number]): number[] {
  let state = seed;
  const values = Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 16) / 2 ** 16;
  });
  const at = (i: number) => values[(i + length) % length]!;
  return values.map((value, i) => Math.floor((value + at(i - 1) + at(i - 2) - 1.5) * scale * 16) / 16);
}

function rowOf({ row, isMade }: Case): Float32Array {
  return Float32Array.from(
    isMade ? made(row as [number, number, number]) : row.map((value) => value ?? -Infinity),
  );
}

Deno.test("filterLogits() keeps the tokens that transformers' warpers keep, and their probabilities", () => {
  let compared = 0;
  for (const entry of CASES) {
    const row = rowOf(entry);
    const bound = 1e-6 + row.length * 1e-10; // they sum up in float32
    for (const { sampling: [temperature, topP, topK], kept, probabilities } of entry.results) {
      const found = filterLogits(row, { temperature, topP, topK });
      const ids = found.ids.toSorted((a, b) => a - b);
      const squares = ids.reduce((sum, id) => (sum + id * id) % 2 ** 32, 0);
      const sum = ids.reduce((sum, id) => sum + id, 0);
      const what = `${entry.row.slice(0, 5)} at ${[temperature, topP, topK]}`;
      assertEquals(Array.isArray(kept) ? ids : { count: ids.length, sum, squares }, kept, what);
      probabilities.forEach((wanted, i) => {
        const p = found.probabilities[found.ids.indexOf(ids[i]!)]!;
        assert(Math.abs(p - wanted) <= bound * wanted + 1e-37, `${what}: ${p} for ${wanted}`);
      });
      compared++;
    }
  }
  assertEquals(compared, 23 * 37);
});

Deno.test("filterLogits() gives the likeliest first, with probabilities that sum up to 1", () => {
  for (const entry of CASES) {
    const row = rowOf(entry);
    const { ids, probabilities } = filterLogits(row, { temperature: 0.7, topP: 0.95 });
    const wanted = ids.toSorted((a, b) => row[b]! - row[a]! || a - b);
    assertEquals(ids, wanted);
    assert(Math.abs(probabilities.reduce((a, b) => a + b) - 1) < 1e-12);
  }
});

const place = ({ ids }: LikelyTokens, token: number) => ids.indexOf(token);
const sumTo = ({ probabilities }: LikelyTokens, end: number) =>
  probabilities.slice(0, end).reduce((sum, p) => sum + p, 0);

Deno.test("drawToken() draws as filterLogits() has it wherever the likeliest tokens settle it", () => {
  let [settled, open] = [0, 0];
  for (const entry of CASES) {
    const row = rowOf(entry);
    const order = Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b);
    for (const { sampling: [temperature, topP, topK] } of entry.results) {
      const scores = row.map((logit) => logit / Math.fround(temperature));
      const largest = scores.reduce((a, b) => Math.max(a, b));
      const sum = Math.fround(scores.reduce((sum, score) => sum + Math.exp(Math.fround(score - largest)), 0));
      const filtered = filterLogits(row, { temperature, topP, topK });
      for (const count of [2, 16, row.length]) {
        const ids = order.slice(0, Math.min(count, row.length));
        const logits = ids.map((id) => row[id]!);
        const candidates = { ids, logits, sum, areAll: ids.length === row.length };
        for (const uniform of [0, 0.3, 0.6, 0.999, 1 - 2 ** -32]) {
          const token = drawToken(candidates, { temperature, topP, topK }, uniform);
          if (token === null) open++;
          else {
            settled++;
            const before = place(filtered, token);
            const [from, to] = [sumTo(filtered, before), sumTo(filtered, before + 1)];
            // the device's sum is a float32
            const what = `${entry.row.slice(0, 5)} ${[temperature, topP, topK, uniform]}`;
            assert(before >= 0 && uniform > from - 1e-6 && uniform < to + 1e-6, what);
          }
        }
      }
    }
  }
  assert(settled > open && open > 0, `${settled} settled, ${open} open`);
});

Deno.test("checkSampling() refuses what is out of range", () => {
  checkSampling({ temperature: 0.2, topP: 0.95, topK: 40 });
  const wrong = [
    [{ temperature: 0, topP: 1 }, "Cannot sample with temperature 0 and top-p 1"],
    [{ temperature: 1, topP: 0 }, "Cannot sample with temperature 1 and top-p 0"],
    [{ temperature: 1, topP: 1.1 }, "Cannot sample with temperature 1 and top-p 1.1"],
    [{ temperature: NaN, topP: 1 }, "Cannot sample with temperature NaN"],
    [
      { temperature: 1, topP: 1, topK: -1 },
      "Cannot sample with top-k -1: expected a whole number of at least 0",
    ],
    [{ temperature: 1, topP: 1, topK: 1.5 }, "Cannot sample with top-k 1.5"],
  ] as const;
  for (const [sampling, message] of wrong) assertThrows(() => checkSampling(sampling), RangeError, message);
});
