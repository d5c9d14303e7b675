/**
 * A model's tokenizer: text to ids with offsets, by Hugging Face's own implementation (npm:tokenizers, Rust).
 *
 * Offsets are UTF-16 units here; the library counts code points. Texts must be well formed: a lone surrogate is
 * replaced by U+FFFD, which has the same length, before anything is counted.
 *
 * What the library can do wrong it does to the whole process: it ends it, or fills the memory. So it is given only
 * tokenizer.json files that were checked, and of long texts a piece at a time, cut where the tokens stay the same.
 *
 * @module
 */
import { type Encoding, Tokenizer as NativeTokenizer } from "../npm/tokenizers.ts";
import { reasonOf } from "../files/reason.ts";
import { checkTokenizer } from "./check_tokenizer.ts";
import { collectEncodings } from "./collect_encodings.ts";
import { fromCodePoints } from "./code_points.ts";
import { type EncodedText, join, joinParts } from "./encoded_text.ts";
import { cutsAtLines, lineCut, textPieces, type TokenizerParts, wordCuts } from "./line_cuts.ts";
import { readTokenizer } from "./read_tokenizer.ts";
import type { SpecialTokens } from "./special_tokens.ts";

export type { EncodedText } from "./encoded_text.ts";

/** Names of the end-of-text token that are looked for where nothing says which it is, most specific first. */
const END_OF_TEXT = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<|im_end|>"] as const;
/** Tokens that begin a turn of a chat, which is no text's beginning: SmolLM2's and Qwen's files name it as both. */
const BEGINS_TURN: readonly (string | number)[] = ["<|im_start|>"];
const BATCH = 256;
/** Characters of a batch, but for one long piece: the library holds some 250 bytes for each. */
const BATCH_CHARACTERS = 1 << 20;
/** Longer texts are cut. */
const PIECE_CHARACTERS = 1 << 18;
/** The longest piece: where an expression looks for the end of as many blanks, the library takes fewer steps than it may. */
const MAX_PIECE_CHARACTERS = 1 << 22;
/** Characters that are taken for one token, when the end of a text is wanted: more than it has in code, as a rule. */
const CHARACTERS = 6;

/** What is known of a tokenizer. */
export interface TokenizerOptions {
  /** See the function of that name; then the ends of long texts take less time. Default false. */
  cutsAtLines?: boolean;
  /** Where texts may be cut; see `wordCuts`. Default null. */
  cuts?: RegExp | null;
  /** How many times longer its normalizer makes a text, at most. Default 1. */
  growth?: number;
  /** Longer texts are cut, where they may be. Default 2^18. */
  pieceCharacters?: number;
  /** Which tokens begin and end a text. */
  special?: SpecialTokens;
}

/** How to tokenize many texts. */
export interface EncodeOptions {
  /** What an error calls a text. Default "text" and its number. */
  nameOf?: (text: number) => string;
}

/** A piece of a text. */
interface Piece {
  /** Which text it is of. */
  of: number;
  /** Its characters. */
  text: string;
  /** Where it begins in the text. */
  start: number;
}

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
  readonly #cuts: RegExp | null;
  readonly #growth: number;
  readonly #pieceCharacters: number;
  /**
   * Whether a text is given the token that begins it, or null where the template says so; that token; and the one that the
   * tokenizer itself names, as config.json names some that tokenizers do not have (Qwen's) or that are others (CodeGen's).
   */
  readonly #start: { isAdded: boolean | null; token: number | null; own: number | null };
  /** How many ids there are, added tokens included. */
  readonly vocabularySize: number;
  /** The id that ends a text, or null where there is none. */
  readonly endOfText: number | null;
  /** The id of a usual name for that, which in models of a chat may be another one; or null. */
  readonly usualEnd: number | null;

  /**
   * Wraps the library's tokenizer.
   *
   * @param options see each
   */
  constructor(native: NativeTokenizer, options: TokenizerOptions = {}) {
    this.#native = native;
    this.#cutsAtLines = options.cutsAtLines ?? false;
    this.#cuts = options.cuts ?? null;
    this.#growth = options.growth ?? 1;
    this.#pieceCharacters = options.pieceCharacters ?? PIECE_CHARACTERS;
    native.disableTruncation(); // a tokenizer.json may ask for either, and texts are cut elsewhere, where it is counted
    native.disablePadding();
    this.vocabularySize = native.getVocabSize(true);
    const { ends = [], starts = [], addsStart = null } = options.special ?? {};
    this.usualEnd = firstOf(native, END_OF_TEXT);
    this.endOfText = firstOf(native, ends) ?? this.usualEnd;
    const named = starts.filter((token) => typeof token === "string" && !BEGINS_TURN.includes(token));
    this.#start = { isAdded: addsStart, token: firstOf(native, starts), own: firstOf(native, named) };
  }

  /**
   * The id that begins a text: what the tokenizer itself puts there, else what it names, else the one that ends a text,
   * else what the model's configuration names; or null.
   */
  async startOfText(): Promise<number | null> {
    return await this.leadingToken() ?? this.#start.own ?? this.endOfText ?? this.#start.token;
  }

  /** The id that the tokenizer itself puts before a text, as Llama's does; null where it puts none. */
  async leadingToken(): Promise<number | null> {
    const { isAdded, token } = this.#start;
    if (isAdded === false || (isAdded && token !== null)) return isAdded ? token : null;
    const [plain, marked] = await Promise.all(
      [false, true].map((addSpecialTokens) => this.#native.encode("x", null, { addSpecialTokens })),
    );
    const first = marked!.getIds()[0];
    return first === undefined || first === plain!.getIds()[0] ? null : first;
  }

  /** Tokenizes one text. */
  async encode(text: string): Promise<EncodedText> {
    return (await this.encodeBatch([text]))[0]!;
  }

  /**
   * Tokenizes many texts, in parallel where the library does.
   *
   * @throws {RangeError} when a text of more than 2^22 characters has no place where it may be cut
   */
  async encodeBatch(texts: readonly string[], options: EncodeOptions = {}): Promise<EncodedText[]> {
    const parts: EncodedText[][] = texts.map(() => []);
    for await (const { piece: { of, text, start }, encoding } of this.#encode(texts, options)) {
      const offsets = encoding.getOffsets();
      const starts = new Uint32Array(offsets.length);
      const ends = new Uint32Array(offsets.length);
      const units = fromCodePoints(text);
      offsets.forEach(([first, last], k) => {
        starts[k] = start + units[first!]!;
        ends[k] = start + units[last!]!;
      });
      parts[of]!.push({ ids: Int32Array.from(encoding.getIds()), starts, ends });
    }
    return parts.map(joinParts);
  }

  /** The ids alone of many texts, which takes less time. */
  async encodeIds(texts: readonly string[], options: EncodeOptions = {}): Promise<Int32Array[]> {
    const parts: Int32Array[][] = texts.map(() => []);
    for await (const { piece, encoding } of this.#encode(texts, options)) {
      parts[piece.of]!.push(Int32Array.from(encoding.getIds()));
    }
    return parts.map((pieces) => join(pieces, Int32Array));
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

  /** The pieces of texts in order, each with what the library makes of it. */
  async *#encode(
    texts: readonly string[],
    { nameOf = (i) => `text ${i}` }: EncodeOptions,
  ): AsyncGenerator<{ piece: Piece; encoding: Encoding }> {
    let [batch, characters]: [Piece[], number] = [[], 0];
    const encode = async () => {
      collectEncodings(characters); // those of the batches before
      const encodings = await this.#native.encodeBatch(batch.map(({ text }) => text), {
        addSpecialTokens: false,
      });
      return batch.map((piece, i) => ({ piece, encoding: encodings[i]! }));
    };
    for (const [of, text] of texts.entries()) {
      for (const piece of this.#pieces(text.toWellFormed(), of, nameOf)) {
        if (
          batch.length === BATCH || (batch.length > 0 && characters + piece.text.length > BATCH_CHARACTERS)
        ) {
          yield* await encode();
          [batch, characters] = [[], 0];
        }
        batch.push(piece);
        characters += piece.text.length;
      }
    }
    if (batch.length === 0) return;
    yield* await encode();
  }

  #pieces(text: string, of: number, nameOf: (text: number) => string): Piece[] {
    const isShort = text.length <= this.#pieceCharacters || this.#cuts === null;
    const pieces = isShort ? [text] : textPieces(text, this.#cuts!, this.#pieceCharacters);
    const most = Math.floor(MAX_PIECE_CHARACTERS / this.#growth);
    let end = 0;
    return pieces.map((piece) => {
      const start = end;
      end += piece.length;
      if (piece.length > most) {
        const found = `it has no place to cut its ${piece.length} characters from ${start} on`;
        throw new RangeError(`Cannot tokenize ${nameOf(of)}: ${found}: at most ${most} are allowed`);
      }
      return { of, text: piece, start };
    });
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
 * Opens a model folder's tokenizer: its tokenizer.json, its vocab.json and merges.txt, or its tokenizer.model. Which tokens begin
 * and end a text its tokenizer_config.json and config.json say.
 *
 * @throws {Error} when there is none; {TypeError} when it is no regular file; {RangeError} when it has more than 2^26
 * bytes; {SyntaxError} when it is damaged, or holds what is not supported or not safe (see `checkTokenizer`)
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => openTokenizer("/nowhere"), Error, 'Cannot open tokenizer "/nowhere/tokenizer.json"');
 * ```
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const { text, path, special } = await readTokenizer(folder);
  return parseTokenizer(text, path, special);
}

/**
 * A tokenizer of a tokenizer.json's text.
 *
 * @param path for messages @param special which tokens begin and end a text
 * @throws {SyntaxError} when it is damaged, or holds what is not supported or not safe (see `checkTokenizer`)
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => parseTokenizer("{", "tokenizer.json"), SyntaxError, 'Cannot open tokenizer "tokenizer.json"');
 * ```
 */
export function parseTokenizer(text: string, path: string, special: SpecialTokens = {}): Tokenizer {
  try {
    const json = JSON.parse(text);
    const { growth } = checkTokenizer(json);
    const parts: TokenizerParts = { ...json, model: { type: "BPE", ...json.model } };
    // the library reads what was checked, whatever it would have made of a key that stands twice
    const native = NativeTokenizer.fromString(JSON.stringify({ ...parts, truncation: null, padding: null }));
    return new Tokenizer(native, { cutsAtLines: cutsAtLines(parts), cuts: wordCuts(parts), growth, special });
  } catch (cause) {
    throw new SyntaxError(`Cannot open tokenizer "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/** The id of the first of some tokens, by text or id, that the tokenizer has; or null. */
function firstOf(native: NativeTokenizer, tokens: readonly (string | number)[]): number | null {
  const ids = tokens.map((token) => typeof token === "string" ? native.tokenToId(token) : token);
  return ids.find((id) => id !== null && native.idToToken(id) !== null) ?? null;
}
