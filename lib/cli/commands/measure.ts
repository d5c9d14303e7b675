/**
 * `measure`: MA, EL_3, EL_5, EL_10 and the loss of texts under a model.
 *
 * @module
 */
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import type { RowOf } from "../../datasets/row_table.ts";
import { TEXT_TOKENS } from "../../datasets/token_counts.ts";
import type { TextScorer } from "../../metrics/score_memo.ts";
import { Scorer, type Scores } from "../../metrics/scorer.ts";
import type { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { MODEL_OPTIONS, modelInputs } from "../adapter_options.ts";
import { defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { writeParts } from "../part_files.ts";
import { partDocuments, scoreDocuments } from "../score_documents.ts";
import { PLAN_OPTION, planTexts } from "../plan.ts";
import { type ModelSession, openModel } from "../session.ts";
import { SHARD_OPTION } from "../shard.ts";
import { openShardRun } from "../shard_run.ts";
import { MEASURE_COLUMNS, ROW_COLUMN } from "../../datasets/columns.ts";

/** A text's row. */
export type MeasureRow = RowOf<typeof MEASURE_COLUMNS & typeof ROW_COLUMN>;

/**
 * The command `measure`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./measure.ts";
 *
 * assertEquals(command.options.tokens.default, 128);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    ...MODEL_OPTIONS,
    dtype: DTYPE_OPTION,
    texts: {
      kind: "path",
      describe: "source files, table of texts or folder of such, or - for standard input",
      metavar: "F",
      required: true,
      orInput: true,
    },
    ...CORPUS_OPTIONS,
    tokens: { kind: "int", describe: "tokens of each text, at most", default: TEXT_TOKENS, min: 1 },
    shard: SHARD_OPTION,
    plan: PLAN_OPTION,
    out: { kind: "path", describe: "table of the scores", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ model, adapter, dtype, tokens, out: whole, ...values }, context) {
    using texts = await givenCorpus(values.texts, values);
    const { shard: given } = values;
    if (values.plan) {
      return await planTexts(
        texts,
        { model, adapter, dtype, shard: given, tokens, score: timeTexts },
        context,
      );
    }
    using run = await openShardRun(whole, {
      command: "measure",
      shard: given,
      context,
      inputs: { ...await modelInputs({ model, adapter }, context), texts: texts.input },
    });
    const { out, shard } = run;
    const source = await resolveCorpus(texts.path, texts.options);
    const read = describeCorpus(source);
    using session = await openModel(model, context, { products: dtype, adapter });
    using scorer = new Scorer(session.loaded.model);
    const columns = shard ? { ...MEASURE_COLUMNS, ...ROW_COLUMN } : MEASURE_COLUMNS;
    const { parts, counts, skipped } = await scoreDocuments({ source, options: texts.options }, {
      name: "Measuring",
      folder: run.scratch,
      partDocuments: partDocuments(session.loaded.model),
      shard,
      columns,
      score: async (documents, onProgress) => {
        const { tokenizer } = session;
        const rows = await measureTexts({ scorer, tokenizer }, documents, { tokens, onProgress });
        const defined = rows.flatMap(({ ma }) => ma === null ? [] : [ma]);
        return { rows, counts: { texts: rows.length, defined: defined.length, ma: sumOf(defined) } };
      },
    }, context);
    const rows = sumOf(counts.map(({ texts }) => texts));
    const defined = sumOf(counts.map(({ defined }) => defined));
    const meanMa = defined > 0 ? sumOf(counts.map(({ ma }) => ma)) / defined : null;
    const summary = {
      texts: rows,
      skipped,
      undefined_texts: rows - defined,
      mean_ma: meanMa,
      ...read.summary,
      out,
    };
    await run.finish(summary, () => writeParts(parts, out, { columns }));
    const text = `${rows} texts, mean MA ${meanMa?.toFixed(4) ?? "-"}`;
    return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary };
  },
});

/**
 * Scores texts for `--plan`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { loadModel } from "../../checkpoints/load.ts";
 * import { timeTexts } from "./measure.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * assertEquals((await timeTexts({ loaded }, [Int32Array.of(3, 20, 49)])).length, 1);
 * ```
 */
export async function timeTexts(
  { loaded }: Pick<ModelSession, "loaded">,
  rows: readonly Int32Array[],
): Promise<Scores[]> {
  using scorer = new Scorer(loaded.model);
  return await scorer.texts(rows);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/**
 * Scores documents cut to their first tokens, with the same bits whatever was scored before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { openTensorFlow } from "../../engine/engine.ts";
 * import { Scorer } from "../../metrics/scorer.ts";
 * import { newModel } from "../../models/new_model.ts";
 * import { architectureOf } from "../../models/models.ts";
 * import { trainTokenizer } from "../../datasets/train_tokenizer.ts";
 * import { Tokenizer } from "../../tokenizers/tokenizer.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const gpt2 = architectureOf("gpt2");
 * const sizes = { vocab_size: 257, n_positions: 32, n_embd: 8, n_head: 2, n_layer: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "sizes"), () => 1);
 * using scorer = new Scorer(model);
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const documents = [{ docId: "a", text: "x = 12345", row: 3 }, { docId: "b", text: "x", row: 4 }];
 * const rows = await measureTexts({ scorer, tokenizer }, documents, { tokens: 4 });
 * assertEquals(rows.map(({ doc_id, row, tokens }) => [doc_id, row, tokens]), [["a", 3, 4], ["b", 4, 1]]);
 * assertEquals(rows[1]!.ma, null); // one token has nothing before it
 * ```
 */
export async function measureTexts(
  { scorer, tokenizer }: { scorer: TextScorer; tokenizer: Tokenizer },
  documents: readonly { docId: string; text: string; row: number }[],
  { tokens: most, onProgress }: { tokens: number; onProgress?: (done: number) => Promise<void> },
): Promise<MeasureRow[]> {
  const nameOf = (i: number) => `text ${documents[i]!.row}`;
  const ids = await tokenizer.encodeIds(documents.map(({ text }) => text), { nameOf });
  scorer.forget();
  const scores = await scorer.texts(ids.map((own) => own.subarray(0, most)), {
    nameOf,
    ...(onProgress && { onProgress }),
  });
  return documents.map(({ docId, row }, i) => {
    return { doc_id: docId, ...scores[i]!, row };
  });
}
