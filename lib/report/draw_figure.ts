/**
 * Draws a figure without a window: plotly.js needs a browser, so one that is installed runs it headless on a page of its
 * own, which may load nothing from outside, and hands the picture back as text.
 *
 * @module
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import plotlySource from "../npm/plotly.ts";
import type { Figure } from "../figures/figure.ts";
import { wrapTitle } from "../figures/wrap_title.ts";
import { childCommand } from "../setup/child_command.ts";
import { markup, rawMarkup, scriptJson } from "./markup.ts";
import stackPanels from "./stack_panels.js" with { type: "text" };

/** What a figure can be drawn as. */
export type PictureFormat = "svg" | "png";

/** Options of {@linkcode drawFigure}. */
export interface DrawFigureOptions {
  format: PictureFormat;
  /** The width in pixels, below 520 with panels under one another; a PNG has three times as many. */
  width?: number;
  /** The browser's program; one of {@linkcode BROWSERS} without it. */
  browser?: string | undefined;
  /** Ends the browser, and what it started. */
  signal?: AbortSignal | undefined;
}

/** Names of programs that draw: Chromium and what is made of it. */
export const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] as const;

const POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'";

/** How long the page may take by its own clock, which runs ahead while nothing happens. */
const BUDGET_MS = 30_000;

const SCRIPT = `
const { figure, size } = JSON.parse(document.getElementById("input").textContent);
if (size.width < NARROW) figure.layout = stackPanels(figure.layout);
size.height = figure.layout.height ?? 420;
// other machines' letters may be wider than those that were measured here
const letters = Math.max(0, ...figure.data.map(({ name }) => (name ?? "").length));
figure.layout.legend = { ...figure.layout.legend, entrywidth: 8 * letters };
Plotly.toImage(figure, size).then(
  (url) => document.body.textContent = "picture:" + url + ":end",
  (error) => document.body.textContent = "failed:" + error + ":end",
);`;

/**
 * Draws a figure as a file's bytes.
 *
 * @throws {Error} when there is no browser, or it does not draw; the signal's reason once it is aborted
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { makeFigure } from "../figures/figure.ts";
 * import { drawFigure } from "./draw_figure.ts";
 *
 * const figure = makeFigure([{ type: "bar", x: ["a"], y: [1] }], { title: "Counts" });
 * await assertRejects(() => drawFigure(figure, { format: "svg", browser: "no-such-browser" }), Error, "no browser");
 * ```
 */
export async function drawFigure(
  figure: Figure,
  options: DrawFigureOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { format, width = 900, browser, signal } = options;
  const folder = await Deno.makeTempDir({ prefix: "codescrub-figure-" });
  try {
    const path = join(folder, "figure.html");
    const size = { format, width, scale: format === "png" ? 3 : 1 };
    await Deno.writeTextFile(path, drawingPage({ figure: wrapTitle(figure, { width }), size }));
    const page = await runBrowser(path, { profile: join(folder, "profile"), browser, signal });
    const picture = /picture:data:image\/[^,]*,([^:]*):end/.exec(page)?.[1];
    if (picture === undefined) {
      const reason = /failed:(.*?):end/s.exec(page)?.[1] ?? "the browser gave no picture";
      throw new Error(`Cannot draw the figure as ${format.toUpperCase()}: ${reason}`);
    }
    if (format === "png") return Uint8Array.from(atob(picture), (character) => character.charCodeAt(0));
    return new TextEncoder().encode(decodeURIComponent(picture));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function drawingPage(input: unknown): string {
  return markup`<!doctype html>
<html><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"></head><body>
<script type="application/json" id="input">${scriptJson(input)}</script>
<script>${rawMarkup(plotlySource)}</script>
<script>${rawMarkup(stackPanels + SCRIPT)}</script>
</body></html>
`.text;
}

/** What the page holds when it is done. */
async function runBrowser(
  path: string,
  { profile, browser, signal }: { profile: string } & Pick<DrawFigureOptions, "browser" | "signal">,
): Promise<string> {
  const args = [
    "--headless=new",
    // Chromium refuses its sandbox to the superuser; the page is our own and loads nothing.
    ...(Deno.uid() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--user-data-dir=${profile}`,
    `--virtual-time-budget=${BUDGET_MS}`,
    "--dump-dom",
    pathToFileURL(path).href,
  ];
  const names = browser === undefined ? BROWSERS : [browser];
  for (const name of names) {
    try {
      return await outputOf(name, args, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new Error(
    `Cannot draw the figure: no browser was found (${
      names.join(", ")
    }): name one in CODESCRUB_BROWSER, or open ` +
      "the report in any browser and save the figure there",
  );
}

/** What a browser prints; once aborted it is ended with all that it started, which has a group of its own. */
async function outputOf(name: string, args: string[], signal: AbortSignal | undefined): Promise<string> {
  signal?.throwIfAborted();
  const options = { args, stdin: "null", stdout: "piped", stderr: "null", detached: true } as const;
  const child = childCommand("browser", name, options).spawn();
  const end = async () => {
    // Deno.kill would need leave to run anything at all.
    const group = childCommand("browser", "kill", { args: ["-KILL", "--", `-${child.pid}`], stderr: "null" });
    try {
      await group.output(); // throws at once where there is no such program
    } catch {
      child.kill("SIGKILL");
    }
  };
  signal?.addEventListener("abort", end);
  try {
    const { stdout } = await child.output();
    signal?.throwIfAborted();
    return new TextDecoder().decode(stdout);
  } finally {
    signal?.removeEventListener("abort", end);
  }
}
