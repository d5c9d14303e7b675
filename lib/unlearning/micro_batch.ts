/**
 * A micro-batch of a step: rows, what each of their positions predicts, and its weight.
 *
 * @module
 */

/** Kinds of positions. */
export const KIND = { padding: 0, secret: 1, normal: 2 } as const;

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
  /** [B (T - 1)]: whose token each position predicts, the number of a secret of its row; -1 for no secret's. */
  owners: Int32Array;
  /** The number of the B rows, at the end, that only fill it up. */
  filled: number;
  /** Rows and predicted tokens of the whole set. */
  counts: SetCounts;
}

/** What a set has of what terms take means over. */
export interface SetCounts {
  /** Its rows. */
  rows: number;
  /** Secret tokens that are predicted. */
  secret: number;
  /** Other real tokens that are predicted. */
  normal: number;
}
