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
  /** Of each of its secrets how much harm its leak does. Default: 1. */
  risks?: readonly number[];
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
    return owners ? Math.max(0, owners[t + 1]!) : 0;
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

/**
 * How much harm the leak of the secret does whose token each position predicts; 1 for no secret's. What is no own secret's
 * has the mean of the row's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowRisks } from "./row_units.ts";
 *
 * const row = { kinds: Uint8Array.of(2, 1, 1, 1), owners: Int32Array.of(-1, -1, 0, 1, 2), risks: [1, 3] };
 * assertEquals([...rowRisks(row)], [1, 1, 3, 2]);
 * ```
 */
export function rowRisks({ risks, ...row }: KindedUnits): Float32Array {
  if (!risks?.length) return new Float32Array(row.kinds.length).fill(1);
  const mean = risks.reduce((sum, risk) => sum + risk, 0) / risks.length;
  return Float32Array.from(rowUnits(row), (unit) => unit < 0 ? 1 : risks[unit] ?? mean);
}

/**
 * Means of the risks of a set's secret tokens and secrets that count: what a weight is by which its mean stays what it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { riskMeans } from "./row_units.ts";
 *
 * const row = { kinds: Uint8Array.of(1, 1, 1), owners: Int32Array.of(-1, 0, 0, 1), risks: [1, 4] };
 * assertEquals(riskMeans([row]), { token: 2, secret: 2.5 });
 * assertEquals(riskMeans([{ kinds: Uint8Array.of(2) }]), { token: 1, secret: 1 });
 * ```
 */
export function riskMeans(rows: readonly KindedUnits[]): SetCounts["riskMeans"] {
  const tokens = rows.flatMap((row) => {
    const [units, risks] = [rowUnits(row), rowRisks(row)];
    return [...row.kinds.keys()].filter((t) => row.kinds[t] === KIND.secret).map((t) => ({
      risk: risks[t]!,
      isFirst: !units.subarray(0, t).some((unit, u) => unit === units[t] && row.kinds[u] === KIND.secret),
    }));
  });
  const mean = (of: readonly { risk: number }[]) =>
    of.length === 0 ? 1 : of.reduce((sum, { risk }) => sum + risk, 0) / of.length;
  return { token: mean(tokens), secret: mean(tokens.filter(({ isFirst }) => isFirst)) };
}
