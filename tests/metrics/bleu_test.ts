import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { bleu } from "../../lib/metrics/bleu.ts";
import PAIRS from "../fixtures/bleu.json" with { type: "json" };

Deno.test("bleu() gives NLTK's number for 200 pairs", () => {
  assertEquals(PAIRS.length, 200);
  for (const [hypothesis, reference, expected] of PAIRS as [string, string, number][]) {
    const name = JSON.stringify([hypothesis, reference]);
    assertAlmostEquals(bleu(hypothesis, reference), expected, 1e-12, `bleu of ${name} is not ${expected}`);
  }
});

Deno.test("bleu() clips repeats and counts code points", () => {
  assertAlmostEquals(bleu("😀😀😀😀", "😀😀😀😀"), 1, 1e-15);
  assert(bleu("aaaaaaaa", "aa") < bleu("aaaaaaaa", "aaaaaaaa"));
  assertEquals(bleu("\ud83d", "\ud83d\ude00"), 0, "half a character is not the character");
});

Deno.test("bleu() takes less than a millisecond a pair of 500 characters", () => {
  const line = "for i in range(n): total += values[i] * weights[i % k]  # ";
  const reference = Array.from({ length: 10 }, (_, i) => line + i).join("\n").slice(0, 500);
  const hypothesis = reference.replaceAll("total", "sum_").slice(0, 490);
  let sum = 0;
  for (let i = 0; i < 200; i++) sum += bleu(hypothesis, reference);
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    for (let i = 0; i < 50; i++) sum += bleu(hypothesis, reference);
    return (performance.now() - start) / 50;
  }).sort((a, b) => a - b);
  assert(sum > 0 && times[0]! < 1, `${times[0]} ms a pair`);
});
