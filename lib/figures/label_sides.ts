/**
 * On which side of its point a label stands, so that labels cover neither one another nor other points where there is room.
 *
 * @module
 */

/** A point with its label, in pixels from the plot's lower left corner. */
export interface LabelledPoint {
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** What labels are placed in. */
export interface LabelSidesOptions {
  /** The plot's width in pixels, and its height: the least that it may have. */
  readonly width: number;
  readonly height: number;
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

/** A label on a side, and what it covers there. */
interface PlacedLabel {
  readonly side: LabelSide;
  readonly box: Box;
  readonly cost: number;
}

type Placed = Map<LabelledPoint, PlacedLabel>;

const ALL_SIDES = Object.keys(SIDES) as LabelSide[];
const NOWHERE: Box = { left: 0, right: 0, bottom: 0, top: 0 };

/** Of a letter's size: how wide it is on average, and how high a line. */
const [LETTER_WIDTH, LINE_HEIGHT] = [0.58, 1.15];
/** A marker's half, with a little room. */
const MARKER = 8;
/** A label over another costs so many times what one over a marker does. */
const LABELS = 3;
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
 * const points = [{ x: 150, y: 100, label: "one" }, { x: 150, y: 110, label: "two" }];
 * const [one, two] = labelSides(points, { width: 300, height: 200 });
 * assertEquals(one === two, false);
 * ```
 */
export function labelSides(
  points: readonly LabelledPoint[],
  { width, height, fontSize = 13 }: LabelSidesOptions,
): LabelSide[] {
  const markers = new Map(points.map((point) => [point, around(point.x, point.y)]));
  const inOrder = points.toSorted((a, b) => a.x - b.x);
  const place = (point: LabelledPoint, side: LabelSide, chosen: Placed): PlacedLabel => {
    const box = boxOf(point, side, fontSize);
    const others = points.filter((other) => other !== point);
    const markersUnder = others.reduce((sum, other) => sum + shared(box, markers.get(other)!), 0);
    const labelsUnder = others.reduce(
      (sum, other) => sum + shared(box, chosen.get(other)?.box ?? NOWHERE),
      0,
    );
    const inside = shared(box, { left: 0, right: width, bottom: 0, top: height });
    const cost = markersUnder + LABELS * labelsUnder + OUTSIDE * (areaOf(box) - inside);
    return { side, box, cost };
  };
  const from = (first?: LabelSide): Placed => {
    const chosen: Placed = new Map();
    if (first) { for (const point of points) chosen.set(point, place(point, first, chosen)); }
    for (const point of Array.from({ length: ROUNDS }, () => inOrder).flat()) {
      const placed = ALL_SIDES.map((side) => place(point, side, chosen));
      chosen.set(point, placed.reduce((least, next) => next.cost < least.cost ? next : least));
    }
    return chosen;
  };
  const costOf = (chosen: Placed) =>
    points.reduce((sum, point) => sum + place(point, chosen.get(point)!.side, chosen).cost, 0);
  const ways = [from(), ...ALL_SIDES.map(from)].map((chosen) => ({ chosen, cost: costOf(chosen) }));
  const { chosen } = ways.reduce((least, next) => next.cost < least.cost ? next : least);
  return points.map((point) => chosen.get(point)!.side);
}

function around(x: number, y: number): Box {
  return { left: x - MARKER, right: x + MARKER, bottom: y - MARKER, top: y + MARKER };
}

function boxOf({ x, y, label }: LabelledPoint, side: LabelSide, fontSize: number): Box {
  const [across, up] = SIDES[side];
  const [width, height] = [LETTER_WIDTH * fontSize * label.length, LINE_HEIGHT * fontSize];
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
