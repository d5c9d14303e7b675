/**
 * `retain`: memorized code without secrets, to be kept while secrets are erased.
 *
 * @module
 */
import { readCorpus } from "../../datasets/corpus.ts";
import { PythonRandom } from "../../datasets/python_random.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { RETAIN_TOKENS } from "../../datasets/token_counts.ts";
import { chooseRetainSet, continuationBleu, RETAIN_BLEU } from "../../evaluation/retain_set.ts";
import { Decoder } from "../../decoding/decoder.ts";
import { type Context, defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { MODEL_OPTION, modelInput } from "../model_folder.ts";
import { openRunFiles } from "../run_files.ts";
import { openModel } from "../session.ts";
import { checkPlaces } from "../../datasets/check_places.ts";
import { PROOF_COLUMNS, PROOF_NAMES, RETAIN_COLUMNS, SECRET_COLUMNS } from "../../datasets/columns.ts";
import { secretKey } from "../secret_key.ts";
import type { Tokenizer } from "../../tokenizers/tokenizer.ts";

/**
 * The command `retain`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./retain.ts";
 *
 * assertEquals(command.options.minBleu.default, 0.95);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: MODEL_OPTION,
    dtype: DTYPE_OPTION,
    texts: { kind: "path", describe: "corpus to choose from", metavar: "F", required: true, orInput: true },
    ...CORPUS_OPTIONS,
    secrets: {
      kind: "path",
      describe: "table that detect wrote: its documents are left out",
      metavar: "F",
      required: true,
    },
    k: { kind: "int", describe: "texts of the set (default 32, or fewer where fewer pass)", min: 1 },
    minBleu: {
      kind: "float",
      describe: "the least BLEU-4 of a text's continuation, for where little is memorized",
      default: RETAIN_BLEU,
      min: 0,
      max: 1,
    },
    any: { kind: "flag", describe: "take any texts without secrets, memorized or not" },
    maxTexts: { kind: "int", describe: "try so many texts, chosen by the seed; all by default", min: 1 },
    out: { kind: "path", describe: "table of the set", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ model, dtype, secrets, k, minBleu, any, maxTexts, out, ...values }, context) {
    using texts = await givenCorpus(values.texts, values);
    using run = await openRunFiles([out], {
      command: "retain",
      context,
      inputs: { model: await modelInput(model, context), texts: texts.input, secrets },
    });
    const places = await readRows(secrets, { ...SECRET_COLUMNS, ...PROOF_COLUMNS }, {
      optional: PROOF_NAMES,
    });
    const withSecret = new Set(places.map(({ doc_id }) => doc_id));
    const { documents, skipped, source } = await readCorpus(texts.path, texts.options);
    const read = describeCorpus(source);
    const textOf = new Map(documents.map(({ docId, text }) => [docId, text]));
    await checkPlaces(places, (id) => textOf.get(id), secretKey);
    const clean = documents.filter(({ docId }) => !withSecret.has(docId));
    const distinct = [...new Map(clean.map((document) => [document.text, document])).values()];
    using session = await openModel(model, context, { products: dtype });
    using decoder = new Decoder(session.loaded.model);
    const { tokenizer } = session;
    const encoded = await tokenizer.encodeBatch(distinct.map(({ text }) => text));
    const long = distinct.map((_, i) => i).filter((i) => encoded[i]!.ids.length >= RETAIN_TOKENS);
    const tried = maxTexts === undefined
      ? long
      : new PythonRandom(context.seed).shuffle(long).slice(0, maxTexts);
    const scores = any
      ? tried.map(() => null)
      : await continueTexts({ decoder, tokenizer }, tried.map((i) => encoded[i]!.ids), context);
    const rows = tried.map((i, j) => ({ doc_id: distinct[i]!.docId, bleu4: scores[j]! }));
    const set = chooseRetainSet(rows, {
      k,
      seed: context.seed,
      minBleu: any ? null : minBleu,
      tooShort: distinct.length - long.length,
    });
    const summary = {
      texts: documents.length,
      skipped: skipped.length,
      with_secrets: documents.length - clean.length,
      identical: clean.length - distinct.length,
      too_short: distinct.length - long.length,
      tried: tried.length,
      passed: any ? rows.length : rows.filter(({ bleu4 }) => bleu4! >= minBleu).length,
      any,
      k: set.length,
      ...read.summary,
      out,
    };
    await run.finish(summary, () => writeRows(out, set, RETAIN_COLUMNS));
    const text = `${summary.passed} of ${tried.length} texts pass, ${set.length} taken`;
    return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary };
  },
});

/** BLEU-4 of each text's continuation, as a stage. */
async function continueTexts(
  model: { decoder: Decoder; tokenizer: Tokenizer },
  texts: readonly Int32Array[],
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
): Promise<number[]> {
  const stage = progress.start("Continuing", texts.length, "texts");
  const scores = await continuationBleu(model, texts, async (done) => {
    stage.advance(done);
    await breathe();
  });
  stage.done();
  return scores;
}
