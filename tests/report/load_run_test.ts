import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { dirname, join } from "node:path";
import {
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  HISTORY_COLUMNS,
  HUMANEVAL_PROBLEM_COLUMNS,
  PROBE_COLUMNS,
  SECRET_COLUMNS,
  SECRET_SCORE_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../../lib/datasets/columns.ts";
import { type Columns, type RowOf, writeRows } from "../../lib/datasets/row_table.ts";
import { problemResults } from "../../lib/humaneval/results.ts";
import { loadRun } from "../../lib/report/load_run.ts";
import { renderReport } from "../../lib/report/report.ts";
import { RUN_FILES } from "../../lib/report/run_files.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { NO_EL } from "../no_scores.ts";

const VERSION = { version: "0.1.0" };
const VALUE = ["made", "up", "value"].join("-");
const FOUND = { ...SECRET_COLUMNS, detector: "text", fingerprint: "text", value: "text" } as const;

async function write<C extends Columns>(
  folder: string,
  name: string,
  columns: C,
  rows: RowOf<C>[],
): Promise<void> {
  await Deno.mkdir(dirname(join(folder, name)), { recursive: true });
  await writeRows(join(folder, name), rows, columns);
}

const PLACE = { doc_id: "a.py", tag: "KEY", start: 3, end: 16 };
const EPOCH = {
  trained: 0,
  loss: null,
  ce_secret: null,
  ce_normal: null,
  kl_forget: null,
  kl_retain: null,
  ...NO_EL,
  kept: true,
};

/** A folder with every table that a demo writes. */
async function writeRun(folder: string): Promise<void> {
  const score = { standard_error: null, texts: 8, runs: 1 };
  await write(folder, RUN_FILES.thresholds, THRESHOLD_COLUMNS, [
    { metric: "ma", mean: 0.4, ...score },
    { metric: "el_10", mean: 0.05, ...score },
  ]);
  const probed = { ...PLACE, window: 0, secret_tokens: 9, mask_tokens: 40 };
  await write(folder, RUN_FILES.probe, PROBE_COLUMNS, [
    { ...probed, ma: 1 },
    { ...probed, start: 30, end: 40, ma: 0.5 },
    { ...probed, doc_id: "b.py", ma: null },
  ]);
  await write(folder, RUN_FILES.twins, PROBE_COLUMNS, [{ ...probed, doc_id: "twin.py", ma: 0.125 }]);
  const means = { ...NO_EL, ma: 0.9, el_3: 0.8, el_5: 0.7, el_10: null, nll: 1, rows: 4 };
  await write(folder, RUN_FILES.evaluation, EVALUATION_COLUMNS, [{
    set: "forget",
    model: "before",
    ...means,
  }]);
  const scores = { ...PLACE, description: "KEY, 13 characters, ma...", ...NO_EL, el_3: 0, el_5: 0, el_10: 0 };
  await write(folder, RUN_FILES.secretScores, SECRET_SCORE_COLUMNS, [
    { ...scores, model: "before", ma: 1 },
    { ...scores, model: "ga", ma: null },
    { ...scores, model: "codeeraser", ma: 0.25 },
  ]);
  const found = { detector: "AWS", fingerprint: "f", value: VALUE };
  await write(folder, RUN_FILES.secrets, FOUND, [
    { ...PLACE, ...found },
    { ...PLACE, ...found, doc_id: "c.py" },
    { ...PLACE, ...found, doc_id: "d.py", fingerprint: "other" },
  ]);
  await write(folder, RUN_FILES.duplication, DUPLICATION_COLUMNS, [{
    copies: 0,
    ma: 0.1,
    se: null,
    secrets: 3,
  }]);
  for (const method of ["ga", "codeeraser"]) {
    const name = method === "ga" ? "first" : "second";
    await write(folder, `${name}/history.parquet`, HISTORY_COLUMNS, [
      { ...EPOCH, epoch: 0, ma: 1, el_10: 0.9, retain_ma: 0.99 },
    ]);
    const record = { command: "unlearn", status: "finished", settings: { method }, versions: {} };
    await Deno.writeTextFile(join(folder, name, RUN_FILES.record), JSON.stringify(record));
  }
  const record = { command: "demo", settings: { seed: 42 }, versions: { deno: "2.9.6" } };
  await Deno.writeTextFile(join(folder, RUN_FILES.record), JSON.stringify(record));
  await Deno.writeTextFile(
    join(folder, RUN_FILES.summary),
    JSON.stringify({ stages: { detect: 1.5 }, seconds: 9 }),
  );
}

Deno.test("loadRun() reads every table of a demo", async () => {
  using folder = temporaryFolder();
  await writeRun(folder.path);
  const run = await loadRun(folder.path, VERSION);
  assertEquals(run.version, "CodeScrub 0.1.0");
  assertEquals(run.thresholds, { ma: 0.4, ...NO_EL, el_10: 0.05 });
  assertEquals(run.documents, [{ doc_id: "a.py", ma: 0.75 }, { doc_id: "b.py", ma: null }]);
  assertEquals(run.results?.map(({ set, model, el_10 }) => [set, model, el_10]), [[
    "forget",
    "before",
    null,
  ]]);
  assertEquals(run.twins, [{ tag: "KEY", ma: 0.125 }]);
  assertEquals(run.duplication, [{ copies: 0, ma: 0.1, se: null, secrets: 3 }]);
  assertEquals(run.history?.map(({ method, epoch, ma }) => [method, epoch, ma]), [["ga", 0, 1], [
    "codeeraser",
    0,
    1,
  ]]);
  assertEquals(run.found, { places: 3, values: 2, documents: 3 });
  const unknown = { tag: "KEY", detector: "-", copies: null, ma_after: {} };
  assertEquals(run.secrets, [
    {
      doc_id: "a.py",
      tag: "KEY",
      detector: "AWS",
      description: "KEY, 13 characters, ma...",
      copies: 2,
      fingerprint: "f",
      start: 3,
      end: 16,
      ma_before: 1,
      ma_after: { ga: null, codeeraser: 0.25 },
    },
    { ...unknown, doc_id: "a.py", description: "KEY, 10 characters", start: 30, end: 40, ma_before: 0.5 },
    {
      ...unknown,
      doc_id: "b.py",
      description: "KEY, 13 characters",
      start: 3,
      end: 16,
      ma_before: null,
    },
  ]);
  assertEquals([run.config, run.versions, run.seconds], [
    { seed: 42, command: "demo" },
    { deno: "2.9.6" },
    { detect: 1.5 },
  ]);
});

Deno.test("loadRun() shows a secret only where it is asked for and was written", async () => {
  using folder = temporaryFolder();
  await writeRun(folder.path);
  const page = renderReport(await loadRun(folder.path, VERSION));
  assertEquals([page.includes(VALUE), page.includes("KEY, 13 characters")], [false, true]);
  const revealed = await loadRun(folder.path, { ...VERSION, reveal: true });
  assertEquals([revealed.revealed, revealed.secrets?.[0]?.description], [true, VALUE]);
  assertEquals(renderReport(revealed).includes(VALUE), true);
  const { value: _, ...columns } = FOUND;
  await write(folder.path, RUN_FILES.secrets, columns, [{ ...PLACE, detector: "AWS", fingerprint: "f" }]);
  const message = `it has no column "value"`;
  await assertRejects(() => loadRun(folder.path, { ...VERSION, reveal: true }), SyntaxError, message);
});

Deno.test("loadRun() takes what is there, such as a single checkpoint's history", async () => {
  using folder = temporaryFolder();
  await write(folder.path, "history.parquet", HISTORY_COLUMNS, [
    { ...EPOCH, epoch: 0, ma: 1, el_10: null, retain_ma: null },
  ]);
  const record = { command: "unlearn", settings: { method: "cu" } };
  await Deno.writeTextFile(join(folder.path, RUN_FILES.record), JSON.stringify(record));
  const run = await loadRun(folder.path, VERSION);
  assertEquals(run.history?.map(({ method }) => method), ["cu"]);
  assertEquals([run.thresholds, run.results, run.documents, run.duplication, run.secrets], [
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals(renderReport(run).includes("<html"), true);
});

Deno.test("loadRun() reads what a run stopped in the middle has, and the page says what makes the rest", async () => {
  using folder = temporaryFolder();
  const found = { detector: "AWS", fingerprint: "f", value: VALUE };
  const { value: _, ...columns } = FOUND;
  await write(folder.path, RUN_FILES.secrets, columns, [{ ...PLACE, ...found }]);
  const run = await loadRun(folder.path, VERSION);
  assertEquals([run.title, run.found, run.secrets?.map(({ description }) => description)], [
    "What detection found",
    { places: 1, values: 1, documents: 1 },
    ["KEY, 13 characters"],
  ]);
  const page = renderReport(run);
  assertEquals(page.includes("Detection found 1 place of 1 different secret in 1 document."), true);
  assertStringIncludes(page, "<p>Secrets found by "); // and neither measured nor erased
  assertStringIncludes(page, '<p class="label">checks were not made</p>');
  assertEquals(Array.from(page.matchAll(/<li><b>(\w+)[.]<[/]b>/g), ([, stage]) => stage), ["Detection"]);
  const commands = new Set(
    Array.from(page.matchAll(/codescrub (\w+)(?:<\/code>)? makes/g), ([, name]) => name),
  );
  assertEquals([...commands].sort(), [
    "attack",
    "demo",
    "evaluate",
    "humaneval",
    "probe",
    "thresholds",
    "unlearn",
  ]);
});

Deno.test("loadRun() takes configuration and versions from checkpoints when the run has no record", async () => {
  using folder = temporaryFolder();
  await writeRun(folder.path);
  await Deno.remove(join(folder.path, RUN_FILES.record));
  const record = { settings: { method: "ga", lr: 1e-4 }, versions: { deno: "2.9.6" } };
  await Deno.writeTextFile(join(folder.path, "first", RUN_FILES.record), JSON.stringify(record));
  const { config, versions } = await loadRun(folder.path, VERSION);
  assertEquals(config, { first: record.settings, second: { method: "codeeraser" } });
  assertEquals(versions, record.versions);
});

Deno.test("loadRun() calls a model by its method when evaluate called it by its folder", async () => {
  using folder = temporaryFolder();
  await writeRun(folder.path);
  const means = { ...NO_EL, ma: 0.3, el_3: 0, el_5: 0, el_10: 0, nll: 1, rows: 4 };
  const models = (...names: string[]) =>
    write(
      folder.path,
      RUN_FILES.evaluation,
      EVALUATION_COLUMNS,
      names.map((model) => ({ set: "forget", model, ...means })),
    );
  const methods = async () => {
    const { results, history } = await loadRun(folder.path, VERSION);
    return [results?.map(({ model }) => model), history?.map(({ method }) => method)];
  };
  await models("before", "second");
  assertEquals(await methods(), [["before", "codeeraser"], ["ga", "codeeraser"]]);
  await models("second", "codeeraser");
  assertEquals(await methods(), [["second", "codeeraser"], ["ga", "second"]]);
  const record = JSON.stringify({ settings: { method: "codeeraser" } });
  await Deno.writeTextFile(join(folder.path, "first", RUN_FILES.record), record);
  await models("first", "second");
  assertEquals(await methods(), [["first", "second"], ["first", "second"]]);
});

Deno.test("loadRun() takes JSON of other shapes for records that say nothing", async () => {
  using folder = temporaryFolder();
  await writeRun(folder.path);
  for (const json of ["null", "[1]", "7", '{"settings":"x","versions":[1],"stages":null,"command":{}}']) {
    await Deno.writeTextFile(join(folder.path, RUN_FILES.record), json);
    await Deno.writeTextFile(join(folder.path, RUN_FILES.summary), json);
    const { config, versions, seconds } = await loadRun(folder.path, VERSION);
    assertEquals([config, versions, seconds], [{}, {}, {}], json);
  }
});

Deno.test("loadRun() refuses a folder that is none, is empty, or holds a damaged file", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "run");
  const nothing =
    `Cannot report on "${path}": it holds no table of a run: name the folder that demo or unlearn wrote`;
  await assertRejects(() => loadRun(path, VERSION), Error, nothing);
  await Deno.writeTextFile(path, "");
  await assertRejects(() => loadRun(path, VERSION), RangeError, 'Unknown table format "run"');
  await Deno.remove(path);
  await Deno.mkdir(path);
  await assertRejects(() => loadRun(path, VERSION), Error, nothing);
  await writeRun(path);
  await Deno.writeTextFile(join(path, RUN_FILES.summary), "{");
  await assertRejects(
    () => loadRun(path, VERSION),
    SyntaxError,
    `Cannot read "${join(path, "summary.json")}"`,
  );
  await Deno.writeTextFile(join(path, RUN_FILES.probe), "PAR1");
  await assertRejects(
    () => loadRun(path, VERSION),
    SyntaxError,
    `Cannot read table "${join(path, "probe.parquet")}"`,
  );
});

Deno.test("loadRun() tells how the samples of a table of problems were drawn and judged, as the record beside it says", async () => {
  using folder = temporaryFolder();
  const problems = [{ task_id: "a", n: 1, c: 1 }];
  const rows = problemResults(problems, problems);
  await write(folder.path, "humaneval/problems.parquet", HUMANEVAL_PROBLEM_COLUMNS, rows);
  const record = JSON.stringify({ settings: { sandbox: "none", temperature: 0 } });
  Deno.writeTextFileSync(join(folder.path, "humaneval/run.json"), record);
  const { passes } = await loadRun(folder.path, { version: "0" });
  assertEquals([passes?.sandbox, passes?.temperature, passes?.greedy?.onlyAfter], ["none", 0, 0]);
});
