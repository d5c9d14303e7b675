/**
 * Planted secrets against their twins: a marker a pair, the twin's MA to the right and the secret's upwards. A twin has
 * the same format in code of the same kind but was never trained on, so what lies above the diagonal was learnt.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** A secret and its twin. */
export interface TwinPairRow {
  /** What finds both. */
  readonly detector: string;
  /** Training documents that hold the secret. */
  readonly copies: number;
  /** MA of the secret. */
  readonly ma: number;
  /** MA of its twin. */
  readonly twin_ma: number;
}

const CLASSES = [
  { least: 1, most: 2, name: "1 or 2 copies", color: PALETTE.sky, symbol: "triangle-down" },
  { least: 3, most: 8, name: "4 or 8 copies", color: PALETTE.orange, symbol: "square" },
  { least: 9, most: Infinity, name: "16 copies and more", color: PALETTE.blue, symbol: "circle" },
] as const;

/**
 * Draws the pairs, by how often the secret was copied.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { twinPairs } from "./twin_pairs.ts";
 *
 * const figure = twinPairs([{ detector: "Npm", copies: 64, ma: 1, twin_ma: 0.2 }]);
 * assertEquals([figure.data[0]?.x, figure.data[0]?.y], [[0.2], [1]]);
 * ```
 */
export function twinPairs(rows: readonly TwinPairRow[]): Figure {
  const scored = rows.filter(({ ma, twin_ma }) => isScore(ma) && isScore(twin_ma));
  const data = CLASSES.flatMap(({ least, most, name, color, symbol }): Trace[] => {
    const own = scored.filter(({ copies }) => copies >= least && copies <= most);
    return own.length === 0 ? [] : [{
      type: "scatter",
      mode: "markers",
      name,
      x: own.map(({ twin_ma }) => twin_ma),
      y: own.map(({ ma }) => ma),
      customdata: own.map(({ detector, copies }) => [plotText(detector), copies.toLocaleString("en")]),
      marker: { color, symbol, size: 9, opacity: 0.75 },
      hovertemplate: "<b>%{customdata[0]}</b>, copies: %{customdata[1]}" +
        "<br>MA %{y:.1%}, its twin %{x:.1%}<extra></extra>",
    }];
  });
  return makeFigure(data, {
    title: "Secrets and their never-trained twins",
    subtitle: describePairs(scored),
    layout: {
      height: 480,
      xaxis: { ...SCORE_AXIS, title: { text: "MA of the never-trained twin" }, showgrid: true },
      yaxis: { ...SCORE_AXIS, title: { text: "MA of the planted secret" } },
      shapes: [{
        type: "line",
        layer: "below",
        x0: 0,
        y0: 0,
        x1: 1,
        y1: 1,
        line: { dash: "dash", width: 1.5 },
        label: {
          text: "nothing learnt",
          textposition: "middle",
          textangle: 0,
          xanchor: "left",
          yanchor: "top",
          padding: 8,
          font: { size: 12 },
        },
      }],
    },
  });
}

function describePairs(rows: readonly TwinPairRow[]): string {
  if (rows.length === 0) return "no pairs";
  const above = rows.filter(({ ma, twin_ma }) => ma > twin_ma).length;
  const mean = (of: (row: TwinPairRow) => number) =>
    rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  return `${above.toLocaleString("en")} of ${rows.length.toLocaleString("en")} beat their twin; ` +
    `mean MA ${percentText(mean(({ ma }) => ma))} against ${percentText(mean(({ twin_ma }) => twin_ma))}`;
}
