/**
 * `thresholds`: mean and standard error of MA, EL_3, EL_5 and EL_10 over unseen texts.
 *
 * The texts are shuffled by the seed and dealt into `--runs` parts, as the paper averages runs: the mean is that of all texts,
 * the standard error that of the parts' means. With one run it is that of the texts. The interval is the bootstrap's over
 * texts; how many texts are enough for a standard error of `--error` follows from the texts' deviation.
 *
 * @module
 */
import { basename } from "node:path";
import { commentedLanguage } from "../../collection/comment_styles.ts";
import { sampleOf } from "../../datasets/choose_documents.ts";
import { streamDocuments } from "../../datasets/corpus.ts";
import type { UnitDocument } from "../../datasets/document_units.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { writeRows } from "../../datasets/row_table.ts";
import { TEXT_TOKENS } from "../../datasets/token_counts.ts";
import { THRESHOLD_GROUP_COLUMNS } from "../../datasets/unseen_columns.ts";
import { openScorer } from "../../metrics/score_memo.ts";
import { MODEL_OPTIONS, modelInputs } from "../adapter_options.ts";
import { type Context, defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { type MeasureRow, measureTexts, timeTexts } from "./measure.ts";
import { orRemove, writeParts } from "../part_files.ts";
import { partDocuments, type ScoredCorpus, scoreDocuments } from "../score_documents.ts";
import { PLAN_OPTION, planTexts } from "../plan.ts";
import { openModel } from "../session.ts";
import { SHARD_OPTION } from "../shard.ts";
import { openShardRun } from "../shard_run.ts";
import { reportThresholds } from "../threshold_report.ts";
import {
  checkRuns,
  SCORED_COLUMNS,
  THRESHOLD_TABLE_COLUMNS,
  thresholdTable,
  WANTED_ERROR,
} from "../threshold_table.ts";

/**
 * The command `thresholds`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./thresholds.ts";
 *
 * assertEquals(command.options.runs.default, 5);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    ...MODEL_OPTIONS,
    dtype: DTYPE_OPTION,
    texts: {
      kind: "path",
      describe: "texts that the model cannot have seen",
      metavar: "F",
      required: true,
      orInput: true,
    },
    ...CORPUS_OPTIONS,
    runs: { kind: "int", describe: "parts whose means are averaged", default: 5, min: 1 },
    maxTexts: { kind: "int", describe: "take so many texts, chosen by the seed; all by default", min: 1 },
    tokens: { kind: "int", describe: "tokens of each text, at most", default: TEXT_TOKENS, min: 2 },
    error: {
      kind: "float",
      describe: "the standard error that is wanted: how many texts would be enough for it",
      default: WANTED_ERROR,
      min: 1e-6,
    },
    groups: { kind: "path", describe: "table of the same by language and by length", metavar: "F" },
    shard: SHARD_OPTION,
    plan: PLAN_OPTION,
    out: { kind: "path", describe: "table of the thresholds", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run(
    { model, adapter, dtype, runs, maxTexts, tokens, error, groups, out: whole, ...values },
    context,
  ) {
    using texts = await givenCorpus(values.texts, values);
    const { shard: given } = values;
    if (values.plan) {
      return await planTexts(
        texts,
        { model, adapter, dtype, shard: given, tokens, maxTexts, score: timeTexts },
        context,
      );
    }
    using run = await openShardRun(whole, {
      command: "thresholds",
      shard: given,
      beside: { groups },
      context,
      inputs: { ...await modelInputs({ model, adapter }, context), texts: texts.input },
    });
    const { out, shard } = run;
    const { seed } = context;
    const corpus = { source: await resolveCorpus(texts.path, texts.options), options: texts.options };
    const read = describeCorpus(corpus.source);
    const numbers = maxTexts === undefined ? undefined : await numbersOf(corpus, context);
    const sample = numbers && sampleOf(numbers, { seed, count: maxTexts });
    if (sample?.size) checkRuns(sample.size, runs);
    using session = await openModel(model, context, { products: dtype, adapter });
    using scorer = openScorer(session.loaded.model, context.memo);
    const { tokenizer } = session;
    const { parts, counts, skipped } = await scoreDocuments(corpus, {
      name: "Measuring",
      folder: run.scratch,
      partDocuments: partDocuments(session.loaded.model),
      shard,
      columns: SCORED_COLUMNS,
      expected: numbers?.length,
      ...(sample && { rowOf: (_, number) => sample.get(number) ?? null }),
      score: async (documents, onProgress) => ({
        rows: withLanguages(
          await measureTexts({ scorer, tokenizer }, documents, { tokens, onProgress }),
          documents,
        ),
        counts: documents.length,
      }),
    }, context);
    const scored = counts.reduce((sum, count) => sum + count, 0);
    if (shard) {
      const summary = { texts: scored, skipped, ...read.summary, out };
      await run.finish(summary, () => writeParts(parts, out, { columns: SCORED_COLUMNS }));
      const text = `the scores of ${scored} texts, for merge to make thresholds of`;
      return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary };
    }
    const table = await orRemove(run.scratch, () => thresholdTable(parts, { runs, seed, maxTexts, error }));
    const { rows } = table;
    const summary = {
      thresholds: Object.fromEntries(rows.map(({ metric, mean }) => [metric, mean])),
      runs: table.means,
      texts_needed: Object.fromEntries(rows.map(({ metric, texts_needed }) => [metric, texts_needed])),
      texts: scored,
      skipped,
      ...read.summary,
      out,
    };
    await run.finish(summary, async () => {
      if (groups !== undefined) await writeRows(groups, table.groups, THRESHOLD_GROUP_COLUMNS);
      await writeRows(out, rows, THRESHOLD_TABLE_COLUMNS);
    });
    const lines = reportThresholds(table, { model: basename(model), tokens, error });
    return { text: [...read.lines, ...lines, `written: ${out}`].join("\n"), summary };
  },
});

/** Rows of scores with the languages of their documents. */
function withLanguages(rows: readonly MeasureRow[], documents: readonly UnitDocument[]) {
  return rows.map((row, i) => ({ ...row, language: commentedLanguage(documents[i]!) }));
}

/** The numbers of a corpus' documents. */
async function numbersOf(
  { source, options }: ScoredCorpus,
  { breathe }: Pick<Context, "breathe">,
): Promise<number[]> {
  const numbers: number[] = [];
  for await (const _ of streamDocuments(source, { ...options, breathe })) numbers.push(numbers.length);
  return numbers;
}
