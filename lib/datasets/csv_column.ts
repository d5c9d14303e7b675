/**
 * A column of a CSV with the type that its cells have: whole numbers, numbers, true or false, else text.
 *
 * @module
 */
import pl from "../npm/polars.ts";

/** What a cell says of its column. */
export interface TextCell {
  /** Null where nothing stands. */
  value: string | null;
  /** A quoted cell is text. */
  isQuoted: boolean;
}

const WHOLE = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WORD = /^(true|false)$/i;
const [LEAST, MOST] = [-(2n ** 63n), 2n ** 63n - 1n];

/**
 * A column of cells. One without a value is text.
 *
 * @param options.isText whether it is text whatever the cells look like
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { columnOf } from "./csv_column.ts";
 *
 * const cells = ["1", null, "-0.5"].map((value) => ({ value, isQuoted: false }));
 * assertEquals(columnOf("ma", cells, { isText: false }).toArray(), [1, null, -0.5]);
 * assertEquals(columnOf("ma", cells, { isText: true }).toArray(), ["1", null, "-0.5"]);
 * ```
 */
export function columnOf(
  name: string,
  cells: readonly TextCell[],
  { isText }: { isText: boolean },
): pl.Series {
  const values = cells.map(({ value }) => value);
  const text = () => pl.Series(name, values, pl.Utf8);
  const present = values.filter((value) => value !== null);
  if (isText || present.length === 0 || cells.some(({ isQuoted }) => isQuoted)) return text();
  if (present.every((value) => WHOLE.test(value) && isInt64(value))) return text().cast(pl.Int64); // exact
  const parsed = <T>(parse: (value: string) => T) =>
    values.map((value) => value === null ? null : parse(value));
  if (present.every((value) => NUMBER.test(value))) return pl.Series(name, parsed(Number), pl.Float64);
  if (present.every((value) => WORD.test(value))) {
    return pl.Series(name, parsed((value) => value.toLowerCase() === "true"), pl.Bool);
  }
  return text();
}

function isInt64(value: string): boolean {
  if (value.length < 18) return true;
  if (value.length > 40) return false;
  const whole = BigInt(value.replace("+", ""));
  return whole >= LEAST && whole <= MOST;
}
