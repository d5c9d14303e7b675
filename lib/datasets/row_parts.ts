/**
 * The rows of a file of JSON (lines or an array) or CSV, plain or packed by gzip or zstd, as bytes, one after the other
 * and in bounded memory: a row of more than 64 MiB comes in pieces, each of which is gone when the next is asked for. A packed
 * file may have several members.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { checkRegularFile } from "../files/read_file.ts";
import { fileReasonOf } from "../files/reason.ts";
import { corpusFormat } from "./corpus_format.ts";
import { CsvRowEnds } from "./csv_record.ts";
import { JsonRowEnds, type JsonStyle } from "./json_row_ends.ts";
import { unpackZstd } from "./unpack_zstd.ts";

/** The most bytes that a row may have. A parsed row takes many times its bytes. */
export const MAX_ROW_BYTES = 64 * 2 ** 20;

/** Why a row of more is skipped. */
export const LONG_ROW = "row over 64 MiB";

const CHUNK_BYTES = 2 ** 18;
const JSON_BLANKS: readonly number[] = [9, 10, 13, 32];
const BYTE_ORDER_MARK = "\ufeff";
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A row, or a piece of one that is too long. */
export interface RowPart {
  /** The row's bytes, with the line break behind it, where there is one; of a piece, until the next part is asked for. */
  bytes: Uint8Array;
  /** Bytes of the file before the row, unpacked. */
  start: number;
  /** Bytes of the file that were read up to these, unpacked; up to the end of the row where it is whole or ends. */
  end: number;
  /** Rows of the file before it, a header and blank lines too. */
  rowsBefore: number;
  /** Whether these are all bytes of the row. */
  isWhole: boolean;
  /** Whether the row ends here. */
  isLast: boolean;
  /** What it is of JSON: a line, or an element of an array with the comma behind it. */
  style: JsonStyle;
}

/** Options of {@linkcode rowParts}. */
export interface RowPartsOptions {
  /** Bytes to leave out at the file's start; they end with a row. Not of a packed file. */
  start?: number;
  /** Bytes before the end of the last row. */
  end?: number;
  /** Rows before the first. */
  rowsBefore?: number;
  /** What the rows of JSON are, where that is known; needed with a `start`. */
  style?: JsonStyle;
  /** Called with how many bytes of the file, as it is packed, were read since the last time. */
  onBytes?: (bytes: number) => void;
  /** Called after every 256 KiB, so that signals come in; what it throws ends the reading. */
  breathe?: () => Promise<void>;
}

/**
 * The rows of a file.
 *
 * @throws {SyntaxError} If a packed file is damaged or cut, or a CSV ends within quotes; {TypeError} if it is no file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowParts } from "./row_parts.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, 'text\n"two\nlines"\n');
 * const parts = await Array.fromAsync(rowParts(path));
 * assertEquals(parts.map(({ start, bytes }) => [start, bytes.length]), [[0, 5], [5, 12]]);
 * ```
 */
export async function* rowParts(path: string, options: RowPartsOptions = {}): AsyncGenerator<RowPart> {
  const csv = corpusFormat(path)?.rows === "csv" ? new CsvRowEnds() : null;
  const json = new JsonRowEnds(
    (options.start ? options.style : undefined) ??
      (/\.(jsonl|ndjson)(\.\w+)?$/.test(path) ? "lines" : undefined),
  );
  const ends = csv ?? json;
  let { start = 0, rowsBefore = 0 } = options;
  let [held, size]: [Uint8Array[], number] = [[], 0];
  const take = function* (isLast: boolean): Generator<RowPart> {
    const isWhole = size <= MAX_ROW_BYTES;
    const pieces = isWhole && held.length > 1 ? [Buffer.concat(held)] : held;
    held = [];
    for (const [i, bytes] of pieces.entries()) {
      yield {
        bytes,
        start,
        end: start + size,
        rowsBefore,
        isWhole,
        isLast: isLast && i === pieces.length - 1,
        style: json.style,
      };
      if (!isWhole) release(bytes);
    }
  };
  for await (const chunk of fileChunks(path, options)) {
    await options.breathe?.();
    for (let from = 0; from < chunk.length;) {
      const isBehind = json.isClosed;
      const end = ends.find(chunk, from);
      const piece = chunk.subarray(from, end || chunk.length);
      if (isBehind && piece.some((byte) => !JSON_BLANKS.includes(byte))) {
        throw new SyntaxError(`Cannot read table "${path}" as JSON: it has text behind its array`);
      }
      held.push(piece);
      from += piece.length;
      size += piece.length;
      if (end === 0 && size <= MAX_ROW_BYTES) continue;
      yield* take(end > 0);
      if (end === 0) continue;
      start += size;
      rowsBefore++;
      size = 0;
    }
  }
  if (csv?.isQuoted && size > MAX_ROW_BYTES) {
    throw new SyntaxError(
      `Cannot read table "${path}" as CSV: the row at byte ${start} opens a quote without an end`,
    );
  }
  if (options.end === undefined && json.isOpen) {
    throw new SyntaxError(`Cannot read table "${path}" as JSON: its array has no end: the file is cut`);
  }
  if (size === 0) return;
  if (held.length === 0) held.push(new Uint8Array()); // the end of a row whose pieces are gone
  yield* take(true);
}

/**
 * Frees the memory of bytes now, which the garbage collector would do some hundred MiB later; not where it holds other
 * bytes too.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}

/** The bytes of a file, unpacked. */
async function* fileChunks(path: string, options: RowPartsOptions): AsyncGenerator<Uint8Array> {
  await checkRegularFile(path, { what: "table" });
  const packing = corpusFormat(path)?.packing ?? null;
  try {
    yield* packing ? unpackedChunks(path, packing, options) : plainChunks(path, options);
  } catch (cause) {
    if (packing && isUnpackingError(cause)) {
      throw new SyntaxError(`Cannot read table "${path}" as ${packing}: it is damaged or cut`, { cause });
    }
    throw new Error(`Cannot read table "${path}": ${fileReasonOf(cause)}`, { cause });
  }
}

/** Whether it is not the system that failed. */
function isUnpackingError(cause: unknown): boolean {
  const { code } = cause as { code?: unknown };
  return !Object.values(Deno.errors).some((kind) => cause instanceof kind) &&
    !(typeof code === "string" && /^E[A-Z]+$/.test(code));
}

async function* plainChunks(
  path: string,
  { start = 0, end = Infinity, onBytes }: RowPartsOptions,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path);
  if (start > 0) await file.seek(start, Deno.SeekMode.Start);
  for (let left = end - start; left > 0;) {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, left));
    const count = await file.read(buffer);
    if (count === null && end === Infinity) return;
    if (count === null) throw new Error("it was cut while it was read");
    onBytes?.(count);
    yield buffer.subarray(0, count);
    left -= count;
  }
}

/** Web streams stop at the end of the first member, and Node's do not. */
function unpackedChunks(
  path: string,
  packing: "gzip" | "zstd",
  { onBytes }: RowPartsOptions,
): AsyncIterable<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      onBytes?.(chunk.length);
      yield chunk;
    }
  };
  if (packing === "zstd") return unpackZstd(counted(file), { chunkSize: CHUNK_BYTES });
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  pipeline(file, counted, unpacked, () => {}); // its reader is told
  return unpacked;
}

/**
 * A row's text without a mark at the file's start, and that mark.
 *
 * @throws {SyntaxError} If it is not UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeRow } from "./row_parts.ts";
 *
 * const bytes = new TextEncoder().encode("\ufeff{}\n");
 * const part = { bytes, start: 0, end: 6, rowsBefore: 0, isWhole: true, isLast: true, style: "lines" as const };
 * assertEquals(decodeRow(part, "a.jsonl"), { mark: "\ufeff", text: "{}\n" });
 * ```
 */
export function decodeRow({ bytes, start }: RowPart, path: string): { mark: string; text: string } {
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot read table "${path}" as text: it is not UTF-8`, { cause });
  }
  return start === 0 && text.startsWith(BYTE_ORDER_MARK)
    ? { mark: BYTE_ORDER_MARK, text: text.slice(1) }
    : { mark: "", text };
}
