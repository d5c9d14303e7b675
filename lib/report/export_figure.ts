/**
 * Takes one figure out of a written report, as the JSON that Plotly's tools read, for slides, papers and READMEs:
 * `deno run --allow-read --allow-write lib/report/export_figure.ts report.html ma-by-duplication figure.json`.
 *
 * @module
 */
import type { Figure } from "../figures/figure.ts";
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
    throw new SyntaxError(`Cannot export figure "${name}" from the report: its data is broken`, { cause });
  }
}

if (import.meta.main) {
  const [report, name, out] = Deno.args;
  if (report === undefined || name === undefined || out === undefined) {
    console.error(`Usage: export_figure.ts REPORT.html FIGURE OUT.json; figures: ${FIGURE_NAMES.join(", ")}`);
    Deno.exit(2);
  }
  try {
    await Deno.writeTextFile(out, JSON.stringify(exportFigure(await Deno.readTextFile(report), name)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
