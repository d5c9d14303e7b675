/**
 * Intervals of statistics of sums, such as the share of right tokens: documents are drawn again as a whole, as
 * `bootstrapInterval` draws them and by the same numbers, but each is a row of sums, so that a draw of many tokens is a
 * few additions and all statistics share the draws.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";
import { type BootstrapOptions, type Interval, quantile } from "./bootstrap.ts";

/**
 * The intervals of statistics of the sum of all rows.
 *
 * @param rows of equal length, one a document
 * @param statistics of summed rows, always as many; null where one is not defined, which a draw may leave out
 * @returns one each; null where a statistic of all rows is
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bootstrapInterval } from "./bootstrap.ts";
 * import { sumIntervals } from "./sum_intervals.ts";
 *
 * const rows = [[3, 4], [1, 4], [0, 1]]; // right tokens, and all, of three documents
 * const [share] = sumIntervals(rows, ([right, all]) => [right! / all!]);
 * const sumOf = (drawn: readonly number[], at: number) => drawn.reduce((sum, i) => sum + rows[i]![at]!, 0);
 * const drawn = bootstrapInterval([{ values: [0, 1, 2] }], ([own]) => sumOf(own!, 0) / sumOf(own!, 1));
 * assertEquals(share, drawn);
 * ```
 */
export function sumIntervals(
  rows: readonly ArrayLike<number>[],
  statistics: (sums: Float64Array) => readonly (number | null)[],
  { seed = 42, resamples = 2000, level = 0.95 }: BootstrapOptions = {},
): (Interval | null)[] {
  const width = rows[0]?.length ?? 0;
  const sums = new Float64Array(width);
  const add = (row: ArrayLike<number>) => {
    for (let i = 0; i < width; i++) sums[i]! += row[i]!;
  };
  rows.forEach(add);
  const estimates = statistics(sums);
  const drawn = estimates.map((): number[] => []);
  const random = new PythonRandom(seed);
  for (let sample = 0; sample < resamples; sample++) {
    sums.fill(0);
    for (let i = 0; i < rows.length; i++) add(rows[random.randbelow(rows.length)]!);
    statistics(sums).forEach((value, i) => {
      if (value !== null) drawn[i]!.push(value);
    });
  }
  return estimates.map((estimate, i) => {
    if (estimate === null) return null;
    const sorted = Float64Array.from(drawn[i]!).sort();
    return {
      estimate,
      low: quantile(sorted, (1 - level) / 2),
      high: quantile(sorted, (1 + level) / 2),
    };
  });
}
