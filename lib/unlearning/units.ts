/**
 * What terms of whole sequences and of single tokens are taken over: each secret of a row, or the whole row.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { KIND, type MicroBatch } from "./micro_batch.ts";
import { rowWeights, tokenWeights } from "./terms.ts";

/** What is forgotten: the secrets' tokens, or whole rows. */
export type Scope = "secret" | "row";

/** What of a micro-batch says whose token each position predicts. */
type UnitBatch = Pick<MicroBatch, "kinds" | "counts" | "active" | "units" | "slots" | "rows" | "risks">;

/**
 * The unit of each position, and the weight of each unit, which makes a mean over the units of the whole set that count,
 * of secrets weighted by their risks. A row is its tokens without those of secrets that are left alone: their probability is
 * that of the rest of the text, given all that stands before each.
 *
 * @returns `units` [N], the number of its row's unit, -1 for none; `weights` [B slots]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 * import { unitArrays } from "./units.ts";
 *
 * const row = { ids: Int32Array.of(1, 2, 3, 4), mask: Uint8Array.of(0, 0, 1, 1), owners: Int32Array.of(-1, -1, 1, 0) };
 * const [batch] = microBatches([row], {}, { size: 1 });
 * const { units, weights } = unitArrays(batch!, { weight: 3, scope: "secret" });
 * assertEquals([[...units.slice(0, 4)], [...weights]], [[-1, 1, 0, -1], [1.5, 1.5]]);
 * assertEquals([...unitArrays(batch!, { weight: 3, scope: "row" }).units.slice(0, 4)], [0, 0, 0, -1]);
 * ```
 */
export function unitArrays(
  batch: UnitBatch,
  { weight, scope }: { weight: number; scope: Scope },
): { units: Int32Array; weights: Float32Array } {
  const { kinds, units, slots, rows, counts, risks } = batch;
  if (scope === "row") {
    const isLeft = (kind: number) => kind === KIND.padding || kind === KIND.settled;
    return {
      units: Int32Array.from(kinds, (kind) => isLeft(kind) ? -1 : 0),
      weights: rowWeights(batch, weight),
    };
  }
  const weights = new Float32Array(rows * slots);
  const positions = kinds.length / rows;
  units.forEach((unit, at) => {
    if (kinds[at] !== KIND.secret) return;
    const share = weight / counts.secretLengths.length;
    weights[Math.floor(at / positions) * slots + unit] = share * risks[at]! / counts.riskMeans.secret;
  });
  return { units, weights };
}

/**
 * Sums of values over each unit.
 *
 * @param values [N] @param units [N] int32 @param shape rows and units of a row
 * @returns [B slots]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { sumUnits } from "./units.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const units = tf.tensor1d([-1, 0, 1, 1, 0, -1], "int32");
 * const sums = tf.tidy(() => sumUnits(tf.tensor1d([1, 2, 3, 4, 5, 6]), units, { rows: 2, slots: 2 }));
 * assertEquals([...sums.dataSync()], [2, 3, 5, 4]);
 * ```
 */
export function sumUnits(
  values: Tensor,
  units: Tensor,
  { rows, slots }: { rows: number; slots: number },
): Tensor {
  const numbers = tf.reshape(tf.range(0, slots, 1, "int32"), [1, slots, 1]);
  const isOf = tf.cast(tf.equal(tf.reshape(units, [rows, 1, -1]), numbers), "float32"); // [B, slots, T - 1]
  return tf.reshape(tf.sum(tf.mul(isOf, tf.reshape(values, [rows, 1, -1])), 2), [rows * slots]);
}

/** Positions of a micro-batch for a term of tokens. */
export interface TokenArrays {
  /** [P] int32, padded with 0. */
  positions: Int32Array;
  /** [P]: which token of its secret or row each is, from 0. */
  ranks: Int32Array;
  /** [P]: of a mean over the whole set's; 0 where padded. */
  weights: Float32Array;
  [name: string]: Float32Array | Int32Array;
}

/**
 * The positions of the secrets' tokens, or all, with the weights of a mean over the tokens of the whole set that count.
 *
 * @param options.first so many first tokens of each secret or row do not count
 * @throws {RangeError} when none counts
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { microBatches } from "./micro_batches.ts";
 * import { tokenArrays } from "./units.ts";
 *
 * const row = { ids: Int32Array.of(1, 2, 3, 4), mask: Uint8Array.of(0, 1, 1, 1) };
 * const [batch] = microBatches([row], {}, { size: 1 });
 * const { positions, ranks, weights } = tokenArrays(batch!, { weight: 3, scope: "secret", first: 1 });
 * assertEquals([positions, ranks, weights].map((all) => [...all.slice(0, 4)]), [[0, 1, 2, 0], [0, 1, 2, 0], [0, 1.5, 1.5, 0]]);
 * ```
 */
export function tokenArrays(
  batch: UnitBatch & Pick<MicroBatch, "secretPositions">,
  { weight, scope, first = 0 }: { weight: number; scope: Scope; first?: number },
): TokenArrays {
  const { kinds, counts, secretPositions } = batch;
  const of = scope === "row" ? "all" : "secret";
  const lengths = of === "all" ? counts.rowLengths : counts.secretLengths;
  const left = lengths.reduce((sum, length) => sum + Math.max(0, length - first), 0);
  if (left === 0 && counts.settled === 0) {
    throw new RangeError(
      `Cannot take a mean over tokens: no ${scope} has more than the ${first} that are left out`,
    );
  }
  const all = tokenWeights(batch, { weight, of });
  const counted = lengths.reduce((sum, length) => sum + length, 0);
  const ranks = ranksOf(batch, scope);
  const isSecret = (kind: number) => kind === KIND.secret || kind === KIND.settled;
  const found = kinds.reduce((sum, kind) => sum + Number(isSecret(kind)), 0);
  const positions = scope === "row" ? Int32Array.from(kinds.keys()) : secretPositions;
  const real = scope === "row" ? kinds.length : found;
  return {
    positions,
    ranks: Int32Array.from(positions, (at, i) => i < real ? ranks[at]! : 0),
    weights: Float32Array.from(
      positions,
      (at, i) => i < real && ranks[at]! >= first ? all[at]! * counted / left : 0,
    ),
  };
}

/** Which token of its secret or row each position predicts, from 0, of those that count. */
function ranksOf({ kinds, units, rows }: UnitBatch, scope: Scope): Int32Array {
  const positions = kinds.length / rows;
  const ranks = new Int32Array(kinds.length);
  const seen = new Map<number, number>();
  kinds.forEach((kind, at) => {
    if (at % positions === 0) seen.clear();
    if (kind !== KIND.secret && !(scope === "row" && kind === KIND.normal)) return;
    const unit = scope === "row" ? 0 : units[at]!;
    ranks[at] = seen.get(unit) ?? 0;
    seen.set(unit, ranks[at]! + 1);
  });
  return ranks;
}
