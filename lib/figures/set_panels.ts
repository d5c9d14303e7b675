/**
 * Two panels side by side with one axis of scores: MA of the forget set at the left, of the retain set at the right.
 *
 * @module
 */
import { panelHeading } from "./figure.ts";
import { isScore, SCORE_AXIS, thresholdLine } from "./style.ts";

/** The panels: which column of a row each shows, and where it stands. */
export const SET_PANELS = [
  { column: "ma", suffix: "", domain: [0, 0.47] },
  { column: "retain_ma", suffix: "2", domain: [0.53, 1] },
] as const;

/** A panel. */
export type SetPanel = typeof SET_PANELS[number];

/** What differs between figures. */
export interface SetPanelsOptions {
  /** Both panels' axis. */
  xaxis: Readonly<Record<string, unknown>>;
  /** Pixels below, for the axis and the legend. */
  bottom: number;
  /** What is said above each panel. */
  headings: readonly [string, string];
  /** What unseen text scores. */
  threshold: number | null;
}

/**
 * The layout.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setPanelsLayout } from "./set_panels.ts";
 *
 * const options = { xaxis: { type: "log" }, bottom: 84, headings: ["forget", "retain"], threshold: null } as const;
 * const { xaxis2, shapes } = setPanelsLayout(options);
 * assertEquals([xaxis2, shapes], [{ type: "log", domain: [0.53, 1], anchor: "y2" }, []]);
 * ```
 */
export function setPanelsLayout(
  { xaxis, bottom, headings, threshold }: SetPanelsOptions,
): Record<string, unknown> {
  return {
    height: 440,
    margin: { l: 64, r: 24, t: 108, b: bottom },
    ...Object.fromEntries(SET_PANELS.flatMap(({ suffix, domain }, panel) => [
      [`xaxis${suffix}`, { ...xaxis, domain, anchor: `y${suffix}` }],
      [`yaxis${suffix}`, {
        ...SCORE_AXIS,
        anchor: `x${suffix}`,
        showticklabels: panel === 0,
        title: { text: panel === 0 ? "score" : "" },
      }],
    ])),
    shapes: isScore(threshold) ? [thresholdLine(threshold, { name: "MA threshold" })] : [],
    annotations: SET_PANELS.map(({ domain }, panel) => panelHeading(headings[panel]!, { x: domain[0] })),
  };
}
