/**
 * Numbers and cells as a reader sees them: scores in [0, 1] with three decimals in tables, percent in sentences, a
 * dash where a metric is undefined.
 *
 * @module
 */
import { isScore, percentText } from "../figures/style.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { type Markup, markup } from "./markup.ts";

/** Longest text of a cell; paths and descriptions are shorter, and a report's size stays bounded. */
const MAX_CELL_CHARACTERS = 120;

/**
 * A number with so many decimals, or a dash.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatScore } from "./format.ts";
 *
 * assertEquals([formatScore(0.98765), formatScore(null), formatScore(2.5, 1)], ["0.988", "–", "2.5"]);
 * ```
 */
export function formatScore(value: number | null | undefined, decimals = 3): string {
  return isScore(value) ? value.toFixed(decimals) : "–";
}

/**
 * A mean with its interval, or a dash.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatInterval } from "./format.ts";
 *
 * const interval = { estimate: 0.5, low: 0.25, high: 0.75 };
 * assertEquals([formatInterval(interval, 2), formatInterval(null)], ["0.50 [0.25, 0.75]", "–"]);
 * ```
 */
export function formatInterval(interval: Interval | null | undefined, decimals = 3): string {
  if (!interval) return formatScore(null);
  const { estimate, low, high } = interval;
  return `${formatScore(estimate, decimals)} [${formatScore(low, decimals)}, ${formatScore(high, decimals)}]`;
}

/**
 * A mean as a cell with its interval on a smaller line under it, where there is one.
 *
 * @param text the mean as it is written, with whatever stands beside it
 * @param format of the ends; default three decimals
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withInterval } from "./format.ts";
 *
 * assertEquals(withInterval("0.5", { low: 0.25, high: 0.75 }).text, '0.5 <span class="interval">[0.250,\u00a00.750]</span>');
 * assertEquals(withInterval("–", null).text, "–");
 * ```
 */
export function withInterval(
  text: string | Markup,
  interval: Pick<Interval, "low" | "high"> | null | undefined,
  format: (value: number) => string = (value) => formatScore(value),
): Markup {
  if (!interval) return markup`${text}`;
  const ends = `[${format(interval.low)},\u00a0${format(interval.high)}]`;
  return markup`${text} <span class="interval">${ends}</span>`;
}

/**
 * A whole number with separated thousands, or a dash.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatCount } from "./format.ts";
 *
 * assertEquals(formatCount(12345), "12,345");
 * ```
 */
export function formatCount(value: number | null | undefined): string {
  return isScore(value) ? Math.round(value).toLocaleString("en") : "–";
}

/**
 * How far a rate moved, in percentage points with its sign.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatPoints } from "./format.ts";
 *
 * assertEquals(formatPoints(0.98, 0.971), "−0.9 points");
 * ```
 */
export function formatPoints(before: number | null | undefined, after: number | null | undefined): string {
  if (!isScore(before) || !isScore(after)) return "–";
  const points = ((after - before) * 100).toFixed(1);
  if (Number(points) === 0) return "±0.0 points";
  return `${points.startsWith("-") ? `−${points.slice(1)}` : `+${points}`} points`;
}

/**
 * "99.4% to 31.0%".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatChange } from "./format.ts";
 *
 * assertEquals(formatChange(0.994, 0.31), "99.4% to 31.0%");
 * ```
 */
export function formatChange(before: number | null | undefined, after: number | null | undefined): string {
  return `${percentText(before)} to ${percentText(after)}`;
}

/**
 * A duration in seconds, minutes or hours.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatSeconds } from "./format.ts";
 *
 * assertEquals([4.21, 83, 7260].map(formatSeconds), ["4.2 s", "1 min 23 s", "2 h 1 min"]);
 * ```
 */
export function formatSeconds(seconds: number): string {
  if (!isScore(seconds)) return "–";
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
}

/**
 * A size in binary units.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatBytes } from "./format.ts";
 *
 * assertEquals([2 ** 20, 1.5 * 2 ** 30].map(formatBytes), ["1 MiB", "1.5 GiB"]);
 * ```
 */
export function formatBytes(bytes: number): string {
  if (!isScore(bytes)) return "–";
  return bytes < 2 ** 30 ? `${formatCount(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/**
 * Cuts a text that no cell should hold whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { clipText } from "./format.ts";
 *
 * assertEquals(clipText("abcdef", 4), "abc…");
 * ```
 */
export function clipText(text: string, most: number = MAX_CELL_CHARACTERS): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/**
 * Words as an enumeration.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinWords } from "./format.ts";
 *
 * assertEquals([["MA"], ["MA", "EL_3", "EL_10"]].map(joinWords), ["MA", "MA, EL_3 and EL_10"]);
 * ```
 */
export function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
