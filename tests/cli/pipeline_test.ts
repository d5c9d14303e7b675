import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  EVALUATION_COLUMNS,
  FORGET_COLUMNS,
  HISTORY_COLUMNS,
  INTERVAL_COLUMNS,
  NORM_COLUMNS,
  OUTCOME_COLUMNS,
  OUTCOME_LATER_COLUMNS,
  PROBE_COLUMNS,
  PROOF_COLUMNS,
  RETAIN_COLUMNS,
  SECRET_SCORE_COLUMNS,
  THRESHOLD_COLUMNS,
  WRITTEN_COLUMNS,
} from "../../lib/datasets/columns.ts";
import { CHANGE_COLUMNS } from "../../lib/datasets/change_columns.ts";
import { THRESHOLD_INTERVAL_COLUMNS } from "../../lib/datasets/unseen_columns.ts";
import { type Columns, readRows, type RowOf } from "../../lib/datasets/row_table.ts";
import { secretPieces } from "../../lib/embedded/secret_formats.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { aboveByChance } from "../../lib/metrics/rank_test.ts";
import { findLeaks, pieceFinder } from "../leaks/leaks.ts";
import { type CliRun, runCli } from "./run_cli.ts";
import { MODEL, type SmallCorpus, writeSmallCorpus } from "./small_corpus.ts";

// The commands of a whole run, one after another, each in a process of its own; tests share their outputs.
const FOLDER = await Deno.makeTempDir({ prefix: "codescrub-pipeline-" });
const OUT = join(FOLDER, "run");
const runs: { [name: string]: CliRun } = {};
let corpus: SmallCorpus;

Deno.test.beforeAll(async () => {
  await Deno.mkdir(OUT);
  corpus = await writeSmallCorpus(FOLDER);
});
Deno.test.afterAll(() => Deno.remove(FOLDER, { recursive: true }));

/** Runs a command of the pipeline in the output folder, as its own user would; it is kept under its name. */
async function run(name: string, ...args: string[]): Promise<CliRun> {
  const result = await runCli([...args, "--json"], { cwd: OUT });
  runs[name] = result;
  return result;
}

/** The summary in a run's last line of stdout. */
function summaryOf({ code, stdout, stderr }: CliRun, expectedCode = 0) {
  assertEquals(code, expectedCode, stderr);
  const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  return summary;
}

/** A table's rows, whose columns must be exactly these, in this order. */
async function rowsOf<C extends Columns>(name: string, columns: C): Promise<RowOf<C>[]> {
  assertEquals((await readTable(join(OUT, name))).columns, Object.keys(columns), name);
  return await readRows(join(OUT, name), columns);
}

const HISTORY = { ...HISTORY_COLUMNS, ...NORM_COLUMNS, ...WRITTEN_COLUMNS };
const K = "3"; // rows of a forget set, and of the retain set
const TRAIN = "../train.jsonl.gz", UNSEEN = "../unseen.jsonl.gz";
const SETS = ["--corpus", TRAIN, "--forget", "sets/forget_0.parquet", "--retain", "retain.parquet"];
const UNLEARN = ["unlearn", "--model", MODEL, ...SETS, "--lr", "3e-4"];
const BY_MEANS = [...UNLEARN, "--stop", "group"];
const CODEERASER = [...BY_MEANS, ..."--method codeeraser --ma 0.5 --el10 0.2 --out codeeraser".split(" ")];
const GA = [...BY_MEANS, "--method", "ga", "--thresholds", "thresholds.csv", "--epochs", "2", "--out", "ga"];

Deno.test("detect finds every planted secret, as a table of places and fingerprints", async () => {
  const summary = summaryOf(await run("detect", "detect", TRAIN, "--out", "secrets.parquet"));
  assertEquals([summary.command, summary.documents, summary.documents_with_secrets], ["detect", 72, 48]);
  assertEquals(summary.out, join(OUT, "secrets.parquet"));
  const frame = await readTable(join(OUT, "secrets.parquet"));
  assertEquals(frame.columns, ["doc_id", "path", "tag", "detector", "start", "end", "fingerprint"]);
  assertEquals([frame.height, Object.keys(summary.tags)], [summary.spans, ["EMAIL", "IP_ADDRESS", "KEY"]]);
  assert(Object.keys(summary.detectors).length >= 12, JSON.stringify(summary.detectors));
});

Deno.test("thresholds writes mean and standard error of four metrics", async () => {
  const args = ["--model", MODEL, "--texts", UNSEEN, "--runs", "2", "--max-texts", "6", "--tokens", "48"];
  const summary = summaryOf(await run("thresholds", "thresholds", ...args, "--out", "thresholds.csv"));
  const rows = await rowsOf("thresholds.csv", { ...THRESHOLD_COLUMNS, ...THRESHOLD_INTERVAL_COLUMNS });
  assertEquals(rows.map(({ metric, texts, runs }) => [metric, texts, runs]), [
    ["ma", 6, 2],
    ["el_3", 6, 2],
    ["el_5", 6, 2],
    ["el_10", 6, 2],
  ]);
  assertEquals(summary.thresholds, Object.fromEntries(rows.map(({ metric, mean }) => [metric, mean])));
  assert(rows.every(({ low, mean, high }) => low! <= mean! && mean! <= high!));
  assert(rows[0]!.mean! > 0 && rows[0]!.mean! < 0.6 && rows[0]!.standard_error !== null);
});

Deno.test("probe finds the planted secrets memorized", async () => {
  const args = ["--model", MODEL, "--corpus", TRAIN, "--secrets", "secrets.parquet"];
  const summary = summaryOf(await run("probe", "probe", ...args, "--out", "probe.parquet"));
  const rows = await rowsOf("probe.parquet", { ...PROBE_COLUMNS, ...PROOF_COLUMNS });
  assertEquals([summary.secrets, summary.documents, summary.not_treated], [rows.length, 48, 0]);
  const places = rows.map(({ doc_id, start, end }) => `${doc_id} ${start} ${end}`);
  assertEquals(new Set(places).size, places.length, "a place is probed once");
  assert(rows.every(({ secret_tokens }) => secret_tokens >= 1 && secret_tokens <= 32));
  const mean = rows.reduce((sum, { ma }) => sum + ma!, 0) / rows.length;
  assert(mean >= 0.85, `mean MA is ${mean}`);
});

Deno.test("analyze writes the distribution of document means", async () => {
  const args = ["--probe", "probe.parquet", "--threshold", "0.4", "--out", "distribution.csv"];
  const summary = summaryOf(await run("analyze", "analyze", ...args));
  const frame = await readTable(join(OUT, "distribution.csv"));
  assertEquals([frame.columns, frame.height], [["bin_start", "bin_end", "documents", "share"], 40]);
  assertEquals([summary.documents, summary.threshold], [48, 0.4]);
  assert(summary.share_above > 0.9);
});

Deno.test("select writes disjoint forget sets without any text", async () => {
  const args = ["--probe", "probe.parquet", "--corpus", TRAIN, "--k", K, "--groups", "2", "--out", "sets"];
  const summary = summaryOf(await run("select", "select", ...args));
  const sets = await Promise.all([0, 1].map((i) => rowsOf(`sets/forget_${i}.parquet`, FORGET_COLUMNS)));
  assertEquals([summary.groups, summary.k, sets.map((rows) => rows.length)], [2, 3, [3, 3]]);
  assertEquals(new Set(sets.flat().map(({ doc_id, window }) => `${doc_id} ${window}`)).size, 6);
  assert(sets.flat().every(({ ma, mask_tokens }) => ma >= 0.9 && mask_tokens >= 32));
  const [[tag, start, end]] = JSON.parse(sets[0]![0]!.spans);
  assert(["EMAIL", "IP_ADDRESS", "KEY"].includes(tag) && start < end);
  assertEquals(namesIn(join(OUT, "sets")), ["forget_0.parquet", "forget_1.parquet", "run.json"]);
});

Deno.test("retain writes memorized texts without secrets", async () => {
  const args = ["--model", MODEL, "--texts", TRAIN, "--secrets", "secrets.parquet", "--k", K];
  const summary = summaryOf(await run("retain", "retain", ...args, "--out", "retain.parquet"));
  const rows = await rowsOf("retain.parquet", RETAIN_COLUMNS);
  assertEquals([rows.length, summary.with_secrets, summary.skipped], [3, 48, 0]);
  assert(rows.every(({ doc_id, bleu4 }) => doc_id.endsWith("@00") && bleu4! >= 0.95));
});

Deno.test("unlearn with CodeEraser writes a checkpoint that is below the thresholds and keeps the retain set", async () => {
  const summary = summaryOf(await run("codeeraser", ...CODEERASER));
  assertEquals([summary.method, summary.status, summary.done], ["codeeraser", "reached", true]);
  assertEquals(summary.thresholds, { ma: 0.5, el_10: 0.2 });
  assert(summary.before.ma >= 0.9 && summary.after.ma < 0.5 && summary.after.el_10 < 0.2);
  assert(summary.before.retain_ma - summary.after.retain_ma < 0.05, JSON.stringify(summary));
  const rows = await rowsOf("codeeraser/history.parquet", HISTORY);
  assertEquals(rows.map(({ epoch }) => epoch), rows.map((_, i) => i));
  assertEquals([rows[0]!.loss, rows.at(-1)!.kept, summary.epoch], [null, true, rows.at(-1)!.epoch]);
  const terms = ["loss", "ce_secret", "kl_retain", "norm"] as const;
  assert(rows.slice(1).every((row) => terms.every((term) => row[term] !== null)));
});

Deno.test("unlearn says with exit 1 what was not forgotten, and the checkpoint is there all the same", async () => {
  const result = await run("ga", ...GA);
  const summary = summaryOf(result, 1);
  assertEquals([summary.method, summary.status, summary.done], ["ga", "not-converged", false]);
  const lines = result.stderr.trimEnd().split("\n");
  assertStringIncludes(lines.at(-1)!, "codescrub: Cannot call it forgotten: MA is ");
  assertStringIncludes(lines.at(-1)!, "after 2 epochs (not-converged): try more --epochs or ");
  assertEquals((await rowsOf("ga/history.parquet", HISTORY)).length, 3);
});

Deno.test("unlearn by each secret's own controls says what became of each, and what training brings back", async () => {
  const how =
    "--method codeeraser --thresholds matched --lr 1e-3 --epochs 6 --held 1 --lasting --max-benign 16 " +
    "--benign-steps 2 --cycles 1 --out own";
  const result = await run("own", ...UNLEARN, ...how.split(" "));
  const rows = await rowsOf("own/secrets.parquet", { ...OUTCOME_COLUMNS, ...OUTCOME_LATER_COLUMNS });
  const statuses = rows.map(({ status }) => status);
  const count = (status: string | null) => statuses.filter((other) => other === status).length;
  const byChance = aboveByChance(statuses.length, 0.05);
  const remembered = rows.filter((row) => row.status === "still above" && row.nll! < row.nll_floor!).length;
  const isAbove = count("still above") > byChance || remembered > 0;
  const trained = (await rowsOf("own/history.parquet", HISTORY)).filter(({ trained }) => trained > 0);
  const comesBack = /"status":"comes-back"/.test(result.stdout);
  const summary = summaryOf(result, isAbove || comesBack ? 1 : 0);
  assertEquals(summary.relapses.length, trained.length);
  assertEquals(trained.map((row) => [row.trained, row.kept, row.loss]), isAbove ? [] : [[2, false, null]]);
  if (summary.relapses[0] > byChance) assert(comesBack);
  assertMatch(result.stderr, /Training between: 16 texts, [1-9]\d* left out that hold what is forgotten/);
  const [erased, below_never_seen] = [count("erased"), count("below never-seen")];
  const counts = { erased, below_never_seen, still_above: count("still above"), without_tokens: count(null) };
  assertEquals(summary.secrets, { ...counts, above_by_chance: byChance, remembered });
  const isDone = !isAbove && !comesBack;
  assertEquals([summary.done, summary.status === "reached"], [isDone, isDone]);
  assert(erased + below_never_seen > 0);
  for (const row of rows) {
    const isBounded = row.controls! > 0 && row.ma_floor! <= row.ma_threshold;
    assert(isBounded && row.nll_before! < row.nll! && row.nll_floor! < row.nll_ceiling!, row.description);
    assertEquals(
      row.ma! > row.ma_threshold || row.el_10! > row.el_10_threshold,
      row.status === "still above",
    );
    if (row.ma_before! > row.ma_threshold) assert(row.epochs > 0);
  }
});

Deno.test("a checkpoint has what transformers reads, and no leftovers of its run", async () => {
  for (const name of ["codeeraser", "ga"]) {
    const folder = join(OUT, name);
    const files = ["README.md", "config.json", "history.parquet", "metrics.jsonl", "model.safetensors"];
    assertEquals(namesIn(folder), [...files, "run.json", "tokenizer.json"]);
    const record = JSON.parse(Deno.readTextFileSync(join(folder, "run.json")));
    assertEquals([record.command, record.status, record.settings.method], ["unlearn", "finished", name]);
    assertEquals(record.summary.after, summaryOf(runs[name]!, name === "ga" ? 1 : 0).after);
    assertEquals(
      Deno.readTextFileSync(join(folder, "tokenizer.json")),
      Deno.readTextFileSync(join(MODEL, "tokenizer.json")),
    );
  }
  using _engine = await openTensorFlow({ device: "cpu" });
  using before = await loadModel(MODEL);
  using after = await loadModel(join(OUT, "codeeraser"));
  assertEquals([after.dtype, after.model.config], [before.dtype, before.model.config]);
  const { torch_dtype: _, dtype: __, ...fields } = before.configJson;
  for (const [name, value] of Object.entries(fields)) assertEquals(after.configJson[name], value, name);
});

Deno.test("evaluate writes a row for each set and model, and one for each secret and model", async () => {
  const args = ["evaluate", "--before", MODEL, "--model", "codeeraser", "--model", "ga", ...SETS];
  const more = ["--unseen", UNSEEN, "--max-texts", "2", "--out", "evaluation.parquet"];
  const summary = summaryOf(await run("evaluate", ...args, ...more));
  const columns = { ...EVALUATION_COLUMNS, ...INTERVAL_COLUMNS, ...CHANGE_COLUMNS };
  const rows = await rowsOf("evaluation.parquet", columns);
  for (const { ma, ma_low, ma_high, el_10, el_10_low, el_10_high } of rows) {
    assert(ma_low! <= ma! && ma! <= ma_high! && el_10_low! <= el_10! && el_10! <= el_10_high!);
  }
  const models = ["before", "codeeraser", "ga"], sets = ["forget", "retain", "unseen"];
  assertEquals(
    rows.map(({ set, model }) => [set, model]),
    models.flatMap((model) => sets.map((set) => [set, model])),
  );
  assertEquals(rows.map(({ rows }) => rows), models.flatMap(() => [3, 3, 2]));
  assertEquals(summary.sets, rows.map((row) => ({ ...row })));
  const erased = summaryOf(runs.codeeraser!).after;
  const row = rows.find(({ set, model }) => set === "forget" && model === "codeeraser")!;
  assertEquals([row.ma, row.el_3, row.el_5, row.el_10], [erased.ma, erased.el_3, erased.el_5, erased.el_10]);
  const secrets = await rowsOf("evaluation.secrets.parquet", SECRET_SCORE_COLUMNS);
  const count = (model: string) => secrets.filter((secret) => secret.model === model).length;
  assert(count("before") >= 3 && count("before") === count("ga") && count("ga") === count("codeeraser"));
  assert(
    secrets.every(({ description }) =>
      /^(KEY|EMAIL|IP_ADDRESS), (\d|1[0-5]) characters$|, (1[6-9]|[2-9]\d|\d{3,}) characters, ..\.\.\.$/.test(
        description,
      )
    ),
  );
});

Deno.test("report makes one page of the run's tables", async () => {
  const summary = summaryOf(await run("report", "report", ".", "--out", "report.html"));
  const page = Deno.readTextFileSync(join(OUT, "report.html"));
  assertEquals(summary, {
    command: "report",
    bytes: new TextEncoder().encode(page).length,
    out: join(OUT, "report.html"),
  });
  for (const word of ["codeeraser", "ga", "<!doctype html>"]) assertStringIncludes(page.toLowerCase(), word);
  const markup = page.replaceAll(/(<script\b[^>]*>).*?<\/script>/gs, "$1"); // Plotly names its makers' site
  assert(!/(src|href)="(https?:)?\/\//.test(markup), "the page needs no network");
});

Deno.test("a finished output is refused without --force, another config is refused by naming the difference", async () => {
  const refused = async (args: string[], message: string) => {
    const before = Deno.statSync(join(OUT, "codeeraser/model.safetensors")).mtime;
    const { code, stdout, stderr } = await runCli(args, { cwd: OUT });
    assertEquals([code, stdout, stderr], [1, "", `codescrub: ${message}\n`]);
    assertEquals(Deno.statSync(join(OUT, "codeeraser/model.safetensors")).mtime, before);
  };
  const folder = join(OUT, "codeeraser");
  const table = join(OUT, "secrets.parquet");
  await refused(
    ["detect", TRAIN, "--out", "secrets.parquet"],
    `Cannot write "${table}": it is there already: give --force to replace it`,
  );
  await refused(
    CODEERASER,
    `Cannot write into "${folder}": it is finished already: give --force to replace it`,
  );
  await refused(
    [...CODEERASER, "--gamma", "0.1", "--seed", "7"],
    `Cannot continue "${folder}" with other settings: "gamma" was 0.5, is 0.1; "seed" was 42, is 7: name another place or give --force`,
  );
  const forced = await runCli(["detect", TRAIN, "--out", "secrets.parquet", "--force"], { cwd: OUT });
  assertEquals(forced.code, 0, forced.stderr);
});

Deno.test("no output of the run and nothing that it said shows a piece of a planted secret", async () => {
  const find = pieceFinder(corpus.values.flatMap((value) => secretPieces(value)));
  assertEquals(await findLeaks(OUT, find), []);
  assertEquals(Object.keys(runs).length, 11);
  for (const [name, { stdout, stderr }] of Object.entries(runs)) {
    assertEquals([...find(stdout), ...find(stderr)], [], name);
  }
  assert((await findLeaks(FOLDER, find)).length > 0, "the corpus beside it holds them all");
  assert(!existsSync(join(OUT, ".lock")));
});

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}
