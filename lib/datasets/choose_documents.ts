/**
 * Documents of a corpus by lot: which ones is drawn once their number is known, then these are held.
 *
 * @module
 */
import {
  changedCorpus,
  type Document,
  emptyCorpus,
  MAX_CHARACTERS,
  streamDocuments,
  tooLarge,
} from "./corpus.ts";
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
  const places = sampleOf(Uint32Array.from({ length: total }, (_, i) => i), { seed, count });
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
  throw changedCorpus(source.path, total, number);
}

/**
 * Which of some items the seed takes: their places in the order of the choice, by item.
 *
 * @param items in their own order, all of them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sampleOf } from "./choose_documents.ts";
 *
 * assertEquals([...sampleOf([0, 1, 2, 3, 4], { seed: 42, count: 2 })], [[3, 0], [1, 1]]);
 * ```
 */
export function sampleOf(
  items: ArrayLike<number>,
  { seed, count }: Pick<ChooseDocumentsOptions, "seed" | "count">,
): Map<number, number> {
  const order = new PythonRandom(seed).shuffle(Uint32Array.from(items)).subarray(0, count);
  return new Map(Array.from(order, (item, place) => [item, place]));
}
