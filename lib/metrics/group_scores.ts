/**
 * Means of secrets' scores as the paper takes them: over the secrets of a document, then over the documents of a group; and
 * as its code does: over the secrets of a batch of documents, then over batches.
 *
 * @module
 */
import { METRIC_NAMES, type MetricValues, perMetric } from "../datasets/metrics.ts";
import type { Scores } from "./scorer.ts";

/**
 * The mean over documents of the mean over their secrets.
 *
 * @returns null where a metric is defined for no member
 * @param scores of all secrets
 * @param documents for each secret, its document
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const score = (ma: number) => ({ tokens: 9, ma, el_3: null, el_5: null, el_10: null, nll: 0 });
 * const { ma, el_3 } = groupMeans([score(1), score(0), score(1)], ["a", "a", "b"]);
 * assertEquals([ma, el_3], [0.75, null]);
 * ```
 */
export function groupMeans(scores: readonly Scores[], documents: readonly (string | number)[]): MetricValues {
  const members = new Map<string | number, Scores[]>();
  scores.forEach((score, i) => {
    const document = documents[i]!;
    const known = members.get(document);
    if (known) known.push(score);
    else members.set(document, [score]);
  });
  const mean = (values: readonly (number | null)[]) => {
    const defined = values.filter((value) => value !== null);
    return defined.length === 0 ? null : defined.reduce((sum, value) => sum + value, 0) / defined.length;
  };
  return perMetric(
    METRIC_NAMES,
    (metric) => mean([...members.values()].map((group) => mean(group.map((score) => score[metric])))),
  );
}

/** Documents of a batch of the reference's evaluation. */
const BATCH_DOCUMENTS = 8;

/**
 * The batch of the reference's evaluation that each score is in: its means are over the secrets of eight documents, then over
 * batches, the last of which may have fewer documents and weighs as much. In place of documents they give `groupMeans` and
 * `groupIntervals` these means.
 *
 * @param documents for each score, its document's number in the set
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(evaluationBatches([0, 0, 7, 8, 16]), [0, 0, 0, 1, 2]);
 * const score = (ma: number) => ({ tokens: 9, ma, el_3: null, el_5: null, el_10: null, nll: 0 });
 * const [scores, documents] = [[score(1), score(1), score(0)], [0, 0, 1]];
 * assertEquals(groupMeans(scores, documents).ma, 0.5);
 * assertEquals(groupMeans(scores, evaluationBatches(documents)).ma, 2 / 3);
 * ```
 */
export function evaluationBatches(documents: readonly number[]): number[] {
  return documents.map((document) => Math.floor(document / BATCH_DOCUMENTS));
}
