/**
 * Unlearns the embedded model once for each value of each hyperparameter, the others by default, and
 * by the other methods, and writes every epoch into `hyperparameters.csv`. It reads the sets and thresholds that
 * `deno task demo` left in out/demo (or in the folder named) and takes the first documents of each. What the table
 * holds already is not run again: delete the table to begin anew.
 *
 * `deno run -P=codescrub data/make_hyperparameters.ts [RUN]`
 *
 * @module
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  forgetExamples,
  HYPERPARAMETER_COLUMNS,
  readCorpus,
  readRows,
  retainExamples,
  type RowOf,
  writeRows,
} from "../lib/datasets/mod.ts";
import { openTensorFlow } from "../lib/engine/mod.ts";
import { Scorer } from "../lib/metrics/mod.ts";
import { loadModel, openTokenizer } from "../lib/checkpoints/mod.ts";
import { writeEmbeddedCorpus } from "../lib/embedded/mod.ts";
import { methodDefaults, PAPER_METHODS, unlearn, type UnlearnEpoch } from "../lib/unlearning/mod.ts";
import preset from "./embedded_preset.json" with { type: "json" };

/** Enough for the shape of every effect, few enough for the whole table in a quarter of an hour. */
const ROWS = { forget: 8, retain: 16, unseen: 32 };
const EPOCHS = 24;
const VALUES = {
  gamma: [0, 0.1, 0.5, 1, 2],
  lambda: [0, 0.03, 0.1, 0.3, 1],
  alpha: [0, 1, 10, 200, 400],
  lr: [0.5e-4, 1e-4, 2e-4, 4e-4, 8e-4],
};

type HyperparameterRow = RowOf<typeof HYPERPARAMETER_COLUMNS>;
type Settings = Pick<HyperparameterRow, "method" | "gamma" | "lambda" | "alpha" | "lr">;

const { gamma, lambda, alpha } = methodDefaults("codeeraser") as Pick<Settings, "gamma" | "lambda" | "alpha">;
const base: Settings = { method: "codeeraser", gamma, lambda, alpha, lr: preset.lr };
const settings: Settings[] = [
  base,
  ...Object.entries(VALUES).flatMap(([name, values]) => values.map((value) => ({ ...base, [name]: value }))),
  ...PAPER_METHODS.map((method) => ({ ...base, method })),
  ...VALUES.lr.map((lr) => ({ ...base, method: "ga", lr })),
];
const keyOf = ({ method, gamma, lambda, alpha, lr }: Settings) =>
  JSON.stringify([method, gamma, lambda, alpha, lr]);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const run = Deno.args[0] ?? path("../out/demo");
const out = path("hyperparameters.csv");

using _engine = await openTensorFlow({ device: "cpu" });
const tokenizer = await openTokenizer(path("model"));
const files = await writeEmbeddedCorpus(undefined, {
  tokenizer: await Deno.readTextFile(path("model/tokenizer.json")),
});
const { documents } = await readCorpus(files.train);
const forgetRows = await readRows(`${run}/sets/forget_0.parquet`, {
  doc_id: "text",
  window: "int",
  spans: "text",
});
const retainRows = await readRows(`${run}/retain.parquet`, { doc_id: "text" });
const bounds = await readRows(`${run}/thresholds.parquet`, { metric: "text", mean: "float" });
const thresholdOf = (name: string) => bounds.find(({ metric }) => metric === name)!.mean;
const texts = (await readCorpus(files.unseen)).documents.slice(0, ROWS.unseen).map(({ text }) => text);
const sets = {
  forget: await forgetExamples({ tokenizer, documents }, forgetRows.slice(0, ROWS.forget)),
  retain: await retainExamples(
    { tokenizer, documents },
    retainRows.slice(0, ROWS.retain).map(({ doc_id }) => doc_id),
  ),
};
const unseen = (await tokenizer.encodeBatch(texts)).map(({ ids }) => ids.subarray(0, 128));

const rows: HyperparameterRow[] = existsSync(out) ? await readRows(out, HYPERPARAMETER_COLUMNS) : [];
for (const [i, setting] of settings.entries()) {
  if (rows.some((row) => keyOf(row) === keyOf(setting))) continue;
  rows.push(...await tableOf(setting));
  await writeRows(out, rows, HYPERPARAMETER_COLUMNS);
  const last = rows.at(-1)!;
  console.log(`${i + 1} of ${settings.length}: ${keyOf(setting)} ${last.status} after ${last.epoch} epochs`);
}

/** One run as rows. */
async function tableOf(setting: Settings): Promise<HyperparameterRow[]> {
  using loaded = await loadModel(path("model"));
  using scorer = new Scorer(loaded.model);
  const unseenLoss = async () => {
    const losses = (await scorer.texts(unseen, { el: false })).map(({ nll }) => nll!);
    return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  };
  const before = await unseenLoss();
  const { history, status, epoch } = await unlearn(loaded.model, sets, {
    ...preset,
    ...setting,
    epochs: EPOCHS,
    compat: "sound",
    thresholds: { ma: thresholdOf("ma"), el_10: thresholdOf("el_10") },
    endOfText: tokenizer.endOfText,
    xla: false,
  });
  const after = await unseenLoss();
  return history.map((row) => ({
    ...setting,
    ...rounded(row),
    unseen_nll: round(row.epoch === 0 ? before : row.epoch === epoch ? after : null),
    status,
  }));
}

/** Five digits: more are not the same on another machine. */
function round(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(5));
}

function rounded(row: UnlearnEpoch): UnlearnEpoch {
  const numbers = Object.entries(row).map((
    [name, value],
  ) => [name, typeof value === "number" ? round(value) : value]);
  return Object.fromEntries(numbers);
}
