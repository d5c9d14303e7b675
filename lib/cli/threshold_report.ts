/**
 * What `thresholds` says: the means with their errors and intervals, how many texts are enough, each language, and the
 * paper's table.
 *
 * @module
 */
import { THRESHOLD_METRICS } from "../datasets/metrics.ts";
import { besidePaper } from "../evaluation/paper_thresholds.ts";
import { leastMean } from "../metrics/threshold.ts";
import { formatTable } from "./console.ts";
import type { ThresholdTable } from "./threshold_table.ts";

/** What else is known of a run. */
export interface ThresholdReportOptions {
  /** The model's name. */
  model: string;
  /** Tokens of a text, at most. */
  tokens: number;
  /** The standard error that was wanted. */
  error: number;
}

/**
 * The lines.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reportThresholds } from "./threshold_report.ts";
 *
 * const row = { metric: "ma", mean: 0.3, standard_error: 0.01, texts: 64, runs: 5, low: 0.28, high: 0.32 };
 * const table = { rows: [{ ...row, deviation: 0.08, texts_needed: 256 }], groups: [], means: { ma: [0.3] }, texts: 64 };
 * const lines = reportThresholds(table, { model: "mine", tokens: 128, error: 0.005 });
 * assertEquals(lines[1], "for a standard error of 0.005: ma 256 texts (192 more)");
 * ```
 */
export function reportThresholds(
  { rows, groups }: ThresholdTable,
  { model, tokens, error }: ThresholdReportOptions,
): string[] {
  const table = formatTable(
    ["metric", "mean", "standard error", "95 % interval", "texts"],
    rows.map(({ metric, mean, standard_error, low, high, texts }) => [
      ...[metric, show(mean), show(standard_error)],
      low === null ? null : `${show(low)} to ${show(high)}`,
      texts,
    ]),
  );
  return [
    table,
    enoughLine(rows, error),
    ...languageLines(groups),
    paperTable(rows, model),
    ...rows.flatMap((row) => zeroNote(row, tokens)),
  ];
}

function show(value: number | null): string | null {
  return value === null ? null : value.toFixed(4);
}

function enoughLine(rows: ThresholdTable["rows"], wanted: number): string {
  const needed = rows.flatMap(({ metric, texts, texts_needed }) => {
    if (texts_needed === null) return [];
    const more = texts_needed - texts;
    return [`${metric} ${texts_needed} texts${more > 0 ? ` (${more} more)` : ""}`];
  });
  return needed.length === 0
    ? `for a standard error of ${wanted}: two texts and more would tell`
    : `for a standard error of ${wanted}: ${needed.join(", ")}`;
}

/** A line a language, where there are several. */
function languageLines(groups: ThresholdTable["groups"]): string[] {
  const languages = Map.groupBy(groups.filter(({ by }) => by === "language"), ({ group }) => group);
  if (languages.size < 2) return [];
  const lines = [...languages].map(([language, rows]) => [
    language,
    ...THRESHOLD_METRICS.map((metric) => show(rows.find((row) => row.metric === metric)?.mean ?? null)),
    Math.max(...rows.map(({ texts }) => texts)),
  ]);
  return [formatTable(["language", ...THRESHOLD_METRICS, "texts"], lines)];
}

function paperTable(rows: ThresholdTable["rows"], model: string): string {
  const thresholds = THRESHOLD_METRICS.flatMap((metric) =>
    rows.filter((row) => row.metric === metric).map((row) => ({ ...row, metric }))
  );
  const percent = (value: number | null) => value === null ? null : value.toFixed(2);
  return formatTable(
    ["percent", ...THRESHOLD_METRICS],
    besidePaper(thresholds, model).map((row) => [
      row.model,
      ...THRESHOLD_METRICS.map((metric) => percent(row[metric])),
    ]),
  );
}

/** A mean of 0 is no more than the texts can tell. */
function zeroNote(
  { metric, mean, texts }: { metric: string; mean: number | null; texts: number },
  tokens: number,
) {
  const n = Number(/^el_(\d+)$/.exec(metric)?.[1]);
  if (mean !== 0 || !(tokens > n)) return [];
  const least = leastMean(n, { texts, tokens }).toExponential(1);
  return [`${metric} 0: less than ${texts} texts can resolve, whose least mean above 0 is ${least}`];
}
