/**
 * Whether a value reads like gibberish: the mean of -ln p(next letter | letter) over its neighbouring letters, where p
 * comes from counts of letter pairs in English prose, as PyPI's gibberish-detector computes it. The default counts are
 * in data/english_bigrams.json, trained by {@link trainBigrams}' rule on freely licensed prose; see data/README.md.
 *
 * @module
 */
import english from "../../data/english_bigrams.json" with { type: "json" };
import { splitLines } from "./python_text.ts";

/** Counts of letter pairs, in the file format of gibberish-detector's models. */
export interface BigramTable {
  /** The characters counted; all others are removed before pairs are formed. */
  charset: string;
  /** The length of a pair. */
  ngram_size: number;
  /** How often a character (outer key) is followed by another (inner key), ten added. */
  counts: Record<string, Record<string, number>>;
}

const CHARSET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SMOOTHING = 10; // gibberish-detector's: no pair has probability 0
const LIMIT = 4.0; // gibberish-detector's default, which CodeEraser uses
const A = 0x61;
const LETTERS = 26;

/** The counts used where none are given. */
export const ENGLISH_BIGRAMS: BigramTable = english;

const surprises = new WeakMap<BigramTable, Float64Array>();

/**
 * `value` if it is a table of letter pairs in gibberish-detector's format.
 *
 * @throws {SyntaxError} When it is not, with what was found.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { checkBigrams, ENGLISH_BIGRAMS } from "./gibberish.ts";
 *
 * assertEquals(checkBigrams(ENGLISH_BIGRAMS), ENGLISH_BIGRAMS);
 * assertThrows(() => checkBigrams({}), SyntaxError, 'Cannot read bigram table as charset must be');
 * ```
 */
export function checkBigrams(value: unknown): BigramTable {
  const fail = (rule: string, found: unknown): never => {
    throw new SyntaxError(`Cannot read bigram table as ${rule}: ${JSON.stringify(found) ?? typeof found}`);
  };
  if (typeof value !== "object" || value === null) return fail("it must be an object", value);
  const table = value as Partial<BigramTable>;
  if (table.charset !== CHARSET) fail("charset must be the letters a-z and A-Z", table.charset);
  if (table.ngram_size !== 2) fail("ngram_size must be 2", table.ngram_size);
  for (const first of CHARSET) {
    for (const second of CHARSET) {
      const count = table.counts?.[first]?.[second];
      if (typeof count === "number" && Number.isFinite(count) && count > 0) continue;
      fail(`counts.${first}.${second} must be a positive number`, count);
    }
  }
  return table as BigramTable;
}

/** -ln p of each pair of lower-case letters; a row's total counts its upper-case letters too. */
function surprise(table: BigramTable): Float64Array {
  let known = surprises.get(table);
  if (known !== undefined) return known;
  checkBigrams(table);
  known = new Float64Array(LETTERS * LETTERS);
  for (let i = 0; i < LETTERS; i++) {
    const row = table.counts[CHARSET[i]!]!;
    let total = 0;
    for (const second of CHARSET) total += row[second]!;
    for (let j = 0; j < LETTERS; j++) known[i * LETTERS + j] = -Math.log(row[CHARSET[j]!]! / total);
  }
  surprises.set(table, known);
  return known;
}

/**
 * The mean surprise of the letters of `value`, lower-cased, in nats; 0 for fewer than two letters.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { gibberishScore } from "./gibberish.ts";
 *
 * assert(gibberishScore("zqxjkvbpwq") > 4);
 * assert(gibberishScore("the_other_reason") < 3);
 * assertEquals(gibberishScore("1-a-2"), 0);
 * ```
 */
export function gibberishScore(value: string, table: BigramTable = ENGLISH_BIGRAMS): number {
  const scores = surprise(table);
  const lower = value.toLowerCase();
  let previous = -1, total = 0, pairs = 0;
  for (let i = 0; i < lower.length; i++) {
    const letter = lower.charCodeAt(i) - A;
    if (letter < 0 || letter >= LETTERS) continue;
    if (previous >= 0) {
      total += scores[previous * LETTERS + letter]!;
      pairs++;
    }
    previous = letter;
  }
  return pairs === 0 ? 0 : total / pairs;
}

/**
 * Whether the letters of `value` follow one another unlike English.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isGibberish } from "./gibberish.ts";
 *
 * assertEquals([isGibberish("zqxjkvbpwq"), isGibberish("configuration")], [true, false]);
 * ```
 */
export function isGibberish(value: string, table: BigramTable = ENGLISH_BIGRAMS): boolean {
  return gibberishScore(value, table) > LIMIT;
}

/**
 * The letter pairs of `text`, counted line by line over the letters alone, ten added to each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { trainBigrams } from "./gibberish.ts";
 *
 * const table = trainBigrams("a b\nab");
 * assertEquals([table.counts.a!.b, table.counts.b!.a], [12, 10]);
 * ```
 */
export function trainBigrams(text: string): BigramTable {
  const counts: BigramTable["counts"] = {};
  for (const first of CHARSET) {
    counts[first] = Object.fromEntries(Array.from(CHARSET, (second) => [second, SMOOTHING]));
  }
  for (const line of splitLines(text)) {
    const letters = line.replace(/[^a-zA-Z]/g, "");
    for (let i = 1; i < letters.length; i++) counts[letters[i - 1]!]![letters[i]!]!++;
  }
  return { charset: CHARSET, ngram_size: 2, counts };
}
