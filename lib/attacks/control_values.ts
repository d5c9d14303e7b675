/**
 * Made-up secrets in the place of a secret: of its format, so that a model that never saw it scores it as one of them.
 *
 * A value of a generator's format is drawn by it; a key by its own alphabets. What reads like words (names, passwords,
 * the local part of an address) is drawn from the tokenizer's words: each token is replaced by one of the same length and
 * classes, the more frequent the likelier (a byte-pair vocabulary is ordered so), as random letters would be harder for
 * any model than the names that people choose.
 *
 * @module
 */
import type { PythonRandom } from "../datasets/python_random.ts";
import { randomOf } from "../datasets/seeded_order.ts";
import { isGibberish } from "../secrets/gibberish.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { formatOf, sharedParts, type TaggedValue } from "./value_format.ts";

/** How to draw. */
export interface ControlOptions {
  /** How many. */
  count: number;
  /** Names the place, such as document, start and end: what is drawn depends on it and the seed alone. */
  place: string;
  /** Default 42. */
  seed?: number;
}

/** A word of the vocabulary with the sum of the weights up to it. */
interface Word {
  text: string;
  sum: number;
}

/** Tries for one value, before a format is taken to have no other. */
const TRIES = 100;
/** Candidates for one control that is drawn by words: of them those are kept that have as many tokens as the secret. */
const CANDIDATES = 4;

/**
 * Draws controls for secrets.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { ControlValues } from "./control_values.ts";
 *
 * const controls = new ControlValues(await openTokenizer("tests/fixtures/tokenizer"));
 * const secret = { value: "npm_" + "aB3".repeat(12), tag: "KEY" };
 * const values = await controls.draw(secret, { count: 3, place: "a 0 40" });
 * assert(values.every((value) => /^npm_[A-Za-z0-9]{36}$/.test(value)));
 * assertEquals(values, await controls.draw(secret, { count: 3, place: "a 0 40" }));
 * ```
 */
export class ControlValues {
  readonly #tokenizer: Tokenizer;
  #words: Map<string, Word[]> | undefined;

  /** @param tokenizer the model's */
  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /**
   * Draws values of a secret's format, none of them the secret.
   *
   * @returns as many as asked for, some of them equal where a format has few; none where it has no other value
   */
  async draw(secret: TaggedValue, { count, place, seed = 42 }: ControlOptions): Promise<string[]> {
    const random = randomOf(seed, `controls ${place}`);
    const format = formatOf(secret);
    if (format.name === "own" && isWordLike(secret)) {
      return await this.#drawWords(secret, { count, random });
    }
    return drawOthers(secret.value, count, () => format.draw(random));
  }

  async #drawWords(
    secret: TaggedValue,
    { count, random }: { count: number; random: PythonRandom },
  ): Promise<string[]> {
    const parts: { text: string; tokens: string[] | null }[] = [];
    let from = 0;
    for (
      const [start, end] of [...sharedParts(secret), [secret.value.length, secret.value.length] as const]
    ) {
      if (start > from) parts.push({ text: secret.value.slice(from, start), tokens: [] });
      if (end > start) parts.push({ text: secret.value.slice(start, end), tokens: null });
      from = end;
    }
    for (const part of parts) {
      if (!part.tokens) continue;
      const { starts, ends } = await this.#tokenizer.encode(part.text);
      // characters that several tokens share stand in the first of them
      part.tokens = Array.from(
        starts,
        (start, t) => part.text.slice(Math.max(start, ends[t - 1] ?? 0), ends[t]),
      );
    }
    const draw = () =>
      parts.map(({ text, tokens }) => tokens?.map((token) => this.#drawLike(token, random)).join("") ?? text)
        .join("");
    const drawn = drawOthers(secret.value, CANDIDATES * count, draw);
    const [own, ...ids] = await this.#tokenizer.encodeIds([secret.value, ...drawn]);
    const isAlike = drawn.map((_, i) => ids[i]!.length === own!.length);
    const alike = drawn.filter((_, i) => isAlike[i]);
    return [...alike, ...drawn.filter((_, i) => !isAlike[i])].slice(0, count);
  }

  /** A token of the same length and classes; a character where the vocabulary has no such. */
  #drawLike(token: string, random: PythonRandom): string {
    const words = this.#wordsLike(patternOf(token));
    if (words.length === 0) {
      return Array.from(token, (c) => this.#drawLikeCharacter(c, random)).join("");
    }
    const at = random.random() * words.at(-1)!.sum;
    return words.find(({ sum }) => at < sum)!.text;
  }

  #drawLikeCharacter(character: string, random: PythonRandom): string {
    return formatOf({ value: character, tag: "" }).draw(random);
  }

  #wordsLike(pattern: string): readonly Word[] {
    if (!this.#words) {
      this.#words = new Map();
      for (let id = 0; id < this.#tokenizer.vocabularySize; id++) {
        const text = this.#tokenizer.token(id);
        // in byte-level vocabularies these characters stand for themselves; special tokens hold others
        if (text === null || !/^[!-~]*[A-Za-z0-9][!-~]*$/.test(text) || /[<|>]/.test(text)) continue;
        const key = patternOf(text);
        const words = this.#words.get(key) ?? [];
        this.#words.set(key, words);
        words.push({ text, sum: (words.at(-1)?.sum ?? 0) + 1 / (id + 1) });
      }
    }
    return this.#words.get(pattern) ?? [];
  }
}

/**
 * Whether a value reads like words rather than like drawn characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isWordLike } from "./control_values.ts";
 *
 * const values = ["correct-horse-battery", "9f3a77c0d4b1e852"];
 * assertEquals(values.map((value) => isWordLike({ value, tag: "KEY" })), [true, false]);
 * ```
 */
export function isWordLike({ value, tag }: TaggedValue): boolean {
  if (tag === "EMAIL" || tag === "NAME") return true;
  const [letters, digits] = [/[A-Za-z]/g, /[0-9]/g].map((pattern) => value.match(pattern)?.length ?? 0);
  return tag === "KEY" && letters! >= 2 * digits! && !isGibberish(value); // hexadecimal digits have half as many letters
}

/** Letters and digits by their classes, all else as it is. */
function patternOf(text: string): string {
  return text.replace(/[a-z]|[A-Z]|[0-9]/g, (c) => /[a-z]/.test(c) ? "a" : /[A-Z]/.test(c) ? "A" : "0");
}

function drawOthers(value: string, count: number, draw: () => string): string[] {
  const drawn: string[] = [];
  for (let tries = 0; drawn.length < count && tries < TRIES * (drawn.length + 1); tries++) {
    const other = draw();
    if (other !== value) drawn.push(other);
  }
  return drawn;
}
