/**
 * `unlearn`: makes a model forget a forget set, into a checkpoint of its own. Continued after a kill at its last epoch;
 * the numbers it ends with are measured on the checkpoint as it was written and read back.
 *
 * @module
 */
import { windowTokensOf } from "../../datasets/token_counts.ts";
import { limitMemory } from "../../engine/memory_budget.ts";
import { controlRows } from "../../attacks/control_rows.ts";
import { FORGET_COLUMNS, HISTORY_COLUMNS, NORM_COLUMNS, OUTCOME_COLUMNS } from "../../datasets/columns.ts";
import { forgetExamples, retainExamples } from "../../datasets/examples.ts";
import { findDocuments } from "../../datasets/find_documents.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { checkpointBytes, CHECKPOINTS } from "../../training/checkpoint.ts";
import type { UnlearnEpoch } from "../../unlearning/unlearn_epoch.ts";
import { unlearn } from "../../unlearning/unlearn.ts";
import { modelInputs, trainedOptions } from "../adapter_options.ts";
import { type Context, defineCommand, type Json, UsageError } from "../command.ts";
import { givenCorpus } from "../corpus_options.ts";
import { evaluateSaved } from "../evaluate_saved.ts";
import { lastingOf } from "../lasting_options.ts";
import { readMemory } from "../memory_options.ts";
import { methodParameters } from "../method_options.ts";
import { checkSpace } from "../output.ts";
import { startReading } from "../reading.ts";
import { readRetainSet } from "../read_retain_set.ts";
import { EVENT_FILES, openEventLog } from "../event_log.ts";
import { openRunFolder } from "../run_folder.ts";
import { readRisks } from "../secret_risks.ts";
import { saveTrained, trainedFiles, writesAdapter } from "../save_trained.ts";
import { secretKey } from "../secret_key.ts";
import { inSmallerBatches, takeWeights } from "../smaller_batches.ts";
import { countStates, isAbove } from "../../metrics/threshold.ts";
import { outcomeRow } from "../secret_outcomes.ts";
import { openEngine, openModel } from "../session.ts";
import { UNLEARN_OPTIONS } from "../unlearn_flags.ts";
import { fitUnlearning, planUnlearning } from "../unlearn_memory.ts";
import {
  matchedAbove,
  MatchedThresholds,
  meanThresholds,
  readThresholds,
  type SecretBounds,
} from "../unlearn_thresholds.ts";
import {
  describeEpoch,
  describeRate,
  describeUnlearning,
  isForgotten,
  metricsOf,
} from "../unlearn_report.ts";
import { MODEL_CARD, writeModelCard } from "../write_model_card.ts";

/**
 * The command `unlearn`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./unlearn.ts";
 *
 * assertEquals([command.options.lr.default, command.options.epochs.default], [3e-6, 100]);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: UNLEARN_OPTIONS,
  config: true,
  writes: true,
  async run(flags, asked) {
    const parameters = methodParameters(flags);
    const values = { ...flags, ...parameters };
    const context = { ...asked, settings: { ...asked.settings, ...parameters } };
    const { out } = values;
    const isPerSecret = values.stop === "secret" && values.compat === "sound";
    if (values.lasting && !isPerSecret) {
      throw new UsageError("--lasting judges each secret: it needs --stop secret, --compat sound");
    }
    const trained = trainedOptions(values, context.seed);
    const given = await readThresholds({ ...values, isPerSecret });
    const forgetRows = await readRows(values.forget, FORGET_COLUMNS);
    const retainRows = await readRetainSet(values);
    const withRisks = await readRisks(values);
    const { forget, retain } = values;
    if (forgetRows.length === 0) throw new RangeError(`Cannot unlearn with "${forget}": it has no rows`);
    using corpus = await givenCorpus(values.corpus, values);
    const limit = readMemory(values.memory);
    using engine = await openEngine({ memory: limit });
    const planned = { ...values, controlSets: given ? 0 : values.held };
    const tables = { forgetRows, retainRows };
    if (values.plan) return await planUnlearning(planned, tables, { ...context, limit });
    const fit = (log: Context["log"]) => fitUnlearning(planned, tables, { ...context, limit, log });
    if (limit !== undefined) await fit(() => {}); // what cannot be is refused before a folder is made
    using run = await openRunFolder(out, {
      command: "unlearn",
      context,
      inputs: {
        ...await modelInputs(values, context),
        corpus: corpus.input,
        ...{ forget, retain, thresholds: given ? values.thresholds : undefined },
        ...{ benign: values.benign, risks: values.riskTable },
      },
      outputs: [
        ...trainedFiles(values),
        MODEL_CARD,
        EVENT_FILES,
        "history.parquet",
        ...isPerSecret ? ["secrets.parquet"] : [],
      ],
      scratch: [CHECKPOINTS],
      versions: { tensorflow: engine.version },
    });
    const source = await resolveCorpus(corpus.path, corpus.options);
    const reading = await startReading({ source, options: corpus.options }, context);
    const ids = [...forgetRows, ...retainRows].map(({ doc_id }) => doc_id);
    const documents = await findDocuments(source, ids, reading.options);
    reading.done();
    const { microBatch, bytes: memory, limit: sized } = await fit(context.log);
    if (sized !== undefined) limitMemory(sized);
    using session = await openModel(values.model, context, { ...trained, products: values.dtype });
    const { loaded, tokenizer } = session;
    const windowTokens = windowTokensOf(loaded.model.config);
    const sets = {
      forget: withRisks(
        await forgetExamples({ tokenizer, documents, key: secretKey, windowTokens }, forgetRows),
      ),
      retain: await retainExamples({ tokenizer, documents }, retainRows.map(({ doc_id }) => doc_id)),
    };
    const controls = given ? [] : await controlRows(
      { tokenizer, documents },
      sets.forget,
      { sets: values.held, seed: context.seed },
    );
    const secrets = sets.forget.flatMap((row) => row.secrets);
    using matched = given ? null : await MatchedThresholds.create(
      { model: loaded.model, tokenizer },
      { documents, secrets },
      { seed: context.seed },
    );
    const bounds = matched
      ? await scoreMatched(matched, secrets.length, context)
      : secrets.map(() => ({ ma: given!.ma, el_10: given!.el_10, ...UNMATCHED }));
    const thresholds = given ?? meanThresholds(bounds);
    const byChance = given ? 0 : matchedAbove(secrets.length);
    const lasting = await lastingOf(values, {
      ...{ source, options: reading.options, tokenizer, values: secrets.map(({ value }) => value) },
    }, context);
    checkSpace(out, checkpointBytes(loaded.model.trainableCount, { states: 4 }));
    const stage = context.progress.start(`Unlearning (${values.method})`, values.epochs, "epochs", {
      isMost: true,
    });
    using events = openEventLog(run.folder, values);
    let note = "";
    const { lasting: _, ...settings } = values;
    const unlearnBy = (microBatch: number) =>
      unlearn(loaded.model, { ...sets, controls }, {
        ...settings,
        microBatch,
        seed: context.seed,
        thresholds,
        ...isPerSecret && { secretThresholds: bounds, byChance },
        ...matched && {
          rescore: () => {
            let scored = 0;
            return matched.rescore(bounds, async (done) => {
              scored += done;
              stage.advance(0, `scoring controls of ${scored} of ${secrets.length} secrets`);
              await context.breathe();
            });
          },
        },
        ...lasting && { lasting },
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
        onTrain: async (step, steps) => {
          stage.advance(0, `training step ${step} of ${steps}`);
          await context.breathe();
        },
        onEpoch: async (epoch, scores) => {
          const above = isPerSecret
            ? scores.filter((score, i) => isAbove(score, bounds[i]!)).length
            : undefined;
          note = describeEpoch({ ...epoch, above });
          events.scalars(epoch.epoch, { ...numbersOf(epoch), above: above ?? null });
          stage.advance(epoch.epoch === 0 ? 0 : 1, note);
          await context.breathe().catch(() => {}); // the run ends by the signal, after its checkpoint
        },
      });
    const result = await inSmallerBatches(microBatch, unlearnBy, async (less) => {
      context.log(`Memory has run out: going on from the last whole epoch with --micro-batch ${less}`);
      using fresh = await openModel(values.model, context, { ...trained, products: values.dtype });
      takeWeights(loaded.model, fresh.loaded.model); // the run's references are those of the model as it came
    });
    if (result.status === "interrupted") await context.breathe();
    stage.done(result.status);
    events[Symbol.dispose](); // the record holds what the file has then
    await saveTrained(loaded, out, values);
    await writeRows(await run.path("history.parquet"), result.history, {
      ...HISTORY_COLUMNS,
      ...NORM_COLUMNS,
    });
    const { after, intervals, scores } = await evaluateSaved(out, sets, {
      products: values.dtype,
      beside: writesAdapter(values) ? loaded.model : undefined,
      endOfText: tokenizer.endOfText,
      memo: context.memo,
      onProgress: () => context.breathe(),
    });
    const before = result.history[0]!;
    const ended = result.outcomes?.map((outcome, i) =>
      outcomeRow({
        secret: secrets[i]!,
        bounds: outcome.thresholds as SecretBounds,
        ...{ outcome, after: scores[i]! },
      })
    );
    if (ended) await writeRows(await run.path("secrets.parquet"), ended, OUTCOME_COLUMNS);
    const summary = {
      status: result.status,
      ...(result.reason !== undefined && { reason: result.reason }),
      epoch: result.epoch,
      epochs: result.history.length - 1,
      thresholds,
      before: metricsOf(before),
      after,
      intervals,
      ...ended && { secrets: { ...countStates(ended), above_by_chance: byChance } },
      ...result.relapses && { relapses: result.relapses },
      notes: result.notes.map(describeRate),
      memory_bytes: memory,
      out,
    };
    await writeModelCard(out, { model: values.model, folder: loaded.folder, cwd: context.cwd }, {
      ...{ method: values.method, before: summary.before, after, intervals, thresholds },
      settings: context.settings,
      ...{ done: isForgotten(summary, values.compat), retained: retainRows.length },
      ...{ secrets, isAdapter: writesAdapter(values) },
      ...summary.secrets && { outcomes: summary.secrets },
      ...result.relapses && { relapses: result.relapses },
    });
    await run.finish(summary as unknown as { [key: string]: Json });
    return describeUnlearning(summary, { ...values, rates: result.notes });
  },
});

/** Thresholds that are no secret's own say nothing of where what was never seen ends below. */
const UNMATCHED = { controls: null, ma_floor: null, nll_ceiling: null };

/** The measures of an epoch: all but its number, and whether it was kept. */
function numbersOf({ epoch: _epoch, kept: _kept, ...measures }: UnlearnEpoch) {
  return measures;
}

/** Each secret's own thresholds, by the model as it came. */
async function scoreMatched(matched: MatchedThresholds, secrets: number, context: Context) {
  const stage = context.progress.start("Scoring controls", secrets, "secrets");
  const bounds = await matched.score(async (done) => {
    stage.advance(done);
    await context.breathe();
  });
  stage.done();
  return bounds;
}
