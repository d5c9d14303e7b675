/**
 * How the figures look: a palette for white paper and one for dark screens, one font, a light and a dark template of the
 * same shape, and the small parts that several figures share. The hues are those of Okabe and Ito ("Color Universal
 * Design", 2008); lightness and chroma were moved until every pair stays apart for readers without red, green or blue
 * cones, and every colour has a contrast of 3:1 or more with its paper (tests/figures/style_test.ts computes both).
 * Colour is never the only sign: markers, hatching, dashes or labels say the same.
 *
 * Figures are made in the light palette. `darkFigure` exchanges its colours one by one, so a figure must name them as
 * they stand here; where a colour shall be weaker, set `opacity` beside it. Numbers as colours (a heat strip) take the
 * template's sequential scale: leave `colorscale` out, and the figure follows.
 *
 * @module
 */
import { TITLE_FONTS } from "./wrap_title.ts";

/** The same seven names on white paper and on dark screens. */
export const PALETTES = {
  light: {
    blue: "#0b4ba8",
    vermillion: "#c04a08",
    green: "#0c7e66",
    orange: "#c28a10",
    purple: "#8a0a6a",
    sky: "#1a93e8",
    grey: "#8d9198",
  },
  dark: {
    blue: "#3c7aef",
    vermillion: "#fb7130",
    green: "#74eecb",
    orange: "#f5c552",
    purple: "#b56ba6",
    sky: "#41aef8",
    grey: "#a6a7aa",
  },
} as const;

/** The colours that figures are made of: those for white paper. */
export const PALETTE = PALETTES.light;

/** How one model or method is named and drawn. */
export interface ModelStyle {
  /** Its name as plain text: a figure passes it through {@linkcode plotText}. */
  readonly label: string;
  /** `#rrggbb`. */
  readonly color: string;
  /** Hatching of its bars, for print without colour. */
  readonly pattern: string;
}

const MODEL_STYLES = {
  before: { label: "before", color: PALETTE.grey, pattern: "" },
  ga: { label: "GA", color: PALETTE.vermillion, pattern: "/" },
  ssga: { label: "SSGA", color: PALETTE.orange, pattern: "\\" },
  cu: { label: "CU", color: PALETTE.purple, pattern: "x" },
  codeeraser: { label: "CodeEraser", color: PALETTE.blue, pattern: "" },
  pecu: { label: "PECU", color: PALETTE.green, pattern: "." },
  "codeeraser-held": { label: "CodeEraser, held", color: PALETTE.blue, pattern: "." },
  graddiff: { label: "GradDiff", color: PALETTE.vermillion, pattern: "\\" },
  npo: { label: "NPO", color: PALETTE.sky, pattern: "" },
  simnpo: { label: "SimNPO", color: PALETTE.sky, pattern: "/" },
  wga: { label: "WGA", color: PALETTE.orange, pattern: "x" },
  satimp: { label: "SatImp", color: PALETTE.orange, pattern: "." },
  undial: { label: "UNDIAL", color: PALETTE.purple, pattern: "/" },
  ceu: { label: "CE-U", color: PALETTE.purple, pattern: "\\" },
  pdu: { label: "PDU", color: PALETTE.grey, pattern: "x" },
  rmu: { label: "RMU", color: PALETTE.green, pattern: "x" },
  prod: { label: "PROD", color: PALETTE.green, pattern: "/" },
  "task-vector": { label: "task vector", color: PALETTE.vermillion, pattern: "." },
  revs: { label: "REVS", color: PALETTE.grey, pattern: "/" },
} as const satisfies Record<string, ModelStyle>;

/** How one kind of secret is named and drawn. */
export interface TagStyle {
  /** Its name as plain text: a figure passes it through {@linkcode plotText}. */
  readonly label: string;
  /** `#rrggbb`. */
  readonly color: string;
  /** Plotly's name of its marker. */
  readonly symbol: string;
}

const TAG_STYLES = {
  EMAIL: { label: "e-mail", color: PALETTE.blue, symbol: "circle" },
  IP_ADDRESS: { label: "IP address", color: PALETTE.orange, symbol: "square" },
  KEY: { label: "key", color: PALETTE.green, symbol: "diamond" },
} as const satisfies Record<string, TagStyle>;

/**
 * The name and colour of a model ("before") or method ("ga"); an unknown one keeps its own name, in sky blue.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { modelStyle } from "./style.ts";
 *
 * assertEquals(modelStyle("codeeraser").label, "CodeEraser");
 * assertEquals(modelStyle("mine").label, "mine");
 * ```
 */
export function modelStyle(model: string): ModelStyle {
  if (Object.hasOwn(MODEL_STYLES, model)) return MODEL_STYLES[model as keyof typeof MODEL_STYLES];
  return { label: cutText(model), color: PALETTE.sky, pattern: "" };
}

/**
 * The name, colour and marker of a secret's tag; an unknown one keeps its own name, in purple.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tagStyle } from "./style.ts";
 *
 * assertEquals(tagStyle("IP_ADDRESS").label, "IP address");
 * ```
 */
export function tagStyle(tag: string): TagStyle {
  if (Object.hasOwn(TAG_STYLES, tag)) return TAG_STYLES[tag as keyof typeof TAG_STYLES];
  return { label: cutText(tag), color: PALETTE.purple, symbol: "cross" };
}

/** Longest text of a label or a line of a hover text: paths and masked descriptions are shorter. */
const MAX_LABEL_CHARACTERS = 120;

/**
 * Makes any text safe to show in a figure: Plotly reads `<b>`, `<a href>` and entities in labels and hover texts, so
 * data must not bring its own. Long texts are cut.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { plotText } from "./style.ts";
 *
 * assertEquals(plotText("<a href='x'>A & B"), "&lt;a href='x'&gt;A &amp; B");
 * ```
 */
export function plotText(text: string): string {
  return cutText(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function cutText(text: string): string {
  return text.length <= MAX_LABEL_CHARACTERS ? text : `${text.slice(0, MAX_LABEL_CHARACTERS - 1)}…`;
}

/**
 * A rate of [0, 1] as percent with one decimal, with more where one would show a small rate as none, a dash where it is
 * undefined.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { percentText } from "./style.ts";
 *
 * assertEquals([0.4557, 0.000135, 0, null].map(percentText), ["45.6%", "0.013%", "0.0%", "–"]);
 * ```
 */
export function percentText(rate: number | null | undefined): string {
  if (!isScore(rate)) return "–";
  const percent = rate * 100;
  return `${percent > 0 && percent < 0.05 ? percent.toPrecision(2) : percent.toFixed(1)}%`;
}

/**
 * Whether a metric was measured: undefined metrics are null in tables, and a diverged model may give NaN.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isScore } from "./style.ts";
 *
 * assertEquals([0, null, NaN].map(isScore), [true, false, false]);
 * ```
 */
export function isScore(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Where a threshold's line lies. */
export interface ThresholdLineOptions {
  /** Which axis carries the score: "y" (a horizontal line, the default), "y2", ..., or "x" (a vertical one). */
  axis?: string;
  /** The name of what has the threshold, for the label. */
  name?: string;
  /** `#rrggbb`; the text's colour without it. */
  color?: string;
  /** The end of a level line at which its label stands, inside the plot: where the curves leave room. */
  side?: "start" | "end";
}

/** A Plotly shape with its label. */
export interface ThresholdLine {
  /** What is written on the line. */
  readonly label: { readonly text: string; readonly [option: string]: unknown };
  /** Any other option of Plotly. */
  readonly [option: string]: unknown;
}

/**
 * The dashed line of a threshold across the whole plot, with its value written on it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { thresholdLine } from "./style.ts";
 *
 * const { label } = thresholdLine(0.4557, { name: "MA threshold" });
 * assertEquals(label.text, "MA threshold 45.6%");
 * ```
 */
export function thresholdLine(threshold: number, options: ThresholdLineOptions = {}): ThresholdLine {
  const { axis = "y", name = "threshold", color, side = "end" } = options;
  const isVertical = axis.startsWith("x");
  const place = isVertical
    ? { xref: axis, yref: "paper", x0: threshold, x1: threshold, y0: 0, y1: 1 }
    : { xref: `x${axis.slice(1)} domain`, yref: axis, x0: 0, x1: 1, y0: threshold, y1: threshold };
  return {
    type: "line",
    name: "threshold",
    layer: "above",
    ...place,
    line: { dash: "dash", width: 1.5, ...(color === undefined ? {} : { color }) },
    label: {
      text: `${name} ${percentText(threshold)}`,
      textposition: isVertical ? "end" : side,
      textangle: 0,
      yanchor: isVertical ? "top" : "bottom",
      xanchor: (isVertical ? threshold > 0.7 : side === "end") ? "right" : "left",
      padding: 5,
      font: { size: 12 },
    },
  };
}

/** A score's axis: percent from nothing to everything, a little open so that markers at the ends stay whole. */
export const SCORE_AXIS = { range: [-0.02, 1.05], tickformat: ".0%", dtick: 0.25, zeroline: false } as const;

interface Ink {
  readonly text: string;
  readonly soft: string;
  readonly grid: string;
  readonly paper: string;
  readonly colors: readonly string[];
  /** The scale of a heat map's colours, from nothing to everything. */
  readonly heat: readonly (readonly [number, string])[];
}

/** Buttons of Plotly's bar that no figure needs here: with them it covers titles in narrow windows. */
const UNUSED_BUTTONS = ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"];

function makeTemplate({ text, soft, grid, paper, colors, heat }: Ink) {
  const axis = {
    gridcolor: grid,
    linecolor: soft,
    zerolinecolor: grid,
    tickcolor: soft,
    ticks: "outside",
    ticklen: 4,
    showline: true,
    automargin: true,
    title: { standoff: 10, font: { size: 13 } },
  };
  return {
    layout: {
      font: { family: "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", size: 13, color: text },
      title: { font: TITLE_FONTS.title, subtitle: { font: { ...TITLE_FONTS.subtitle, color: soft } } },
      colorway: colors,
      colorscale: { sequential: heat },
      paper_bgcolor: paper,
      plot_bgcolor: paper,
      hoverlabel: { bgcolor: paper, bordercolor: soft, font: { color: text }, align: "left" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: soft, activecolor: text, remove: UNUSED_BUTTONS },
      legend: { bgcolor: "rgba(0,0,0,0)" },
      xaxis: { ...axis, showgrid: false },
      yaxis: axis,
      shapedefaults: { line: { color: text } },
    },
  };
}

/** Plotly templates for white paper and for dark screens: exchange `layout.template` and the figure follows. */
export const TEMPLATES = {
  light: makeTemplate({
    text: "#1f2328",
    soft: "#59636e",
    grid: "#e4e7eb",
    paper: "#ffffff",
    colors: Object.values(PALETTES.light),
    heat: [[0, "#f1f4f9"], [0.5, "#7ba3dc"], [1, "#0a3d8a"]],
  }),
  dark: makeTemplate({
    text: "#e6e8eb",
    soft: "#9aa4ae",
    grid: "#2e343b",
    paper: "#15181c",
    colors: Object.values(PALETTES.dark),
    heat: [[0, "#1f262f"], [0.5, "#3f74c4"], [1, "#c3dcff"]],
  }),
};
