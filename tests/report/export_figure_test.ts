import { assertEquals, assertThrows } from "@std/assert";
import { exportFigure } from "../../lib/report/export_figure.ts";
import { renderReport } from "../../lib/report/report.ts";
import { maByDuplication } from "../../lib/figures/ma_by_duplication.ts";
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
    'Unknown figure "pie": expected memorization-distribution, ma-by-duplication, forgetting-curves, ' +
      "secrets-before-after, retained-quality",
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

Deno.test("export_figure.ts writes the figure as JSON, and one line when it cannot", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/report.html`, renderReport(makeRun()));
    const script = new URL("../../lib/report/export_figure.ts", import.meta.url).pathname;
    const run = async (...args: string[]) => {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "--allow-read", "--allow-write", script, ...args],
        env: { NO_COLOR: "1" },
      }).output();
      return { code, stderr: new TextDecoder().decode(stderr) };
    };
    const done = await run(`${folder}/report.html`, "retained-quality", `${folder}/figure.json`);
    assertEquals(done, { code: 0, stderr: "" });
    const figure = JSON.parse(await Deno.readTextFile(`${folder}/figure.json`));
    assertEquals(figure.layout.title.text, "<b>What the erasure cost</b>");
    const missing = await run(`${folder}/none.html`, "retained-quality", `${folder}/other.json`);
    assertEquals([missing.code, missing.stderr.trim().split("\n").length], [1, 1]);
    assertEquals((await run()).code, 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
