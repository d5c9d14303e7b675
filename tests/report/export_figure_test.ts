import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { PALETTES, TEMPLATES } from "../../lib/figures/style.ts";
import { drawFigure } from "../../lib/report/draw_figure.ts";
import { exportFigure } from "../../lib/report/export_figure.ts";
import { renderReport } from "../../lib/report/report.ts";
import { maByDuplication } from "../../lib/figures/ma_by_duplication.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { findBrowser } from "../find_program.ts";
import { makeRun } from "./make_run.ts";

Deno.test("exportFigure() gives the figure back when the report shows it", () => {
  const run = makeRun();
  const figure = maByDuplication(run.duplication ?? [], { threshold: 0.46 });
  assertEquals(exportFigure(renderReport(run), "ma-by-duplication"), JSON.parse(JSON.stringify(figure)));
});

Deno.test("exportFigure() throws when no figure has that name", () => {
  const { message } = assertThrows(() => exportFigure("", "pie"), RangeError);
  assertEquals(
    message,
    'Unknown figure "pie": expected memorization-distribution, ma-by-duplication, ma-by-kind, ' +
      "forgetting-curves, method-tradeoff, secrets-before-after, retained-quality, accuracy-by-class, reliability, recovery-curves, exposure-distribution, pass-rates, problem-passes, " +
      "sweep-tradeoff, sweep-sizes, sweep-hyperparameters, sweep-settings",
  );
});

Deno.test("exportFigure() throws when the report lacks the figure's table", () => {
  const { history: _, ...run } = makeRun();
  const { message } = assertThrows(() => exportFigure(renderReport(run), "forgetting-curves"), RangeError);
  assertEquals(message, 'Cannot export figure "forgetting-curves" from the report: its table was missing');
});

Deno.test("exportFigure() throws when the report is cut off", () => {
  const page = renderReport(makeRun());
  const cut = page.slice(0, page.indexOf('id="retained-quality-data"') + 200);
  const { message, cause } = assertThrows(() => exportFigure(cut, "retained-quality"), SyntaxError);
  assertEquals(message, 'Cannot export figure "retained-quality" from the report: its data is broken');
  assertEquals(cause instanceof SyntaxError, true);
});

/** The task's script with the task's permissions, and more of Deno's options. */
function scriptCommand(args: string[], options: Deno.CommandOptions = {}, deno: string[] = []): Deno.Command {
  const script = new URL("../../lib/report/export_figure.ts", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "-P=figure", "--no-check", ...deno, script, ...args],
    env: { NO_COLOR: "1" },
    ...options,
  });
}

async function runScript(...args: string[]): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await scriptCommand(args).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("export_figure.ts writes the figure as JSON, and one line when it cannot", async () => {
  using folder = temporaryFolder();
  const [report, out] = [`${folder.path}/report.html`, `${folder.path}/figure.json`];
  await Deno.writeTextFile(report, renderReport(makeRun()));
  assertEquals(await runScript(report, "retained-quality", out), { code: 0, stderr: "" });
  const figure = JSON.parse(await Deno.readTextFile(out));
  assertEquals(figure.layout.title.text, "<b>What the erasure cost</b>");
  const again = await runScript(report, "retained-quality", out, "--dark");
  const refused = `Cannot write "${out}": it is there already: give --force to replace it\n`;
  assertEquals(again, { code: 1, stderr: refused });
  assertEquals(JSON.parse(await Deno.readTextFile(out)), figure);
  assertEquals((await runScript(report, "retained-quality", out, "--dark", "--force")).code, 0);
  assertEquals(JSON.parse(await Deno.readTextFile(out)).layout.template, TEMPLATES.dark);
  const missing = await runScript(`${folder.path}/none.html`, "retained-quality", out);
  assertEquals([missing.code, missing.stderr.trim().split("\n").length], [1, 1]);
  const format = await runScript(report, "retained-quality", `${folder.path}/figure.gif`);
  assertStringIncludes(format.stderr, 'figure.gif": expected .json, .svg or .png');
  assertEquals((await runScript()).code, 2);
});

const browser = await findBrowser();

Deno.test({
  name: "export_figure.ts draws SVG and PNG when a browser is installed",
  ignore: browser === undefined,
  async fn() {
    using folder = temporaryFolder();
    const report = `${folder.path}/report.html`;
    await Deno.writeTextFile(
      report,
      renderReport(makeRun((text) => `${text}</script><img src=x onerror=alert(1)>`)),
    );
    for (const theme of ["light", "dark"] as const) {
      const out = `${folder.path}/${theme}.svg`;
      const rest = theme === "dark" ? ["--dark"] : [];
      assertEquals(await runScript(report, "forgetting-curves", out, ...rest), { code: 0, stderr: "" });
      const svg = await Deno.readTextFile(out);
      assertEquals([svg.startsWith("<svg"), svg.endsWith("</svg>"), /<img|<script/.test(svg)], [
        true,
        true,
        false,
      ]);
      assertStringIncludes(svg, "Forgetting, epoch by epoch");
      assertStringIncludes(svg, rgb(PALETTES[theme].blue));
    }
    const out = `${folder.path}/figure.png`;
    assertEquals(await runScript(report, "ma-by-duplication", out), { code: 0, stderr: "" });
    const png = new DataView((await Deno.readFile(out)).buffer);
    assertEquals([png.getUint32(0), png.getUint32(16), png.getUint32(20)], [0x89504e47, 2700, 1260]);
  },
});

/** A program that starts another, writes the ids of both into a file, and waits as a browser that hangs. */
async function writeHangingBrowser(
  folder: string,
): Promise<{ browser: string; readIds: () => Promise<number[]> }> {
  const [browser, ids] = [`${folder}/browser`, `${folder}/ids`];
  await Deno.writeTextFile(
    browser,
    `#!/bin/sh\nsleep 60 &\necho $$ $! > "${ids}.new"\nmv "${ids}.new" "${ids}"\nwait\n`,
  );
  await Deno.chmod(browser, 0o755);
  const readIds = async () => {
    for (;;) {
      const text = await Deno.readTextFile(ids).catch(() => "");
      if (text !== "") return text.trim().split(" ").map(Number);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { browser, readIds };
}

/** Whether a process is there; a zombie, which nobody has waited for, is not. */
async function isRunning(id: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(id)] }).output();
  return /^[^Z\s]/.test(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "export_figure.ts ends its browser and what it started when a signal comes",
  ignore: Deno.build.os !== "linux",
  async fn() {
    for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      using folder = temporaryFolder();
      const [report, out, temporary] = ["report.html", "figure.svg", "tmp"].map((name) =>
        `${folder.path}/${name}`
      );
      await Deno.mkdir(temporary!);
      await Deno.writeTextFile(report!, renderReport(makeRun()));
      const { browser, readIds } = await writeHangingBrowser(folder.path);
      const env = { NO_COLOR: "1", CODESCRUB_BROWSER: browser, TMPDIR: temporary! };
      const options = { env, stderr: "piped", stdout: "null" } as const;
      const child = scriptCommand([report!, "retained-quality", out!], options, [
        `--allow-run=${browser},kill`,
      ]).spawn();
      const ids = await readIds();
      assertEquals(await Promise.all(ids.map(isRunning)), [true, true]);
      child.kill(signal);
      const { code, stderr } = await child.output();
      const said = new TextDecoder().decode(stderr);
      assertEquals([code, said], [expected, `Interrupted by ${signal}: nothing was written\n`]);
      assertEquals(await Promise.all(ids.map(isRunning)), [false, false]);
      assertEquals([...Deno.readDirSync(temporary!)], []);
      assertEquals(
        Array.from(Deno.readDirSync(folder.path), ({ name }) => name).includes("figure.svg"),
        false,
      );
    }
  },
});

function rgb(color: string): string {
  return `rgb(${[1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)).join(", ")})`;
}

Deno.test("drawFigure() says what to do when there is no browser, and when it draws nothing", async () => {
  const figure = maByDuplication([]);
  const none = await assertRejects(
    () => drawFigure(figure, { format: "svg", browser: "no-such-browser" }),
    Error,
  );
  assertEquals(
    none.message,
    "Cannot draw the figure: no browser was found (no-such-browser): name one in CODESCRUB_BROWSER, or open the " +
      "report in any browser and save the figure there",
  );
  const silent = await assertRejects(() => drawFigure(figure, { format: "png", browser: "true" }), Error);
  assertEquals(silent.message, "Cannot draw the figure as PNG: the browser gave no picture");
});
