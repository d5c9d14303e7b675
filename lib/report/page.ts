/**
 * The frame of a page of sections: head, contents, and what its figures need to be drawn.
 *
 * @module
 */
import { DARK_COLORS } from "../figures/dark_figure.ts";
import { TEMPLATES } from "../figures/style.ts";
import plotlySource from "../npm/plotly.ts";
import { clipText } from "./format.ts";
import { type Markup, markup, rawMarkup, scriptJson } from "./markup.ts";
import { pageHead } from "./page_head.ts";
import pageScript from "./page.js" with { type: "text" };
import stackPanels from "./stack_panels.js" with { type: "text" };
import type { ReportSection } from "./sections.ts";

/** Nothing but what the page itself holds may run; a figure that is saved as PNG passes through a blob. */
const SCRIPTS_AND_PICTURES = "script-src 'unsafe-inline'; img-src data: blob:";

/** What stands in a page. */
export interface ReportPage {
  /** Its heading. */
  readonly title: string;
  /** The program and its version. */
  readonly version: string;
  /** What it is, under the heading. */
  readonly about: Markup;
  /** In order; the first one stands before the findings. */
  readonly sections: readonly ReportSection[];
  /** Between the first section and the others. */
  readonly findings?: Markup;
}

/**
 * Renders a page that needs nothing else.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { markup } from "./markup.ts";
 * import { renderPage } from "./page.ts";
 *
 * const sections = [{ id: "a", title: "One", content: markup`text` }];
 * const page = renderPage({ title: "Page", version: "v", about: markup`about`, sections });
 * assertStringIncludes(page, '<a href="#a">One</a>');
 * ```
 */
export function renderPage({ title, version, about, sections, findings }: ReportPage): string {
  const [first, ...others] = sections.map(wrapSection);
  const [heading, maker] = [clipText(title), clipText(version)];
  return markup`${pageHead({ title: heading, version: maker, policy: SCRIPTS_AND_PICTURES })}
  <body>
    <a class="skip" href="#main">Skip to the findings</a>
    <header>
      <div class="top"><h1>${heading}</h1><button type="button" id="theme" hidden>Dark colours</button></div>
      <p>${about}</p>
    </header>
    <div class="page">
      <nav aria-label="Sections">
        <ul>${sections.map(renderEntry)}</ul>
      </nav>
      <main id="main" tabindex="-1">
      ${first}${findings}
      ${others}
      </main>
    </div>
    <footer>
      <p>Written by ${maker}. Figures by plotly.js (MIT licence), which this page contains.</p>
    </footer>
    <script type="application/json" id="themes">${scriptJson({ ...TEMPLATES, colors: DARK_COLORS })}</script>
    <script>${rawMarkup(plotlySource)}</script>
    <script>${rawMarkup(stackPanels + pageScript)}</script>
  </body>
</html>
`.text;
}

function renderEntry({ id, title, parts = [] }: Omit<ReportSection, "content">): Markup {
  const inner = parts.length === 0 ? null : markup`<ul>${parts.map(renderEntry)}</ul>`;
  return markup`<li><a href="#${id}">${title}</a>${inner}</li>`;
}

function wrapSection({ id, title, content }: ReportSection): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${title}</h2>
${content}
</section>
`;
}
