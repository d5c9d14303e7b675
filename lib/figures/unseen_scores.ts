/**
 * What unseen texts score: a dot a text, and the mean with its standard error, which is the threshold.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { type ColumnScores, SCORE_COLUMNS, type ScoreColumn } from "./score_columns.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** A text's scores; null where one is not defined. */
export interface UnseenRow extends ColumnScores {
  /** Which text. */
  readonly doc_id: string;
}

/** A metric's mean. */
export interface UnseenMean {
  /** "ma", "el_3", "el_5" or "el_10". */
  readonly metric: string;
  /** Null where it is defined for no text. */
  readonly mean: number | null;
  /** Null for fewer than two texts. */
  readonly standard_error: number | null;
}

/**
 * Draws the texts and their means.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unseenScores } from "./unseen_scores.ts";
 *
 * const rows = [{ doc_id: "a", ma: 0.2, el_3: 0, el_5: 0, el_10: null }];
 * const figure = unseenScores(rows, [{ metric: "ma", mean: 0.2, standard_error: null }]);
 * assertEquals([figure.data[0]!.y.length, figure.data[1]!.y], [3, [0.2]]);
 * ```
 */
export function unseenScores(rows: readonly UnseenRow[], means: readonly UnseenMean[]): Figure {
  const metrics = Object.keys(SCORE_COLUMNS) as ScoreColumn[];
  const dots = metrics.flatMap((metric, column) =>
    rows.flatMap((row, i) => isScore(row[metric]) ? [{ x: column + spread(i), y: row[metric], row }] : [])
  );
  const known = means.filter(({ metric, mean }) => metric in SCORE_COLUMNS && isScore(mean));
  const ma = means.find(({ metric }) => metric === "ma");
  const texts: Trace = {
    type: "scatter",
    mode: "markers",
    name: "a text",
    x: dots.map(({ x }) => x),
    y: dots.map(({ y }) => y),
    marker: { color: PALETTE.grey, size: 6, opacity: 0.55 },
    customdata: dots.map(({ row }) => plotText(row.doc_id)),
    hovertemplate: "%{customdata}<br>%{y:.1%}<extra></extra>",
  };
  return makeFigure(dots.length > 0 ? [texts, meanTrace(known)] : [], {
    title: "What code that the model has never seen scores",
    subtitle: ma
      ? `mean MA of ${rows.length} texts: ${percentText(ma.mean)}, standard error ${
        percentText(ma.standard_error)
      }`
      : `${rows.length} texts`,
    layout: {
      xaxis: {
        tickvals: metrics.map((_, i) => i),
        ticktext: metrics.map((metric) => {
          const mean = means.find((row) => row.metric === metric)?.mean;
          return `${SCORE_COLUMNS[metric]}<br><b>${percentText(mean)}</b>`;
        }),
        range: [-0.5, metrics.length - 0.5],
        zeroline: false,
      },
      yaxis: { ...SCORE_AXIS, title: { text: "score of a text" } },
    },
  });
}

function meanTrace(means: readonly UnseenMean[]): Trace {
  const metrics = Object.keys(SCORE_COLUMNS);
  return {
    type: "scatter",
    mode: "markers",
    name: "mean (the threshold) ± 2 standard errors",
    x: means.map(({ metric }) => metrics.indexOf(metric)),
    y: means.map(({ mean }) => mean),
    error_y: { array: means.map(({ standard_error }) => 2 * (standard_error ?? 0)), thickness: 2, width: 9 },
    marker: { color: PALETTE.vermillion, size: 11, symbol: "diamond" },
    hovertemplate: "mean %{y:.2%}<extra></extra>",
  };
}

/** Sideways places that look random and are always the same (the golden ratio's multiples). */
function spread(i: number): number {
  return ((i * 0.618034) % 1) * 0.56 - 0.28;
}
