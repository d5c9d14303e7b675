/**
 * What methods forgot against what they kept: a point a method under its own name, with its intervals where there are any, and the
 * way that it took epoch by epoch. What no other beats on both sides is joined by the Pareto front.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { type LabelSide, labelSides } from "./label_sides.ts";
import { enoughLines, frontTrace, paretoFront } from "./pareto_front.ts";
import { isScore, modelStyle, plotText } from "./style.ts";

/** A method: its mean MA on both sets before and after. */
export interface TradeoffRow {
  /** The model's name. */
  readonly method: string;
  /** MA of the forget set's secrets, before and after. */
  readonly forget: readonly [before: number, after: number];
  /** MA of the retain set, likewise. */
  readonly retain: readonly [before: number, after: number];
  /** Both after each epoch, from the start on; null where one was not measured. */
  readonly way: readonly { readonly ma: number | null; readonly retain_ma: number | null }[];
  /** Ends of the 95 % intervals of the shares that are forgotten and kept, where there are any. */
  readonly forgottenInterval?: readonly [low: number, high: number] | undefined;
  readonly keptInterval?: readonly [low: number, high: number] | undefined;
}

/** Options of {@linkcode methodTradeoff}. */
export interface MethodTradeoffOptions {
  /** Mean MA on unseen text: where forgetting is enough. */
  threshold?: number | null;
}

const [HEIGHT, MARGIN] = [430, { l: 64, r: 24, t: 84, b: 60 }];
/** What a phone of 390 pixels leaves of them; in a report the headings stand outside. */
const NARROW_PLOT = { width: 270, height: 340 };

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "x", "star"] as const;

/**
 * Draws the methods.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { methodTradeoff } from "./method_tradeoff.ts";
 *
 * const { data } = methodTradeoff([{ method: "ga", forget: [1, 0.25], retain: [1, 0.5], way: [] }]);
 * assertEquals([data[0]?.x, data[0]?.y, data[0]?.text], [[0.75], [0.5], ["GA"]]);
 * ```
 */
export function methodTradeoff(
  rows: readonly TradeoffRow[],
  { threshold = null }: MethodTradeoffOptions = {},
): Figure {
  const points = rows.filter(({ forget, retain }) => forget[0] > 0 && retain[0] > 0).map((row) => ({
    row,
    forgotten: 1 - row.forget[1] / row.forget[0],
    kept: row.retain[1] / row.retain[0],
  }));
  const front = paretoFront(points);
  const lowest = Math.min(0.5, ...points.map(({ kept, row }) => row.keptInterval?.[0] ?? kept));
  const ranges = { x: [-0.03, 1.08], y: [Math.max(-0.03, lowest - 0.1), 1.09] } as const;
  const sides = sidesOf(points, ranges);
  const share = { tickformat: ".0%", zeroline: false };
  return makeFigure([
    ...points.flatMap(({ row }) => wayTrace(row)),
    ...front.length > 1 ? [frontTrace(front)] : [],
    ...points.map((point, index) => pointTrace(point, { index, side: sides[index]! })),
  ], {
    title: "Forgetting against retention",
    subtitle: `best is the upper right corner; ${
      points.length === 1
        ? "one method"
        : `${points.length} methods, ${front.length} of them beaten by no other`
    }`,
    layout: {
      height: HEIGHT,
      margin: MARGIN,
      showlegend: false,
      xaxis: {
        ...share,
        title: { text: "forgotten: share of forget set MA" },
        range: ranges.x,
      },
      yaxis: {
        ...share,
        title: { text: "kept: share of retain set MA" },
        range: ranges.y,
      },
      shapes: enoughLines(threshold, points[0]?.row.forget[0]),
    },
  });
}

interface Point {
  readonly row: TradeoffRow;
  readonly forgotten: number;
  readonly kept: number;
}

/** Clear of one another on a phone, and so on anything wider. */
function sidesOf(
  points: readonly Point[],
  { x, y }: { x: readonly [number, number]; y: readonly [number, number] },
): LabelSide[] {
  const { width, height } = NARROW_PLOT;
  const placed = points.map(({ row, forgotten, kept }) => ({
    x: (forgotten - x[0]) / (x[1] - x[0]) * width,
    y: (kept - y[0]) / (y[1] - y[0]) * height,
    label: modelStyle(row.method).label,
  }));
  return labelSides(placed, NARROW_PLOT);
}

function errorBar(value: number, interval: readonly [number, number] | undefined, color: string) {
  return interval && {
    ...{ type: "data", symmetric: false, color, thickness: 1.2, width: 4 },
    array: [Math.max(0, interval[1] - value)],
    arrayminus: [Math.max(0, value - interval[0])],
  };
}

function wayTrace({ method, way, forget, retain }: TradeoffRow): Trace[] {
  const steps = way.filter(({ ma, retain_ma }) => isScore(ma) && isScore(retain_ma));
  if (steps.length < 2) return [];
  return [{
    type: "scatter",
    mode: "lines+markers",
    x: steps.map(({ ma }) => 1 - ma! / forget[0]),
    y: steps.map(({ retain_ma }) => retain_ma! / retain[0]),
    line: { color: modelStyle(method).color, width: 1.5 },
    marker: { color: modelStyle(method).color, size: 4 },
    opacity: 0.5,
    hoverinfo: "skip",
  }];
}

function pointTrace(
  { row, forgotten, kept }: Point,
  { index, side }: { index: number; side: LabelSide },
): Trace {
  const { label, color } = modelStyle(row.method);
  const [across, up] = [
    errorBar(forgotten, row.forgottenInterval, color),
    errorBar(kept, row.keptInterval, color),
  ];
  return {
    type: "scatter",
    mode: "markers+text",
    name: plotText(label),
    x: [forgotten],
    y: [kept],
    ...across && { error_x: across },
    ...up && { error_y: up },
    text: [plotText(label)],
    textposition: side,
    textfont: { size: 13, color },
    marker: { color, symbol: SYMBOLS[index % SYMBOLS.length], size: 12 },
    cliponaxis: false,
    hovertemplate: "<b>%{fullData.name}</b>: %{x:.1%} forgotten, %{y:.1%} kept<extra></extra>",
  };
}
