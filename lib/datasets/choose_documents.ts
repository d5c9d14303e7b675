/**
 * Documents of a corpus by lot: which ones is drawn once their number is known, then these are held.
 *
 * @module
 */
import { type Document, emptyCorpus, MAX_CHARACTERS, streamDocuments, tooLarge } from "./corpus.ts";
import { PythonRandom } from "./python_random.ts";
import { type CorpusOptions, type CorpusSource, resolveCorpus } from "./resolve_corpus.ts";

/** Options of {@linkcode chooseDocuments}. */
export interface ChooseDocumentsOptions extends CorpusOptions {
  /** The seed of the shuffle. */
  seed: number;
  /** How many, at most; all by default. */
  count?: number | undefined;
  /** How many characters the texts may have together; 2^30 by default, as for `readCorpus`. */
  maxCharacters?: number;
}

/**
 * The first documents of a corpus that is shuffled as `PythonRandom` does, in that order; in two passes, so that only
 * these are held.
 *
 * @throws {Error} As `readCorpus`; {RangeError} if the chosen texts are too large.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseDocuments } from "./choose_documents.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, "text\n0\n1\n2\n3\n4\n");
 * const chosen = await chooseDocuments(path, { seed: 42, count: 3 });
 * assertEquals(chosen.map(({ text }) => text), ["3", "1", "2"]); // Python's shuffle of five: 3, 1, 2, 4, 0
 * ```
 */
export async function chooseDocuments(
  corpus: string | CorpusSource,
  { seed, count, maxCharacters = MAX_CHARACTERS, ...options }: ChooseDocumentsOptions,
): Promise<Document[]> {
  const source = typeof corpus === "string" ? await resolveCorpus(corpus, options) : corpus;
  const counts = { skipped: [], replacedSurrogates: 0, read: 0 };
  let total = 0;
  for await (const _ of streamDocuments(source, options, counts)) total++;
  if (total === 0) throw emptyCorpus(source.path, counts.skipped);
  const order = new PythonRandom(seed).shuffle(Uint32Array.from({ length: total }, (_, i) => i));
  const places = new Map(Array.from(order.subarray(0, count), (number, place) => [number, place]));
  const chosen = new Array<Document>(places.size);
  let [number, characters, left] = [0, 0, places.size];
  for await (const document of streamDocuments(source, options)) {
    const place = places.get(number++);
    if (place === undefined) continue;
    characters += document.text.length;
    if (characters > maxCharacters) throw tooLarge(source.path, document, { characters, maxCharacters });
    chosen[place] = document;
    left--;
  }
  if (left === 0 && number === total) return chosen;
  throw new Error(
    `Cannot read corpus "${source.path}": it had ${total} documents and then ${number}: it changed meanwhile`,
  );
}
