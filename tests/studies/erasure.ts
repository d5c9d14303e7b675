/**
 * `deno task study:erasure`: what each way of unlearning leaves of the embedded model's secrets, by the commands that a
 * user runs, on several forget sets, beside the gold standard: the model trained anew, by its recipe, on the redacted corpus.
 * Hours; what is done is kept, so the same command goes on where it was killed. `--tables DIR` keeps the tables of what is
 * done elsewhere, without models and texts: what is there already is not done again, also on another machine.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatTable } from "../../lib/cli/console.ts";
import { ERASURE_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { RUN_FILES } from "../../lib/report/run_files.ts";
import { setUpFirst } from "../set_up.ts";
import { MODEL, path, prepareStudy, type StudyFiles, trainGold } from "./embedded_study.ts";
import { keepTable } from "./keep_table.ts";
import { stage } from "./stage.ts";
import { erasureTable, sumUpErasure } from "./sum_up_erasure.ts";

const GROUP = ["--stop", "group"];
const MATCHED = ["--thresholds", "matched"];

/** The options of `unlearn` by which each way is run. */
const METHODS: { [name: string]: (files: StudyFiles) => string[] } = {
  ga: ({ thresholds }) => ["--method", "ga", ...GROUP, "--thresholds", thresholds],
  cu: ({ thresholds }) => ["--method", "cu", ...GROUP, "--thresholds", thresholds],
  codeeraser: ({ thresholds }) => ["--method", "codeeraser", ...GROUP, "--thresholds", thresholds],
  "per secret": () => ["--method", "codeeraser", ...MATCHED],
  lasting: ({ defender }) => [
    ...["--method", "codeeraser", ...MATCHED, "--lasting", "--benign", defender],
    ...["--lr", "5e-4", "--epochs", "200"],
  ],
  "lasting held": ({ defender }) => [
    ...["--method", "codeeraser-held", "--gamma", "2", ...MATCHED, "--lasting", "--benign", defender],
    ...["--lr", "5e-4", "--epochs", "200"],
  ],
};
/** The model before, and the one that never saw a secret. */
const MODELS = ["before", "gold"];

/** The tables of a method on a forget set, from which the study's table is made. */
const TABLES = ["attacks/attacks.parquet", "attacks/attacks.json", RUN_FILES.evaluation, RUN_FILES.twins];

interface Trial {
  method: string;
  /** The forget set's number. */
  set: number;
  /** Those beside the ones that the table takes. */
  attacks: string[];
}

/** The paper's, for all trials: the first ones were made when it was the default. */
const ALPHA = "1";

/** Its folder's name. */
function nameOf({ method, set }: Pick<Trial, "method" | "set">): string {
  return `${method.replaceAll(" ", "_")}_${set}`;
}

/** Whether its tables are all in a folder. */
function isDone(trial: Trial, folder: string): boolean {
  return TABLES.every((name) => existsSync(join(folder, nameOf(trial), name)));
}

/** Keeps its tables in another folder, and how the gold standard was trained. */
async function keepTables(trial: Trial, from: string, to: string): Promise<void> {
  const names = TABLES.map((name) => join(nameOf(trial), name));
  if (trial.method === "gold") names.push("gold/training_log.jsonl");
  for (const name of names) await keepTable(join(from, name), join(to, name));
}

/** Unlearns where there is something to, attacks, and measures use. */
async function tryMethod(files: StudyFiles, trial: Trial): Promise<void> {
  const { method, set, attacks } = trial;
  const { out, train, sets, retain, attacker } = files;
  const forget = join(sets, `forget_${set}.parquet`);
  const at = (name: string) => join(out, nameOf(trial), name);
  await Deno.mkdir(at(""), { recursive: true });
  const model = method === "before" ? MODEL : method === "gold" ? await trainGold(files) : at("model");
  if (METHODS[method]) {
    await stage(join(model, "model.safetensors"), [
      ...["unlearn", "--config", path("data/embedded_preset.json"), "--alpha", ALPHA, "--model", MODEL],
      ...["--corpus", train, "--forget", forget, "--retain", retain],
      ...METHODS[method](files),
      ...["--out", model],
    ], { mayFail: true });
  }
  await stage(at("attacks/attacks.json"), [
    ...["attack", "--model", model, "--before", MODEL, "--corpus", train, "--forget", forget],
    ...["--attacks", ["exposure", "membership", "extract", "relearn", ...attacks].join(",")],
    ...["--attacks-before", "membership", "--benign", attacker, "--max-benign", "64"],
    ...["--relearn-steps", "20,100", "--relearn-rates", "0.0003", "--out", at("attacks")],
  ]);
  await stage(at(RUN_FILES.evaluation), [
    ...["evaluate", "--model", model, "--corpus", train, "--forget", forget, "--retain", retain],
    ...["--unseen", attacker, "--max-texts", "64", "--out", at(RUN_FILES.evaluation)],
  ]);
  await stage(at(RUN_FILES.twins), [
    ...["probe", "--model", model, "--corpus", files.twins, "--secrets", files.plantedTwins],
    ...["--out", at(RUN_FILES.twins)],
  ]);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "out/erasure" },
      sets: { type: "string", default: "0,1,2,3,4" },
      methods: { type: "string", default: [...MODELS, ...Object.keys(METHODS)].join() },
      attacks: { type: "string", default: "prefix,quantize" },
      tables: { type: "string" },
    },
  });
  const [sets, methods] = [values.sets.split(",").map(Number), values.methods.split(",")];
  const unknown = methods.find((name) => !METHODS[name] && !MODELS.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Unknown method "${unknown}": expected ${[...MODELS, ...Object.keys(METHODS)].join(", ")}`,
    );
  }
  await setUpFirst();
  const tables = values.tables ?? values.out;
  const attacks = values.attacks.split(",").filter(Boolean);
  const trials = sets.flatMap((set) => methods.map((method): Trial => ({ method, set, attacks })))
    .filter((trial) => !isDone(trial, tables));
  const files = trials.length > 0 ? await prepareStudy(values.out) : undefined;
  for (const trial of trials) {
    await tryMethod(files!, trial);
    if (tables !== values.out) await keepTables(trial, values.out, tables);
  }
  const rows = await sumUpErasure(tables);
  await writeRows(join(tables, "erasure.csv"), rows, ERASURE_COLUMNS);
  const { header, cells } = erasureTable(rows);
  console.log(formatTable(header, cells));
}
