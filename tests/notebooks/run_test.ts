import { assertEquals, assertRejects } from "@std/assert";
import { HISTORY_COLUMNS } from "../../lib/datasets/columns.ts";
import { type RowOf, writeRows } from "../../lib/datasets/row_table.ts";
import { openRun } from "../../lib/notebooks/run.ts";
import { NO_EL } from "../no_scores.ts";

const EPOCH: RowOf<typeof HISTORY_COLUMNS> = {
  trained: 0,
  ...{ epoch: 0, loss: null, ce_secret: null, ce_normal: null, kl_forget: null, kl_retain: null },
  ...{ ...NO_EL, ma: 1, el_3: 1, el_5: 1, el_10: 1, retain_ma: 0.9, kept: true },
};
const SETTINGS = { gamma: 0.5, lambda: 0.1, alpha: 1, lr: 2e-4 };

/** A run with a finished folder of one method, its record as given. */
async function makeRun(record: string | undefined) {
  const run = await openRun(`${await Deno.makeTempDir()}/<img onerror>`);
  await Deno.mkdir(run.path("ga"));
  await writeRows(run.path("ga/history.parquet"), [EPOCH], HISTORY_COLUMNS);
  if (record !== undefined) await Deno.writeTextFile(run.path("ga/run.json"), record);
  return run;
}

Deno.test("readUnlearning() joins epochs with what the record tells", async () => {
  const record = {
    command: "unlearn",
    settings: SETTINGS,
    status: "finished",
    summary: { status: "reached" },
  };
  const run = await makeRun(JSON.stringify(record));
  assertEquals(await run.readUnlearning("ga"), [
    { method: "ga", ...SETTINGS, unseen_nll: null, status: "reached", ...EPOCH },
  ]);
});

Deno.test("readUnlearning() says what to do with a folder that is half finished or damaged", async () => {
  const unfinished = JSON.stringify({ command: "unlearn", settings: SETTINGS, status: "unfinished" });
  for (const record of [undefined, unfinished, '{"command":"unlearn","settings":{"lr":"2e-4"}}']) {
    const run = await makeRun(record);
    const { message } = await assertRejects(() => run.readUnlearning("ga"), SyntaxError);
    assertEquals(
      message,
      `Cannot read "ga/run.json" of run "${run.folder}": it does not tell how the run was set and ended: ` +
        "run notebook 05_unlearning again",
    );
  }
  const run = await makeRun("{");
  await assertRejects(() => run.readUnlearning("ga"), SyntaxError, "it is not the record of a run");
  await assertRejects(() => run.readUnlearning("codeeraser"), Error, "run notebook 05_unlearning first");
  await Deno.writeTextFile(run.path("ga/history.parquet"), "PAR1");
  await assertRejects(() => run.readUnlearning("ga"), Error, 'ga/history.parquet"');
});

Deno.test("readThresholds() wants MA and EL_10, and says which notebook makes them", async () => {
  const run = await openRun(await Deno.makeTempDir());
  await assertRejects(() => run.readThresholds(), Error, "run notebook 01_thresholds first");
  const row = (metric: string, mean: number | null) => ({
    ...{ metric, mean, standard_error: null, texts: 4, runs: 1 },
  });
  await run.write("thresholds", [row("ma", 0.3), row("el_10", null)]);
  await assertRejects(
    () => run.readThresholds(),
    RangeError,
    "EL_10 has no mean: run notebook 01_thresholds",
  );
  await run.write("thresholds", [row("ma", 0.3), row("el_10", 0)]);
  assertEquals(await run.readThresholds(), { ma: 0.3, ...NO_EL, el_10: 0 });
});

Deno.test("openRun() refuses a file", async () => {
  const file = await Deno.makeTempFile();
  await assertRejects(() => openRun(file), Error, "it is a file: set RUN to a folder");
});

Deno.test("tables() goes by the notebooks' order and knows what is not there", async () => {
  const run = await openRun(await Deno.makeTempDir());
  await run.write("retain", [{ doc_id: "a.py", bleu4: 1 }]);
  await Deno.mkdir(run.path("codeeraser"));
  await writeRows(run.path("codeeraser/history.parquet"), [EPOCH, EPOCH], HISTORY_COLUMNS);
  const tables = await run.tables();
  const notebooks = tables.map(({ notebook }) => notebook);
  assertEquals(notebooks, notebooks.toSorted());
  assertEquals(tables.filter(({ rows }) => rows !== null), [
    { notebook: "04_sets", table: "retain.parquet", rows: 1 },
    { notebook: "05_unlearning", table: "codeeraser/history.parquet", rows: 2 },
  ]);
  await Deno.remove(run.folder, { recursive: true });
});
