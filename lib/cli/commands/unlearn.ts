/**
 * `unlearn`: makes a model forget a forget set, into a checkpoint of its own. Continued after a kill at its last epoch;
 * the numbers it ends with are measured on the checkpoint as it was written and read back.
 *
 * @module
 */
import {
  FORGET_COLUMNS,
  HISTORY_COLUMNS,
  RETAIN_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../../datasets/columns.ts";
import { forgetExamples, retainExamples } from "../../datasets/examples.ts";
import { findDocuments } from "../../datasets/find_documents.ts";
import { perMetric, THRESHOLD_METRICS } from "../../datasets/metrics.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import type { Products } from "../../engine/compile.ts";
import { evaluateSets, type EvaluationSets } from "../../evaluation/evaluate_sets.ts";
import { openScorer, type ScoreMemo } from "../../metrics/score_memo.ts";
import { loadModel } from "../../checkpoints/load.ts";
import { MODEL_FILES, saveModel } from "../../checkpoints/save.ts";
import { checkpointBytes, CHECKPOINTS } from "../../training/checkpoint.ts";
import type { StopThresholds } from "../../unlearning/early_stop.ts";
import { METHODS, objectiveOf, type ObjectiveOptions } from "../../unlearning/objectives.ts";
import { unlearn } from "../../unlearning/unlearn.ts";
import { defineCommand, type Json, UsageError } from "../command.ts";
import { CORPUS_OPTIONS, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION, SAVE_DTYPE_OPTION, storageOf } from "../dtype_options.ts";
import { MODEL_OPTION, modelInput } from "../model_folder.ts";
import { memoryOf } from "../memory.ts";
import { checkSpace } from "../output.ts";
import { startReading } from "../reading.ts";
import { openRunFolder } from "../run_folder.ts";
import { secretKey } from "../secret_key.ts";
import { openEngine, openModel } from "../session.ts";
import { sayUnlearningMemory } from "../unlearn_memory.ts";
import { describeEpoch, describeRate, describeUnlearning, metricsOf } from "../unlearn_report.ts";

/** Methods that take no step on a retain set. */
const ALONE = METHODS.filter((method) =>
  objectiveOf(method, { gamma: 0, lambda: 0, alpha: 0 }).retain === null
);

/**
 * The command `unlearn`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./unlearn.ts";
 *
 * assertEquals([command.options.lr.default, command.options.gamma.default], [3e-6, 0.5]);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: MODEL_OPTION,
    dtype: DTYPE_OPTION,
    corpus: { kind: "path", describe: "the corpus", metavar: "C", required: true },
    ...CORPUS_OPTIONS,
    forget: { kind: "path", describe: "forget set that select wrote", metavar: "F", required: true },
    retain: {
      kind: "path",
      describe: `retain set that retain wrote; ${ALONE.join(" and ")} do without`,
      metavar: "F",
    },
    method: { kind: "choice", describe: "how", choices: METHODS, required: true },
    thresholds: { kind: "path", describe: "table that thresholds wrote", metavar: "F" },
    ma: { kind: "float", describe: "MA to fall below, instead of --thresholds", min: 0, max: 1 },
    el10: { kind: "float", describe: "EL_10 to fall below, instead of --thresholds", min: 0, max: 1 },
    lr: { kind: "float", describe: "Adam's learning rate", default: 3e-6, min: 0 },
    epochs: { kind: "int", describe: "epochs, at most", default: 100, min: 1 },
    gamma: { kind: "float", describe: "weight of the other tokens' cross entropy", default: 0.5, min: 0 },
    lambda: { kind: "float", describe: "weight of the divergence", default: 0.1, min: 0 },
    alpha: { kind: "float", describe: "weight of the retain side within lambda", default: 1, min: 0 },
    margin: {
      kind: "float",
      describe: "EL_10 is measured from MA's threshold plus this on",
      default: 0.1,
      min: 0,
    },
    microBatch: { kind: "int", describe: "rows at once; the result is the same", default: 8, min: 1 },
    compat: {
      kind: "choice",
      describe: "whose means and stop",
      choices: ["sound", "paper", "reference"],
      default: "sound",
    },
    saveDtype: SAVE_DTYPE_OPTION,
    out: { kind: "path", describe: "folder of the checkpoint", metavar: "DIR", required: true },
  },
  config: true,
  writes: true,
  async run(values, context) {
    const { out } = values;
    const thresholds = await readThresholds(values);
    const forgetRows = await readRows(values.forget, FORGET_COLUMNS);
    const retainRows = await readRetainSet(values);
    if (forgetRows.length === 0) {
      throw new RangeError(`Cannot unlearn with "${values.forget}": it has no rows`);
    }
    const { forget, retain, thresholds: bounds } = values;
    using corpus = await givenCorpus(values.corpus, values);
    using engine = await openEngine();
    using run = await openRunFolder(out, {
      command: "unlearn",
      context,
      inputs: {
        model: await modelInput(values.model, context),
        corpus: corpus.input,
        ...{ forget, retain, thresholds: bounds },
      },
      outputs: [...MODEL_FILES, "history.parquet"],
      scratch: [CHECKPOINTS],
      versions: { tensorflow: engine.version },
    });
    const source = await resolveCorpus(corpus.path, corpus.options);
    const reading = await startReading({ source, options: corpus.options }, context);
    const ids = [...forgetRows, ...retainRows].map(({ doc_id }) => doc_id);
    const documents = await findDocuments(source, ids, reading.options);
    reading.done();
    const memory = await sayUnlearningMemory(values, { forgetRows, retainRows }, context);
    using session = await openModel(values.model, context, { products: values.dtype, trainable: true });
    const { loaded, tokenizer } = session;
    const sets = {
      forget: await forgetExamples({ tokenizer, documents, key: secretKey }, forgetRows),
      retain: await retainExamples({ tokenizer, documents }, retainRows.map(({ doc_id }) => doc_id)),
    };
    checkSpace(out, checkpointBytes(loaded.model.trainableCount, { states: 4 }));
    const stage = context.progress.start(`Unlearning (${values.method})`, values.epochs, "epochs", {
      isMost: true,
    });
    let note = "";
    const result = await unlearn(loaded.model, sets, {
      ...values,
      compat: values.compat,
      thresholds,
      endOfText: tokenizer.endOfText,
    }, {
      folder: out,
      signal: context.signal,
      onContinue: (epochs) => stage.skip(epochs),
      onNote: (rate) => context.log(describeRate(rate)),
      onBatch: async (done, total) => {
        stage.advance(0, [note, `batch ${done} of ${total}`].filter(Boolean).join(", "));
        await context.breathe();
      },
      onEpoch: async (epoch) => {
        note = describeEpoch(epoch);
        stage.advance(epoch.epoch === 0 ? 0 : 1, note);
        await context.breathe().catch(() => {}); // the run ends by the signal, after its checkpoint
      },
    });
    if (result.status === "interrupted") await context.breathe();
    stage.done(result.status);
    await saveModel(loaded.model, out, {
      configJson: loaded.configJson,
      dtype: storageOf(values.saveDtype, loaded.dtype),
      tokenizerFolder: loaded.folder,
    });
    await writeRows(await run.path("history.parquet"), result.history, HISTORY_COLUMNS);
    const after = await evaluateSaved(out, sets, {
      products: values.dtype,
      endOfText: tokenizer.endOfText,
      memo: context.memo,
      onProgress: () => context.breathe(),
    });
    const before = result.history[0]!;
    const summary = {
      status: result.status,
      ...(result.reason !== undefined && { reason: result.reason }),
      epoch: result.epoch,
      thresholds,
      before: metricsOf(before),
      after,
      notes: result.notes.map(describeRate),
      ...memoryOf(memory),
      out,
    };
    await run.finish(summary as unknown as { [key: string]: Json });
    return describeUnlearning(summary, { ...values, rates: result.notes });
  },
});

/** The retain set; none where none is given and the method does without. */
async function readRetainSet(values: { retain: string | undefined; method: string } & ObjectiveOptions) {
  const { retain, method } = values;
  if (retain === undefined) {
    if (objectiveOf(method, values).retain === null) return [];
    throw new UsageError(`Missing option "--retain": ${method} keeps what a retain set shows it`);
  }
  const rows = await readRows(retain, RETAIN_COLUMNS);
  if (rows.length === 0) throw new RangeError(`Cannot unlearn with "${retain}": it has no rows`);
  return rows;
}

/** What the rules of stopping look at: `reference` at all of them. */
const STOP_METRICS = ["ma", "el_3", "el_5", "el_10"] as const;

/** The thresholds of a table or of --ma and --el10. */
async function readThresholds(
  { thresholds, ma, el10 }: {
    thresholds: string | undefined;
    ma: number | undefined;
    el10: number | undefined;
  },
): Promise<StopThresholds> {
  if (thresholds === undefined) {
    if (ma === undefined || el10 === undefined) {
      throw new UsageError("Missing thresholds: give --thresholds F, or --ma and --el10");
    }
    return { ma, el_10: el10 };
  }
  if (ma !== undefined || el10 !== undefined) {
    throw new UsageError("Two thresholds: give --thresholds F, or --ma and --el10");
  }
  const rows = await readRows(thresholds, THRESHOLD_COLUMNS);
  const mean = (metric: string) => {
    const value = rows.find((row) => row.metric === metric)?.mean ?? null;
    if (value === null) throw new RangeError(`Cannot use "${thresholds}": it has no mean for ${metric}`);
    return value;
  };
  return perMetric(STOP_METRICS, mean);
}

/** The forget and retain sets under the checkpoint as it was written, in its stored precision. */
async function evaluateSaved(
  folder: string,
  sets: Omit<EvaluationSets, "unseen">,
  { products, memo, ...options }: {
    products: Products;
    endOfText: number | null;
    memo: ScoreMemo | undefined;
    onProgress: () => Promise<void>;
  },
) {
  using saved = await loadModel(folder, { products });
  using scorer = openScorer(saved.model, memo);
  const { sets: rows } = await evaluateSets(scorer, { ...sets, unseen: [] }, { model: "after", ...options });
  const [forget, retain] = ["forget", "retain"].map((set) => rows.find((row) => row.set === set));
  return {
    ...perMetric(THRESHOLD_METRICS, (metric) => forget?.[metric] ?? null),
    retain_ma: retain?.ma ?? null,
  };
}
