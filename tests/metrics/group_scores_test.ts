import { assertAlmostEquals, assertEquals } from "@std/assert";
import { evaluationBatches, groupMeans } from "../../lib/metrics/group_scores.ts";
import type { Scores } from "../../lib/metrics/scorer.ts";
import { NO_EL } from "../no_scores.ts";

const score = (ma: number | null, el_3: number | null = null, nll: number | null = 1): Scores => ({
  tokens: 9,
  ma,
  ...NO_EL,
  el_3,
  nll,
});

Deno.test("groupMeans() averages over a document's secrets, then over documents", () => {
  const scores = [score(1), score(0), score(0.5), score(0), score(1)];
  const means = groupMeans(scores, ["a", "b", "a", "b", "c"]);
  assertAlmostEquals(means.ma!, (0.75 + 0 + 1) / 3);
  assertEquals([means.el_3, means.nll], [null, 1]);
  assertAlmostEquals(groupMeans(scores, [0, 1, 0, 1, 2]).ma!, means.ma!);
});

Deno.test("groupMeans() leaves out what is not defined: secrets of a document, then documents", () => {
  const scores = [score(null, 0.2), score(0.5), score(null), score(1, 0.6)];
  const { ma, el_3, el_5 } = groupMeans(scores, ["a", "a", "b", "c"]);
  assertEquals([ma, el_5], [0.75, null]); // a 0.5, b none, c 1
  assertAlmostEquals(el_3!, 0.4);
});

Deno.test("groupMeans() of nothing is null", () => {
  assertEquals(groupMeans([], []), { ma: null, ...NO_EL, nll: null });
});

Deno.test("evaluationBatches() gives the means over batches of eight documents of the mean over each one's secrets", () => {
  const documents = Array.from({ length: 19 }, (_, document) => Array(1 + document % 3).fill(document))
    .flat();
  const scores = documents.map((document, i) =>
    score(document === 4 ? null : document < 16 ? (i * 7 % 11) / 11 : 1)
  );
  const batches = [[0, 8], [8, 16], [16, 19]].map(([first, end]) => {
    const own = scores.filter(({ ma }, i) => ma !== null && documents[i]! >= first! && documents[i]! < end!);
    return own.reduce((sum, { ma }) => sum + ma!, 0) / own.length;
  });
  const expected = batches.reduce((sum, mean) => sum + mean, 0) / 3;
  const { ma, el_3 } = groupMeans(scores, evaluationBatches(documents));
  assertAlmostEquals(ma!, expected, 1e-12);
  assertEquals([el_3, Math.abs(ma! - groupMeans(scores, documents).ma!) > 0.01], [null, true]);
});
