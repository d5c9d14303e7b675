/**
 * A model's tokenizer: text to ids with offsets, by Hugging Face's own implementation (npm:tokenizers, Rust).
 *
 * Offsets are UTF-16 units here; the library counts code points. Texts must be well formed: a lone surrogate is
 * replaced by U+FFFD, which has the same length, before anything is counted.
 *
 * @module
 */
import { type Encoding, Tokenizer as NativeTokenizer } from "tokenizers";
import { fileReasonOf, reasonOf } from "../reason.ts";
import { fromCodePoints } from "./code_points.ts";
import { cutsAtLines, lineCut, type TokenizerParts } from "./line_cuts.ts";

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
/** Characters that are taken for one token, when the end of a text is wanted: more than it has in code, as a rule. */
const CHARACTERS = 6;

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
  readonly #cutsAtLines: boolean;
  /** How many ids there are, added tokens included. */
  readonly vocabularySize: number;
  /** The id that ends a text, or null where there is none. */
  readonly endOfText: number | null;

  /**
   * Wraps the library's tokenizer.
   *
   * @param options.cutsAtLines see the function of that name; then the ends of long texts take less time
   */
  constructor(native: NativeTokenizer, { cutsAtLines = false }: { cutsAtLines?: boolean } = {}) {
    this.#native = native;
    this.#cutsAtLines = cutsAtLines;
    native.disableTruncation(); // a tokenizer.json may ask for either, and texts are cut elsewhere, where it is counted
    native.disablePadding();
    this.vocabularySize = native.getVocabSize(true);
    this.endOfText = END_OF_TEXT.map((token) => native.tokenToId(token)).find((id) => id !== null) ?? null;
  }

  /** The id that begins a text: what the tokenizer itself can put there, else the one that ends a text; or null. */
  async startOfText(): Promise<number | null> {
    const [plain, marked] = await Promise.all(
      [false, true].map((addSpecialTokens) => this.#native.encode("x", null, { addSpecialTokens })),
    );
    const first = marked!.getIds()[0];
    return first === undefined || first === plain!.getIds()[0] ? this.endOfText : first;
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
    for await (const { text, encoding } of this.#encode(texts, onProgress)) {
      const offsets = encoding.getOffsets();
      const starts = new Uint32Array(offsets.length);
      const ends = new Uint32Array(offsets.length);
      const units = fromCodePoints(text);
      offsets.forEach(([start, end], k) => {
        starts[k] = units[start!]!;
        ends[k] = units[end!]!;
      });
      results.push({ ids: Int32Array.from(encoding.getIds()), starts, ends });
    }
    return results;
  }

  /** The ids alone of many texts, which takes less time. */
  async encodeIds(texts: readonly string[]): Promise<Int32Array[]> {
    const results: Int32Array[] = [];
    for await (const { encoding } of this.#encode(texts)) results.push(Int32Array.from(encoding.getIds()));
    return results;
  }

  /**
   * The last ids of many texts, `count` of each or all that it has. Of a long text only its last lines are tokenized,
   * where the tokenizer is known to give the same.
   */
  async encodeEnds(texts: readonly string[], count: number): Promise<Int32Array[]> {
    const cut = (text: string) => this.#cutsAtLines ? lineCut(text, text.length - CHARACTERS * count) : 0;
    const cuts = texts.map(cut);
    const ids = await this.encodeIds(texts.map((text, i) => text.slice(cuts[i]!)));
    const short = ids.flatMap((own, i) => own.length < count && cuts[i]! > 0 ? [i] : []);
    const whole = await this.encodeIds(short.map((i) => texts[i]!));
    short.forEach((i, k) => ids[i] = whole[k]!);
    return ids.map((own) => own.slice(Math.max(0, own.length - count)));
  }

  async *#encode(
    texts: readonly string[],
    onProgress?: (done: number) => void,
  ): AsyncGenerator<{ text: string; encoding: Encoding }> {
    for (let i = 0; i < texts.length; i += BATCH) {
      const batch = texts.slice(i, i + BATCH).map((text) => text.toWellFormed());
      const encodings = await this.#native.encodeBatch(batch, { addSpecialTokens: false });
      for (const [j, encoding] of encodings.entries()) yield { text: batch[j]!, encoding };
      onProgress?.(batch.length);
    }
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
    throw new Error(`Cannot open tokenizer "${path}": ${fileReasonOf(cause)}`, { cause });
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
    const json = readJson(text);
    checkMerges(json);
    const native = NativeTokenizer.fromString(text); // it refuses all else that is wrong
    return new Tokenizer(native, { cutsAtLines: cutsAtLines(json) });
  } catch (cause) {
    throw new SyntaxError(`Cannot open tokenizer "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/** A tokenizer.json as it is; nothing where it is no JSON: the library says what is wrong. */
function readJson(text: string): TokenizerParts {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

/**
 * Refuses merges whose second token lacks the prefix that all continuing tokens have: the native library cuts it off
 * unseen, and ends the process where the token is shorter.
 */
function checkMerges({ model }: TokenizerParts): void {
  const { continuing_subword_prefix: prefix, merges } = model ?? {};
  if (typeof prefix !== "string" || !Array.isArray(merges)) return;
  const bad = merges.findIndex((merge) => {
    const second = typeof merge === "string" ? merge.split(" ")[1] : merge?.[1];
    return typeof second === "string" && !second.startsWith(prefix);
  });
  if (bad >= 0) throw new Error(`the second token of merge ${bad} does not begin with the prefix`);
}
