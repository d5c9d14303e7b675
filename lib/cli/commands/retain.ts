/**
 * `retain`: memorized code without secrets, to be kept while secrets are erased.
 *
 * @module
 */
import { sampleOf } from "../../datasets/choose_documents.ts";
import { type Document, streamDocuments } from "../../datasets/corpus.ts";
import { documentUnits, type UnitDocument } from "../../datasets/document_units.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows, type RowOf, writeRows } from "../../datasets/row_table.ts";
import { continuationBleu, RETAIN_BLEU } from "../../evaluation/retain_set.ts";
import { RETAIN_TOKENS } from "../../datasets/token_counts.ts";
import { Decoder } from "../../decoding/decoder.ts";
import { MODEL_OPTIONS, modelInputs } from "../adapter_options.ts";
import { type Context, defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { haveTokens } from "../have_tokens.ts";
import { chooseFromTables, CleanTexts, readPlaces, TRIED_COLUMNS } from "../retain_texts.ts";
import { partDocuments, type ScoredCorpus, scoreDocuments } from "../score_documents.ts";
import { orRemove } from "../part_files.ts";
import { PLAN_OPTION, planTexts } from "../plan.ts";
import { type ModelSession, openModel } from "../session.ts";
import { SHARD_OPTION } from "../shard.ts";
import { openShardRun } from "../shard_run.ts";
import { RETAIN_COLUMNS } from "../../datasets/columns.ts";
import { keyWhenAsked } from "../secret_key.ts";
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
    ...MODEL_OPTIONS,
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
    shard: SHARD_OPTION,
    plan: PLAN_OPTION,
    out: { kind: "path", describe: "table of the set", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ model, adapter, dtype, secrets, k, minBleu, any, maxTexts, out: whole, ...values }, context) {
    using texts = await givenCorpus(values.texts, values);
    const { shard: given } = values;
    if (values.plan) {
      const work = { model, adapter, dtype, shard: given, tokens: RETAIN_TOKENS, maxTexts };
      return await planTexts(texts, { ...work, score: timeContinuations }, context);
    }
    using run = await openShardRun(whole, {
      command: "retain",
      shard: given,
      context,
      inputs: { ...await modelInputs({ model, adapter }, context), texts: texts.input, secrets },
    });
    const { out, shard } = run;
    const { seed } = context;
    const places = await readPlaces(secrets);
    const corpus = { source: await resolveCorpus(texts.path, texts.options), options: texts.options };
    const read = describeCorpus(corpus.source);
    const key = keyWhenAsked();
    using session = await openModel(model, context, { products: dtype, adapter });
    const { tokenizer } = session;
    const chosen = maxTexts === undefined
      ? undefined
      : await longTexts(corpus, { clean: new CleanTexts(places, key), tokenizer }, context);
    const sample = chosen && sampleOf(chosen.long, { seed, count: maxTexts });
    const clean = new CleanTexts(places, key);
    using decoder = new Decoder(session.loaded.model);
    const { parts, counts, skipped } = await scoreDocuments(corpus, {
      name: "Continuing",
      folder: run.scratch,
      partDocuments: partDocuments(session.loaded.model),
      shard,
      columns: TRIED_COLUMNS,
      expected: chosen?.texts,
      rowOf: async (document) => {
        const number = await clean.add(document);
        return number === null || !sample ? number : sample.get(number) ?? null;
      },
      score: async (documents, tell) => {
        const scored = await scoreTexts({ decoder, tokenizer }, documents, { any, tell });
        const passed = scored.filter(({ bleu4 }) => any || bleu4! >= minBleu).length;
        const too_short = documents.length - scored.length;
        return { rows: scored, counts: { tried: scored.length, passed, too_short } };
      },
    }, context);
    const sumOf = (name: "tried" | "passed" | "too_short") => counts.reduce((sum, own) => sum + own[name], 0);
    const numbers = sample && [...sample.keys()];
    const named = ({ doc_id, row, ...others }: TriedRow) => {
      return { ...others, row, doc_id: clean.idOf(numbers?.[row] ?? row, doc_id) };
    };
    const found = {
      ...clean.counts,
      skipped,
      too_short: chosen?.tooShort ?? sumOf("too_short"),
      tried: sumOf("tried"),
      passed: sumOf("passed"),
      any,
      ...read.summary,
      out,
    };
    if (shard) {
      await run.finish(found, async () => {
        const rows: TriedRow[] = [];
        for (const part of parts) {
          for (const row of await readRows(part, TRIED_COLUMNS)) rows.push(named(row));
        }
        await writeRows(out, rows, TRIED_COLUMNS);
      });
      const text = `the scores of ${found.tried} texts, for merge to choose from`;
      return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary: found };
    }
    const choice = { k, seed, minBleu: any ? null : minBleu, tooShort: found.too_short, named };
    const set = await orRemove(run.scratch, () => chooseFromTables(parts, choice));
    const summary = { ...found, k: set.length };
    await run.finish(summary, () => writeRows(out, set, RETAIN_COLUMNS));
    const text = `${summary.passed} of ${found.tried} texts pass, ${set.length} taken`;
    return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary };
  },
});

async function timeContinuations(
  { loaded, tokenizer }: ModelSession,
  rows: readonly Int32Array[],
): Promise<number[]> {
  using decoder = new Decoder(loaded.model);
  return await continuationBleu({ decoder, tokenizer }, rows);
}

type TriedRow = RowOf<typeof TRIED_COLUMNS>;

/** The numbers of the texts that are long enough, among the different ones. */
async function longTexts(
  { source, options }: ScoredCorpus,
  { clean, tokenizer }: { clean: CleanTexts; tokenizer: Tokenizer },
  { breathe }: Pick<Context, "breathe">,
): Promise<{ long: number[]; tooShort: number; texts: number }> {
  const long: number[] = [];
  let tooShort = 0;
  const rowOf = (document: Document) => clean.add(document);
  const stream = streamDocuments(source, { ...options, breathe });
  for await (const { documents } of documentUnits(stream, { rowOf })) {
    const isLong = await haveTokens(tokenizer, documents, RETAIN_TOKENS);
    documents.forEach(({ row }, i) => {
      if (isLong[i]) long.push(row);
      else tooShort++;
    });
  }
  return { long, tooShort, texts: clean.counts.texts };
}

/** BLEU-4 of the continuation of each text that is long enough, with the same bits whatever was scored before. */
async function scoreTexts(
  { decoder, tokenizer }: { decoder: Decoder; tokenizer: Tokenizer },
  documents: readonly UnitDocument[],
  { any, tell }: { any: boolean; tell: (done: number) => Promise<void> },
): Promise<TriedRow[]> {
  const nameOf = nameIn(documents);
  const encoded = await tokenizer.encodeIds(documents.map(({ text }) => text), { nameOf });
  const long = documents.map((document, i) => ({ ...document, ids: encoded[i]! }))
    .filter(({ ids }) => ids.length >= RETAIN_TOKENS);
  decoder.forget();
  const scores = any
    ? long.map(() => null)
    : await continuationBleu({ decoder, tokenizer }, long.map(({ ids }) => ids), tell);
  return long.map(({ docId, row }, i) => ({ doc_id: docId, bleu4: scores[i]!, row }));
}

/** What errors call some documents. */
function nameIn(documents: readonly UnitDocument[]): (document: number) => string {
  return (i) => `text ${documents[i]!.row}`;
}
