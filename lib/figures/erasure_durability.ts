/**
 * How much of the secrets comes back when a model is trained further, by way of unlearning: measures with their intervals,
 * beside what was never seen.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { modelStyle, PALETTE, plotText } from "./style.ts";

/** A measure of a way of unlearning. */
export interface DurabilityRow {
  /** The way of unlearning, such as "codeeraser". */
  readonly method: string;
  /** What was measured. */
  readonly measure: string;
  /** The mean; rows without one are left out. */
  readonly estimate: number | null;
  /** Its 95 % interval; null where there is none. */
  readonly low: number | null;
  /** Its upper end. */
  readonly high: number | null;
}

/** Options of {@linkcode erasureDurability}. */
export interface ErasureDurabilityOptions {
  /** The measures that are drawn, in this order, by their names and what the legend calls them. */
  measures: Readonly<Record<string, string>>;
}

/** Measures are told apart without their colours too. */
const MARKS = [
  { symbol: "circle", color: PALETTE.blue },
  { symbol: "circle-open", color: PALETTE.blue },
  { symbol: "diamond", color: PALETTE.orange },
  { symbol: "diamond-open", color: PALETTE.orange },
];
/** Between the measures of one method, in rows. */
const OFFSET = 0.16;
const [ROW_HEIGHT, ONE_MEASURE, FRAME_HEIGHT] = [64, 36, 180];

/**
 * Draws a row a method and a point a measure, the first method on top; a line stands where nothing comes back.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { erasureDurability } from "./erasure_durability.ts";
 *
 * const rows = [{ method: "ga", measure: "after 20 steps", estimate: 0.5, low: 0.4, high: 0.6 }];
 * const [trace] = erasureDurability(rows, { measures: { "after 20 steps": "20 steps" } }).data;
 * assertEquals([trace!.x, trace!.name], [[0.5], "20 steps"]);
 * ```
 */
export function erasureDurability(
  rows: readonly DurabilityRow[],
  { measures }: ErasureDurabilityOptions,
): Figure {
  const names = Object.entries(measures);
  const drawn = rows.filter(({ measure, estimate }) => Object.hasOwn(measures, measure) && estimate !== null);
  const methods = [...new Set(drawn.map(({ method }) => method))];
  const data = names.map(([measure, name], i): Trace => {
    const own = drawn.filter((row) => row.measure === measure);
    const { symbol, color } = MARKS[i % MARKS.length]!;
    const offset = ((names.length - 1) / 2 - i) * OFFSET;
    return {
      ...{ type: "scatter", mode: "markers", name: plotText(name) },
      x: own.map(({ estimate }) => estimate!),
      y: own.map(({ method }) => methods.length - 1 - methods.indexOf(method) + offset),
      marker: { color, symbol, size: 10, line: { color, width: 2 } },
      error_x: {
        ...{ type: "data", symmetric: false, color, thickness: 1.8, width: 5 },
        array: own.map(({ estimate, high }) => (high ?? estimate!) - estimate!),
        arrayminus: own.map(({ estimate, low }) => estimate! - (low ?? estimate!)),
      },
      customdata: own.map(({ method, low, high }) => [
        plotText(modelStyle(method).label),
        low === null || high === null ? "" : ` [${low.toFixed(3)}, ${high.toFixed(3)}]`,
      ]),
      hovertemplate: `%{customdata[0]}, ${plotText(name)}: %{x:.3f}%{customdata[1]}<extra></extra>`,
    };
  });
  return makeFigure(data, {
    title: "What comes back when it is trained further",
    subtitle:
      "MA of the secrets above that of made-up ones under the same training; 0 is what was never seen",
    layout: {
      height: FRAME_HEIGHT + (names.length === 1 ? ONE_MEASURE : ROW_HEIGHT) * methods.length,
      xaxis: {
        title: { text: "MA above made-up secrets" },
        ...{ rangemode: "tozero", zeroline: true, zerolinewidth: 2 },
      },
      yaxis: {
        ...{ tickmode: "array", tickvals: methods.map((_, i) => methods.length - 1 - i) },
        ...{ ticktext: methods.map((method) => plotText(modelStyle(method).label)), automargin: true },
        ...{ range: [-0.6, methods.length - 0.4], showgrid: false, zeroline: false },
      },
    },
  });
}
