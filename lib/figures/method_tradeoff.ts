/**
 * What methods forgot against what they kept: a point a method under its own name, with its intervals where there are any, and the
 * way that it took epoch by epoch. What no other beats on both sides is joined by the Pareto front. Where many methods crowd in
 * the corner of those that forgot enough, a second panel shows it larger.
 *
 * @module
 */
import {
  along,
  CORNER_AXES,
  cornerFrame,
  cornerPanels,
  rangeAround,
  type ShareRanges,
} from "./corner_panels.ts";
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { type LabelSide, labelSides, type LabelSidesOptions } from "./label_sides.ts";
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
/** What a phone of 390 pixels leaves of a plot, and of each of two panels under one another. */
const [NARROW_PLOT, NARROW_PANEL] = [{ width: 270, height: 340 }, { width: 270, height: 190 }];

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
  const ranges: ShareRanges = { x: [-0.03, 1.08], y: [Math.max(-0.03, lowest - 0.1), 1.09] };
  const lines = enoughLines(threshold, points[0]?.row.forget[0]);
  const crowd = crowdOf(points, Number(lines[0]?.x0 ?? 0.5));
  const corner = crowd.length === 0 ? undefined : rangesOf(crowd);
  const panels: Panel[] = corner
    ? [
      { points, named: points.filter((point) => !crowd.includes(point)), ranges, axes: {} },
      { points: crowd, named: crowd, ranges: corner, axes: CORNER_AXES },
    ]
    : [{ points, named: points, ranges, axes: {} }];
  return makeFigure(panels.flatMap((panel) => panelTraces(panel, { all: points, front })), {
    title: "Forgetting against retention",
    subtitle: `best is the upper right corner; ${
      points.length === 1
        ? "one method"
        : `${points.length} methods, ${front.length} of them beaten by no other`
    }`,
    layout: {
      ...cornerPanels(ranges, { height: HEIGHT, margin: MARGIN, corner }),
      showlegend: false,
      shapes: [
        ...lines,
        ...corner ? [...lines.map((line) => ({ ...line, ...CORNER_LINE })), cornerFrame(corner)] : [],
      ],
    },
  });
}

/** What keeps a line of a share within the second panel; its name stands in the first. */
const CORNER_LINE = { xref: "x2", yref: "y2 domain", label: { text: "" } };

interface Point {
  readonly row: TradeoffRow;
  readonly forgotten: number;
  readonly kept: number;
}

interface Panel {
  readonly points: readonly Point[];
  /** Those under their names. */
  readonly named: readonly Point[];
  readonly ranges: ShareRanges;
  /** What traces say of their axes. */
  readonly axes: { readonly xaxis?: string; readonly yaxis?: string };
}

/** So many methods have room under their names in one panel; a corner of so many is worth another. */
const [ROOMY, CROWDED] = [8, 5];
/** Who kept less is not in the corner. */
const KEPT = 0.85;

/** The methods that forgot enough and kept the most of it all, where they crowd one another. */
function crowdOf(points: readonly Point[], enough: number): Point[] {
  if (points.length <= ROOMY) return [];
  const corner = points.filter(({ forgotten, kept }) => forgotten >= enough && kept >= KEPT);
  return corner.length >= CROWDED && corner.length < points.length ? corner : [];
}

/** What shows points whole, with room for their names. */
function rangesOf(points: readonly Point[]): ShareRanges {
  const [x, y] = [
    points.flatMap(({ forgotten, row }) => [forgotten, ...row.forgottenInterval ?? []]),
    points.flatMap(({ kept, row }) => [kept, ...row.keptInterval ?? []]),
  ];
  return {
    x: rangeAround(x, { below: 0.24, above: 0.24, least: 0.04 }),
    y: rangeAround(y, { below: 0.14, above: 0.14, least: 0.07 }),
  };
}

function panelTraces(
  { points, named, ranges, axes }: Panel,
  { all, front }: { all: readonly Point[]; front: readonly Point[] },
): Trace[] {
  const isAlone = named.length === all.length;
  const room = { sizes: [isAlone ? NARROW_PLOT : NARROW_PANEL], fontSize: isAlone ? 13 : 12 };
  const sides = sidesOf(points, { named, ranges, room });
  const traces = [
    ...points.length === all.length ? points.flatMap(({ row }) => wayTrace(row)) : [],
    ...front.length > 1 ? [frontTrace(front)] : [],
    ...points.map((point) =>
      pointTrace(point, { index: all.indexOf(point), side: sides.get(point), size: room.fontSize })
    ),
  ];
  return traces.map((trace) => ({ ...trace, ...axes }));
}

/** Of the named points: clear of one another, and of the others, on a phone, and so on anything wider. */
function sidesOf(
  points: readonly Point[],
  { named, ranges: { x, y }, room }: Pick<Panel, "named" | "ranges"> & { room: LabelSidesOptions },
): Map<Point, LabelSide> {
  const ends = (range: ShareRanges["x"], interval: readonly [number, number] | undefined) =>
    interval && [along(range, interval[0]), along(range, interval[1])] as const;
  const placed = points.map((point) => ({
    x: along(x, point.forgotten),
    y: along(y, point.kept),
    across: ends(x, point.row.forgottenInterval),
    up: ends(y, point.row.keptInterval),
    label: named.includes(point) ? modelStyle(point.row.method).label : "",
  }));
  const sides = labelSides(placed, room);
  return new Map(points.flatMap((point, i) => named.includes(point) ? [[point, sides[i]!]] : []));
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
  { index, side, size }: { index: number; side: LabelSide | undefined; size: number },
): Trace {
  const { label, color } = modelStyle(row.method);
  const [across, up] = [
    errorBar(forgotten, row.forgottenInterval, color),
    errorBar(kept, row.keptInterval, color),
  ];
  return {
    type: "scatter",
    mode: side === undefined ? "markers" : "markers+text",
    name: plotText(label),
    x: [forgotten],
    y: [kept],
    ...across && { error_x: across },
    ...up && { error_y: up },
    ...side !== undefined && { text: [plotText(label)], textposition: side, textfont: { size, color } },
    marker: { color, symbol: SYMBOLS[index % SYMBOLS.length], size: 12 },
    cliponaxis: false,
    hovertemplate: "<b>%{fullData.name}</b>: %{x:.1%} forgotten, %{y:.1%} kept<extra></extra>",
  };
}
