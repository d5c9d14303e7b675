import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { CHUNK_COLUMNS, CHUNK_EPOCH_COLUMNS } from "../../lib/datasets/chunk_columns.ts";
import {
  EVALUATION_COLUMNS,
  FOUND_COLUMNS,
  HISTORY_COLUMNS,
  HYPERPARAMETER_COLUMNS,
  PROBE_COLUMNS,
  PROBE_EL_COLUMNS,
  PROOF_COLUMNS,
  SECRET_SCORE_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../../lib/datasets/columns.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { RELIABILITY_COLUMNS, UTILITY_COLUMNS } from "../../lib/datasets/utility_columns.ts";
import { loadRun } from "../../lib/report/load_run.ts";
import { readSources } from "../../lib/report/read_tables.ts";
import { recognizeTable } from "../../lib/report/table_kinds.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { NO_EL } from "../no_scores.ts";

const VERSION = { version: "0.1.0" };
const PLACE = { doc_id: "a.py", tag: "KEY", start: 3, end: 16 };
const MEANS = { set: "forget", ...NO_EL, ma: 0.9, el_3: 0.8, el_5: 0.7, el_10: null, nll: 1, rows: 4 };
const EPOCH = {
  loss: null,
  ce_secret: null,
  ce_normal: null,
  kl_forget: null,
  kl_retain: null,
  kept: true,
  trained: 0,
};
const probed = (ma: number) => ({ ...PLACE, window: 0, secret_tokens: 9, mask_tokens: 40, ma });

/** Tables of names and folders of one's own. */
async function ownTables() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await Deno.mkdir(path("x"));
  await writeRows(path("scores.csv"), [probed(1)], PROBE_COLUMNS);
  await writeRows(path("never.csv"), [probed(0.25)], PROBE_COLUMNS);
  await writeRows(path("was.jsonl"), [{ ...MEANS, model: "gpt" }], EVALUATION_COLUMNS);
  await writeRows(path("x/after.parquet"), [{ ...MEANS, model: "mine", ma: 0.2 }], EVALUATION_COLUMNS);
  const scores = { ...PLACE, description: "KEY, 13 characters", ...NO_EL, el_3: 0, el_5: 0, el_10: 0 };
  await writeRows(path("x/single.csv"), [{ ...scores, model: "gpt", ma: 1 }, {
    ...scores,
    model: "mine",
    ma: 0,
  }], {
    ...SECRET_SCORE_COLUMNS,
  });
  const epochs = [{ ...EPOCH, epoch: 0, ma: 1, ...NO_EL, retain_ma: 0.5 }];
  await writeRows(path("mine.csv"), epochs, HISTORY_COLUMNS);
  await writeRows(path("found.csv"), [{ ...PLACE, detector: "AWS", fingerprint: "f" }], FOUND_COLUMNS);
  return { path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("recognizeTable() takes the widest of the tables whose columns are all there", () => {
  const kinds = {
    found: [FOUND_COLUMNS, { ...FOUND_COLUMNS, path: "text", value: "text", row: "int" }],
    probe: [PROBE_COLUMNS, { ...PROBE_EL_COLUMNS, ...PROOF_COLUMNS }],
    thresholds: [THRESHOLD_COLUMNS],
    evaluation: [EVALUATION_COLUMNS, { ...EVALUATION_COLUMNS, note: "text" }],
    scores: [SECRET_SCORE_COLUMNS],
    history: [HISTORY_COLUMNS],
  };
  for (const [kind, tables] of Object.entries(kinds)) {
    for (const columns of tables) assertEquals(recognizeTable(Object.keys(columns), "t.csv"), kind);
  }
});

Deno.test("recognizeTable() says what is missing, what the table is instead, and shows no foreign name", () => {
  const names = Object.keys(PROBE_COLUMNS).filter((name) => name !== "ma" && name !== "window");
  const like =
    'Cannot report on "t.csv": it is most like scores that probe wrote, but has no column "window", "ma": it has ';
  assertThrows(() => recognizeTable([...names, "hunter2"], "t.csv"), TypeError, like);
  const others =
    /^Cannot report on "t\.csv": (it holds .*, which no report shows|no table of a run has its columns: 2 columns of other names): give secrets that detect wrote, .* scores by/;
  const chunks = [CHUNK_COLUMNS, CHUNK_EPOCH_COLUMNS].map((columns) => Object.keys(columns)); // the latter has a history's too
  const tables = [["hunter2", "letmein"], ["doc_id", "bleu4"], Object.keys(HYPERPARAMETER_COLUMNS)];
  for (const found of [...tables, ...chunks]) {
    const error = assertThrows(() => recognizeTable(found, "t.csv"), TypeError) as TypeError;
    assertEquals(others.test(error.message), true, error.message);
  }
});

Deno.test("loadRun() takes tables of any names and calls the model before by its name", async () => {
  using at = await ownTables();
  const names = ["scores.csv", "was.jsonl", "x/after.parquet", "x/single.csv", "mine.csv", "found.csv"];
  const run = await loadRun(names.map(at.path), { ...VERSION, twins: at.path("never.csv"), before: "gpt" });
  assertEquals(run.results?.map(({ model, ma }) => [model, ma]), [["before", 0.9], ["mine", 0.2]]);
  assertEquals([run.twins, run.history?.map(({ method }) => method)], [[{ tag: "KEY", ma: 0.25 }], ["mine"]]);
  assertEquals(run.secrets?.map(({ detector, ma_before, ma_after }) => [detector, ma_before, ma_after]), [
    ["AWS", 1, { mine: 0 }],
  ]);
  assertEquals([run.found?.places, run.config], [1, { mine: {} }]);
  const unknown = `Unknown model "x": no table that evaluate wrote has it`;
  await assertRejects(
    () => loadRun([at.path("was.jsonl")], { ...VERSION, before: "x" }),
    RangeError,
    unknown,
  );
});

Deno.test("loadRun() reads measures of use by their columns, and calls their models as the results do", async () => {
  using at = await ownTables();
  const row = { set: "unseen", language: "all", class: "all", measure: "nll", documents: 2, count: 9 };
  const value = { value: 1.5, low: 1, high: 2, change: null, change_low: null, change_high: null };
  const rows = ["gpt", "mine"].map((model) => ({ ...row, ...value, model }));
  await writeRows(at.path("use.csv"), rows, UTILITY_COLUMNS);
  const run = await loadRun([at.path("use.csv"), at.path("was.jsonl")], { ...VERSION, before: "gpt" });
  assertEquals(run.utility, [{ ...rows[0]!, model: "before" }, rows[1]!]);
  const bin = { set: "unseen", bin: 0, low: 0, high: 0.5, tokens: 9, confidence: 0.25, accuracy: 0.5 };
  const bins = ["gpt", "mine"].map((model) => ({ ...bin, model }));
  for (const [i, row] of bins.entries()) await writeRows(at.path(`${i}.csv`), [row], RELIABILITY_COLUMNS);
  const certain = await loadRun(["0.csv", "1.csv", "was.jsonl"].map(at.path), { ...VERSION, before: "gpt" });
  assertEquals(certain.reliability, [{ ...bins[0]!, model: "before" }, bins[1]!]);
});

Deno.test("readSources() takes folders and files together, each once", async () => {
  using at = await ownTables();
  await Deno.rename(at.path("never.csv"), at.path("x/twins.parquet")); // a name does not make a format
  await assertRejects(() => readSources([at.path("x"), at.path("mine.csv")]), SyntaxError, "as Parquet");
  await writeRows(at.path("x/twins.parquet"), [probed(0.5)], PROBE_COLUMNS);
  const { probe, twins, histories, folders } = await readSources([
    at.path("x"),
    at.path("x/twins.parquet"),
    at.path("scores.csv"),
    at.path("mine.csv"),
    at.path("mine.csv"),
  ]);
  assertEquals([probe?.[0]?.ma, twins?.[0]?.ma, histories.length, folders], [1, 0.5, 1, [at.path("x")]]);
  const other = await readSources([at.path("x")], { twins: at.path("scores.csv") });
  assertEquals([other.probe, other.twins?.[0]?.ma], [undefined, 1]);
});

Deno.test("readSources() refuses tables that exclude each other, and takes equal rows once", async () => {
  using at = await ownTables();
  await assertRejects(
    () => readSources([at.path("scores.csv"), at.path("never.csv")]),
    RangeError,
    "both hold scores that probe wrote: give one of them, and the table of never-trained twins by --twins",
  );
  await Deno.copyFile(at.path("was.jsonl"), at.path("again.jsonl"));
  const both = [at.path("was.jsonl"), at.path("again.jsonl")];
  assertEquals((await readSources(both)).evaluation?.length, 1);
  const change = { ma_change_low: -0.2, ma_change_high: 0.1 }; // what the model was not measured beside before
  await writeRows(at.path("again.jsonl"), [{ ...MEANS, model: "gpt", ...change }], {
    ...EVALUATION_COLUMNS,
    ...{ ma_change_low: "float?", ma_change_high: "float?" },
  });
  for (const paths of [both, both.toReversed()]) {
    assertEquals((await readSources(paths)).evaluation?.map((row) => Reflect.get(row, "ma_change_low")), [
      -0.2,
    ]);
  }
  await writeRows(at.path("again.jsonl"), [{ ...MEANS, model: "gpt", ma: 0.1 }], EVALUATION_COLUMNS);
  await assertRejects(() => readSources(both), RangeError, "score one model differently: give one of them");
  await assertRejects(() => readSources([at.path("nothing.csv")]), Error, "no such file");
  await assertRejects(() => readSources([at.path("nothing")]), Error, "or tables by their paths");
});

Deno.test("loadRun() shows values of the table of detect that was named, and needs it", async () => {
  using at = await ownTables();
  const values = { ...FOUND_COLUMNS, value: "text" } as const;
  await writeRows(
    at.path("v.csv"),
    [{ ...PLACE, detector: "AWS", fingerprint: "f", value: "a made-up v" }],
    values,
  );
  const reveal = { ...VERSION, reveal: true };
  const run = await loadRun([at.path("v.csv"), at.path("scores.csv")], reveal);
  assertEquals(run.secrets?.[0]?.description, "a made-up v");
  const missing = "Cannot show the secrets: none of the tables is detect's";
  await assertRejects(() => loadRun([at.path("scores.csv")], reveal), Error, missing);
});
