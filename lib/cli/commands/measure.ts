/**
 * `measure`: MA, EL_3, EL_5, EL_10 and the loss of texts under a model.
 *
 * @module
 */
import { readCorpus } from "../../datasets/corpus.ts";
import { type RowOf, writeRows } from "../../datasets/row_table.ts";
import { TEXT_TOKENS } from "../../datasets/token_counts.ts";
import type { TextScorer } from "../../metrics/score_memo.ts";
import { Scorer, type Scores } from "../../metrics/scorer.ts";
import type { Tokenizer } from "../../tokenizers/tokenizer.ts";
import { type Context, defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { MODEL_OPTION, modelInput } from "../model_folder.ts";
import { openRunFiles } from "../run_files.ts";
import { openModel } from "../session.ts";
import { MEASURE_COLUMNS } from "../../datasets/columns.ts";

/** A text's row. */
export type MeasureRow = RowOf<typeof MEASURE_COLUMNS>;

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
    model: MODEL_OPTION,
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
    out: { kind: "path", describe: "table of the scores", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ model, dtype, tokens, out, ...values }, context) {
    using texts = await givenCorpus(values.texts, values);
    using run = await openRunFiles([out], {
      command: "measure",
      context,
      inputs: { model: await modelInput(model, context), texts: texts.input },
    });
    const { documents, skipped, source } = await readCorpus(texts.path, texts.options);
    const read = describeCorpus(source);
    using session = await openModel(model, context, { products: dtype });
    using scorer = new Scorer(session.loaded.model);
    const rows = await measureTexts({ scorer, tokenizer: session.tokenizer }, documents, { tokens, context });
    const defined = rows.flatMap(({ ma }) => ma === null ? [] : [ma]);
    const meanMa = defined.length > 0 ? defined.reduce((sum, ma) => sum + ma, 0) / defined.length : null;
    const summary = {
      texts: rows.length,
      skipped: skipped.length,
      undefined_texts: rows.length - defined.length,
      mean_ma: meanMa,
      ...read.summary,
      out,
    };
    await run.finish(summary, () => writeRows(out, rows, MEASURE_COLUMNS));
    const text = `${rows.length} texts, mean MA ${meanMa?.toFixed(4) ?? "-"}`;
    return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary };
  },
});

/**
 * Scores documents cut to their first tokens, with progress.
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
 * import { createProgress } from "../progress.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const gpt2 = architectureOf("gpt2");
 * const sizes = { vocab_size: 257, n_positions: 32, n_embd: 8, n_head: 2, n_layer: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "sizes"), () => 1);
 * using scorer = new Scorer(model);
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
 * const documents = [{ docId: "a", text: "x = 12345" }, { docId: "b", text: "x" }];
 * const rows = await measureTexts({ scorer, tokenizer }, documents, { tokens: 4, context });
 * assertEquals(rows.map(({ doc_id, tokens }) => [doc_id, tokens]), [["a", 4], ["b", 1]]);
 * assertEquals(rows[1]!.ma, null); // one token has nothing before it
 * ```
 */
export async function measureTexts(
  { scorer, tokenizer }: { scorer: TextScorer; tokenizer: Tokenizer },
  documents: readonly { docId: string; text: string }[],
  { tokens, context }: { tokens: number; context: Pick<Context, "progress" | "breathe"> },
): Promise<MeasureRow[]> {
  const encoded = await tokenizer.encodeBatch(documents.map(({ text }) => text));
  const stage = context.progress.start("Measuring", documents.length, "texts");
  const scores: Scores[] = await scorer.texts(encoded.map(({ ids }) => ids.subarray(0, tokens)), {
    onProgress: async (done) => {
      stage.advance(done);
      await context.breathe();
    },
  });
  stage.done();
  return documents.map(({ docId }, i) => {
    return { doc_id: docId, ...scores[i]! };
  });
}
