import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import * as columns from "../lib/datasets/columns.ts";
import type { Columns } from "../lib/datasets/columns.ts";
import * as chunks from "../lib/datasets/chunk_columns.ts";
import * as collection from "../lib/datasets/collection_columns.ts";
import * as findings from "../lib/datasets/finding_columns.ts";
import * as sweep from "../lib/datasets/sweep_columns.ts";
import * as unseen from "../lib/datasets/unseen_columns.ts";
import * as utility from "../lib/datasets/utility_columns.ts";
import { writeEmbeddedCorpus } from "../lib/embedded/write_embedded_corpus.ts";
import { LIKELIHOOD_NAMES } from "../lib/datasets/metrics.ts";
import { readTable } from "../lib/datasets/tables.ts";
import { EMBEDDED_MODEL } from "../lib/cli/model_folder.ts";
import { callMain } from "./cli/call_main.ts";
import { tiny } from "./cli/tiny_cases.ts";
import { temporaryFolder } from "./cli/run_cli.ts";

/** A line of docs/tables.md. */
interface DocumentedColumn {
  type: string;
  there: string;
  empty: string;
}

/** The sections of docs/tables.md: columns by name. */
function readSections(): Map<string, Map<string, DocumentedColumn>> {
  const sections = new Map<string, Map<string, DocumentedColumn>>();
  for (const section of Deno.readTextFileSync("docs/tables.md").split(/^## /m).slice(1)) {
    const title = section.split("\n", 1)[0]!;
    const rows = section.split("\n").filter((line) => line.startsWith("| `"));
    const columns = rows.map((line): [string, DocumentedColumn] => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim());
      assertEquals(cells.length, 6, `${title}: ${line}`);
      const [name, type, unit, there, empty, meaning] = cells as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      for (const cell of [type, unit, there, empty, meaning]) {
        assert(cell !== "", `${title}: ${name} has an empty cell`);
      }
      return [name.replaceAll("`", ""), { type, there, empty }];
    });
    sections.set(title, new Map(columns));
  }
  return sections;
}

const SECTIONS = readSections();

const schemas = { ...columns, ...chunks, ...collection, ...findings, ...unseen, ...utility, ...sweep };

/** Where each schema of lib/datasets/columns.ts and of the files beside it is described; a part of a table is described with it. */
const DESCRIBED: { [schema: string]: string } = {
  SECRET_COLUMNS: "Secrets of `detect`",
  PROOF_COLUMNS: "Scores of `probe`",
  FOUND_COLUMNS: "Secrets of `detect`",
  DETECT_COLUMNS: "Secrets of `detect`",
  PLACE_COLUMNS: "Secrets of `detect`",
  FINDING_COLUMNS: "Secrets of `detect`",
  SKIPPED_COLUMNS: "Skipped files of `detect`",
  MEASURE_COLUMNS: "Scores of `measure`",
  THRESHOLD_COLUMNS: "Thresholds",
  THRESHOLD_INTERVAL_COLUMNS: "Thresholds",
  THRESHOLD_GROUP_COLUMNS: "Groups of `thresholds`",
  DROPPED_COLUMNS: "Dropped texts of `dedupe`",
  UNSEEN_COLUMNS: "Texts of `sample`",
  PROBE_COLUMNS: "Scores of `probe`",
  PROBE_EL_COLUMNS: "Scores of `probe`",
  CONTROL_COLUMNS: "Scores of `probe`",
  DISTRIBUTION_COLUMNS: "Distribution of `analyze`",
  FORGET_COLUMNS: "Forget set",
  RETAIN_COLUMNS: "Retain set",
  HISTORY_COLUMNS: "History of `unlearn`",
  NORM_COLUMNS: "History of `unlearn`",
  OUTCOME_COLUMNS: "Secrets of `unlearn`",
  OUTCOME_LATER_COLUMNS: "Secrets of `unlearn`",
  CHUNK_COLUMNS: "Chunks of `unlearn`",
  CHUNK_EPOCH_COLUMNS: "Epochs of chunks",
  EVALUATION_COLUMNS: "Sets of `evaluate`",
  INTERVAL_COLUMNS: "Sets of `evaluate`",
  SECRET_SCORE_COLUMNS: "Secrets of `evaluate`",
  UTILITY_COLUMNS: "Measures of `evaluate --utility`",
  RELIABILITY_COLUMNS: "Reliability of `evaluate --utility`",
  ATTACK_COLUMNS: "Attacks",
  HUMANEVAL_SAMPLE_COLUMNS: "Samples of `humaneval`",
  HUMANEVAL_PROBLEM_COLUMNS: "Problems of `humaneval`",
  SETTING_COLUMNS: "Runs of `sweep`",
  SWEEP_COLUMNS: "Runs of `sweep`",
  SWEEP_LATER_COLUMNS: "Runs of `sweep`",
  SWEEP_MEAN_COLUMNS: "Means of `sweep`",
  SWEEP_DIFFERENCE_COLUMNS: "Means of `sweep`",
  DUPLICATION_COLUMNS: "Duplication",
  PLANTED_COLUMNS: "Planted secrets",
  HYPERPARAMETER_COLUMNS: "Hyperparameters",
  ERASURE_COLUMNS: "Erasure study",
  REPOSITORY_COLUMNS: "Repositories of `crawl`",
  SOURCE_COLUMNS: "Sources of `collect`",
};
/** Tables whose columns no schema has. */
const OTHERS = ["Corpus", "Log of `train`"];

function schemasOf(title: string): Columns {
  const own = Object.entries(schemas).filter(([name]) => DESCRIBED[name] === title);
  return Object.assign({}, ...own.map(([, columns]) => columns));
}

Deno.test("docs/tables.md describes every column of every schema, with its type and whether it may be empty", () => {
  const names = Object.keys(schemas).filter((name) => name.endsWith("_COLUMNS")).sort();
  assertEquals(names, Object.keys(DESCRIBED).sort(), "a new schema needs a section");
  const titles = new Set([...Object.values(DESCRIBED), ...OTHERS]);
  assertEquals([...SECTIONS.keys()].sort(), [...titles].sort());
  for (const title of new Set(Object.values(DESCRIBED))) {
    const columns = schemasOf(title);
    const section = SECTIONS.get(title)!;
    for (const [name, type] of Object.entries(columns)) {
      const line = section.get(name);
      assert(line, `${title}: no line for column "${name}"`);
      assertEquals([name, line.type, line.empty !== "never"], [
        name,
        type.replace("?", ""),
        type.endsWith("?"),
      ], title);
    }
    const always = [...section].filter(([, { there }]) => there === "always").map(([name]) => name);
    assertEquals(always.filter((name) => !(name in columns)), [], `${title}: columns that no schema has`);
  }
});

/** Fails unless a table has the documented columns that are always there, and no other than documented ones. */
async function checkTable(path: string, title: string, added: string[] = []): Promise<void> {
  const section = SECTIONS.get(title)!;
  const found = (await readTable(path)).columns;
  assertEquals(
    found.filter((name) => !section.has(name)),
    [],
    `${path}: columns without a line in docs/tables.md`,
  );
  const always = [...section].filter(([, { there }]) => there === "always").map(([name]) => name);
  assertEquals([...found].sort(), [...always, ...added].sort(), `${path}: ${title}`);
}

Deno.test("the tables that commands write have the documented columns and no others", async () => {
  using at = await tiny();
  const { path } = at;
  const run = async (command: string, ...args: string[]) => {
    const { code, stderr } = await callMain([command, ...args]);
    assertEquals(code === 0 || command === "unlearn", true, stderr);
  };
  const scored = ["--model", at.model, "--corpus", at.corpus];
  const sets = ["--forget", at.forget, "--retain", at.retain];
  await Deno.mkdir(path("src"));
  await Deno.writeTextFile(path("src/a.py"), "x = 1  # ada@mail.invalid\n");
  await Deno.writeFile(path("src/b.py"), Uint8Array.of(0, 255, 0));
  await run("detect", path("src"), "--out", path("found.csv"), "--skipped", path("skipped.csv"), "--reveal");
  await checkTable(path("found.csv"), "Secrets of `detect`", ["value"]);
  await checkTable(path("skipped.csv"), "Skipped files of `detect`");
  await run("detect", path("src"), "--out", path("places.csv"), "--places");
  await checkTable(path("places.csv"), "Secrets of `detect`", Object.keys(findings.PLACE_COLUMNS));
  await run("detect", at.corpus, "--out", path("parts.csv"), "--shard", "0/1");
  await checkTable(path("parts-00000-of-00001.csv"), "Secrets of `detect`", ["row"]);
  await run("merge", path("parts.csv"));
  await checkTable(path("parts.csv"), "Secrets of `detect`");
  await run("measure", "--model", at.model, "--texts", at.corpus, "--out", path("measured.csv"));
  await checkTable(path("measured.csv"), "Scores of `measure`");
  await run(
    "thresholds",
    "--model",
    at.model,
    "--texts",
    at.corpus,
    "--runs",
    "1",
    "--groups",
    path("groups.csv"),
    "--out",
    path("limits.csv"),
  );
  await checkTable(path("limits.csv"), "Thresholds");
  await checkTable(path("groups.csv"), "Groups of `thresholds`");
  const deduped = ["--corpus", at.corpus, "--near", "0.7", "--dropped", path("dropped.csv")];
  await run("dedupe", ...deduped, "--out", path("kept"));
  await checkTable(path("dropped.csv"), "Dropped texts of `dedupe`");
  const taken = ["--corpus", at.corpus, "--tokenizer", at.model, "--min-tokens", "1"];
  await run("sample", ...taken, "--out", path("unseen.csv"));
  await checkTable(path("unseen.csv"), "Texts of `sample`");
  const el = LIKELIHOOD_NAMES;
  await run("probe", ...scored, "--secrets", path("parts.csv"), "--out", path("probe.csv"));
  await checkTable(path("probe.csv"), "Scores of `probe`");
  await run(
    "probe",
    ...scored,
    "--secrets",
    path("parts.csv"),
    "--el",
    "--reveal",
    "--out",
    path("shown.csv"),
  );
  await checkTable(path("shown.csv"), "Scores of `probe`", [...el, "value"]);
  const more = Object.keys(schemas.CONTROL_COLUMNS);
  const compared = ["--secrets", path("parts.csv"), "--controls", "2", "--out", path("compared.csv")];
  await run("probe", ...scored, ...compared);
  await checkTable(path("compared.csv"), "Scores of `probe`", more);
  await run("analyze", "--probe", path("probe.csv"), "--threshold", "0.4", "--out", path("bins.csv"));
  await checkTable(path("bins.csv"), "Distribution of `analyze`");
  await run(
    "select",
    "--probe",
    at.probe,
    "--corpus",
    at.corpus,
    "--k",
    "4",
    "--groups",
    "1",
    "--out",
    path("sets"),
  );
  await checkTable(path("sets/forget_0.parquet"), "Forget set");
  const texts = ["--texts", at.corpus, "--secrets", at.secrets, "--any", "--k", "4"];
  await run("retain", "--model", at.model, ...texts, "--out", path("kept.csv"));
  await checkTable(path("kept.csv"), "Retain set");
  const how = ["--method", "ga", "--thresholds", at.thresholds, "--epochs", "1"];
  await run("unlearn", ...scored, ...sets, ...how, "--out", path("ga"));
  await checkTable(path("ga/history.parquet"), "History of `unlearn`");
  await checkTable(path("ga/secrets.parquet"), "Secrets of `unlearn`");
  await run("unlearn", ...scored, ...sets, ...how, "--chunk-rows", "2", "--out", path("cut"));
  await checkTable(path("cut/chunks.parquet"), "Chunks of `unlearn`");
  await checkTable(path("cut/chunk_epochs.parquet"), "Epochs of chunks");
  await run("evaluate", ...scored, ...sets, "--utility", "--out", path("evaluated.csv"));
  await checkTable(path("evaluated.csv"), "Sets of `evaluate`");
  await checkTable(path("evaluated.secrets.csv"), "Secrets of `evaluate`");
  await checkTable(path("evaluated.utility.csv"), "Measures of `evaluate --utility`");
  await checkTable(path("evaluated.reliability.csv"), "Reliability of `evaluate --utility`");
  const attacked = ["--attacks", "exposure,extract", "--controls", "9", "--attacked-controls", "1"];
  await run("attack", ...scored, "--forget", at.forget, ...attacked, "--out", path("attacked"));
  await checkTable(path("attacked/attacks.parquet"), "Attacks");
  const steps = ["--steps", "2", "--batch", "2", "--length", "16"];
  await run("train", "--corpus", at.corpus, "--model", at.model, ...steps, "--out", path("trained"));
  await checkTable(path("trained/training_log.jsonl"), "Log of `train`");
});

Deno.test("the tables of the embedded corpus and of data/ have the documented columns", async () => {
  using folder = temporaryFolder();
  const tokenizer = await Deno.readTextFile(join(EMBEDDED_MODEL, "tokenizer.json"));
  const files = await writeEmbeddedCorpus(folder.path, { tokenizer });
  await checkTable(files.planted, "Planted secrets");
  await checkTable(files.plantedTwins, "Planted secrets");
  await checkTable("data/hyperparameters.csv", "Hyperparameters");
  await checkTable("data/thresholds/embedded.parquet", "Thresholds");
  await checkTable("data/thresholds/smollm2.parquet", "Thresholds");
  const corpus = (await readTable(files.unseen)).columns;
  assertEquals(corpus.filter((name) => !SECTIONS.get("Corpus")!.has(name)), []);
});
