/**
 * A SentencePiece model's file, `tokenizer.model`: a protocol buffer of pieces with scores and types, and of what is done
 * to texts (sentencepiece, src/sentencepiece_model.proto). Fields that change no tokens are passed over.
 *
 * @module
 */
import { PIECE_TYPE } from "./sentence_piece_parts.ts";

/** What a file holds. */
export interface SentencePieceModel {
  /** By id. */
  pieces: string[];
  /** Of each piece. */
  scores: number[];
  /** Of each piece, as `PIECE_TYPE` numbers them. */
  types: number[];
  /** How the pieces were learnt and are found: 1 unigram, 2 BPE, 3 words, 4 characters. */
  algorithm: number;
  /** Whether characters of no piece become bytes. */
  byteFallback: boolean;
  /** Whether blanks end words instead of beginning them. */
  blankIsSuffix: boolean;
  /** The id of what begins a text; -1 for none. */
  begin: number;
  /** The id of what ends a text; -1 for none. */
  end: number;
  /** What replaces characters before anything else, compiled; empty for nothing. */
  characterMap: Uint8Array;
  /** The name of that. */
  mapName: string;
  /** Whether a blank is put before a text. */
  addsPrefix: boolean;
  /** Whether blanks at a text's ends are dropped and runs of them made one. */
  dropsBlanks: boolean;
  /** Whether blanks are written as U+2581. */
  escapesBlanks: boolean;
}

/** The largest vocabularies have 2^18 pieces. */
const MAX_PIECES = 1 << 20;
const TYPES: ReadonlySet<number> = new Set(Object.values(PIECE_TYPE));
const WIRE = { number: 0, bits64: 1, bytes: 2, bits32: 5 } as const;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a file.
 *
 * @throws {SyntaxError} saying where it is damaged
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const piece = [0x0a, 8, 0x0a, 1, 0x61, 0x15, 0, 0, 0x80, 0xbf]; // "a" of score -1
 * const { pieces, scores, types } = readSentencePiece(Uint8Array.from(piece));
 * assertEquals([pieces, scores, types], [["a"], [-1], [1]]);
 * ```
 */
export function readSentencePiece(bytes: Uint8Array): SentencePieceModel {
  const model: SentencePieceModel = {
    ...{ pieces: [], scores: [], types: [], algorithm: 1, byteFallback: false, blankIsSuffix: false },
    ...{ begin: 1, end: 2, characterMap: new Uint8Array(), mapName: "" },
    ...{ addsPrefix: true, dropsBlanks: true, escapesBlanks: true },
  };
  for (const field of fieldsOf(bytes, 0)) {
    if (field.number === 1) addPiece(model, field);
    if (field.number === 2) readTrainer(model, field);
    if (field.number === 3) readNormalizer(model, field);
    const undo = field.number === 5 ? [...fieldsOf(field.bytes("denormalizer_spec"), field.at)] : [];
    if (undo.some(({ number, bytes }) => number === 2 && bytes("precompiled_charsmap").length > 0)) {
      throw new SyntaxError("it maps characters of decoded texts, which is not supported");
    }
  }
  if (model.pieces.length === 0) throw new SyntaxError("it has no pieces");
  return model;
}

function addPiece(model: SentencePieceModel, message: Field): void {
  const id = model.pieces.length;
  if (id === MAX_PIECES) throw new SyntaxError(`it has more than ${MAX_PIECES} pieces`);
  let [text, score, type]: [string, number, number] = ["", 0, PIECE_TYPE.normal];
  for (const field of fieldsOf(message.bytes("pieces"), message.at)) {
    if (field.number === 1) text = field.text(`piece ${id}`);
    if (field.number === 2) score = field.float(`score of piece ${id}`);
    if (field.number === 3) type = field.integer(`type of piece ${id}`);
  }
  if (text === "") throw new SyntaxError(`piece ${id} is empty`);
  if (!Number.isFinite(score)) throw new SyntaxError(`the score of piece ${id} is ${score}`);
  if (!TYPES.has(type)) throw new SyntaxError(`the type of piece ${id} is ${type}, expected 1 to 6`);
  model.pieces.push(text);
  model.scores.push(score);
  model.types.push(type);
}

function readTrainer(model: SentencePieceModel, message: Field): void {
  for (const field of fieldsOf(message.bytes("trainer_spec"), message.at)) {
    if (field.number === 3) model.algorithm = field.integer("model_type");
    if (field.number === 24) model.blankIsSuffix = field.integer("treat_whitespace_as_suffix") !== 0;
    if (field.number === 35) model.byteFallback = field.integer("byte_fallback") !== 0;
    if (field.number === 41) model.begin = field.integer("bos_id");
    if (field.number === 42) model.end = field.integer("eos_id");
  }
}

function readNormalizer(model: SentencePieceModel, message: Field): void {
  for (const field of fieldsOf(message.bytes("normalizer_spec"), message.at)) {
    if (field.number === 1) model.mapName = field.text("name");
    if (field.number === 2) model.characterMap = field.bytes("precompiled_charsmap");
    if (field.number === 3) model.addsPrefix = field.integer("add_dummy_prefix") !== 0;
    if (field.number === 4) model.dropsBlanks = field.integer("remove_extra_whitespaces") !== 0;
    if (field.number === 5) model.escapesBlanks = field.integer("escape_whitespaces") !== 0;
  }
}

/** A field of a message. */
class Field {
  readonly #wire: number;
  readonly #value: number | Uint8Array;
  readonly number: number;
  /** Where its bytes begin in the file. */
  readonly at: number;

  constructor(
    { number, wire, value, at }: { number: number; wire: number; value: number | Uint8Array; at: number },
  ) {
    this.number = number;
    this.#wire = wire;
    this.#value = value;
    this.at = at;
  }

  /** Its bytes, which may be a message. */
  bytes = (name: string): Uint8Array => {
    if (this.#wire !== WIRE.bytes) this.#refuse(name, "bytes");
    return this.#value as Uint8Array;
  };

  text(name: string): string {
    try {
      return utf8.decode(this.bytes(name));
    } catch (cause) {
      if (cause instanceof SyntaxError) throw cause;
      throw new SyntaxError(`its ${name} is not UTF-8`, { cause });
    }
  }

  /** A whole number of 32 bits, which may be negative. */
  integer(name: string): number {
    if (this.#wire !== WIRE.number) this.#refuse(name, "a whole number");
    return Number(BigInt.asIntN(32, BigInt(this.#value as number)));
  }

  float(name: string): number {
    if (this.#wire !== WIRE.bits32) this.#refuse(name, "a number of 32 bits");
    const { buffer, byteOffset } = this.#value as Uint8Array;
    return new DataView(buffer, byteOffset, 4).getFloat32(0, true);
  }

  #refuse(name: string, expected: string): never {
    throw new SyntaxError(`its ${name} is not ${expected}`);
  }
}

/** The fields of a message whose bytes begin at `offset` of the file. */
function* fieldsOf(bytes: Uint8Array, offset: number): Generator<Field> {
  const refuse = (at: number, what: string): never => {
    throw new SyntaxError(`${what} at byte ${offset + at}`);
  };
  let at = 0;
  const varint = (): number => {
    const start = at;
    for (let value = 0, shift = 0; shift < 70; shift += 7) {
      const byte = bytes[at++] ?? refuse(start, "it ends within a number");
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value >= 2 ** 63 ? -1 : value;
    }
    return refuse(start, "it has a number of more than 10 bytes");
  };
  const take = (length: number): Uint8Array => {
    if (length < 0 || length > bytes.length - at) {
      refuse(at, `it has ${bytes.length - at} bytes where a field has ${length}`);
    }
    return bytes.subarray(at, at += length);
  };
  while (at < bytes.length) {
    const start = at;
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (number < 1 || number >= 2 ** 29) refuse(start, `it has a field of number ${number}`);
    const value = wire === WIRE.number
      ? varint()
      : wire === WIRE.bytes
      ? take(varint())
      : wire === WIRE.bits32
      ? take(4)
      : wire === WIRE.bits64
      ? take(8)
      : refuse(start, `it has a field of wire type ${wire}`);
    const from = typeof value === "number" ? at : at - value.length;
    yield new Field({ number, wire, value, at: offset + from });
  }
}
