import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { sweepMeans, type SweepRunRow } from "../../lib/evaluation/sweep_means.ts";
import { sweepTables } from "../../lib/evaluation/sweep_tables.ts";
import { exportFigure } from "../../lib/report/export_figure.ts";
import { renderReport } from "../../lib/report/report.ts";
import { sweepLeaderboards } from "../../lib/report/sweep_leaderboard.ts";
import { sweepSizes, sweepTradeoff, sweptSettings } from "../../lib/report/sweep.ts";
import { RUN } from "./sweep_run.ts";

const ERASER = { ...RUN, method: "codeeraser", retain_ma: 0.9, unseen_nll: 4 };

Deno.test("sweepMeans() counts a run in each of its studies, and the runs of one set together", () => {
  const rows = [
    { ...RUN, studies: "methods,k", ma: 0.1 },
    { ...RUN, studies: "methods,k", seed: 7, ma: 0.2 },
    { ...RUN, set: 1, ma: 0.6 },
  ];
  const means = sweepMeans(rows).filter(({ measure }) => measure === "ma");
  assertEquals(means.map(({ study, runs }) => [study, runs]), [["methods", 3], ["k", 2]]);
  const [methods, k] = means;
  assert(Math.abs(methods!.mean - 0.3) < 1e-12 && Math.abs(methods!.deviation! - 0.2646) < 1e-4);
  assertEquals([k!.low, k!.high], [k!.mean, k!.mean]); // one set is always drawn whole
});

Deno.test("sweepMeans() tells what a setting changed from run to run of one set and seed, where both were measured", () => {
  const of = (settings: string | null, mas: (number | null)[]) =>
    mas.map((ma, set) => ({ ...RUN, settings, set, ma: ma! }));
  const rows = [
    ...of(null, [0.1, 0.5, null]),
    ...of("lr 1", [0.3, 0.6, 0.9]),
    ...of("lr 1", [0.8]).map((run) => ({ ...run, seed: 7 })), // none to compare with
    ...of("lr 2", [null, null, 0.9]),
    { ...RUN, k: 8, settings: "lr 1" },
  ];
  const changes = sweepMeans(rows).filter(({ measure }) => measure === "ma")
    .map((
      { k, settings, difference, difference_low, difference_high },
    ) => [k, settings, ...[difference, difference_low, difference_high].map((x) => x?.toFixed(3))]);
  assertEquals(changes, [
    [32, null, undefined, undefined, undefined],
    [32, "lr 1", "0.150", "0.100", "0.200"],
    [32, "lr 2", undefined, undefined, undefined],
    [8, "lr 1", undefined, undefined, undefined],
  ]);
  const table = sweepTables(sweepMeans(rows), "m").at(-1)!;
  assertEquals(table.title, "methods: what settings change");
  assertEquals(table.rows, [
    ["ga", "32", "lr 1", "4", "+15.00 [10.00, 20.00]", "0.0 [0.0, 0.0]", "0.00 [0.00, 0.00]"],
    ["ga", "32", "lr 2", "3", "-", "0.0 [0.0, 0.0]", "0.00 [0.00, 0.00]"],
  ]);
});

Deno.test("a sweep's figures draw means: methods as they are at the main size, sizes, and settings that figures know", () => {
  const rows: SweepRunRow[] = [
    ...[0, 1].flatMap((set) => [{ ...RUN, set, ma: set / 2 }, { ...ERASER, set }]),
    { ...ERASER, k: 8 },
    { ...ERASER, settings: "alpha 10", alpha: 10, retain_ma: 0.95 },
    { ...ERASER, settings: "beta 3", retain_ma: 0 },
  ];
  assertEquals(sweepTradeoff(rows).map(({ method, forget, retain }) => [method, forget, retain]), [
    ["ga", [1, 0.25], [1, 0.5]],
    ["codeeraser", [1, 0.2], [1, 0.9]],
  ]);
  const [ga] = sweepTradeoff(rows);
  assertEquals([ga!.forgottenInterval, ga!.keptInterval], [[0.5, 1], [0.5, 0.5]]);
  assertEquals(sweepTradeoff([RUN])[0]!.forgottenInterval, undefined); // of one set
  assertEquals(sweepSizes(rows).map(({ method, k }) => [method, k]), [["codeeraser", 32], ["codeeraser", 8]]);
  const { rows: epochs, preset } = sweptSettings(rows);
  assertEquals([preset?.method, preset?.alpha], ["codeeraser", 1]);
  assertEquals(epochs.map(({ method, alpha, epoch }) => [method, alpha, epoch]), [
    ...[["ga", 1, 0], ["ga", 1, 6], ["codeeraser", 1, 0], ["codeeraser", 1, 6]],
    ...[["codeeraser", 10, 0], ["codeeraser", 10, 6]],
  ]);
});

Deno.test("sweepLeaderboards() puts first what forgot enough, then what kept most, with intervals over sets", () => {
  const sets = [0, 1].flatMap((set) => [
    { ...RUN, set, ma: 0.2 + set / 100, extracted: set / 2, extracted_before: 1 },
    { ...ERASER, set, ma: 0.25, extracted: 0, extracted_before: 1 },
    { ...ERASER, method: "cu", set, ma: 0.4, retain_ma: 1 },
  ]);
  const [board] = sweepLeaderboards([...sets, { ...ERASER, settings: "alpha 10", retain_ma: 0.3 }]);
  assertEquals(board!.rows.map(({ label }) => label), [
    ...["before", "CodeEraser", "GA", "CodeEraser, alpha 10", "CU"],
  ]);
  const [before, eraser, ga, alone] = board!.rows.map(({ cells }) => cells);
  assertEquals([before!.ma?.value, before!.extracted?.value], [1, 1]);
  assertEquals([eraser!.extracted, ga!.extracted], [
    { value: 0, low: 0, high: 0 },
    { value: 0.25, low: 0, high: 0.5 },
  ]);
  assertEquals(alone!.retain_ma, { value: 0.3 }); // one set has no interval
  const sizes = sweepLeaderboards([RUN, { ...RUN, k: 1 }])[0]!.rows;
  assertEquals(sizes.map(({ label }) => label), [
    "before, 32 rows",
    "before, 1 row",
    "GA, 1 row",
    "GA, 32 rows",
  ]);
});

Deno.test("the report of a sweep has its tables beside the paper's and its figures, and no verdict on one model", () => {
  const other = { ...ERASER, settings: "alpha 10", alpha: 10 };
  const page = renderReport({
    title: "Sweep",
    version: "v",
    sweep: [RUN, ERASER, { ...ERASER, k: 8 }, other],
  });
  assertStringIncludes(page, 'aria-label="Leaderboard: methods"');
  assertStringIncludes(page, "Not measured: whether an adversary still gets secrets out, whether");
  for (const name of ["tradeoff", "sizes", "hyperparameters", "settings"]) {
    assertStringIncludes(page, `id="sweep-${name}-data"`);
  }
  assertStringIncludes(page, "CodeParrot-small 110M (paper)");
  assert(!page.includes('id="verdict"') && !page.includes('id="missing"'));
});

Deno.test("the figures of a sweep give Plotly no markup but their own when names are hostile", () => {
  const hostile = "<img src=x onerror=alert(1)>";
  const named = [RUN, ERASER].map((row) => ({
    ...row,
    method: `${row.method}${hostile}`,
    settings: hostile,
  }));
  const page = renderReport({
    title: "Sweep",
    version: "v",
    sweep: [...named, RUN, ERASER, { ...ERASER, k: 8 }],
  });
  for (const name of ["sweep-tradeoff", "sweep-sizes", "sweep-settings"] as const) {
    const text = JSON.stringify(exportFigure(page, name)).replace(/<\/?b>|<br>|<extra><\/extra>/g, "");
    assert(!text.includes("<"), `${name}: ${text.slice(text.indexOf("<"), text.indexOf("<") + 60)}`);
  }
});
