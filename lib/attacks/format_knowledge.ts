/**
 * What an attacker makes of knowing what secrets look like, value by value: which tokens may stand where, and how
 * candidates are weighed.
 *
 * @module
 */
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { isWordLike } from "./control_values.ts";
import { type FormatMask, FormatTokens } from "./format_tokens.ts";
import { formatOf, type TaggedValue } from "./value_format.ts";

/** What knowing a value's format helps. */
export interface KnownFormat {
  /** Equal for formats of the same characters. */
  format: string;
  /** Whether it has more than one value: else who knows it knows the value. */
  isOpen: boolean;
  /** Which tokens may follow. */
  mask: FormatMask;
  /** How they are weighed; null where values read like words, of which nothing else is expected. */
  weigh: ReturnType<FormatTokens["weightsOf"]> | null;
}

/**
 * The formats of values, each known once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { FormatKnowledge } from "./format_knowledge.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const knowledge = await FormatKnowledge.of(tokenizer, tokenizer.vocabularySize);
 * const known = ["9f3a77c0d4b1e852", "correct-horse-battery", "----"].map((value) => knowledge.of({ value, tag: "KEY" }));
 * assertEquals(known.map(({ isOpen, weigh }) => [isOpen, weigh !== null]), [[true, true], [true, false], [false, false]]);
 * ```
 */
export class FormatKnowledge {
  readonly #tokens: FormatTokens;
  readonly #known = new Map<string, KnownFormat>();

  private constructor(tokens: FormatTokens) {
    this.#tokens = tokens;
  }

  /** @param vocabularySize the model's: it may have more than the tokenizer */
  static async of(tokenizer: Tokenizer, vocabularySize: number): Promise<FormatKnowledge> {
    return new FormatKnowledge(await FormatTokens.of(tokenizer, vocabularySize));
  }

  /** What knowing the format of a value helps. */
  of(value: TaggedValue): KnownFormat {
    const own = formatOf(value);
    const isWeighed = own.name !== "own" || !isWordLike(value);
    const format = own.slots.join("\0");
    const key = [own.name, isWeighed, format].join("\0");
    let known = this.#known.get(key);
    if (!known) {
      const isOpen = own.slots.some(({ length }) => length > 1);
      const weigh = isWeighed ? this.#tokens.weightsOf(own) : null;
      this.#known.set(key, known = { format, isOpen, mask: this.#tokens.maskOf(own.slots), weigh });
    }
    return known;
  }
}
