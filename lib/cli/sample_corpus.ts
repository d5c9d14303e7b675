/**
 * The texts that `sample` takes of a corpus: in an order by lot, without their opening comments, of so many tokens. The
 * corpus is streamed; what is held are the ids, for Python's order, and twice as many texts as are taken.
 *
 * @module
 */
import { commentedLanguage } from "../collection/comment_styles.ts";
import { withoutOpeningComments, withoutOpeningLines } from "../collection/opening_comments.ts";
import { LowestRanks, pythonRanks, type SAMPLE_ORDERS } from "../collection/sample_order.ts";
import { changedCorpus, type CorpusCounts, type Document, emptyCorpus } from "../datasets/corpus.ts";
import { rankOf } from "../datasets/seeded_order.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type Shown, type ShownCorpus, shownDocuments } from "./shown_documents.ts";

/** Which texts to take. */
export interface SampleOptions {
  tokenizer: Pick<Tokenizer, "encodeIds">;
  /** How many, at most. */
  count: number;
  /** Tokens of a text, at least and at most. */
  minTokens: number;
  maxTokens: number;
  order: typeof SAMPLE_ORDERS[number];
  seed: number;
  /** Whether comments are skipped as the reference's code does it. */
  isReference: boolean;
}

/** What was taken. */
export interface CorpusSample {
  texts: Document[];
  /** Texts of the corpus. */
  documents: number;
  /** Texts whose tokens were counted. */
  tried: number;
  /** Of those, how many had the tokens. */
  fit: number;
  skipped: number;
}

const [BATCH, BATCH_CHARACTERS] = [256, 2 ** 22];

/**
 * Takes a sample of a corpus.
 *
 * @throws {Error} if it has no text, or another number of them the second time; as `streamDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { sampleCorpus } from "./sample_corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a", "b", "c"]) await Deno.writeTextFile(`${folder}/${name}.py`, `# Licence\n${name} = 1\n`);
 * const corpus = { source: await resolveCorpus(folder), options: {} };
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
 * const tokenizer = { encodeIds: (texts: readonly string[]) => Promise.resolve(texts.map(() => new Int32Array(9))) };
 * const options = { tokenizer, count: 2, minTokens: 9, maxTokens: 9, order: "python" as const, seed: 42, isReference: false };
 * const { texts } = await sampleCorpus(corpus, options, context);
 * assertEquals(texts.map(({ text }) => text), ["b = 1", "a = 1"]); // Python's shuffle of three: b, a, c
 * ```
 */
export async function sampleCorpus(
  corpus: ShownCorpus,
  how: SampleOptions,
  context: Shown,
): Promise<CorpusSample> {
  const ids: string[] = [];
  if (how.order === "python") {
    for await (const { docId } of shownDocuments("Reading ids", corpus, context)) ids.push(docId);
  }
  const ranks = how.order === "python" ? pythonRanks(ids, how.seed) : undefined;
  const rank = (number: number, { docId }: Document) => ranks ? ranks[number] : rankOf(how.seed, docId);
  const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  const sampler = new Sampler(how);
  let documents = 0;
  for await (const document of shownDocuments("Sampling", corpus, context, counts)) {
    const own = rank(documents++, document);
    if (own === undefined) break;
    if (sampler.offer(document, own)) await sampler.take();
  }
  await sampler.take();
  if (documents === 0) throw emptyCorpus(corpus.source.path, counts.skipped);
  if (ranks && documents !== ids.length) throw changedCorpus(corpus.source.path, ids.length, documents);
  const { texts, tried, fit } = sampler;
  return { texts, documents, tried, fit, skipped: counts.skipped.length };
}

/** A text without its opening comments, and whether it has so many tokens as are wanted. */
export interface CountedText {
  document: Document;
  isFit: boolean;
}

/**
 * Counts the tokens of texts without their opening comments.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countTokens } from "./sample_corpus.ts";
 *
 * const tokenizer = { encodeIds: (texts: readonly string[]) => Promise.resolve(texts.map(() => new Int32Array(9))) };
 * const [a] = await countTokens([{ docId: "a", path: "a.py", text: "# Licence\nx = 1\n" }], {
 *   ...{ tokenizer, minTokens: 1, maxTokens: 8, isReference: false },
 * });
 * assertEquals([a!.document.text, a!.isFit], ["x = 1", false]);
 * ```
 */
export async function countTokens(
  documents: readonly Document[],
  { tokenizer, minTokens, maxTokens, isReference }: Pick<
    SampleOptions,
    "tokenizer" | "minTokens" | "maxTokens" | "isReference"
  >,
): Promise<CountedText[]> {
  const texts = documents.map((document) =>
    isReference
      ? withoutOpeningLines(document.text)
      : withoutOpeningComments(document.text, commentedLanguage(document))
  );
  const nameOf = (i: number) => `text "${documents[i]!.docId}"`;
  const ids = await tokenizer.encodeIds(texts, { nameOf });
  return documents.map((document, i) => ({
    document: { ...document, text: texts[i]! },
    isFit: ids[i]!.length >= minTokens && ids[i]!.length <= maxTokens,
  }));
}

/** Tries texts some hundred at a time. */
class Sampler {
  readonly #options: SampleOptions;
  readonly #lowest: LowestRanks<Document>;
  #batch: { rank: number; document: Document }[] = [];
  #characters = 0;
  tried = 0;
  fit = 0;

  constructor(options: SampleOptions) {
    this.#options = options;
    this.#lowest = new LowestRanks(options.count);
  }

  get texts(): Document[] {
    return this.#lowest.items();
  }

  /** Notes a text that may come in; true when it is time to try what was noted. */
  offer(document: Document, rank: number): boolean {
    if (rank > this.#lowest.bound) return false;
    this.#batch.push({ rank, document });
    this.#characters += document.text.length;
    return this.#batch.length === BATCH || this.#characters >= BATCH_CHARACTERS;
  }

  /** Tries what was noted. */
  async take(): Promise<void> {
    const counted = await countTokens(this.#batch.map(({ document }) => document), this.#options);
    this.tried += counted.length;
    for (const [i, { document, isFit }] of counted.entries()) {
      if (!isFit) continue;
      this.fit++;
      this.#lowest.add(this.#batch[i]!.rank, document);
    }
    [this.#batch, this.#characters] = [[], 0];
  }
}
