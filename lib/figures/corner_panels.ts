/**
 * What forgetting is drawn against retention in: a panel of all points and, where many of them crowd its upper right corner,
 * one below it that enlarges that corner. Under one another both have a figure's whole width, which names need.
 *
 * @module
 */
import { panelHeading } from "./figure.ts";
import { PALETTE } from "./style.ts";

/** Shares that axes show, from one to the other. */
export interface ShareRanges {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Of the plot's height: all points, and the corner. Between them are an axis' title and a heading. */
const [ALL, CORNER] = [[0.58, 1], [0, 0.42]] as const;
/** How much higher a figure of two panels is, and how much of that is for the upper one's heading. */
const [HIGHER, HEADING] = [230, 24];
/** Of the second panel's axes. */
export const CORNER_AXES = { xaxis: "x2", yaxis: "y2" } as const;

/**
 * Axes, headings and size.
 *
 * @param options.height of the figure of one panel, in pixels
 * @param options.corner what the second panel shows; without it there is none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cornerPanels } from "./corner_panels.ts";
 *
 * const margin = { l: 64, r: 24, t: 84, b: 60 };
 * const all = { x: [0, 1], y: [0, 1] } as const;
 * const { yaxis, yaxis2 } = cornerPanels(all, { height: 430, margin, corner: { x: [0.8, 1], y: [0.9, 1] } });
 * assertEquals([yaxis.domain, yaxis2?.domain, yaxis2?.range], [[0.58, 1], [0, 0.42], [0.9, 1]]);
 * ```
 */
export function cornerPanels(
  all: ShareRanges,
  { height, margin, corner }: {
    height: number;
    margin: { l: number; r: number; t: number; b: number };
    corner?: ShareRanges | undefined;
  },
) {
  const share = { tickformat: ".0%", zeroline: false };
  const close = { ...share, tickformat: ".1~%" };
  const [forgotten, kept] = ["forgotten: share of forget set MA", "kept: share of retain set MA"];
  return {
    height: height + (corner ? HIGHER : 0),
    margin: { ...margin, t: margin.t + (corner ? HEADING : 0) },
    xaxis: { ...share, title: { text: forgotten }, range: all.x },
    yaxis: { ...share, title: { text: kept }, range: all.y, domain: corner ? ALL : [0, 1] },
    ...corner && {
      xaxis2: { ...close, title: { text: forgotten }, range: corner.x, anchor: "y2" },
      yaxis2: { ...close, title: { text: kept }, range: corner.y, anchor: "x2", domain: CORNER },
      annotations: [
        panelHeading("all", { x: 0 }),
        panelHeading("upper right, enlarged", { x: 0, y: CORNER[1] }),
      ],
    },
  };
}

/**
 * The part of the first panel that the second one shows, framed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cornerFrame } from "./corner_panels.ts";
 *
 * const { x0, y1 } = cornerFrame({ x: [0.8, 1], y: [0.9, 1] });
 * assertEquals([x0, y1], [0.8, 1]);
 * ```
 */
export function cornerFrame({ x, y }: ShareRanges) {
  return { type: "rect", x0: x[0], x1: x[1], y0: y[0], y1: y[1], line: { color: PALETTE.grey, width: 1 } };
}

/**
 * How far along a range a value lies, as a share of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { along } from "./corner_panels.ts";
 *
 * assertEquals(along([0.5, 1], 0.75), 0.5);
 * ```
 */
export function along([low, high]: readonly [number, number], value: number): number {
  return (value - low) / (high - low);
}

/**
 * A range around values, with room for marks and names.
 *
 * @param options.below how much of the values' own extent is added below them, and `above` above
 * @param options.least what their extent counts as in any case
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rangeAround } from "./corner_panels.ts";
 *
 * assertEquals(rangeAround([0.5, 1], { below: 0.5, above: 1, least: 0.01 }), [0.25, 1.5]);
 * ```
 */
export function rangeAround(
  values: readonly number[],
  { below, above, least }: { below: number; above: number; least: number },
): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const size = Math.max(high - low, least);
  return [low - below * size, high + above * size];
}
