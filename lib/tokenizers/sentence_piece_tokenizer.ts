/**
 * The tokenizer of a SentencePiece model's file, `tokenizer.model`, as the tokenizer.json that means the same.
 *
 * Its BPE is known, as Llama, Mistral and Gemma have it. Ids are those of SentencePiece itself: a text always begins with
 * one more blank where the file says so, which transformers leaves out where it begins with one already, and no blank is
 * put after symbols that its users defined. (Only a byte's spelling, `<0x41>`, alone between two such symbols, is taken
 * for the byte.) Tokens that are listed beside the file are found before anything else.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import type { SpecialTokens } from "./special_tokens.ts";
import { readSentencePiece, type SentencePieceModel } from "./sentence_piece_file.ts";
import { areTooLong, PIECE_TYPE, sentencePieceParts, startTemplate } from "./sentence_piece_parts.ts";

type Json = Readonly<Record<string, unknown>>;

/** The files. */
export interface SentencePieceFiles {
  /** tokenizer.model's bytes. */
  model: Uint8Array;
  /** added_tokens.json: ids by texts. */
  added: Json;
  /** tokenizer_config.json */
  tokenizerConfig: Json;
}

const BPE = 2;
const ALGORITHMS = ["none", "unigram", "BPE", "words", "characters"] as const;
const WRITE_IT = "write its tokenizer.json with transformers' AutoTokenizer, by save_pretrained";
/** Of an expression that finds symbols; see check_pattern.ts. */
const MAX_SYMBOL_CHARACTERS = 4096;
const FLAGS = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };

/**
 * The text of a tokenizer.json, and which tokens begin and end a text by the file itself.
 *
 * @param path of tokenizer.model, for messages
 * @throws {SyntaxError} when the file is damaged; {RangeError} when it is of a kind that is not supported
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const bpe = [0x12, 2, 0x18, 2];
 * const model = Uint8Array.from([0x0a, 5, 0x0a, 3, 0xe2, 0x96, 0x81, 0x0a, 3, 0x0a, 1, 0x61, ...bpe]);
 * const { text } = sentencePieceTokenizer({ model, added: {}, tokenizerConfig: {} }, "tokenizer.model");
 * assertEquals(JSON.parse(text).model.vocab, { "▁": 0, a: 1 });
 * ```
 */
export function sentencePieceTokenizer(
  { model: bytes, ...listed }: SentencePieceFiles,
  path: string,
): { text: string; special: SpecialTokens } {
  try {
    const model = readSentencePiece(bytes);
    checkKind(model);
    const [begin, end] = [model.begin, model.end].map((id) => model.pieces[id]);
    const text = JSON.stringify({
      version: "1.0",
      truncation: null,
      padding: null,
      ...stepsOf(model, listed),
      post_processor: begin === undefined ? null : startTemplate(begin, model.begin),
    });
    return { text, special: { starts: listOf(begin), ends: listOf(end) } };
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause;
    const Kind = cause instanceof RangeError ? RangeError : SyntaxError;
    throw new Kind(`Cannot open tokenizer "${path}": ${reasonOf(cause)}`, { cause });
  }
}

function listOf(token: string | undefined): string[] {
  return token === undefined ? [] : [token];
}

function checkKind(model: SentencePieceModel): void {
  const { algorithm, types, characterMap, mapName } = model;
  if (algorithm !== BPE) {
    const kind = ALGORITHMS[algorithm] ?? algorithm;
    throw new RangeError(`its pieces are of the kind "${kind}", not "BPE": ${WRITE_IT}`);
  }
  if (characterMap.length > 0) {
    throw new RangeError(`it maps characters by the rules "${mapName}", not "identity": ${WRITE_IT}`);
  }
  if (model.blankIsSuffix) throw new RangeError(`its blanks end words: ${WRITE_IT}`);
  if (!model.escapesBlanks) throw new RangeError(`its blanks are not written as U+2581: ${WRITE_IT}`);
  const unused = types.indexOf(PIECE_TYPE.unused);
  if (unused >= 0) throw new RangeError(`piece ${unused} is of the type "unused": ${WRITE_IT}`);
}

function stepsOf(model: SentencePieceModel, listed: Omit<SentencePieceFiles, "model">) {
  const { pieces, scores, types, addsPrefix, dropsBlanks, byteFallback } = model;
  if (areTooLong(pieces)) throw new RangeError("it has pieces that are longer than those of any vocabulary");
  const vocabulary = new Map(pieces.map((piece, id) => [piece, id]));
  const twice = pieces.findIndex((piece, id) => vocabulary.get(piece) !== id);
  if (twice >= 0) {
    throw new SyntaxError(`piece ${twice} stands twice, as ${vocabulary.get(pieces[twice]!)} too`);
  }
  const isMerged = (id: number) => types[id] === PIECE_TYPE.normal || types[id] === PIECE_TYPE.userDefined;
  const merged = new Map([...vocabulary].filter(([, id]) => isMerged(id)));
  const unknown = pieces[types.indexOf(PIECE_TYPE.unknown)] ?? null;
  const parts = sentencePieceParts(
    { vocabulary, merged, scores, unknown },
    { addsPrefix, dropsBlanks, byteFallback },
  );
  const symbols = pieces.filter((_, id) => types[id] === PIECE_TYPE.userDefined);
  const isCut = symbols.length > 0 && (addsPrefix || dropsBlanks);
  const added_tokens = addedTokens(model, { ...listed, areSymbolsCut: isCut });
  if (!isCut) return { ...parts, added_tokens };
  // the words between symbols are merged as before, and a symbol is a word that is taken whole
  return {
    ...parts,
    added_tokens,
    pre_tokenizer: symbolCuts(symbols),
    model: { ...parts.model, ignore_merges: true },
  };
}

/** Cuts a text at the symbols that users defined, the longest first, once it has its blanks and what is put before it. */
function symbolCuts(symbols: readonly string[]) {
  const literals = symbols.toSorted((a, b) => b.length - a.length)
    .map((symbol) => symbol.replace(/[\\[\](){}|?*+^$.]/g, "\\$&"));
  const Regex = literals.join("|");
  if (Regex.length > MAX_SYMBOL_CHARACTERS) {
    throw new RangeError(
      `its users' symbols have more than ${MAX_SYMBOL_CHARACTERS} characters: ${WRITE_IT}`,
    );
  }
  return { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false };
}

/** Tokens that are found in a text before anything else. */
function addedTokens(
  { pieces, types }: SentencePieceModel,
  { added, tokenizerConfig, areSymbolsCut }: Omit<SentencePieceFiles, "model"> & { areSymbolsCut: boolean },
): unknown[] {
  const tokens = new Map<string, Json>();
  for (const [id, content] of pieces.entries()) {
    const special = types[id] === PIECE_TYPE.control || types[id] === PIECE_TYPE.unknown;
    const isSymbol = types[id] === PIECE_TYPE.userDefined && !areSymbolsCut;
    // symbols are found where blanks are written as U+2581 already
    if (special || isSymbol) tokens.set(content, { ...FLAGS, id, content, special, normalized: isSymbol });
  }
  const decoder = (tokenizerConfig.added_tokens_decoder ?? {}) as Record<string, Json>;
  const listed = [
    ...Object.entries(decoder).map(([id, token]) => ({ ...FLAGS, ...token, id: Number(id) })),
    ...Object.entries(added).map(([content, id]) => ({ ...FLAGS, content, id })),
  ];
  for (const token of listed as (Json & { content?: unknown })[]) {
    const content = `${token.content}`;
    if (!tokens.has(content)) tokens.set(content, { ...token, content, normalized: false });
  }
  return [...tokens.values()].sort((a, b) => Number(a.id) - Number(b.id));
}
