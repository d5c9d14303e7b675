/**
 * Which tokens can go on with a value of a format: an attacker who knows what keys of a provider look like leaves out what
 * none of them could hold, and what is left is a distribution of its own; and weighs what is left by how it looks (after
 * DeSec, 2024).
 *
 * @module
 */
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { FormatShortfall } from "./format_shortfall.ts";
import type { ValueFormat } from "./value_format.ts";

/** A constraint for one value's places. */
export interface FormatMask {
  /** Which tokens may follow after some: V entries, 0 for those that may not. */
  allow(soFar: ArrayLike<number>): Uint8Array;
}

/**
 * The texts of a vocabulary, held against places of formats.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { FormatTokens } from "./format_tokens.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const tokens = await FormatTokens.of(tokenizer, tokenizer.vocabularySize);
 * const mask = tokens.maskOf(["0123456789", "0123456789"]);
 * const [one, word] = await tokenizer.encodeIds(["1", "x"]);
 * assertEquals([mask.allow([])[one![0]!], mask.allow([])[word![0]!]], [1, 0]);
 * ```
 */
export class FormatTokens {
  readonly #texts: readonly string[];

  private constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /**
   * Reads the texts of all tokens.
   *
   * @param vocabularySize the model's: it may have more than the tokenizer
   */
  static async of(tokenizer: Tokenizer, vocabularySize: number): Promise<FormatTokens> {
    const texts: string[] = [];
    for (let id = 0; id < vocabularySize; id++) {
      // in sentence-piece vocabularies a token's blank is lost where it begins a text
      const isWord = /^[Ġ▁]/.test((id < tokenizer.vocabularySize ? tokenizer.token(id) : null) ?? "Ġ");
      texts.push(isWord ? "" : await tokenizer.decode([id]));
    }
    return new FormatTokens(texts);
  }

  /**
   * The constraint of a format's places.
   *
   * @param slots for each UTF-16 unit the characters that may stand there
   */
  maskOf(slots: readonly string[]): FormatMask {
    const masks = new Map<number, Uint8Array>();
    return {
      allow: (soFar) => {
        const place = Array.from(soFar).reduce((sum, id) => sum + this.#texts[id]!.length, 0);
        let mask = masks.get(place);
        if (!mask) {
          mask = Uint8Array.from(this.#texts, (text) => this.#fits(text, slots, place) ? 1 : 0);
          masks.set(place, mask);
        }
        return mask;
      },
    };
  }

  /**
   * The weights of a format's values for a search: e^-shortfall of what there is so far with one more token
   * ({@linkcode FormatShortfall}), so that beams of repetitions and words make room for what looks drawn.
   *
   * @returns for tokens so far the ln of the weight of each that may follow
   *
   * @example
   * ```ts
   * import { assert } from "@std/assert";
   * import { openTokenizer } from "../tokenizers/tokenizer.ts";
   * import { FormatTokens } from "./format_tokens.ts";
   * import { formatOf } from "./value_format.ts";
   *
   * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
   * const tokens = await FormatTokens.of(tokenizer, tokenizer.vocabularySize);
   * const weigh = tokens.weightsOf(formatOf({ value: "9f3a77c0d4b1e852", tag: "KEY" }));
   * const [a, b] = (await tokenizer.encodeIds(["a", "b"])).map((ids) => ids[0]!);
   * const weightOf = weigh([a!, a!]);
   * assert(weightOf(a!) < weightOf(b!));
   * ```
   */
  weightsOf(format: ValueFormat): (soFar: ArrayLike<number>) => (token: number) => number {
    const shortfall = new FormatShortfall(format);
    return (soFar) => {
      const text = Array.from(soFar, (id) => this.#texts[id]!).join("");
      return (token) => 0 - shortfall.of(text + this.#texts[token]!);
    };
  }

  #fits(text: string, slots: readonly string[], place: number): boolean {
    if (text === "" || place + text.length > slots.length) return false;
    for (let i = 0; i < text.length; i++) if (!slots[place + i]!.includes(text[i]!)) return false;
    return true;
  }
}
