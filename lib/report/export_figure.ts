/**
 * Takes one figure out of a written report for slides, papers and READMEs: as SVG or PNG, drawn by an installed Chromium,
 * or as the JSON that Plotly's tools read; `--width 380` for small screens, `--transparent` for any page's own paper. `deno task figure out/demo/report.html ma-by-duplication figure.svg`
 *
 * @module
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { darkFigure } from "../figures/dark_figure.ts";
import type { Figure } from "../figures/figure.ts";
import { readRegularText } from "../files/read_file.ts";
import { oneLine, withoutText } from "../files/reason.ts";
import { writeFileAtomic } from "../files/write_file.ts";
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

const USAGE =
  `Usage: npx -y deno task figure REPORT.html FIGURE OUT.svg [--dark] [--transparent] [--width PIXELS] [--force]; OUT may end in .svg, .png or .json
--width PIXELS: of the picture, 900 without it; below 520 panels stand under one another
--transparent: without paper, for a page that has its own
figures: ${FIGURE_NAMES.join(", ")}`;
const MAX_REPORT_BYTES = 2 ** 28;

/** Options of {@linkcode writeFigure}. */
export interface WriteFigureOptions {
  /** The file, whose extension chooses the format. */
  out: string;
  isDark?: boolean;
  /** Without paper, for a page that has its own. */
  isTransparent?: boolean;
  /** Of a picture, in pixels. */
  width?: number;
  /** Replace what is there. */
  force?: boolean;
  /** Ends the browser. */
  signal?: AbortSignal;
}

/**
 * Exports a figure into a file, whose extension chooses the format.
 *
 * @throws {RangeError} when the extension or the figure is unknown
 * @throws {Error} when the file is there without `force`, the report cannot be read or the figure cannot be drawn
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
  { out, isDark = false, isTransparent = false, width, force = false, signal }: WriteFigureOptions,
): Promise<void> {
  const format = /\.(json|svg|png)$/.exec(out)?.[1];
  if (format === undefined) {
    throw new RangeError(`Unknown figure format "${out}": expected .json, .svg or .png`);
  }
  if (!force && existsSync(out)) {
    throw new Error(`Cannot write "${out}": it is there already: give --force to replace it`);
  }
  const page = await readRegularText(report, { what: "report", maxBytes: MAX_REPORT_BYTES });
  const light = exportFigure(page, name);
  const opaque = isDark ? darkFigure(light) : light;
  const none = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
  const figure = isTransparent ? { ...opaque, layout: { ...opaque.layout, ...none } } : opaque;
  if (format === "json") return await writeFileAtomic(out, JSON.stringify(figure));
  const browser = Deno.env.get("CODESCRUB_BROWSER");
  const picture = await drawFigure(figure, {
    format: format === "png" ? "png" : "svg",
    ...width !== undefined && { width },
    browser,
    signal,
  });
  await writeFileAtomic(out, picture);
}

/** Runs the command line; the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const flags = ["--dark", "--force", "--transparent"];
  const at = args.indexOf("--width");
  const width = at < 0 ? undefined : Number(args[at + 1]);
  const words = at < 0 ? args : args.toSpliced(at, 2);
  const [report, name, out, ...rest] = words.filter((word) => !flags.includes(word));
  const isWidth = width === undefined || Number.isInteger(width) && width >= 100 && width <= 10_000;
  if (report === undefined || name === undefined || out === undefined || rest.length > 0 || !isWidth) {
    console.error(USAGE);
    return 2;
  }
  // deno task runs where deno.json lies; paths are the user's.
  const place = (path: string) => resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), path);
  const controller = new AbortController();
  let code = 1;
  for (const [signal, exitCode] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    if (Deno.build.os === "windows" && signal === "SIGTERM") continue;
    Deno.addSignalListener(signal, () => {
      code = exitCode;
      controller.abort(new Error(`Interrupted by ${signal}: nothing was written`));
    });
  }
  try {
    const [isDark, force, isTransparent] = flags.map((flag) => args.includes(flag)) as [
      boolean,
      boolean,
      boolean,
    ];
    const how = { isDark, force, isTransparent, ...width !== undefined && { width } };
    await writeFigure(place(report), name, { out: place(out), ...how, signal: controller.signal });
    return 0;
  } catch (error) {
    console.error(oneLine(withoutText(error)));
    return code;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
