/**
 * The words of a tokenizer's vocabulary by length and classes: what a token of a made-up value may be, so that it is as
 * common as what people choose.
 *
 * @module
 */
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { letterClass } from "./letter_class.ts";

/** A word of the vocabulary with the sum of the weights up to it: the earlier its id, the more frequent it is. */
export interface Word {
  text: string;
  sum: number;
}

/** Words by what `patternOf` makes of them. */
type Words = Map<string, Word[]>;

/** Of fewer words or letters beyond ASCII none is drawn: there is too little to choose from. */
const LEAST = 10;

/** What was read of each tokenizer's vocabulary. */
const read = new WeakMap<Tokenizer, { ascii: VocabularyWords; all?: Promise<VocabularyWords> }>();

/**
 * The words of a vocabulary.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { VocabularyWords } from "./vocabulary_words.ts";
 *
 * const words = await VocabularyWords.of(await openTokenizer("data/model"), "self");
 * assert(words.like("self").some(({ text }) => text === "name"));
 * assertEquals(words.lettersLike("7"), "0123456789");
 * ```
 */
export class VocabularyWords {
  readonly #words: Words;
  readonly #alike = new Map<string, readonly Word[]>();
  readonly #letters = new Map<string, string>();

  private constructor(words: Words) {
    this.#words = words;
  }

  /**
   * Reads a vocabulary, once.
   *
   * @param value words like whose parts are wanted: if it is ASCII, so are they
   */
  static async of(tokenizer: Tokenizer, value: string): Promise<VocabularyWords> {
    let vocabulary = read.get(tokenizer);
    if (!vocabulary) {
      read.set(tokenizer, vocabulary = { ascii: new VocabularyWords(asciiWords(tokenizer)) });
    }
    if (isAscii(value)) return vocabulary.ascii;
    return await (vocabulary.all ??= allWords(tokenizer).then((words) => new VocabularyWords(words)));
  }

  /**
   * Words of the same length and classes as a token; beyond ASCII none where they are few, or the token, as a letter that
   * takes several, is none of them.
   */
  like(token: string): readonly Word[] {
    const known = this.#alike.get(token);
    if (known) return known;
    let words: readonly Word[] = this.#words.get(patternOf(token)) ?? [];
    const isFit = words.length >= LEAST && words.some(({ text }) => text === token);
    if (!isAscii(token) && !isFit) words = [];
    this.#alike.set(token, words);
    return words;
  }

  /** The letters of a letter's class; beyond ASCII those that are no token, unless these are few. */
  lettersLike(letter: string): string {
    let letters = this.#letters.get(letter);
    if (letters !== undefined) return letters;
    letters = letterClass(letter);
    if (!isAscii(letter) && letters !== letter) {
      const words = new Set(this.#words.get(patternOf(letter))?.map(({ text }) => text));
      const others = Array.from(letters).filter((other) => !words.has(other));
      if (others.length >= LEAST && !words.has(letter)) letters = others.join("");
    }
    this.#letters.set(letter, letters);
    return letters;
  }
}

/** The first letter of each letter's class, all else as it is: a for b, A for B, 0 for 1. */
function patternOf(text: string): string {
  return Array.from(text, (character) => {
    const letters = letterClass(character);
    return letters === character ? character : letters[0]!;
  }).join("");
}

function isAscii(text: string): boolean {
  return !/[^\0-\x7f]/.test(text);
}

function asciiWords(tokenizer: Tokenizer): Words {
  const words: Words = new Map();
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    const text = tokenizer.token(id);
    // in byte-level vocabularies these characters stand for themselves; special tokens hold others
    if (text === null || !/^[!-~]*[A-Za-z0-9][!-~]*$/.test(text) || /[<|>]/.test(text)) continue;
    addWord(words, text, id);
  }
  return words;
}

/** Also words with letters beyond ASCII, with the blank before them that is part of a token. */
async function allWords(tokenizer: Tokenizer): Promise<Words> {
  const words = asciiWords(tokenizer);
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    const raw = tokenizer.token(id);
    // without blanks and line ends of byte-level vocabularies, which are most of what else looks like letters
    if (raw === null || /[<|>]/.test(raw) || isAscii(raw.replace(/[ĠĊĉč▁]/g, ""))) continue;
    const decoded = await tokenizer.decode([id]);
    const text = raw.startsWith("▁") && !decoded.startsWith(" ") ? ` ${decoded}` : decoded;
    if (!text.includes("\ufffd") && !isAscii(text) && /\p{L}/u.test(text)) addWord(words, text, id);
  }
  return words;
}

function addWord(words: Words, text: string, id: number): void {
  const pattern = patternOf(text);
  const alike = words.get(pattern) ?? [];
  words.set(pattern, alike);
  alike.push({ text, sum: (alike.at(-1)?.sum ?? 0) + 1 / (id + 1) });
}
