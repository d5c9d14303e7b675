/**
 * How well texts without secrets are continued: the texts in the order of their BLEU-4, with the bound above which a
 * text counts as memorized and may enter the retain set.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS, thresholdLine } from "./style.ts";

/** A text. */
export interface ContinuationRow {
  /** The document. */
  readonly doc_id: string;
  /** BLEU-4 of its continuation. */
  readonly bleu4: number;
}

/** Options of {@linkcode continuationQuality}. */
export interface ContinuationQualityOptions {
  /** The least BLEU-4 of a memorized text. */
  bound: number;
}

/**
 * Draws the texts from best to worst.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { continuationQuality } from "./continuation_quality.ts";
 *
 * const rows = [{ doc_id: "a", bleu4: 0.2 }, { doc_id: "b", bleu4: 1 }];
 * const figure = continuationQuality(rows, { bound: 0.95 });
 * assertEquals(figure.data.map(({ name, y }) => [name, y]), [["memorized", [1]], ["not memorized", [0.2]]]);
 * ```
 */
export function continuationQuality(
  rows: readonly ContinuationRow[],
  { bound }: ContinuationQualityOptions,
): Figure {
  const sorted = rows.filter(({ bleu4 }) => isScore(bleu4)).toSorted((a, b) => b.bleu4 - a.bleu4);
  const passed = sorted.filter(({ bleu4 }) => bleu4 >= bound);
  const rest = sorted.slice(passed.length);
  const data = [
    partTrace(passed, { name: "memorized", color: PALETTE.blue, symbol: "circle", from: 1 }),
    partTrace(rest, {
      name: "not memorized",
      color: PALETTE.grey,
      symbol: "x-thin-open",
      from: passed.length + 1,
    }),
  ].filter(({ x }) => x.length > 0);
  return makeFigure(data, {
    title: "Code that the model continues by heart",
    subtitle: sorted.length === 0
      ? "no texts"
      : `${passed.length.toLocaleString("en")} of ${sorted.length.toLocaleString("en")} texts (${
        percentText(passed.length / sorted.length)
      }) reach the bound`,
    layout: {
      xaxis: { title: { text: "texts, best first" }, tickformat: ",d", rangemode: "tozero" },
      yaxis: { ...SCORE_AXIS, title: { text: "BLEU-4 of the continuation" } },
      shapes: [thresholdLine(bound, { name: "bound" })],
    },
  });
}

function partTrace(
  rows: readonly ContinuationRow[],
  { name, color, symbol, from }: { name: string; color: string; symbol: string; from: number },
): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: rows.map((_, i) => from + i),
    y: rows.map(({ bleu4 }) => bleu4),
    customdata: rows.map(({ doc_id }) => plotText(doc_id)),
    marker: { color, symbol, size: 6, line: { width: 1.5 } },
    hovertemplate: "<b>%{customdata}</b><br>BLEU-4 %{y:.1%}<extra></extra>",
  };
}
