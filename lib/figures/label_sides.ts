/**
 * On which side of its point a label stands, so that labels cover neither one another nor other points where there is room.
 *
 * @module
 */
import { textWidth } from "./text_width.ts";

/** A point with its label: shares of the plot's width and height, from its lower left corner. */
export interface LabelledPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  /** Where its error bars begin and end, along x and along y, where it has them. */
  readonly across?: readonly [low: number, high: number] | undefined;
  readonly up?: readonly [low: number, high: number] | undefined;
}

/** A plot's width and height in pixels. */
export interface PlotSize {
  readonly width: number;
  readonly height: number;
}

/** What labels are placed in. */
export interface LabelSidesOptions {
  /** The sizes that the plot may have: sides are good in all of them together. The smallest will do for wider ones. */
  readonly sizes: readonly PlotSize[];
  /** The labels' size in pixels. Default 13. */
  readonly fontSize?: number;
}

/** Plotly's names of sides, the better ones first: which way the label lies from its point. */
const SIDES = {
  "top left": [-1, 1],
  "top right": [0, 1],
  "bottom left": [-1, -1],
  "bottom right": [0, -1],
  "top center": [-0.5, 1],
  "bottom center": [-0.5, -1],
  "middle left": [-1, 0],
  "middle right": [0, 0],
} as const;

/** A side of a point, by Plotly's name. */
export type LabelSide = keyof typeof SIDES;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly bottom: number;
  readonly top: number;
}

/** The side that each point's label stands on, where it is chosen already. */
type Sides = (LabelSide | undefined)[];

const ALL_SIDES = Object.keys(SIDES) as LabelSide[];

/** Of a letter's size: how high a line is. */
const LINE_HEIGHT = 1.15;
/** A marker's half, with a little room, and an error bar's. */
const [MARKER, BAR] = [8, 2];
/** A label over another costs so many times what one over a marker does. */
const LABELS = 5;
/** How often each label is placed anew beside the others. */
const ROUNDS = 4;
/** What lies outside the plot counts so many times what is covered. */
const OUTSIDE = 4;

/**
 * Chooses sides, point by point from the left: that on which least is covered; then again, now that all others are placed.
 * Of several beginnings the one that ends best.
 *
 * @returns a side a point, in their order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { labelSides } from "./label_sides.ts";
 *
 * const points = [{ x: 0.5, y: 0.5, label: "one" }, { x: 0.5, y: 0.55, label: "two" }];
 * const [one, two] = labelSides(points, { sizes: [{ width: 300, height: 200 }] });
 * assertEquals(one === two, false);
 * ```
 */
export function labelSides(
  points: readonly LabelledPoint[],
  { sizes, fontSize = 13 }: LabelSidesOptions,
): LabelSide[] {
  const plots = sizes.map((size) => new Plot(points, { size, fontSize }));
  const costOf = (point: number, side: LabelSide, chosen: Sides) =>
    plots.reduce((sum, plot) => sum + plot.cost(point, side, chosen), 0);
  const inOrder = points.map((_, i) => i).sort((a, b) => points[a]!.x - points[b]!.x);
  const from = (first?: LabelSide): Sides => {
    const chosen: Sides = points.map(() => first);
    for (const point of Array.from({ length: ROUNDS }, () => inOrder).flat()) {
      chosen[point] = cheapest(ALL_SIDES, (side) => costOf(point, side, chosen));
    }
    return chosen;
  };
  const total = (chosen: Sides) => chosen.reduce((sum, side, point) => sum + costOf(point, side!, chosen), 0);
  return cheapest([from(), ...ALL_SIDES.map(from)], total).map((side) => side!);
}

/** The points in a plot of one size: what their labels would cover on each side. */
class Plot {
  readonly #markers: readonly Box[];
  /** Those of a point's error bars. */
  readonly #bars: readonly (readonly Box[])[];
  readonly #boxes: readonly Readonly<Record<LabelSide, Box>>[];
  readonly #whole: Box;

  constructor(
    points: readonly LabelledPoint[],
    { size: { width, height }, fontSize }: { size: PlotSize; fontSize: number },
  ) {
    const placed = points.map((point) => ({ ...point, x: point.x * width, y: point.y * height }));
    this.#whole = { left: 0, right: width, bottom: 0, top: height };
    this.#markers = placed.map(around);
    this.#bars = placed.map(({ x, y, across, up }) => [
      ...across ? [{ left: across[0] * width, right: across[1] * width, bottom: y - BAR, top: y + BAR }] : [],
      ...up ? [{ left: x - BAR, right: x + BAR, bottom: up[0] * height, top: up[1] * height }] : [],
    ]);
    this.#boxes = placed.map((point) =>
      Object.fromEntries(ALL_SIDES.map((side) => [side, boxOf(point, side, fontSize)])) as Record<
        LabelSide,
        Box
      >
    );
  }

  /** What a label covers on a side of its point, in square pixels and weighted, where the others stand as they were chosen. */
  cost(point: number, side: LabelSide, chosen: Sides): number {
    const box = this.#boxes[point]![side];
    let covered = 0;
    for (const [other, itsSide] of chosen.entries()) {
      for (const bar of this.#bars[other]!) covered += shared(box, bar);
      if (other === point) continue;
      covered += shared(box, this.#markers[other]!);
      if (itsSide) covered += LABELS * shared(box, this.#boxes[other]![itsSide]);
    }
    return covered + OUTSIDE * (areaOf(box) - shared(box, this.#whole));
  }
}

/** The first of those that cost least. */
function cheapest<T>(all: readonly T[], costOf: (one: T) => number): T {
  const costs = all.map(costOf);
  return all[costs.indexOf(Math.min(...costs))]!;
}

function around({ x, y }: LabelledPoint): Box {
  return { left: x - MARKER, right: x + MARKER, bottom: y - MARKER, top: y + MARKER };
}

function boxOf({ x, y, label }: LabelledPoint, side: LabelSide, fontSize: number): Box {
  const [across, up] = SIDES[side];
  const [width, height] = [textWidth(label, { size: fontSize }), LINE_HEIGHT * fontSize];
  const aside = up === 0 ? (across < 0 ? -MARKER : MARKER) : 0;
  const left = x + across * width + aside;
  const bottom = up > 0 ? y + MARKER : up < 0 ? y - MARKER - height : y - height / 2;
  return { left, right: left + width, bottom, top: bottom + height };
}

function shared(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.top, b.top) - Math.max(a.bottom, b.bottom);
  return width > 0 && height > 0 ? width * height : 0;
}

function areaOf({ left, right, bottom, top }: Box): number {
  return (right - left) * (top - bottom);
}
