/**
 * A set of rows as one step sees it: padded ids, and for each predicted position its weight in each term. As terms are
 * means over the whole set, a weight is the term's divided by the set's number of such tokens, so that micro-batches
 * add up to the same sum however the rows are grouped.
 *
 * Position t - 1 is scored for token t; position 0 never is; padding weighs nothing.
 *
 * @module
 */
import type { TermWeights } from "./objectives.ts";

/** One row: a window of a document. */
export interface UnlearnRow {
  /** Token ids. */
  ids: Int32Array;
  /** 1 for secret tokens; none for a retain row. */
  mask?: Uint8Array;
}

/** A micro-batch of a step. */
export interface MicroBatch {
  /** [B, T] row by row, padded on the right with 0. */
  ids: Int32Array;
  /** B */
  rows: number;
  /** T */
  length: number;
  /** [B (T - 1)]: each position's weight in the cross entropy part of the loss. */
  crossEntropyWeights: Float32Array;
  /** [P]: positions, of the B (T - 1), whose divergence counts; padded with 0. */
  divergenceRows: Int32Array;
  /** [P]: their weights; 0 where padded. */
  divergenceWeights: Float32Array;
  /** [B (T - 1)]: 0 padding, 1 secret, 2 other. */
  kinds: Uint8Array;
}

/** Kinds of positions. */
export const KIND = { padding: 0, secret: 1, normal: 2 } as const;

/**
 * Cuts rows into micro-batches of one shape, the last filled with empty rows.
 *
 * @param weights of the step's terms
 * @throws {RangeError} when there is no row, or a term is a mean over no token
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1) };
 * const [batch] = microBatches([row], { crossEntropySecret: -1, crossEntropyNormal: 0.5 }, 1);
 * assertEquals([...batch!.crossEntropyWeights.slice(0, 2)], [0.5, -1]);
 * ```
 */
export function microBatches(rows: readonly UnlearnRow[], weights: TermWeights, size: number): MicroBatch[] {
  if (rows.length === 0) throw new RangeError("Cannot take a step on a set without rows");
  const kinds = rows.map(positionKinds);
  const counts = { secret: countKind(kinds, KIND.secret), normal: countKind(kinds, KIND.normal) };
  const total = counts.secret + counts.normal;
  const share = (weight: number | undefined, count: number, what: string) => {
    if (!weight) return 0;
    if (count === 0) {
      throw new RangeError(`Cannot take a step as no row has a ${what}token that is predicted`);
    }
    return weight / count;
  };
  const all = share(weights.crossEntropyAll, total, "");
  const crossEntropy = [
    0,
    all + share(weights.crossEntropySecret, counts.secret, "secret "),
    all + share(weights.crossEntropyNormal, counts.normal, "normal "),
  ];
  const divergenceAll = share(weights.divergenceAll, total, "");
  const divergence = [
    0,
    divergenceAll + share(weights.divergenceSecret, counts.secret, "secret "),
    divergenceAll,
  ];
  const longest = Math.max(...rows.map(({ ids }) => ids.length));
  const length = Math.ceil(longest / 32) * 32;
  const groups = Array.from({ length: Math.ceil(rows.length / size) }, (_, g) => g * size);
  const scored = groups.map((g) =>
    kinds.slice(g, g + size).flatMap((row) => [...row]).filter((kind) => divergence[kind]!)
  );
  const divergenceCount = Math.ceil(Math.max(1, ...scored.map(({ length }) => length)) / 64) * 64;
  return groups.map((g) => {
    const batch: MicroBatch = {
      ids: new Int32Array(size * length),
      rows: size,
      length,
      crossEntropyWeights: new Float32Array(size * (length - 1)),
      divergenceRows: new Int32Array(divergenceCount),
      divergenceWeights: new Float32Array(divergenceCount),
      kinds: new Uint8Array(size * (length - 1)),
    };
    let used = 0;
    rows.slice(g, g + size).forEach(({ ids }, i) => {
      batch.ids.set(ids, i * length);
      kinds[g + i]!.forEach((kind, t) => {
        const position = i * (length - 1) + t;
        batch.kinds[position] = kind;
        batch.crossEntropyWeights[position] = crossEntropy[kind]!;
        if (!divergence[kind]) return;
        batch.divergenceRows[used] = position;
        batch.divergenceWeights[used++] = divergence[kind];
      });
    });
    return batch;
  });
}

/** The kind of each predicted position of a row. */
function positionKinds({ ids, mask }: UnlearnRow): Uint8Array {
  return Uint8Array.from(
    { length: Math.max(0, ids.length - 1) },
    (_, t) => mask?.[t + 1] ? KIND.secret : KIND.normal,
  );
}

function countKind(rows: readonly Uint8Array[], kind: number): number {
  return rows.reduce((sum, row) => sum + row.reduce((count, k) => count + (k === kind ? 1 : 0), 0), 0);
}
