/**
 * Which terms a step's micro-batches have: those of its own set all that count there, those of other sets the weighted ones
 * alone. What a term does not need there is neither computed nor kept.
 *
 * @module
 */
import type { MicroBatch } from "./micro_batch.ts";
import { CROSS_ENTROPY, DIVERGENCE, type Term } from "./terms.ts";

/** The terms of a step. */
export interface StepTerms {
  /** Those whose values are told. */
  terms: readonly Term[];
  /** Those that the loss is made of. */
  counting: readonly Term[];
}

/**
 * The weights of a micro-batch's values, by the term's name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * const [batch] = microBatches([{ ids: Int32Array.of(1, 2, 3) }], { crossEntropyAll: 1 }, { size: 1 });
 * assertEquals([...weightsOf(batch!, [CROSS_ENTROPY]).crossEntropy!.subarray(0, 3)], [0.5, 0.5, 0]);
 * ```
 */
export function weightsOf(batch: MicroBatch, terms: readonly Term[]): Record<string, Float32Array> {
  return Object.fromEntries(terms.map((term) => [term.name, term.arrays(batch).weights]));
}

/**
 * The terms of a set's micro-batches, which stand first, and of those of turns: cross entropy, to be told, and those that
 * count; the loss is made of these. Without further terms, or turns, there is one graph.
 *
 * @param options.set how many micro-batches are the set's
 * @param options.terms beside those that micro-batches have weights for; of the set's alone
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * const rows = [{ ids: Int32Array.of(1, 2), mask: Uint8Array.of(0, 1) }];
 * const [own] = microBatches(rows, {}, { size: 1 });
 * const [made] = microBatches(rows, { divergenceSecret: 0.2 }, { size: 1 });
 * const mine = { ...CROSS_ENTROPY, name: "mine", arrays: () => ({ weights: new Float32Array(31).fill(1) }) };
 * const { set, turns } = termsOfSides([own!, made!], { set: 1, terms: [mine] });
 * assertEquals(set.counting.map(({ name }) => name), ["mine"]);
 * assertEquals(turns.counting.map(({ name }) => name), ["divergence"]);
 * ```
 */
export function termsOfSides(
  batches: readonly MicroBatch[],
  { set, terms }: { set: number; terms: readonly Term[] },
): { set: StepTerms; turns: StepTerms } {
  const weighted = [CROSS_ENTROPY, DIVERGENCE];
  const termsOf = (own: readonly MicroBatch[], all: readonly Term[]): StepTerms => {
    const weights = own.map((batch) => weightsOf(batch, all));
    const found = all.filter(({ name }) => weights.some((of) => of[name]!.some((weight) => weight !== 0)));
    const counting = found.length > 0 ? found : [CROSS_ENTROPY];
    return { terms: [...new Set([CROSS_ENTROPY, ...counting])], counting };
  };
  if (terms.length > 0 && set < batches.length) {
    return {
      set: termsOf(batches.slice(0, set), [...weighted, ...terms]),
      turns: termsOf(batches.slice(set), weighted),
    };
  }
  const both = termsOf(batches, [...weighted, ...terms]);
  return { set: both, turns: both };
}
