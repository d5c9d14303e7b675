/**
 * A figure in a page: heading and subtitle as text that wraps, the plot that page.js draws, how to read it, its numbers as
 * a table, and buttons that save it.
 *
 * @module
 */
import type { Figure } from "../figures/figure.ts";
import { wrapTitle } from "../figures/wrap_title.ts";
import { type FigureNumbers, renderNumbers } from "./figure_numbers.ts";
import { type Markup, markup, scriptJson } from "./markup.ts";

/** Of a figure that a reader saves, its title in it: page.js has the same. */
const SAVED_WIDTH = 900;

/** What stands around a figure. */
export interface FigureTexts {
  /** Its address in the page. */
  readonly id: string;
  /** Its heading. */
  readonly title: string;
  /** How to read it. */
  readonly reading: string;
  /** What it draws. */
  readonly numbers: FigureNumbers;
  /** Its number in the page; none where it is the only one. */
  readonly number?: number;
}

/**
 * Renders a figure; null where it has nothing to draw.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeFigure } from "../figures/figure.ts";
 * import { renderDrawn } from "./drawn_figure.ts";
 *
 * const texts = { id: "a", title: "Counts", reading: "Bars.", numbers: { columns: [], rows: [] } };
 * assertEquals(renderDrawn(makeFigure([], { title: "Counts" }), texts), null);
 * ```
 */
export function renderDrawn(
  figure: Figure,
  { id, title, reading, numbers, number }: FigureTexts,
): Markup | null {
  if (figure.data.length === 0) return null;
  const subtitle = readPlotText(figure.layout.title.subtitle?.text ?? "");
  const sentence = `${subtitle.slice(0, 1).toUpperCase()}${subtitle.slice(1)}.`;
  const height = Number(figure.layout.height);
  const plot = markup`<div class="plot" id="${id}" role="img"
aria-label="${title}: ${sentence}" aria-describedby="${id}-reading" style="height:${height}px"><noscript>Drawn by a script, which did not run: the numbers stand below.</noscript></div>`;
  return markup`<figure class="figure" aria-labelledby="${id}-title">
<h3 id="${id}-title">${
    number === undefined ? null : markup`<a class="anchor" href="#${id}-title">Figure ${String(number)}.</a> `
  }${title}</h3>
<p class="subtitle">${sentence}</p>
${plot}
<script type="application/json" id="${id}-data">${
    scriptJson(wrapTitle(figure, { width: SAVED_WIDTH }))
  }</script>
<figcaption id="${id}-reading">${reading}</figcaption>
<div class="extras"><details><summary>Numbers of this figure</summary>
${renderNumbers(title, numbers)}</details>
<p class="save" data-figure="${id}"></p></div>
</figure>
`;
}

/** The plain text of a Plotly label without tags. */
function readPlotText(label: string): string {
  return label.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
