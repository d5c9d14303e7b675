/**
 * What a figure is: the two fields that Plotly draws, as plain data that `JSON.stringify` keeps whole. Every figure of
 * this folder is a pure function from rows to a `Figure`; nothing here draws, loads a library or knows a model.
 * Scores stay in [0, 1]; axes and hover texts show them as percent. As a notebook cell's last expression a figure shows
 * itself.
 *
 * @module
 */
import { darkFigure } from "./dark_figure.ts";
import { showInPlace } from "./notebook_kernel.ts";
import { TEMPLATES } from "./style.ts";
import { TITLE_PLACE, wrapTitle } from "./wrap_title.ts";

/** One cell of a trace: a number, a category or a gap. */
export type TraceValue = number | string | null;

/** One Plotly trace; the options beside its columns are Plotly's own. */
export interface Trace {
  /** The two kinds that plotly.js' basic bundle draws and we use. */
  readonly type: "bar" | "scatter";
  /** Its entry in the legend. */
  readonly name?: string;
  /** A column. */
  readonly x: readonly TraceValue[];
  /** A column of the same length. */
  readonly y: readonly TraceValue[];
  /** Any other option of Plotly. */
  readonly [option: string]: unknown;
}

/** A title and what else Plotly's layout takes. */
export interface Layout {
  /** What is shown, and what to see in it. */
  readonly title: { readonly text: string; readonly subtitle?: { readonly text: string } };
  /** Any other option of Plotly. */
  readonly [option: string]: unknown;
}

/** A figure in Plotly's JSON form. */
export interface Figure {
  /** The traces, drawn in order. */
  readonly data: readonly Trace[];
  /** Axes, lines, texts and looks. */
  readonly layout: Layout;
}

/** What every figure has beside its traces. */
export interface FigureOptions {
  /** What is shown, in a few words. */
  title: string;
  /** What to see in it, in one line with a number. */
  subtitle?: string;
  /** Plotly layout options that override the common ones. */
  layout?: Record<string, unknown>;
}

/** The legend's common place: in a row at the figure's foot, clear of the axis title at any height. */
export const LEGEND = {
  orientation: "h",
  x: 0,
  xanchor: "left",
  yref: "container",
  y: 0.01,
  yanchor: "bottom",
} as const;

/**
 * Puts traces into the common layout: light template, room for the title, legend under the plot. Without traces the
 * figure says so in its middle, so that an empty table never looks like a measured zero.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeFigure } from "./figure.ts";
 *
 * const figure = makeFigure([{ type: "bar", x: ["a"], y: [1] }], { title: "Counts" });
 * assertEquals(figure.layout.title.text, "<b>Counts</b>");
 * ```
 */
export function makeFigure(data: readonly Trace[], options: FigureOptions): Figure {
  const { title, subtitle, layout = {} } = options;
  const height = typeof layout.height === "number" ? layout.height : 420;
  const frame = {
    title: {
      text: `<b>${title}</b>`,
      ...(subtitle === undefined ? {} : { subtitle: { text: subtitle } }),
      ...{ x: 0, xref: "container", xanchor: "left" },
      ...{ y: 1, yref: "container", yanchor: "top" },
      pad: TITLE_PLACE,
    },
    template: TEMPLATES.light,
    height,
    margin: { l: 64, r: 24, t: 84, b: 84 },
    legend: LEGEND,
  };
  if (data.length > 0) return showable({ data, layout: { ...frame, ...layout } });
  return showable({
    data,
    layout: {
      ...frame,
      xaxis: { visible: false },
      yaxis: { visible: false },
      annotations: [{
        text: "no rows to show",
        xref: "paper",
        yref: "paper",
        x: 0.5,
        y: 0.5,
        showarrow: false,
      }],
    },
  });
}

/** Whether notebooks show figures for dark screens. */
let showsDark = false;

/**
 * Says which paper notebooks show figures on from here on: JupyterLab gives a figure its own, whatever its theme is.
 *
 * @example
 * ```ts
 * import { assertNotEquals } from "@std/assert";
 * import { figureBundle, makeFigure, showFiguresOn } from "./figure.ts";
 *
 * const figure = makeFigure([], { title: "Counts" });
 * const light = figureBundle(figure);
 * showFiguresOn("dark");
 * assertNotEquals(figureBundle(figure), light);
 * showFiguresOn("light");
 * ```
 */
export function showFiguresOn(paper: "light" | "dark"): void {
  showsDark = paper === "dark";
}

/** The least width of a figure in JupyterLab: its window 900 pixels wide, files at the left of it and the cells' prompts. */
const NOTEBOOK_WIDTH = 430;
/** What Plotly's bar of buttons, which the report has not, covers of a title that begins where it does elsewhere. */
const BAR_HEIGHT = 12;

/** What JupyterLab and VS Code know a figure by. */
const FIGURE_MIME = "application/vnd.plotly.v1+json";

/** Jupyter's hook, hidden from whoever lists or compares a figure's fields. */
function showable(figure: Figure): Figure {
  return Object.defineProperty(figure, Symbol.for("Jupyter.display"), { value: () => figureBundle(figure) });
}

/**
 * What a notebook shows of a figure: Plotly's JSON for JupyterLab and VS Code, on the paper that `showFiguresOn` says, and a
 * text for everything else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { figureBundle, makeFigure } from "./figure.ts";
 *
 * const figure = makeFigure([], { title: "Counts <of> all", subtitle: "2 of 3" });
 * assertEquals(figureBundle(figure)["text/plain"], "Figure: Counts <of> all. 2 of 3");
 * ```
 */
export function figureBundle(figure: Figure): { [mime: string]: unknown } {
  const { text, subtitle } = figure.layout.title;
  const wrapped = wrapTitle(figure, { width: NOTEBOOK_WIDTH, above: BAR_HEIGHT });
  const shown = showsDark ? darkFigure(wrapped) : wrapped;
  const plain = (html: string) =>
    html.replace(/<[/]?(b|i|br)>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll(
      "&amp;",
      "&",
    );
  return {
    [FIGURE_MIME]: { data: shown.data, layout: shown.layout },
    "text/plain": `Figure: ${
      [text, subtitle?.text].filter((part) => part).map((part) => plain(part!)).join(". ")
    }`,
  };
}

/**
 * Shows a figure that changes while work goes on; `update` draws another one in its place.
 *
 * @example
 * ```ts
 * import { makeFigure, showLive } from "./figure.ts";
 *
 * const live = await showLive(makeFigure([], { title: "Loss" }));
 * await live.update(makeFigure([{ type: "bar", x: ["a"], y: [1] }], { title: "Loss" }));
 * ```
 */
export async function showLive(figure: Figure): Promise<{ update(figure: Figure): Promise<void> }> {
  const show = await showInPlace(figureBundle(figure));
  return {
    async update(next) {
      const bundle = figureBundle(next);
      const { layout } = bundle[FIGURE_MIME] as Figure;
      // JupyterLab's renderer of figures never draws a second one; after an output of another kind a new one is made
      await show({ ...placeholder(layout), "text/plain": bundle["text/plain"] });
      await show(bundle);
    },
  };
}

/** A placeholder as high as the figure, so that nothing below it moves. */
function placeholder({ height }: Layout) {
  return { "text/html": `<div style="height: ${height}px"></div>` };
}

/**
 * The heading of a panel, on top of it at its left.
 *
 * @param text may hold markup: untrusted text must have gone through `plotText`
 * @param place the panel's upper left corner, in [0, 1] of the plot
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { panelHeading } from "./figure.ts";
 *
 * const { text, x, y } = panelHeading("retain set", { x: 0.5 });
 * assertEquals([text, x, y], ["<b>retain set</b>", 0.5, 1]);
 * ```
 */
export function panelHeading(text: string, { x, y = 1 }: { x: number; y?: number }) {
  return {
    text: `<b>${text}</b>`,
    xref: "paper",
    yref: "paper",
    x,
    xanchor: "left",
    y,
    yanchor: "bottom",
    showarrow: false,
    font: { size: 14 },
  };
}
