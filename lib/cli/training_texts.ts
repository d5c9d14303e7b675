/**
 * The texts that `train` learns from, as a stream that can be read more than once.
 *
 * @module
 */
import { emptyCorpus } from "../datasets/corpus.ts";
import { readPiece } from "../datasets/corpus_piece.ts";
import { corpusBytes, corpusPieces } from "../datasets/corpus_pieces.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { buildEmbeddedCorpus } from "../embedded/embedded_corpus.ts";
import type { Context } from "./command.ts";
import { type CorpusValues, givenCorpus } from "./corpus_options.ts";
import { resolvePath } from "./options.ts";

/** Texts to train on. */
export interface TrainingTexts {
  /** Bytes of the corpus on the disk. */
  bytes: number;
  /**
   * The texts in the corpus' order, some hundred at once, with how many bytes of the corpus end with them; each call reads
   * them anew.
   *
   * @throws {Error} at the end of a corpus without a document
   */
  pieces(): AsyncIterable<{ texts: string[]; read: number }>;
  /** tokenizer.json's text, where the corpus comes with one. */
  tokenizerJson?: string;
}

/**
 * The texts of a corpus by its path, or of the embedded one.
 *
 * @throws {Error} as `resolveCorpus`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTrainingTexts } from "./training_texts.ts";
 *
 * const context = { cwd: await Deno.makeTempDir(), breathe: () => Promise.resolve() };
 * await Deno.writeTextFile(`${context.cwd}/a.py`, "x = 1\n");
 * const { bytes, pieces } = await openTrainingTexts(".", context);
 * assertEquals([bytes, await Array.fromAsync(pieces())], [6, [{ texts: ["x = 1\n"], read: 6 }]]);
 * ```
 */
export async function openTrainingTexts(
  corpus: string,
  { cwd, breathe }: Pick<Context, "cwd" | "breathe">,
  values: CorpusValues = {},
): Promise<TrainingTexts> {
  if (corpus === "embedded") return await embeddedTexts();
  using given = await givenCorpus(resolvePath(corpus, cwd), values);
  const options = { ...given.options, breathe, isInline: true };
  const source = await resolveCorpus(given.path, options);
  async function* pieces() {
    const skipped: { reason: string }[] = [];
    let [bytes, documents] = [0, 0];
    for await (const piece of corpusPieces(source, options)) {
      const content = await readPiece(piece.source);
      if (documents === 0) skipped.push(...content.skipped, ...content.unnamed);
      documents += content.documents.length;
      bytes = source.columns ? piece.read : bytes + piece.bytes;
      yield { texts: content.documents.map(({ text }) => text), read: bytes };
    }
    if (documents === 0) throw emptyCorpus(source.path, skipped);
  }
  return { bytes: await corpusBytes(source, options), pieces };
}

async function embeddedTexts(): Promise<TrainingTexts> {
  const { train, tokenizer } = await buildEmbeddedCorpus();
  const texts = train.map(({ text }) => text);
  const read = texts.reduce((sum, { length }) => sum + length, 0);
  async function* pieces() {
    await Promise.resolve();
    yield { texts, read };
  }
  return { bytes: read, pieces, tokenizerJson: tokenizer };
}
