/**
 * Texts for a tokenizer to learn from, without the secrets that both detection profiles find in them: what stands often
 * in a corpus becomes one entry of the vocabulary, and a tokenizer is published as it is.
 *
 * Invariant: no value of at least {@linkcode SHORTEST} characters that was found anywhere stands in any of the texts, be
 * it where no rule would have found it.
 *
 * @module
 */
import { detectSecrets, PROFILES } from "../secrets/detect.ts";
import { filterSecrets } from "../secrets/filter.ts";
import { occurrences } from "../secrets/occurrences.ts";

/** Shorter values are left out where they were found only: they are parts of ordinary words elsewhere. */
export const SHORTEST = 6;
/** Stands between texts that are looked through together; it is no character. */
const BORDER = "\uffff";
/** Characters after which other work has its turn. */
const BREATH_CHARACTERS = 1 << 18;
/** Characters that are looked through at once for values that were found elsewhere. */
const CHUNK_CHARACTERS = 1 << 24;

/**
 * Leaves out the secrets of texts. Takes about a second for 2 MB, in which signals are heard.
 *
 * @returns the texts, as many, and each value that was found, once
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { texts, values } = await withoutSecrets(["to = 'ada@mail.invalid'\n", "see adaXada@mail.invalid\n"]);
 * assertEquals([texts, values], [["to = ''\n", "see \n"], ["ada@mail.invalid", "adaXada@mail.invalid"]]);
 * ```
 */
export async function withoutSecrets(
  all: readonly string[],
): Promise<{ texts: string[]; values: string[] }> {
  const values = new Set<string>();
  const texts: string[] = [];
  let characters = 0;
  for (const text of all) {
    const spans = PROFILES.flatMap((profile) =>
      filterSecrets(text, detectSecrets(text, { profile }), { profile })
    );
    for (const { start, end } of spans) values.add(text.slice(start, end));
    texts.push(cutOut(text, spans).replaceAll(BORDER, "\ufffd"));
    characters += text.length;
    if (characters < BREATH_CHARACTERS) continue;
    characters = 0;
    await new Promise((resolve) => setTimeout(resolve));
  }
  const long = [...values].filter((value) => value.length >= SHORTEST && !value.includes(BORDER));
  return { texts: cutOutAll(texts, long), values: [...values] };
}

/** A text without some of its stretches, which may overlap. */
function cutOut(text: string, spans: readonly { start: number; end: number }[]): string {
  let [kept, from] = ["", 0];
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    if (start > from) kept += text.slice(from, start);
    from = Math.max(from, end);
  }
  return kept + text.slice(from);
}

/** Texts without values, wherever they stand; until none is left, as what stood around one may make up another. */
function cutOutAll(texts: readonly string[], values: string[]): string[] {
  const result: string[] = [];
  for (let first = 0; first < texts.length && values.length > 0;) {
    let [last, characters] = [first, 0];
    while (last < texts.length && (last === first || characters + texts[last]!.length <= CHUNK_CHARACTERS)) {
      characters += texts[last++]!.length;
    }
    let chunk = texts.slice(first, last).join(BORDER);
    for (let spans = placesOf(chunk, values); spans.length > 0; spans = placesOf(chunk, values)) {
      chunk = cutOut(chunk, spans);
    }
    result.push(...chunk.split(BORDER));
    first = last;
  }
  return values.length > 0 ? result : [...texts];
}

function placesOf(text: string, values: string[]): { start: number; end: number }[] {
  return occurrences(text, values).flatMap((starts, i) =>
    starts.map((start) => ({ start, end: start + values[i]!.length }))
  );
}
