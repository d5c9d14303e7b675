/**
 * Texts for a tokenizer to learn from, without the secrets that both detection profiles find in them: what stands often
 * in a corpus becomes one entry of the vocabulary, and a tokenizer is published as it is.
 *
 * Invariant: no value of at least {@linkcode SHORTEST} characters that was found anywhere stands in any of the texts, be
 * it where no rule would have found it. So all texts are looked through before the first is given: they wait in a file,
 * and held are the values alone.
 *
 * @module
 */
import { detectSecrets, PROFILES } from "../secrets/detect.ts";
import { filterSecrets } from "../secrets/filter.ts";
import { occurrences } from "../secrets/occurrences.ts";
import type { Span } from "../secrets/secret_span.ts";
import { createFile, PRIVATE, writeAll } from "../files/write_file.ts";

/** Shorter values are left out where they were found only: they are parts of ordinary words elsewhere. */
export const SHORTEST = 6;
/** Stands between texts that are looked through together; it is no character. */
const BORDER = "\uffff";
/** Characters after which other work has its turn. */
const BREATH_CHARACTERS = 1 << 18;
/** Characters that are looked through at once for values that were found elsewhere. */
const CHUNK_CHARACTERS = 1 << 24;

/** Texts that come one by one. */
export type TextStream = Iterable<string> | AsyncIterable<string>;

/**
 * Leaves out the secrets of texts. Takes about a second for 2 MB, in which signals are heard.
 *
 * @param file to make, for its owner only; it is read by the texts that are given, and is the caller's to remove
 * @returns the texts, as many, to be read once, and each value that was found, once
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const file = `${await Deno.makeTempDir()}/texts`;
 * const all = ["to = 'ada@mail.invalid'\n", "see adaXada@mail.invalid\n"];
 * const { texts, values } = await withoutSecrets(all, file);
 * assertEquals(await Array.fromAsync(texts), ["to = ''\n", "see \n"]);
 * assertEquals(values, ["ada@mail.invalid", "adaXada@mail.invalid"]);
 * ```
 */
export async function withoutSecrets(
  all: TextStream,
  file: string,
): Promise<{ texts: AsyncIterable<string>; values: string[] }> {
  const values = new Set<string>();
  const sizes: number[] = [];
  const encoder = new TextEncoder();
  using written = await createFile(file, { mode: PRIVATE });
  let characters = 0;
  for await (const text of all) {
    const spans = PROFILES.flatMap((profile) =>
      filterSecrets(text, detectSecrets(text, { profile }), { profile })
    );
    for (const { start, end } of spans) values.add(text.slice(start, end));
    const bytes = encoder.encode(cutOut(text, spans).replaceAll(BORDER, "\ufffd"));
    await writeAll(written, bytes, file);
    sizes.push(bytes.length);
    characters += text.length;
    if (characters < BREATH_CHARACTERS) continue;
    characters = 0;
    await new Promise((resolve) => setTimeout(resolve));
  }
  const long = [...values].filter((value) => value.length >= SHORTEST && !value.includes(BORDER));
  return { texts: cutOutAll(readTexts(file, sizes), long), values: [...values] };
}

/** Texts of a file, by their sizes in bytes. */
async function* readTexts(path: string, sizes: readonly number[]): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  for (const size of sizes) {
    const bytes = new Uint8Array(size);
    let filled = 0;
    for (let count: number | null = 1; filled < size && count !== null; filled += count ?? 0) {
      count = await file.read(bytes.subarray(filled));
    }
    yield decoder.decode(bytes.subarray(0, filled));
  }
}

/** A text without some of its stretches, which may overlap. */
function cutOut(text: string, spans: readonly Span[]): string {
  let [kept, from] = ["", 0];
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start > from) kept += text.slice(from, start);
    from = Math.max(from, end);
  }
  return kept + text.slice(from);
}

/** Texts without values, wherever they stand; until none is left, as what stood around one may make up another. */
async function* cutOutAll(texts: AsyncIterable<string>, values: string[]): AsyncGenerator<string> {
  if (values.length === 0) return yield* texts;
  let [chunk, characters]: [string[], number] = [[], 0];
  const take = () => {
    let joined = chunk.join(BORDER);
    for (let spans = placesOf(joined, values); spans.length > 0; spans = placesOf(joined, values)) {
      joined = cutOut(joined, spans);
    }
    [chunk, characters] = [[], 0];
    return joined.split(BORDER);
  };
  for await (const text of texts) {
    if (chunk.length > 0 && characters + text.length > CHUNK_CHARACTERS) yield* take();
    chunk.push(text);
    characters += text.length;
  }
  if (chunk.length > 0) yield* take();
}

function placesOf(text: string, values: string[]): Span[] {
  return occurrences(text, values).flatMap((starts, i) =>
    starts.map((start) => ({ start, end: start + values[i]!.length }))
  );
}
