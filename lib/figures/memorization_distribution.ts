/**
 * How strongly documents are memorized: a histogram of document mean MA with the threshold of unseen text, which says
 * how much of it a model would predict anyway. Spec of the table: `codescrub analyze` (40 bins, share above).
 *
 * @module
 */
import { type Figure, LEGEND, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, thresholdLine } from "./style.ts";

/** A document of the probe: its mean secret MA, null where it has none. */
export interface DocumentRow {
  /** Which document. */
  readonly doc_id: string;
  /** Mean MA of its secrets. */
  readonly ma: number | null;
}

/** Options of {@linkcode memorizationDistribution}. */
export interface MemorizationDistributionOptions {
  /** Mean MA on unseen text; without it all bars look alike. */
  threshold?: number | null;
  /** Bins over [0, 1]. */
  bins?: number;
}

/**
 * Draws the histogram of the documents' mean MA. A bin is split where the threshold crosses it, so the two colours add
 * up to the stated share; documents without a score are counted in the subtitle.
 *
 * @throws {RangeError} when an MA lies outside [0, 1]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { memorizationDistribution } from "./memorization_distribution.ts";
 *
 * const rows = [{ doc_id: "a", ma: 0.1 }, { doc_id: "b", ma: 1 }];
 * const figure = memorizationDistribution(rows, { threshold: 0.5 });
 * assertEquals(figure.data.map((trace) => trace.name), ["at or below threshold", "above threshold"]);
 * assertEquals(figure.data[1]?.y.at(-1), 1);
 * ```
 */
export function memorizationDistribution(
  rows: readonly DocumentRow[],
  options: MemorizationDistributionOptions = {},
): Figure {
  const { threshold = null, bins = 40 } = options;
  const scores = rows.map((row) => row.ma).filter(isScore);
  const above = threshold === null ? [] : scores.filter((ma) => ma > threshold);
  const below = threshold === null ? scores : scores.filter((ma) => ma <= threshold);
  const data = scores.length === 0
    ? []
    : threshold === null
    ? [barTrace("documents", PALETTE.blue, countBins(below, bins))]
    : [
      barTrace("at or below threshold", PALETTE.grey, countBins(below, bins)),
      barTrace("above threshold", PALETTE.vermillion, countBins(above, bins)),
    ];
  const most = Math.max(1, ...countBins(scores, bins));
  return makeFigure(data, {
    title: "Memorization of documents with secrets",
    subtitle: describeShare(rows.length, scores.length, threshold === null ? null : above.length),
    layout: {
      barmode: "stack",
      bargap: 0.08,
      xaxis: {
        title: { text: "mean MA of a document's secrets" },
        range: [-0.01, 1.01],
        tickformat: ".0%",
      },
      // A head above the highest bar keeps the threshold's label free.
      yaxis: { title: { text: "documents" }, range: [0, 1.15 * most], tickformat: ",d" },
      legend: { ...LEGEND, traceorder: "normal" },
      shapes: isScore(threshold) ? [thresholdLine(threshold, { axis: "x" })] : [],
      showlegend: isScore(threshold),
    },
  });
}

function countBins(scores: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const ma of scores) {
    if (ma < 0 || ma > 1) throw new RangeError(`Cannot draw MA as a rate of [0, 1]: found ${ma}`);
    const bin = Math.min(bins - 1, Math.floor(ma * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function barTrace(name: string, color: string, counts: readonly number[]): Trace {
  const width = 1 / counts.length;
  return {
    type: "bar",
    name,
    x: counts.map((_, bin) => (bin + 0.5) * width),
    y: counts,
    customdata: counts.map((_, bin) => [percentText(bin * width), percentText((bin + 1) * width)]),
    marker: { color },
    hovertemplate: "MA %{customdata[0]} to %{customdata[1]}<br>%{y:,d} documents<extra></extra>",
  };
}

function describeShare(rows: number, scored: number, above: number | null): string {
  const missing = rows === scored ? "" : `; ${(rows - scored).toLocaleString("en")} without a score`;
  const count = `${scored.toLocaleString("en")} documents`;
  if (above === null || scored === 0) return count + missing;
  return `${percentText(above / scored)} of ${count} lie above the threshold${missing}`;
}
