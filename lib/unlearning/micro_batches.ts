/**
 * A set of rows as one step sees it: padded ids, and for each predicted position its weight in the loss. Every term is
 * a mean, so a position's weight is its term's divided by the number of such positions, and any grouping into
 * micro-batches adds up to the same sum.
 *
 * Position t - 1 is scored for token t; position 0 never is. `reference` reproduces what the reference's code does:
 * means within micro-batches of 2 rows, then their average; rows padded to 512 (retain: 128) tokens whose padding
 * counts in the divergence and as zeros in the other tokens' mean, or in the secret ones' where it is marked; the divergence over all tokens summed over
 * positions and divided by the micro-batch ("batchmean"). Padding is token 0 under the causal mask here; there it is a
 * token of its own that is masked out, so that its divergences differ.
 *
 * @module
 */
import { roundUp } from "../decoding/batch_sizes.ts";
import { WINDOW_TOKENS } from "../datasets/token_counts.ts";
import type { Compat } from "./early_stop.ts";
import { KIND, type MicroBatch, POSITIONS_UNIT, type SetCounts } from "./micro_batch.ts";
import { countKinds, type KindWeights, kindWeights, referenceWeights } from "./kind_weights.ts";
import type { TermWeights } from "./objective.ts";
import { riskMeans, rowRisks, rowUnits, unitLengths } from "./row_units.ts";

export { KIND, type MicroBatch } from "./micro_batch.ts";

/** One row: a window of a document. */
export interface UnlearnRow {
  /** Token ids. */
  ids: Int32Array;
  /** 1 for secret tokens; none for a retain row. */
  mask?: Uint8Array;
  /** The number of the secret that each token belongs to; -1 for no secret's. Default: none's. */
  owners?: Int32Array;
  /**
   * Of each of the row's secrets, by its number, whether it is to be forgotten yet. The tokens of one that is not are left
   * alone, and so is a row without any such for terms on all its tokens. Default: all of them.
   */
  active?: readonly boolean[];
  /**
   * Of each of the row's secrets, the losses to which its tokens are pushed, nats, and pulled from beyond; tokens after the
   * last loss have that one. Default: none.
   */
  ceilings?: readonly (readonly number[])[];
  /**
   * Of each of the row's secrets, by its number, how much harm its leak does, above 0: its weight in the means over secrets
   * and their tokens. Secrets of neighbouring windows have the row's mean. Default: all the same.
   */
  risks?: readonly number[];
  /** Whether `reference` counts the row's padding as secret, see `ReferenceRow`. Default false. */
  marksPadding?: boolean;
}

const LENGTH_UNIT = 32;
const OWN_LENGTH_UNIT = 64; // fewer shapes

/** How to cut. */
export interface MicroBatchOptions {
  /** Rows a micro-batch. */
  size: number;
  /** `reference` for the reference's means. Default "sound". */
  compat?: Compat;
  /** Positions that `reference` pads to. Default 512. */
  paddedLength?: number;
  /**
   * Whether each micro-batch is as long as its own longest row needs, rows of like lengths together, instead of all of one
   * shape: less to compute, more shapes to compile. Not with `reference`. Default false.
   */
  ownLengths?: boolean;
  /** The model's positions: no row is padded beyond them. Default: no limit. */
  maxPositions?: number;
  /** Whether a micro-batch of one row divides its divergence by positions, as CU's code does; for `reference`. */
  squeezesSingleRows?: boolean;
}

/**
 * Cuts rows into micro-batches of one shape (but see `ownLengths`), the last filled with empty rows. The cut does not depend
 * on which secrets are to be forgotten yet: only weights, kinds and counts do.
 *
 * @param weights of the step's terms
 * @throws {RangeError} when there is no row, or a term is a mean over no token
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 0, 1) };
 * const [batch] = microBatches([row], { crossEntropySecret: -1, crossEntropyNormal: 0.5 }, { size: 1 });
 * assertEquals([...batch!.crossEntropyWeights.slice(0, 2)], [0.5, -1]);
 * ```
 */
export function microBatches(
  rows: readonly UnlearnRow[],
  weights: TermWeights,
  options: MicroBatchOptions,
): MicroBatch[] {
  const {
    size,
    compat = "sound",
    paddedLength = WINDOW_TOKENS,
    ownLengths = false,
    squeezesSingleRows = false,
  } = options;
  const { maxPositions = Infinity } = options;
  if (rows.length === 0) throw new RangeError("Cannot take a step on a set without rows");
  const isReference = compat === "reference";
  const rowsOfBatch = isReference ? 2 : Math.min(size, rows.length);
  const isOwn = ownLengths && !isReference;
  const numbered = rows.map((row, number) => ({ ...row, number }));
  const inOrder = isOwn ? numbered.toSorted((a, b) => b.ids.length - a.ids.length) : numbered;
  const groups = Array.from({ length: Math.ceil(rows.length / rowsOfBatch) }, (_, g) => {
    const group = inOrder.slice(g * rowsOfBatch, (g + 1) * rowsOfBatch);
    const longest = Math.max(...(isOwn ? group : rows).map(({ ids }) => ids.length));
    const unit = isOwn ? OWN_LENGTH_UNIT : LENGTH_UNIT;
    const rounded = isReference ? paddedLength : roundUp(longest, unit);
    const length = Math.max(longest, Math.min(maxPositions, rounded));
    const padding = ({ marksPadding }: UnlearnRow) =>
      isReference && marksPadding ? KIND.settled : KIND.padding; // where means are judged no secret is settled
    return { length, rows: group.map((row) => ({ ...row, kinds: kindsOf(row, length, padding(row)) })) };
  });
  const kinded = groups.flatMap(({ rows }) => rows);
  const kinds = countKinds(kinded);
  const units = kinded.map(rowUnits);
  const slots = units.reduce((most, row) => row.reduce((a, b) => Math.max(a, b + 1), most), 1);
  const counts = {
    ...{ rows: rows.filter(isActive).length, ...unitLengths(kinded), riskMeans: riskMeans(kinded) },
    ...{ secret: kinds[KIND.secret], settled: kinds[KIND.settled] },
    ...{ normal: kinds[KIND.normal], idle: kinds[KIND.idle] },
  };
  const all = kindWeights(weights, kinds);
  const batches = groups.map(({ length, rows }) => {
    return fill(
      rows,
      { rows: rowsOfBatch, length, counts, slots, isScored: scoredKinds(weights, isReference) },
      isReference ? referenceWeights(weights, rows, { batches: groups.length, squeezesSingleRows }) : all,
    );
  });
  // one shape for all: as many divergence rows as the fullest batch has, in steps of 64
  const padded = paddedSize(batches.map(({ divergenceRows }) => divergenceRows));
  const secret = paddedSize(batches.map(({ secretPositions }) => secretPositions));
  return batches.map((batch) => ({
    ...batch,
    divergenceRows: extend(batch.divergenceRows, new Int32Array(padded)),
    divergenceWeights: extend(batch.divergenceWeights, new Float32Array(padded)),
    secretPositions: extend(batch.secretPositions, new Int32Array(secret)),
  }));
}

interface KindedRow extends UnlearnRow {
  /** Of all rows. */
  number: number;
  kinds: Uint8Array;
}

/** Whether a row counts. */
function isActive({ active }: UnlearnRow): boolean {
  return active === undefined || active.includes(true);
}

/** The kind of each of a row's `length` - 1 positions. */
function kindsOf(row: UnlearnRow, length: number, padding: number): Uint8Array {
  const { ids, mask, owners, active } = row;
  const [counts, owned] = [isActive(row), new Set(owners)];
  // a secret within others owns no token: as long as it is active, theirs are; so are those of no own secret
  const isShared = active?.some((isActive, secret) => isActive && !owned.has(secret)) ?? true;
  return Uint8Array.from({ length: length - 1 }, (_, t) => {
    if (t + 1 >= ids.length) return padding;
    if (!mask?.[t + 1]) return counts ? KIND.normal : KIND.idle;
    return counts && (isShared || (active![owners![t + 1]!] ?? true)) ? KIND.secret : KIND.settled;
  });
}

/** The kinds whose divergence counts, or would if their secrets were to be forgotten yet. */
function scoredKinds(
  { divergenceAll, divergenceSecret, divergenceNormal }: TermWeights,
  isReference: boolean,
): (kind: number) => boolean {
  if (divergenceAll) return (kind) => kind !== KIND.padding || isReference;
  return (kind) => {
    if (kind === KIND.secret || kind === KIND.settled) return !!divergenceSecret;
    return kind !== KIND.padding && !!divergenceNormal;
  };
}

/** The ceiling of each token of a row. */
function ceilingsOf(owners: ArrayLike<number>, ceilings: readonly (readonly number[])[]): Float32Array {
  const seen = ceilings.map(() => 0);
  return Float32Array.from(owners, (owner) => {
    const own = ceilings[owner] ?? [];
    return own[Math.min(seen[owner]!++, own.length - 1)] ?? Infinity;
  });
}

function fill(
  group: readonly KindedRow[],
  { rows, length, counts, slots, isScored }: {
    rows: number;
    length: number;
    counts: SetCounts;
    slots: number;
    isScored: (kind: number) => boolean;
  },
  { crossEntropy, divergence, risky }: KindWeights,
): MicroBatch {
  const positions = length - 1;
  const batch = {
    ids: new Int32Array(rows * length),
    rows,
    texts: Int32Array.from({ length: rows }, (_, i) => group[i]?.number ?? -1),
    length,
    crossEntropyWeights: new Float32Array(rows * positions),
    kinds: new Uint8Array(rows * positions),
    owners: new Int32Array(rows * positions).fill(-1),
    units: new Int32Array(rows * positions).fill(-1),
    slots,
    risks: new Float32Array(rows * positions).fill(1),
    active: Uint8Array.from({ length: rows }, (_, i) => i < group.length && isActive(group[i]!) ? 1 : 0),
    counts,
  };
  const ceilings = group.some((row) => row.ceilings)
    ? { ceilings: new Float32Array(rows * positions).fill(Infinity) }
    : {};
  const scored: number[] = [];
  /** How much more than the mean a secret's token weighs. */
  const beyond = (at: number) =>
    batch.kinds[at] === KIND.secret ? batch.risks[at]! / counts.riskMeans.token - 1 : 0;
  group.forEach((row, i) => {
    const { ids, kinds, owners = [], ceilings: own = [] } = row;
    batch.ids.set(ids, i * length);
    batch.units.set(rowUnits(row), i * positions);
    batch.risks.set(rowRisks(row), i * positions);
    batch.owners.set(owners.slice(1), i * positions);
    batch.kinds.set(kinds, i * positions);
    ceilings.ceilings?.set(ceilingsOf(owners, own).subarray(1), i * positions);
    kinds.forEach((kind, t) => {
      const at = i * positions + t;
      batch.crossEntropyWeights[at] = crossEntropy[kind]! + beyond(at) * risky.crossEntropy;
      if (isScored(kind)) scored.push(at);
    });
  });
  return {
    ...batch,
    ...ceilings,
    secretPositions: Int32Array.from(batch.units.keys().filter((at) => batch.units[at]! >= 0)),
    divergenceRows: Int32Array.from(scored),
    divergenceWeights: Float32Array.from(
      scored,
      (at) => divergence[batch.kinds[at]!]! + beyond(at) * risky.divergence,
    ),
  };
}

/** As many as the fullest has, in steps of 64. */
function paddedSize(arrays: readonly { length: number }[]): number {
  return roundUp(Math.max(1, ...arrays.map(({ length }) => length)), POSITIONS_UNIT);
}

function extend<A extends Int32Array | Float32Array>(values: A, target: A): A {
  target.set(values);
  return target;
}
