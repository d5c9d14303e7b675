/**
 * `merge-adapter`: a model with an adapter made part of its weights, for whatever knows no adapters. The sum is rounded once,
 * as the checkpoint stores it, which can undo what little an adapter changed: so what was written is read again, and
 * measured beside the model with its adapter, by a forget set or else by logits alone.
 *
 * @module
 */
import { loadModel } from "../../checkpoints/load.ts";
import { MODEL_FILES, saveModel } from "../../checkpoints/save.ts";
import { FORGET_COLUMNS } from "../../datasets/columns.ts";
import { forgetExamples } from "../../datasets/examples.ts";
import { findDocuments } from "../../datasets/find_documents.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows } from "../../datasets/row_table.ts";
import { windowTokensOf } from "../../datasets/token_counts.ts";
import { evaluateSets, type EvaluationSets, type SetScores } from "../../evaluation/evaluate_sets.ts";
import type { Model } from "../../models/model.ts";
import { openScorer } from "../../metrics/score_memo.ts";
import { ADAPTER_OPTION, modelInputs } from "../adapter_options.ts";
import { type Context, defineCommand, UsageError } from "../command.ts";
import { CORPUS_OPTIONS, type GivenCorpus, givenCorpus } from "../corpus_options.ts";
import { SAVE_DTYPE_OPTION, storageOf } from "../dtype_options.ts";
import { type LogitChanges, logitChanges } from "../logit_changes.ts";
import { MODEL_OPTION } from "../model_folder.ts";
import { startReading } from "../reading.ts";
import { openRunFolder } from "../run_folder.ts";
import { secretKey } from "../secret_key.ts";
import { type ModelSession, openModel } from "../session.ts";
import { formatSets } from "../evaluated_sets.ts";

/**
 * The command `merge-adapter`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./merge_adapter.ts";
 *
 * assertEquals(command.options.adapter.required, true);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: MODEL_OPTION,
    adapter: { ...ADAPTER_OPTION, required: true },
    saveDtype: SAVE_DTYPE_OPTION,
    corpus: { kind: "path", describe: "the corpus of --forget", metavar: "C", orInput: true },
    ...CORPUS_OPTIONS,
    forget: {
      kind: "path",
      describe: "forget set that select wrote, to measure what was written; by default logits are compared",
      metavar: "F",
    },
    out: { kind: "path", describe: "folder of the checkpoint", metavar: "DIR", required: true },
  },
  writes: true,
  async run({ model, adapter, saveDtype, out, corpus: given, forget, ...columns }, context) {
    if ((given === undefined) !== (forget === undefined)) {
      throw new UsageError(
        "--corpus and --forget go together: the secrets of the one are places in the other",
      );
    }
    using corpus = given === undefined ? undefined : await givenCorpus(given, columns);
    using run = await openRunFolder(out, {
      command: "merge-adapter",
      context,
      inputs: { ...await modelInputs({ model, adapter }, context), corpus: corpus?.input, forget },
      outputs: MODEL_FILES,
    });
    using session = await openModel(model, context, { adapter, trainsAdapter: true });
    const measured = corpus && { corpus, forget: forget! };
    const examples = measured && await readExamples(measured, session, context);
    const { model: unmerged, configJson, dtype: stored, folder: tokenizerFolder } = session.loaded;
    const dtype = storageOf(saveDtype, stored);
    await saveModel(unmerged, out, { configJson, dtype, tokenizerFolder });
    using written = await loadModel(out);
    const counts = { parameters: written.model.parameterCount, dtype, out };
    if (examples) {
      const models = { adapter: unmerged, written: written.model };
      const sets = await measure(models, { examples, endOfText: session.tokenizer.endOfText }, context);
      const summary = { ...counts, sets: sets.map((row) => ({ ...row })) };
      await run.finish(summary);
      return { text: `${formatSets(sets)}\nwritten: ${out}`, summary };
    }
    const rounding = await logitChanges(unmerged, written.model, context.breathe);
    const summary = { ...counts, rounding: { ...rounding } };
    await run.finish(summary);
    return { text: `${describeChanges(rounding, dtype)}\nwritten: ${out}`, summary };
  },
});

/**
 * What rounding changed, in a line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeChanges } from "./merge_adapter.ts";
 *
 * const line = describeChanges({ largest: 0.0123, changed: 0.03125, positions: 128 }, "BF16");
 * assertEquals(line, "rounded to BF16: logits differ by at most 0.012, the likeliest token at 4 of 128 positions");
 * ```
 */
export function describeChanges({ largest, changed, positions }: LogitChanges, dtype: string): string {
  const others = `${Math.round(changed * positions)} of ${positions} positions`;
  return `rounded to ${dtype}: logits differ by at most ${
    largest.toPrecision(2)
  }, the likeliest token at ${others}`;
}

/** The forget set's rows, found in the corpus. */
async function readExamples(
  { corpus, forget }: { corpus: GivenCorpus; forget: string },
  { tokenizer, loaded }: ModelSession,
  context: Context,
): Promise<EvaluationSets["forget"]> {
  const rows = await readRows(forget, FORGET_COLUMNS);
  const source = await resolveCorpus(corpus.path, corpus.options);
  const reading = await startReading({ source, options: corpus.options }, context);
  const documents = await findDocuments(source, rows.map(({ doc_id }) => doc_id), reading.options);
  reading.done();
  const windowTokens = windowTokensOf(loaded.model.config);
  return await forgetExamples({ tokenizer, documents, key: secretKey, windowTokens }, rows);
}

/** The forget set's scores under some models. */
async function measure(
  models: Readonly<Record<string, Model>>,
  { examples, endOfText }: { examples: EvaluationSets["forget"]; endOfText: number | null },
  context: Context,
): Promise<SetScores[]> {
  const secrets = examples.reduce((sum, row) => sum + row.secrets.length, 0);
  const stage = context.progress.start("Measuring", 2 * secrets, "secrets");
  const scores: SetScores[] = [];
  for (const [name, model] of Object.entries(models)) {
    using scorer = openScorer(model, context.memo);
    const { sets } = await evaluateSets(scorer, { forget: examples, retain: [], unseen: [] }, {
      ...{ model: name, endOfText },
      onProgress: async (done) => {
        stage.advance(done);
        await context.breathe();
      },
    });
    scores.push(...sets);
  }
  stage.done();
  return scores;
}
