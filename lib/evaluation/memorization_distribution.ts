/**
 * How strongly a model memorized the documents of a corpus: the distribution of the documents' mean secret MA, and the
 * share of documents above a threshold (the mean MA over unseen text: what a model knows without having seen it).
 * Source: the paper's measurement of memorized secrets; 40 bins as its figure has.
 *
 * @module
 */

/** A secret's score; null where MA is undefined. */
export interface SecretScore {
  doc_id: string;
  ma: number | null;
}

/** Documents whose mean MA lies in [start, end); the last bin holds its end too. */
export interface DistributionBin {
  bin_start: number;
  bin_end: number;
  documents: number;
  share: number;
}

/** What {@linkcode memorizationDistribution} finds. */
export interface MemorizationDistribution {
  bins: DistributionBin[];
  /** Documents with a mean. */
  documents: number;
  /** Documents none of whose secrets has a defined MA; they are in no bin. */
  undefinedDocuments: number;
  secrets: number;
  /** Over the documents' means; null without documents. */
  meanMa: number | null;
  maxMa: number | null;
  /** The share of documents whose mean is above the threshold; null without documents. */
  shareAbove: number | null;
}

/** Options of {@linkcode memorizationDistribution}. */
export interface DistributionOptions {
  threshold: number;
  /** The number of bins over [0, 1] (default 40). */
  bins?: number;
}

/**
 * The distribution of document means over `scores`, one a secret.
 *
 * @throws {RangeError} If a score is not in [0, 1].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memorizationDistribution } from "./memorization_distribution.ts";
 *
 * const scores = [{ doc_id: "a", ma: 1 }, { doc_id: "a", ma: 0.5 }, { doc_id: "b", ma: 0.1 }];
 * const found = memorizationDistribution(scores, { threshold: 0.46, bins: 4 });
 * assertEquals(found.bins.map((bin) => bin.documents), [1, 0, 0, 1]);
 * assertEquals(found.shareAbove, 0.5);
 * ```
 */
export function memorizationDistribution(
  scores: Iterable<SecretScore>,
  { threshold, bins: binCount = 40 }: DistributionOptions,
): MemorizationDistribution {
  const sums = new Map<string, { sum: number; count: number }>();
  let row = 0;
  for (const { doc_id, ma } of scores) {
    const entry = sums.get(doc_id) ?? { sum: 0, count: 0 };
    sums.set(doc_id, entry);
    if (ma !== null) {
      if (!(ma >= 0 && ma <= 1)) {
        throw new RangeError(`Cannot count row ${row} as ma must be in [0, 1]: it is ${ma}`);
      }
      entry.sum += ma;
      entry.count++;
    }
    row++;
  }
  const means = [...sums.values()].filter(({ count }) => count > 0).map(({ sum, count }) => sum / count);
  const counts = new Array<number>(binCount).fill(0);
  for (const mean of means) counts[binOf(mean, binCount)]!++;
  const total = means.length;
  return {
    bins: counts.map((documents, i) => ({
      bin_start: i / binCount,
      bin_end: (i + 1) / binCount,
      documents,
      share: total > 0 ? documents / total : 0,
    })),
    documents: total,
    undefinedDocuments: sums.size - total,
    secrets: row,
    meanMa: total > 0 ? means.reduce((sum, mean) => sum + mean, 0) / total : null,
    maxMa: total > 0 ? means.reduce((max, mean) => Math.max(max, mean), 0) : null,
    shareAbove: total > 0 ? means.filter((mean) => mean > threshold).length / total : null,
  };
}

/** The bin by its very edges: 0.575 * 40 is a little less than 23, but 0.575 is 23 / 40. */
function binOf(mean: number, binCount: number): number {
  let bin = Math.min(Math.floor(mean * binCount), binCount - 1);
  if (bin > 0 && mean < bin / binCount) bin--;
  if (bin < binCount - 1 && mean >= (bin + 1) / binCount) bin++;
  return bin;
}
