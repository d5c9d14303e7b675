/**
 * Takes one figure out of a written report for slides, papers and READMEs: as SVG or PNG, drawn by an installed Chromium,
 * or as the JSON that Plotly's tools read. `deno task figure out/demo/report.html ma-by-duplication figure.svg`
 *
 * @module
 */
import { resolve } from "node:path";
import { darkFigure } from "../figures/dark_figure.ts";
import type { Figure } from "../figures/figure.ts";
import { withoutText } from "../reason.ts";
import { drawFigure } from "./draw_figure.ts";
import { FIGURE_NAMES } from "./figure_sections.ts";

/**
 * Reads a figure, with its title and its light template, out of a report's HTML.
 *
 * @throws {RangeError} when no figure has that name, or when this report lacks it
 * @throws {SyntaxError} when its data cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exportFigure } from "./export_figure.ts";
 * import { renderReport } from "./report.ts";
 *
 * const duplication = [{ copies: 1, ma: 0.5, secrets: 4, se: 0.1 }];
 * const page = renderReport({ title: "Run", version: "CodeScrub 0.1.0", duplication });
 * assertEquals(exportFigure(page, "ma-by-duplication").data[0]?.y, [0.5]);
 * ```
 */
export function exportFigure(page: string, name: string): Figure {
  if (!FIGURE_NAMES.some((known) => known === name)) {
    throw new RangeError(`Unknown figure "${name}": expected ${FIGURE_NAMES.join(", ")}`);
  }
  const opening = `<script type="application/json" id="${name}-data">`;
  const start = page.indexOf(opening);
  if (start < 0) {
    throw new RangeError(`Cannot export figure "${name}" from the report: its table was missing`);
  }
  const end = page.indexOf("</script>", start);
  try {
    return JSON.parse(page.slice(start + opening.length, end < 0 ? undefined : end));
  } catch (cause) {
    throw new SyntaxError(`Cannot export figure "${name}" from the report: its data is broken`, {
      cause: withoutText(cause),
    });
  }
}

const USAGE = `Usage: deno task figure REPORT.html FIGURE OUT.svg [--dark]; OUT may end in .svg, .png or .json
figures: ${FIGURE_NAMES.join(", ")}`;

/**
 * Exports a figure into a file, whose extension chooses the format.
 *
 * @throws {RangeError} when the extension or the figure is unknown
 * @throws {Error} when the report cannot be read or the figure cannot be drawn
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { writeFigure } from "./export_figure.ts";
 *
 * await assertRejects(() => writeFigure("report.html", "retained-quality", { out: "a.gif" }), RangeError, ".svg");
 * ```
 */
export async function writeFigure(
  report: string,
  name: string,
  { out, isDark = false }: { out: string; isDark?: boolean },
): Promise<void> {
  const format = /\.(json|svg|png)$/.exec(out)?.[1];
  if (format === undefined) {
    throw new RangeError(`Unknown figure format "${out}": expected .json, .svg or .png`);
  }
  const light = exportFigure(await Deno.readTextFile(report), name);
  const figure = isDark ? darkFigure(light) : light;
  if (format === "json") return await Deno.writeTextFile(out, JSON.stringify(figure));
  const browser = Deno.env.get("CODESCRUB_BROWSER");
  await Deno.writeFile(out, await drawFigure(figure, { format: format === "png" ? "png" : "svg", browser }));
}

if (import.meta.main) {
  const isDark = Deno.args.includes("--dark");
  const [report, name, out, ...rest] = Deno.args.filter((word) => word !== "--dark");
  if (report === undefined || name === undefined || out === undefined || rest.length > 0) {
    console.error(USAGE);
    Deno.exit(2);
  }
  // deno task runs where deno.json lies; paths are the user's.
  const place = (path: string) => resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), path);
  try {
    await writeFigure(place(report), name, { out: place(out), isDark });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
