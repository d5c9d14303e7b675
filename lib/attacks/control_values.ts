/**
 * Made-up secrets in the place of a secret: of its format, so that a model that never saw it scores it as one of them.
 *
 * A value of a generator's format is drawn by it; a key by its own alphabets. What reads like words (names, passwords,
 * the local part of an address) is drawn from the tokenizer's words: each token is replaced by one of the same length and
 * classes, the more frequent the likelier (a byte-pair vocabulary is ordered so), as random letters would be harder for
 * any model than the names that people choose. A letter beyond ASCII is replaced by one of its script and case
 * (`letterClass`) that takes as many tokens: of those that the vocabulary has the more frequent are the likelier.
 *
 * No two controls are equal: a format of few values gives each once. None is given where less than half of the tokens
 * that tell a value from others can be replaced (`isReplaceable`), as in signs and rare scripts: they would be nearly the
 * secret, and a threshold by them would lie where the secret does.
 *
 * @module
 */
import type { PythonRandom } from "../datasets/python_random.ts";
import { randomOf } from "../datasets/seeded_order.ts";
import { drawText } from "../embedded/secret_formats.ts";
import { isGibberish } from "../secrets/gibberish.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { formatOf, isReplaceable, sharedParts, type TaggedValue } from "./value_format.ts";
import { VocabularyWords } from "./vocabulary_words.ts";

/** How to draw. */
export interface ControlOptions {
  /** How many. */
  count: number;
  /** Names the place, such as document, start and end: what is drawn depends on it and the seed alone. */
  place: string;
  /** Default 42. */
  seed?: number;
}

/** Tries for one value, before a format is taken to have no other. */
const TRIES = 100;
/** Words that give fewer values leave no p-value of 5 %; letters are drawn instead. */
const LEAST_WORDS = 19;
/** What people choose has these tags, too, by the rules that found it. */
const CHOSEN: readonly string[] = ["KEY", "PASSWORD", "HASH"];
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

  /** @param tokenizer the model's */
  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /**
   * Draws values of a secret's format, none of them the secret and no two of them equal.
   *
   * @returns as many as asked for; all others where there are fewer, by the format or by the vocabulary's words; none where
   * there is no other value, or too little of one can be replaced
   */
  async draw(secret: TaggedValue, { count, place, seed = 42 }: ControlOptions): Promise<string[]> {
    const random = randomOf(seed, `controls ${place}`);
    const format = formatOf(secret);
    if (!isReplaceable(secret, format, await this.#tokenizer.encode(secret.value))) return [];
    const drawByFormat = () => drawOthers(secret.value, count, () => format.draw(random));
    if (format.name !== "own" || !isWordLike(secret)) return drawByFormat();
    const words = await this.#drawWords(secret, { count, random });
    return isEnough(words, secret, { count, slots: format.slots }) ? words : drawByFormat();
  }

  async #drawWords(
    secret: TaggedValue,
    { count, random }: { count: number; random: PythonRandom },
  ): Promise<string[]> {
    const words = await VocabularyWords.of(this.#tokenizer, secret.value);
    const parts = await this.#partsOf(secret);
    const draw = () =>
      parts.map(({ text, tokens }) => tokens?.map((token) => drawLike(token, words, random)).join("") ?? text)
        .join("");
    const drawn = drawOthers(secret.value, count, draw, { draws: CANDIDATES * count });
    const [own, ...ids] = await this.#tokenizer.encodeIds([secret.value, ...drawn]);
    const isAlike = drawn.map((_, i) => ids[i]!.length === own!.length);
    const alike = drawn.filter((_, i) => isAlike[i]);
    return [...alike, ...drawn.filter((_, i) => !isAlike[i])].slice(0, count);
  }

  /** A value's parts: those to replace by their tokens, and those that all values of its kind share. */
  async #partsOf(secret: TaggedValue): Promise<{ text: string; tokens: string[] | null }[]> {
    const { value } = secret;
    const parts: { text: string; tokens: string[] | null }[] = [];
    let from = 0;
    for (const [start, end] of [...sharedParts(secret), [value.length, value.length] as const]) {
      if (start > from) parts.push({ text: value.slice(from, start), tokens: [] });
      if (end > start) parts.push({ text: value.slice(start, end), tokens: null });
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
    return parts;
  }
}

/** A token of the same length and classes; where the vocabulary has no such, its characters one by one. */
function drawLike(token: string, words: VocabularyWords, random: PythonRandom): string {
  const alike = words.like(token);
  if (alike.length > 0) {
    const at = random.random() * alike.at(-1)!.sum;
    return alike.find(({ sum }) => at < sum)!.text;
  }
  return Array.from(token, (character) => {
    if (character !== token && character > "\x7f") return drawLike(character, words, random);
    const letters = words.lettersLike(character);
    return letters === character ? character : drawText(random, letters, 1);
  }).join("");
}

/** Whether words give values enough, and others: the vocabulary may have hardly any like the secret's own. */
function isEnough(words: readonly string[], { value }: TaggedValue, { count, slots }: {
  count: number;
  slots: readonly string[];
}): boolean {
  if (words.length < Math.min(count, LEAST_WORDS)) return false;
  const places = [...slots.keys()].filter((at) => slots[at]!.length > 1);
  const kept = words.reduce((sum, word) => sum + places.filter((at) => word[at] === value[at]).length, 0);
  return kept <= words.length * places.length / 2;
}

/** Whether a value reads like words rather than like drawn characters: hexadecimal digits have half as many letters. */
function isWordLike({ value, tag }: TaggedValue): boolean {
  if (tag === "EMAIL" || tag === "NAME") return true;
  const [letters, digits] = [/\p{L}/gu, /\p{Nd}/gu].map((pattern) => value.match(pattern)?.length ?? 0);
  return CHOSEN.includes(tag) && letters! >= 2 * digits! && !isGibberish(value);
}

/**
 * Draws values until there are enough others, no two equal.
 *
 * @param options.draws so many others at least, equal ones too
 */
function drawOthers(value: string, count: number, draw: () => string, { draws = 0 } = {}): string[] {
  const drawn = new Set<string>();
  let others = 0;
  for (let tries = 0; others < draws || drawn.size < count; tries++) {
    if (tries >= TRIES * (drawn.size + 1)) break;
    const other = draw();
    if (other === value) continue;
    drawn.add(other);
    others++;
  }
  return [...drawn];
}
