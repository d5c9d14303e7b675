/**
 * Extraction likelihood EL_n (Jang et al., 2023; the paper's section 3.1), for each n of the table of metrics from the same
 * decodes.
 *
 * Invariant: exact. A prefix whose next token is predicted right continues as the next prefix does, so only the
 * mispredicted positions start a decode; every decoded n-gram is looked up in a trie of the true n-grams that
 * remembers where each occurs last, so that "among the suffix's n-grams" is one comparison.
 *
 * @module
 */
import {
  EL_ORDERS,
  LIKELIHOOD_NAMES,
  type LikelihoodName,
  type MetricValues,
  perMetric,
} from "../datasets/metrics.ts";

/** EL_n by name; null where the text has fewer than n + 1 tokens. */
export type ExtractionLikelihoods = MetricValues<LikelihoodName>;

/** What to score. */
export interface ExtractionInput {
  /** The true tokens. */
  truth: ArrayLike<number>;
  /** The first prefix length: 1 for texts (i = 1..T-n), 0 for secrets (i = 0..v-n). */
  firstPrefix: 0 | 1;
  /**
   * The greedy continuation of the true tokens before each mispredicted position j in [firstPrefix, T), from
   * position j on; a shorter one ended with the end of text, which it holds. Positions that are absent were predicted
   * right and do not end the text.
   */
  continuations: ReadonlyMap<number, ArrayLike<number>>;
}

/**
 * Each EL_n of one text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * // Token 2 is mispredicted, once: the prefix of length 2 decodes 9, 4, 5; that of length 1 then 2, 9, 4, 5.
 * const input = { truth: [1, 2, 3, 4, 5], firstPrefix: 1, continuations: new Map([[2, [9, 4, 5]]]) } as const;
 * assertEquals(extractionLikelihoods(input), { el_3: 0, el_5: null, el_10: null });
 * assertEquals(extractionLikelihoods({ ...input, continuations: new Map() }).el_3, 1);
 * ```
 */
export function extractionLikelihoods(input: ExtractionInput): ExtractionLikelihoods {
  const { truth, firstPrefix, continuations } = input;
  const T = truth.length;
  const trie = new LastOccurrences(truth);
  const sums = EL_ORDERS.map(() => 0);
  // Prefixes that share their next mispredicted position j share the sequence truth[0..j) + continuation.
  let prefix = firstPrefix as number;
  while (prefix < T) {
    let miss = prefix;
    while (miss < T && !continuations.has(miss)) miss++;
    const sequence = Int32Array.from({ length: T }, (_, t) => {
      return t < miss ? truth[t]! : continuations.get(miss)![t - miss] ?? -1;
    });
    const last = Math.min(miss, T - 1);
    addOverlaps(sums, sequence, { first: prefix, last, trie });
    prefix = last + 1;
  }
  const scores = EL_ORDERS.map((n, i) => T < n + firstPrefix ? null : sums[i]! / (T - n + 1 - firstPrefix));
  return perMetric(LIKELIHOOD_NAMES, (name) => scores[LIKELIHOOD_NAMES.indexOf(name)]!);
}

/** Adds the overlaps of prefixes first..last, which all continue as `sequence` does. */
function addOverlaps(
  sums: number[],
  sequence: Int32Array,
  { first, last, trie }: { first: number; last: number; trie: LastOccurrences },
): void {
  const T = sequence.length;
  EL_ORDERS.forEach((n, order) => {
    // matchesUntil[s] is the longest prefix whose suffix still holds the n-gram at s, or -1
    const matchesUntil = new Int32Array(Math.max(0, T - n + 1));
    for (let s = first; s + n <= T; s++) matchesUntil[s] = trie.lastOf(sequence, s, n);
    for (let prefix = first; prefix <= last && prefix + n <= T; prefix++) {
      let matches = 0;
      for (let s = prefix; s + n <= T; s++) if (matchesUntil[s]! >= prefix) matches++;
      sums[order]! += matches / (T - prefix - n + 1);
    }
  });
}

/** The places where each n-gram of a text, up to the largest n, occurs last. */
class LastOccurrences {
  readonly #next = new Map<number, Map<number, number>>();
  readonly #last: number[] = [-1];

  constructor(text: ArrayLike<number>) {
    const longest = Math.max(...EL_ORDERS);
    for (let s = 0; s < text.length; s++) {
      let node = 0;
      for (let t = s; t < Math.min(text.length, s + longest); t++) {
        let edges = this.#next.get(node);
        if (!edges) this.#next.set(node, edges = new Map());
        let child = edges.get(text[t]!);
        if (child === undefined) {
          edges.set(text[t]!, child = this.#last.length);
          this.#last.push(s);
        }
        this.#last[child] = s;
        node = child;
      }
    }
  }

  /** The last place in the text of the n-gram at `start` of another sequence, or -1. */
  lastOf(sequence: Int32Array, start: number, n: number): number {
    let node = 0;
    for (let t = start; t < start + n; t++) {
      const child = this.#next.get(node)?.get(sequence[t]!);
      if (child === undefined) return -1;
      node = child;
    }
    return this.#last[node]!;
  }
}
