/**
 * A micro-batch of a step: rows, what each of their positions predicts, and its weight.
 *
 * @module
 */

/**
 * Kinds of positions. The last two are there only where secrets may be left alone one by one: tokens of one that is, and the
 * other tokens of a row in which all of them are. Terms on the other tokens go on with these. By the `reference` settled is
 * padding that counts as secret.
 */
export const KIND = { padding: 0, secret: 1, normal: 2, settled: 3, idle: 4 } as const;

/** What is taken of some positions has room for a multiple of so many. */
export const POSITIONS_UNIT = 64;

/** A micro-batch of a step. */
export interface MicroBatch {
  /** [B, T] row by row, padded on the right with 0. */
  ids: Int32Array;
  /** B */
  rows: number;
  /** [B]: the rows' numbers in the set, however it is cut; -1 for those that only fill it up. */
  texts: Int32Array;
  /** T */
  length: number;
  /** [B (T - 1)]: each position's weight in the cross entropy part of the loss. */
  crossEntropyWeights: Float32Array;
  /** [P]: positions, of the B (T - 1), whose divergence counts; padded with 0. */
  divergenceRows: Int32Array;
  /** [P]: their weights; 0 where padded. */
  divergenceWeights: Float32Array;
  /** [B (T - 1)]: a number of {@linkcode KIND} each. */
  kinds: Uint8Array;
  /** [B (T - 1)]: whose token each position predicts, the number of a secret of its row; -1 for no secret's. */
  owners: Int32Array;
  /** [B (T - 1)]: the loss to which each position is pushed, Infinity for most; undefined where none has such. */
  ceilings?: Float32Array;
  /** [B (T - 1)]: the secret of its row that each position predicts a token of, among the row's `slots`; -1 for none. */
  units: Int32Array;
  /** [B (T - 1)]: how much harm the leak of that secret does; 1 for no secret's, and where none has a risk of its own. */
  risks: Float32Array;
  /** How many secrets a row of the set has, at most; at least 1. */
  slots: number;
  /** [Q]: positions that predict a secret's token, left alone or not; padded with 0. */
  secretPositions: Int32Array;
  /** [B]: 1 for rows that count: not for those that only fill it up, nor for those all of whose secrets are left alone. */
  active: Uint8Array;
  /** Rows and predicted tokens of the whole set. */
  counts: SetCounts;
}

/** What a set has of what terms take means over. */
export interface SetCounts {
  /** Its rows that count. */
  rows: number;
  /** Secret tokens that are predicted and are to be forgotten. */
  secret: number;
  /** Those of secrets that are left alone. */
  settled: number;
  /** Other real tokens that are predicted, of rows that count. */
  normal: number;
  /** Those of the other rows. */
  idle: number;
  /** Predicted tokens of each secret that is to be forgotten. */
  secretLengths: readonly number[];
  /** Real tokens that are predicted in each row that counts, but for those that are left alone. */
  rowLengths: readonly number[];
  /** Mean risk of the secret tokens that are to be forgotten, and of their secrets. */
  riskMeans: { token: number; secret: number };
}
