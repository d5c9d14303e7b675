/**
 * `unlearn`: makes a model forget a forget set, into a checkpoint of its own. Continued after a kill at its last epoch;
 * the numbers it ends with are measured on the checkpoint as it was written and read back.
 *
 * @module
 */
import { windowTokensOf } from "../../datasets/token_counts.ts";
import { limitMemory } from "../../engine/memory_budget.ts";
import { FORGET_COLUMNS, OUTCOME_COLUMNS, OUTCOME_LATER_COLUMNS } from "../../datasets/columns.ts";
import { forgetExamples, retainExamples } from "../../datasets/examples.ts";
import { findDocuments } from "../../datasets/find_documents.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { checkpointBytes, CHECKPOINTS } from "../../training/checkpoint.ts";
import { unlearn, type UnlearnResult } from "../../unlearning/unlearn.ts";
import { type ChunkedResult, unlearnChunks } from "../../unlearning/unlearn_chunks.ts";
import { modelInputs, trainedOptions } from "../adapter_options.ts";
import { resolveChunks } from "../chunk_options.ts";
import { planChunks } from "../chunk_plan.ts";
import { CHUNK_FILES, chunksOf, describeChunks, writeHistories } from "../chunks.ts";
import { type Context, defineCommand, type Json } from "../command.ts";
import { givenCorpus } from "../corpus_options.ts";
import { evaluateSaved } from "../evaluate_saved.ts";
import { engineDevices } from "../devices_option.ts";
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
import { countOutcomes } from "../../metrics/threshold.ts";
import { outcomeRow } from "../secret_outcomes.ts";
import { openEngine, openModel } from "../session.ts";
import { checkLasting, judgesEach } from "../stop_rule.ts";
import { UNLEARN_OPTIONS } from "../unlearn_flags.ts";
import { fitUnlearning, planUnlearning } from "../unlearn_memory.ts";
import { materialOf, scoreAim } from "../unlearn_material.ts";
import { UnlearnProgress } from "../unlearn_progress.ts";
import { readThresholds, type SecretBounds } from "../unlearn_thresholds.ts";
import { describeRate, describeUnlearning, isForgotten, metricsOf } from "../unlearn_report.ts";
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
    const chunked = resolveChunks(flags);
    const settings = { ...asked.settings, ...parameters, ...chunked };
    const context = { ...asked, settings };
    const { out } = values;
    const isPerSecret = judgesEach(values);
    checkLasting(values);
    const trained = trainedOptions(values, context.seed);
    const given = await readThresholds({ ...values, isPerSecret });
    const forgetRows = await readRows(values.forget, FORGET_COLUMNS);
    const retainRows = await readRetainSet(values);
    const withRisks = await readRisks(values);
    const { forget, retain } = values;
    if (forgetRows.length === 0) throw new RangeError(`Cannot unlearn with "${forget}": it has no rows`);
    using corpus = await givenCorpus(values.corpus, values);
    const limit = readMemory(values.memory);
    using engine = await openEngine({ ...engineDevices(values), memory: limit });
    const planned = { ...values, controlSets: given ? 0 : values.held };
    const chunks = chunked && chunksOf(forgetRows, chunked, context.seed);
    const tables = { forgetRows: chunks ? chunks.largest : forgetRows, retainRows };
    if (values.plan) {
      const plan = await planUnlearning(planned, tables, { ...context, limit });
      return chunks
        ? await planChunks(plan, chunks, { ...planned, trained, retainRows: retainRows.length, context })
        : plan;
    }
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
        ...chunked ? CHUNK_FILES : [],
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
    const secrets = sets.forget.flatMap((row) => row.secrets);
    const from = { model: loaded.model, tokenizer, documents, forget: sets.forget, given, held: values.held };
    const { bounds, thresholds, byChance } = await scoreAim(from, context);
    const lasting = await lastingOf(values, {
      ...{ source, options: reading.options, tokenizer, values: secrets.map(({ value }) => value) },
    }, context);
    checkSpace(out, checkpointBytes(loaded.model.trainableCount, { states: chunked ? 6 : 4 }));
    using events = openEventLog(run.folder, values);
    const progress = new UnlearnProgress({
      ...{ method: values.method, epochs: values.epochs, isChunked: chunked !== null, events },
      bounds: isPerSecret ? bounds : null,
    }, context);
    const materialFor = (rows: readonly number[]) =>
      materialOf(from, rows, {
        ...{ bounds, seed: context.seed },
        onScored: (done, all) => progress.scored(done, all),
      });
    const { lasting: _, ...settled } = values;
    const unlearnBy = async (microBatch: number): Promise<UnlearnResult & Partial<ChunkedResult>> => {
      const options = {
        ...{ ...settled, microBatch, seed: context.seed, thresholds, endOfText: tokenizer.endOfText },
        ...isPerSecret && { secretThresholds: bounds, byChance },
      };
      const hooks = { ...progress.hooks, folder: out, signal: context.signal };
      if (chunks) {
        const chunking = { ...chunks.chunking, materialOf: materialFor };
        return await unlearnChunks(loaded.model, sets, { ...options, chunking }, hooks);
      }
      using material = await materialFor([...sets.forget.keys()]);
      const { controls = [], rescore } = material;
      return await unlearn(loaded.model, { ...sets, controls }, {
        ...{ ...options, ...rescore && { rescore }, ...lasting && { lasting } },
      }, hooks);
    };
    const result = await inSmallerBatches(microBatch, unlearnBy, async (less) => {
      context.log(`Memory has run out: going on from the last whole epoch with --micro-batch ${less}`);
      using fresh = await openModel(values.model, context, { ...trained, products: values.dtype });
      takeWeights(loaded.model, fresh.loaded.model); // the run's references are those of the model as it came
    });
    if (result.status === "interrupted") await context.breathe();
    progress.done(result.status);
    events[Symbol.dispose](); // the record holds what the file has then
    await saveTrained(loaded, out, values);
    await writeHistories(run, result);
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
    if (ended) {
      await writeRows(await run.path("secrets.parquet"), ended, {
        ...OUTCOME_COLUMNS,
        ...OUTCOME_LATER_COLUMNS,
      });
    }
    const summary = {
      status: result.status,
      ...(result.reason !== undefined && { reason: result.reason }),
      epoch: result.epoch,
      epochs: result.history.at(-1)!.epoch,
      thresholds,
      before: metricsOf(before),
      after,
      intervals,
      ...ended && { secrets: countOutcomes(ended, byChance) },
      ...result.relapses && { relapses: result.relapses },
      ...chunks && { chunks: describeChunks(chunks, result.drift!) },
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
