/**
 * A model's tokenizer: text to ids with offsets, by Hugging Face's own implementation (npm:tokenizers, Rust).
 *
 * Offsets are UTF-16 units here; the library counts code points. Texts must be well formed: a lone surrogate is
 * replaced by U+FFFD, which has the same length, before anything is counted.
 *
 * @module
 */
import { Tokenizer as NativeTokenizer } from "tokenizers";
import { fileReasonOf, reasonOf } from "../reason.ts";
import { fromCodePoints } from "./code_points.ts";

/** A tokenized text. */
export interface EncodedText {
  /** Token ids, [T]. */
  ids: Int32Array;
  /** Where each token begins in the text, in UTF-16 units. */
  starts: Uint32Array;
  /** Where it ends. */
  ends: Uint32Array;
}

/** Names under which tokenizers keep their end-of-text token, most specific first. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<|im_end|>"] as const;
const BATCH = 256;

/**
 * A tokenizer; see `openTokenizer`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const { ids, starts, ends } = await tokenizer.encode("n = 'é'");
 * assertEquals(await tokenizer.decode(ids), "n = 'é'");
 * assertEquals([starts[0], ends.at(-1), tokenizer.token(tokenizer.endOfText!)], [0, 7, "<|endoftext|>"]);
 * ```
 */
export class Tokenizer {
  readonly #native: NativeTokenizer;
  /** How many ids there are, added tokens included. */
  readonly vocabularySize: number;
  /** The id that ends a text, or null where there is none. */
  readonly endOfText: number | null;

  /** Wraps the library's tokenizer. */
  constructor(native: NativeTokenizer) {
    this.#native = native;
    native.disableTruncation(); // a tokenizer.json may ask for either, and texts are cut elsewhere, where it is counted
    native.disablePadding();
    this.vocabularySize = native.getVocabSize(true);
    this.endOfText = END_OF_TEXT.map((token) => native.tokenToId(token)).find((id) => id !== null) ?? null;
  }

  /** Tokenizes one text. */
  async encode(text: string): Promise<EncodedText> {
    return (await this.encodeBatch([text]))[0]!;
  }

  /**
   * Tokenizes many texts, in parallel where the library does.
   *
   * @param onProgress is told of each batch how many texts it had
   */
  async encodeBatch(texts: readonly string[], onProgress?: (done: number) => void): Promise<EncodedText[]> {
    const results: EncodedText[] = [];
    for (let i = 0; i < texts.length; i += BATCH) {
      const batch = texts.slice(i, i + BATCH).map((text) => text.toWellFormed());
      const encodings = await this.#native.encodeBatch(batch, { addSpecialTokens: false });
      encodings.forEach((encoding, j) => {
        const text = batch[j]!;
        const offsets = encoding.getOffsets();
        const starts = new Uint32Array(offsets.length);
        const ends = new Uint32Array(offsets.length);
        const units = fromCodePoints(text);
        offsets.forEach(([start, end], k) => {
          starts[k] = units[start!]!;
          ends[k] = units[end!]!;
        });
        results.push({ ids: Int32Array.from(encoding.getIds()), starts, ends });
      });
      onProgress?.(batch.length);
    }
    return results;
  }

  /** Text of ids, special tokens included. */
  decode(ids: ArrayLike<number>): Promise<string> {
    return ids.length === 0 ? Promise.resolve("") : this.#native.decode(Array.from(ids), false);
  }

  /** The text of one id in the tokenizer's own alphabet. */
  token(id: number): string | null {
    return this.#native.idToToken(id);
  }
}

/**
 * Opens a model folder's tokenizer.json.
 *
 * @throws {Error} when there is none; {SyntaxError} when it cannot be read
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => openTokenizer("/nowhere"), Error, 'Cannot open tokenizer "/nowhere/tokenizer.json"');
 * ```
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const path = `${folder}/tokenizer.json`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    const what = fileReasonOf(cause);
    throw new Error(`Cannot open tokenizer "${path}": ${what}`, { cause });
  }
  return parseTokenizer(text, path);
}

/**
 * A tokenizer of a tokenizer.json's text.
 *
 * @param path for messages
 * @throws {SyntaxError} when it cannot be read
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => parseTokenizer("{", "tokenizer.json"), SyntaxError, 'Cannot open tokenizer "tokenizer.json"');
 * ```
 */
export function parseTokenizer(text: string, path: string): Tokenizer {
  try {
    return new Tokenizer(NativeTokenizer.fromString(text));
  } catch (cause) {
    throw new SyntaxError(`Cannot open tokenizer "${path}": ${reasonOf(cause)}`, { cause });
  }
}
