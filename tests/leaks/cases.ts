/** The command lines of the leak harness: each command on good files with secrets, and on bad files in place of each input. */
import { join } from "node:path";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { EVALUATION_COLUMNS, HISTORY_COLUMNS, SECRET_SCORE_COLUMNS } from "../../lib/datasets/columns.ts";
import { argumentsOf, type Flags } from "../cli/tiny_cases.ts";
import type { TinyRun } from "../cli/tiny_run.ts";
import { writeSweep } from "../cli/tiny_sweep.ts";
import {
  badAllowLists,
  badBigrams,
  badRequests,
  badSettings,
  badTables,
  type TableKind,
  writeBadModels,
} from "./bad_files.ts";
import { INPUTS, kindOf, TABLES } from "./inputs.ts";
import { writeManyRows, writeRequest, writeShards, writeSourceFolder } from "./good_files.ts";
import type { Plants } from "./plants.ts";
import { asShard, writeFiles } from "./write_files.ts";

/** One command line. */
export interface LeakCase {
  command: keyof typeof COMMANDS;
  /** What is given, for messages. */
  about: string;
  args: string[];
  /** Whether it should succeed: the outputs of a good run are what is searched, so it must have some. */
  isGood?: boolean;
  /** It writes secrets because it was asked to: the proof that the search sees them. */
  isRevealing?: boolean;
  /** It starts workers, whose uncaught errors Deno writes itself: a process of its own. */
  isProcess?: boolean;
  /** Of the values in the corpus only what detection found is searched for: the rest of the user's text stays. */
  keepsCorpus?: boolean;
  /** Its output is texts of the corpus as they stand: what it says, records and lists is searched. */
  copiesTexts?: boolean;
}

/** Where a run's files are. */
export interface CaseFiles extends TinyRun {
  /** What `detect` made of the corpus. */
  found: string;
  /** A folder with a run's tables. */
  run: string;
  /** Where outputs go; emptied after each case. */
  out: string;
  /** Where bad files are written. */
  bad: string;
}

const COPYING = ["dedupe", "sample"];
const MODEL_COMMANDS = [
  ...["measure", "thresholds", "probe", "retain", "unlearn", "evaluate", "attack", "certify", "verify"],
  ...["humaneval", "train"],
];

/** A command's line on the good files, some flags changed. */
export function lineOf(command: string, files: CaseFiles, changes: Flags = {}): string[] {
  const out = (name: string) => join(files.out, name);
  const own: { [command: string]: Flags } = {
    report: { tables: files.run, out: out("page.html") },
    collect: { out: out("code") },
    select: { out: out("sets") },
    unlearn: { out: out("model"), epochs: 1 },
    attack: {
      out: out("attacks"),
      attacks: "exposure,extract,relearn",
      "relearn-steps": 1,
      "relearn-rates": 0.001,
    },
    humaneval: { out: out("passes") },
    scrub: { out: out("run") },
    sweep: { out: out("sweep") },
    certify: { out: out("certificate.json") },
    verify: { out: undefined },
    redact: { out: out("clean"), secrets: files.found },
    dedupe: { out: out("kept"), dropped: out("dropped.csv") },
    merge: { table: out("table.parquet") },
    analyze: { out: out("table.csv") },
    train: {
      ...{ corpus: files.corpus, out: out("model"), model: files.model },
      ...{ steps: 2, batch: 2, length: 32, warmup: 1 },
    },
  };
  return [
    ...argumentsOf(command, files, { out: out("table.parquet"), ...own[command], ...changes }),
    "--json",
  ];
}

/** Every command on good files, and as they are asked for their help or wrongly. */
export async function* goodCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  const folder = await writeSourceFolder(files, plants);
  const many = await writeManyRows(files, plants);
  const good: [keyof typeof COMMANDS, string, Flags?][] = [
    ["detect", "a table"],
    ["detect", "a folder with names that are secrets", {
      corpus: folder,
      skipped: join(files.out, "skipped.csv"),
    }],
    ["detect", "findings for people", {
      sarif: join(files.out, "found.sarif"),
      html: join(files.out, "found.html"),
      "allow-comments": true,
      decode: true,
    }],
    ["detect", "findings of a folder for people", {
      corpus: folder,
      out: undefined,
      sarif: join(files.out, "found.sarif"),
      html: join(files.out, "found.html"),
    }],
    ["detect", "nothing that is not known", { baseline: files.found }],
    ["detect", "values revealed", { reveal: true }],
    ["detect", "rows for many workers", { corpus: many.whole, workers: 2 }],
    ["detect", "a table as CSV", { out: join(files.out, "table.csv") }],
    ["detect", "a shard", { shard: "0/1" }],
    ["merge", "findings for people", {
      table: await writeShards(files, folder),
      sarif: join(files.out, "found.sarif"),
    }],
    ["redact", "a table"],
    ["redact", "a table by tags", { by: "tag" }],
    ["dedupe", "a table, nearly equal texts too", { near: 0.7 }],
    ["dedupe", "a folder, beside a corpus", { corpus: folder, against: files.corpus }],
    ["dedupe", "a plan", { plan: true }],
    ["sample", "a table"],
    ["sample", "a folder as the reference", { corpus: folder, compat: "reference" }],
    ["measure", "a table"],
    ["measure", "a folder", { texts: folder }],
    ["thresholds", "a table", { runs: 1 }],
    ["probe", "a table", { el: true }],
    ["analyze", "a table"],
    ["select", "a table"],
    ["retain", "a table"],
    ["unlearn", "a table"],
    ["unlearn", "trained between", {
      lasting: true,
      benignSteps: 1,
      cycles: 1,
      thresholds: undefined,
      ma: 0,
      el10: 0,
    }],
    ["evaluate", "a table"],
    ["evaluate", "measures of use", { utility: true, unseen: files.corpus }],
    ["humaneval", "problems"],
    ["humaneval", "a plan", { plan: true }],
    ["attack", "a table and a folder", { attacks: undefined, benign: folder }],
    ["attack", "texts that hold what was forgotten", { benign: files.corpus }],
    ["scrub", "a request", { request: await writeRequest(files, plants) }],
    ["scrub", "a plan", { request: await writeRequest(files, plants), plan: true }],
    ["scrub", "all that is found", { request: undefined, "min-bleu": 0, any: undefined }],
    ["sweep", "a study", { sweep: await writeSweep(files) }],
    ["certify", "a model"],
    ["verify", "a certificate"],
    ["report", "a run"],
    ["train", "a table"],
    ["doctor", "what is there"],
  ];
  for (const [command, about, changes] of good) {
    const args = command === "doctor" ? ["doctor", "--json"] : lineOf(command, files, changes);
    // No text of a random model is memorized, and none is forgotten in one epoch.
    const isRefused = command === "attack" && changes?.benign === files.corpus;
    const isGood = command !== "retain" && command !== "unlearn" && !isRefused &&
      about !== "all that is found";
    const isRevealing = changes?.reveal === true, isProcess = changes?.workers !== undefined;
    const copies = { keepsCorpus: command === "redact", copiesTexts: COPYING.includes(command) };
    yield { command, about, args, isGood, isRevealing, isProcess, ...copies };
  }
  const args = lineOf("detect", files, { corpus: many.cut, workers: 2 });
  yield { command: "detect", about: "a line cut behind many", args, isProcess: true };
  const typed = "aB3xK9qLm2Zw7RtY"; // what the user types may be shown to the user
  for (const command of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
    yield { command, about: "help", args: [command, "--help"] };
    yield { command, about: "an unknown flag", args: [command, `--${typed}`] };
    yield { command, about: "an unknown word", args: [command, typed, typed, typed] };
  }
}

/** Every command with every bad file as each of its inputs. */
export async function* badCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  for (const [command, inputs] of Object.entries(INPUTS)) {
    for (const [flag, kind] of Object.entries(inputs)) {
      const where = `${command} --${flag}`;
      const folder = join(files.bad, `${command}-${flag}`);
      for (const path of await writeFiles(folder, await badTables(TABLES[kind], plants, where))) {
        const other = command === "sample" && flag === "problems" ? { corpus: undefined } : {};
        const changes = command === "merge" ? { table: await asShard(path) } : { [flag]: path, ...other };
        yield caseOf(command, path, lineOf(command, files, changes), flag);
      }
    }
  }
  yield* settingsCases(files, plants);
  yield* documentCases(files, plants);
  yield* detectCases(files, plants);
  yield* modelCases(files, plants);
  yield* runCases(files, plants);
}

function caseOf(command: string, path: string, args: string[], flag: string): LeakCase {
  const copies = { keepsCorpus: command === "redact", copiesTexts: COPYING.includes(command) };
  return { command: command as LeakCase["command"], about: `--${flag} ${path}`, args, ...copies };
}

async function* settingsCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  for (const command of Object.keys(COMMANDS)) {
    const { config } = (await COMMANDS[command as LeakCase["command"]].load()).command;
    if (!config) continue;
    for (
      const path of await writeFiles(
        join(files.bad, `${command}-config`),
        badSettings(plants, `${command} --config`),
      )
    ) {
      const args = command === "demo" ? ["demo"] : lineOf(command, files);
      yield caseOf(command, path, [...args, "--config", path], "config");
    }
  }
}

/** Certificates, requests and sweeps, which are no tables. */
async function* documentCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  const documents = [
    ["verify", "certificate", badSettings(plants, "a certificate")],
    ["scrub", "request", badRequests(plants)],
    ["sweep", "sweep", badSettings(plants, "a sweep")],
  ] as const;
  for (const [command, flag, bad] of documents) {
    for (const path of await writeFiles(join(files.bad, flag), bad)) {
      yield caseOf(command, path, lineOf(command, files, { [flag]: path }), flag);
    }
  }
}

async function* detectCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  const lists = ["allow", "ignore"].map((flag) => [flag, badAllowLists(plants)] as const);
  for (const [flag, bad] of [...lists, ["bigrams", badBigrams(plants)] as const]) {
    for (const path of await writeFiles(join(files.bad, flag), bad)) {
      yield caseOf("detect", path, lineOf("detect", files, { [flag]: path }), flag);
    }
  }
}

async function* modelCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  const models = await writeBadModels(join(files.bad, "models"), plants);
  for (const [i, model] of models.entries()) {
    const command = MODEL_COMMANDS[i % MODEL_COMMANDS.length]!;
    for (const name of new Set(["measure", command])) {
      yield caseOf(name, model, lineOf(name, files, { model }), "model");
    }
    if (i % MODEL_COMMANDS.length === 0) {
      yield caseOf("sample", model, lineOf("sample", files, { tokenizer: model }), "tokenizer");
    }
  }
}

/** `report` on runs with broken tables and records; other commands on output folders that hold some. */
async function* runCases(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  const tables: { [name: string]: TableKind } = {
    "probe.parquet": TABLES.probe,
    "secrets.parquet": TABLES.found,
    "thresholds.parquet": TABLES.thresholds,
    "history.csv": kindOf(HISTORY_COLUMNS),
    "evaluation.parquet": kindOf(EVALUATION_COLUMNS),
    "evaluation.secrets.parquet": kindOf(SECRET_SCORE_COLUMNS),
  };
  for (const [name, kind] of Object.entries(tables)) {
    const all = await badTables(kind, plants, `report, ${name}`);
    const bad = all.filter(([file]) => file.endsWith(name.slice(name.lastIndexOf("."))));
    for (const [i, [, content]] of bad.entries()) {
      const run = join(files.bad, `run-${name}-${i}`);
      await writeFiles(run, [[name, content]]);
      for (const tables of [run, join(run, name)]) {
        yield caseOf("report", tables, lineOf("report", files, { tables }), "tables");
      }
    }
  }
  for (const [i, [, content]] of badSettings(plants, "run.json").entries()) {
    const run = join(files.bad, `record-${i}`);
    await writeFiles(run, [["run.json", content], [".lock", plants.text("a lock")]]);
    await Deno.copyFile(files.probe, join(run, "probe.parquet"));
    yield caseOf("report", run, lineOf("report", files, { tables: run }), "tables");
    yield caseOf("select", run, lineOf("select", files, { out: run }), "out");
    yield caseOf("train", run, lineOf("train", files, { out: run }), "out");
  }
}
