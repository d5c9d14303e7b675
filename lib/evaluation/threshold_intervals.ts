/**
 * How far thresholds are known: intervals by the bootstrap over texts, how many texts would be enough for a wanted error,
 * and the same for the texts of one language or length.
 *
 * @module
 */
import { THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import type { BootstrapOptions, Interval } from "../metrics/bootstrap.ts";
import { sumIntervals } from "../metrics/sum_intervals.ts";
import { meanAndError } from "./thresholds.ts";

/** The scores of a text. */
export type TextScores = { readonly [N in ThresholdMetric]: number | null };

/**
 * The mean of each metric over the texts that it is defined for, and its interval; null where there are none.
 *
 * @throws as `sumIntervals`
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { thresholdIntervals } from "./threshold_intervals.ts";
 *
 * const scores = [0.2, 0.4, 0.6].map((ma) => ({ ma, el_3: null, el_5: null, el_10: null }));
 * const [ma, el3] = thresholdIntervals(scores);
 * assert(ma!.low >= 0.2 && ma!.low < 0.4 && ma!.high > 0.4 && ma!.high <= 0.6);
 * assertEquals([ma!.estimate.toFixed(3), el3], ["0.400", null]);
 * ```
 */
export function thresholdIntervals(
  scores: readonly TextScores[],
  options: BootstrapOptions = {},
): (Interval | null)[] {
  const rows = scores.map((score) =>
    THRESHOLD_METRICS.flatMap((metric) => score[metric] === null ? [0, 0] : [score[metric], 1])
  );
  if (rows.length === 0) return THRESHOLD_METRICS.map(() => null);
  return sumIntervals(
    rows,
    (sums) => THRESHOLD_METRICS.map((_, i) => sums[2 * i + 1] === 0 ? null : sums[2 * i]! / sums[2 * i + 1]!),
    options,
  );
}

/**
 * How many texts give a mean whose standard error is no more than is wanted, if they are as these are.
 *
 * @param deviation of single texts @param error more than 0
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textsNeeded } from "./threshold_intervals.ts";
 *
 * assertEquals([textsNeeded(0.2, 0.005), textsNeeded(0, 0.005)], [1600, 2]);
 * ```
 */
export function textsNeeded(deviation: number, error: number): number {
  return Math.max(2, Math.ceil((deviation / error) ** 2 - 1e-9)); // one text tells no deviation
}

/** A text's scores, and what it is grouped by. */
export interface GroupedText extends TextScores {
  /** Tokens that were scored. */
  tokens: number;
  /** Where it is known. */
  language?: string | null;
}

/** Thresholds of the texts of a group. */
export interface GroupThreshold {
  /** What texts are grouped by: "language" or "length". */
  by: string;
  /** Which: a language, or numbers of tokens. */
  group: string;
  metric: ThresholdMetric;
  mean: number | null;
  /** Of the texts. */
  standard_error: number | null;
  /** The 95 % interval of the mean. */
  low: number | null;
  high: number | null;
  /** Texts that the metric is defined for. */
  texts: number;
}

/** Numbers of tokens that groups begin with. */
const LENGTHS = [1, 32, 64, 96, 128, 256, 512];
/** What texts are called whose language is not known. */
const OTHER = "other";

/**
 * Thresholds by language, that of most texts first and the unknown ones last, and by length.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { thresholdGroups } from "./threshold_intervals.ts";
 *
 * const score = { ma: 0.5, el_3: null, el_5: null, el_10: null };
 * const texts = [{ ...score, tokens: 128, language: "rust" }, { ...score, tokens: 40, language: null }];
 * const rows = thresholdGroups(texts).filter(({ metric }) => metric === "ma");
 * assertEquals(rows.map(({ group }) => group), ["rust", "other", "32-63", "128-255"]);
 * ```
 */
export function thresholdGroups(
  scores: readonly GroupedText[],
  options: BootstrapOptions = {},
): GroupThreshold[] {
  const languages = [...Map.groupBy(scores, ({ language }) => language ?? OTHER)]
    .sort(([a, one], [b, more]) =>
      Number(a === OTHER) - Number(b === OTHER) || more.length - one.length || (a < b ? -1 : 1)
    );
  const lengths = [
    ...Map.groupBy(scores, ({ tokens }) => LENGTHS.findLastIndex((length) => length <= tokens)),
  ]
    .sort(([a], [b]) => a - b);
  return [
    ...languages.flatMap(([group, texts]) => groupRows({ by: "language", group }, texts, options)),
    ...lengths.flatMap(([at, texts]) => groupRows({ by: "length", group: rangeName(at) }, texts, options)),
  ];
}

function rangeName(at: number): string {
  const [from, next] = [LENGTHS[at] ?? 0, LENGTHS[at + 1]];
  return next === undefined ? `${from} and more` : `${from}-${next - 1}`;
}

function groupRows(
  names: Pick<GroupThreshold, "by" | "group">,
  texts: readonly GroupedText[],
  options: BootstrapOptions,
): GroupThreshold[] {
  const intervals = thresholdIntervals(texts, options);
  return THRESHOLD_METRICS.map((metric, i) => {
    const values = texts.flatMap((text) => text[metric] === null ? [] : [text[metric]]);
    const { low, high } = intervals[i] ?? { low: null, high: null };
    return { ...names, metric, ...meanAndError(values), low, high, texts: values.length };
  });
}
