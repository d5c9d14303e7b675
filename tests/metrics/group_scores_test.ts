import { assertAlmostEquals, assertEquals } from "@std/assert";
import { groupMeans } from "../../lib/metrics/group_scores.ts";
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
