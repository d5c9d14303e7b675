/**
 * The weight of a position in the loss by its kind: every term is a mean, so a position's weight is its term's divided by
 * the number of such positions.
 *
 * @module
 */
import type { TermWeights } from "./objective.ts";

/** A number for each kind of position, in the order of `KIND`. */
export type ByKind = [number, number, number, number, number];

/** Weights of one position by its kind. */
export interface KindWeights {
  /** In the cross entropy part of the loss. */
  crossEntropy: ByKind;
  /** In the divergence. */
  divergence: ByKind;
  /** What of a secret token's weight its secret's risk multiplies. */
  risky: { crossEntropy: number; divergence: number };
}

/**
 * Positions of each kind.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countKinds } from "./kind_weights.ts";
 *
 * assertEquals(countKinds([{ kinds: Uint8Array.of(2, 1, 1) }, { kinds: Uint8Array.of(0) }]), [1, 2, 1, 0, 0]);
 * ```
 */
export function countKinds(rows: readonly { kinds: Uint8Array }[]): ByKind {
  const counts: ByKind = [0, 0, 0, 0, 0];
  for (const { kinds } of rows) for (const kind of kinds) counts[kind]!++;
  return counts;
}

/** A term's weight shared by the positions of its mean. */
function share(weight: number | undefined, count: number, what: string): number {
  if (!weight) return 0;
  if (count === 0) throw new RangeError(`Cannot take a step: no ${what} token is predicted in the set`);
  return weight / count;
}

/**
 * Means over all real tokens of the set that are not left alone.
 *
 * @param counts positions of each kind
 * @throws {RangeError} when a term is a mean over no token
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kindWeights } from "./kind_weights.ts";
 *
 * const { crossEntropy } = kindWeights({ crossEntropySecret: -1, crossEntropyNormal: 0.5 }, [9, 4, 2, 0, 0]);
 * assertEquals(crossEntropy, [0, -0.25, 0.25, 0, 0.25]);
 * ```
 */
export function kindWeights(weights: TermWeights, [, secret, normal, settled, idle]: ByKind): KindWeights {
  const real = share(weights.crossEntropyAll, secret + normal, "real");
  const others = share(weights.crossEntropyNormal, normal + idle, "normal");
  const divergenceAll = share(weights.divergenceAll, secret + normal, "real");
  const held = share(weights.divergenceNormal, normal + idle, "normal");
  const ofSecrets = (weight: number | undefined) =>
    secret === 0 && settled > 0 ? 0 : share(weight, secret, "secret");
  const risky = {
    crossEntropy: ofSecrets(weights.crossEntropySecret),
    divergence: ofSecrets(weights.divergenceSecret),
  };
  return {
    crossEntropy: [0, real + risky.crossEntropy, real + others, 0, others],
    divergence: [0, divergenceAll + risky.divergence, divergenceAll + held, 0, held],
    risky,
  };
}

/**
 * The reference's means within a micro-batch, to be averaged over `batches`. Padding that counts as secret has the place of
 * settled tokens, which there are none of.
 *
 * @throws {RangeError} when a term is a mean over no token
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { referenceWeights } from "./kind_weights.ts";
 *
 * const rows = [{ kinds: Uint8Array.of(2, 1, 0, 0) }];
 * const { crossEntropy } = referenceWeights({ crossEntropyNormal: 1 }, rows, { batches: 2, squeezesSingleRows: false });
 * assertEquals(crossEntropy.slice(0, 3), [0, 0, 1 / 6]); // padding counts in the mean
 * ```
 */
export function referenceWeights(
  weights: TermWeights,
  rows: readonly { kinds: Uint8Array }[],
  { batches, squeezesSingleRows }: { batches: number; squeezesSingleRows: boolean },
): KindWeights {
  const [padding, secret, normal, marked] = countKinds(rows);
  const all = share(weights.crossEntropyAll, secret + normal, "real");
  const summed = squeezesSingleRows && rows.length === 1 ? rows[0]!.kinds.length : rows.length;
  const divergenceAll = share(weights.divergenceAll, summed, "real");
  const ofSecret = share(weights.divergenceSecret, secret + marked, "secret");
  const average = (values: number[]) => [...values.map((value) => value / batches), 0] as ByKind;
  return {
    crossEntropy: average([
      0,
      all + share(weights.crossEntropySecret, secret + marked, "secret"),
      all + share(weights.crossEntropyNormal, normal + padding, "normal"),
      0,
    ]),
    divergence: average([
      divergenceAll,
      divergenceAll + ofSecret,
      divergenceAll + share(weights.divergenceNormal, normal, "normal"),
      divergenceAll + ofSecret,
    ]),
    risky: { crossEntropy: 0, divergence: 0 },
  };
}
