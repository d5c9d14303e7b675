/**
 * The secrets of rows as units: which one each position predicts a token of, and how long those are that count.
 *
 * @module
 */
import { KIND, type SetCounts } from "./micro_batch.ts";

/** A row of a set, with the kind of each of its positions. */
export interface KindedUnits {
  /** A number of `KIND` each. */
  kinds: Uint8Array;
  /** The number of the secret that each token, from the row's first on, belongs to. Default: all secret tokens are one's. */
  owners?: Int32Array;
}

/**
 * The secret whose token each position predicts; -1 for none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowUnits } from "./row_units.ts";
 *
 * const kinds = Uint8Array.of(2, 1, 3, 0);
 * assertEquals([...rowUnits({ kinds })], [-1, 0, 0, -1]);
 * assertEquals([...rowUnits({ kinds, owners: Int32Array.of(-1, -1, 2, 1) })], [-1, 2, 1, -1]);
 * ```
 */
export function rowUnits({ kinds, owners }: KindedUnits): Int32Array {
  return Int32Array.from(kinds, (kind, t) => {
    if (kind !== KIND.secret && kind !== KIND.settled) return -1;
    return owners ? owners[t + 1]! : 0;
  });
}

/**
 * The predicted tokens of each secret of a set and of each row, of those that count.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unitLengths } from "./row_units.ts";
 *
 * const rows = [{ kinds: Uint8Array.of(2, 1, 1, 0), owners: Int32Array.of(-1, -1, 0, 1) }, { kinds: Uint8Array.of(4, 3) }];
 * assertEquals(unitLengths(rows), { secretLengths: [1, 1], rowLengths: [3] });
 * ```
 */
export function unitLengths(
  rows: readonly KindedUnits[],
): Pick<SetCounts, "secretLengths" | "rowLengths"> {
  const secretLengths = rows.flatMap((row) => {
    const lengths = new Map<number, number>();
    rowUnits(row).forEach((unit, t) => {
      if (row.kinds[t] === KIND.secret) lengths.set(unit, (lengths.get(unit) ?? 0) + 1);
    });
    return [...lengths.values()];
  });
  const isCounted = (kind: number) => kind === KIND.secret || kind === KIND.normal;
  const rowLengths = rows.map(({ kinds }) => kinds.reduce((sum, kind) => sum + Number(isCounted(kind)), 0));
  return { secretLengths, rowLengths: rowLengths.filter((length) => length > 0) };
}
