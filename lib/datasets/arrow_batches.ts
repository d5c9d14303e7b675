/**
 * The record batches of an Arrow file one by one, as `datasets.save_to_disk` writes them (Arrow's streaming format) or
 * with an index behind them (its file format), so that no more than one batch is held. Polars decodes them; only where
 * each begins and ends is read here.
 *
 * Source: Arrow's columnar format 1.5, "Encapsulated message format"; Message.fbs.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import pl from "../npm/polars.ts";
import { checkRegularFile } from "../files/read_file.ts";
import { fileReasonOf } from "../files/reason.ts";

/** Bytes of a file. */
type ByteRange = readonly [start: number, end: number];

/** A batch; plain data that may be sent to a worker. */
export interface ArrowBatch {
  /** What must be read before it: the schema, and the dictionaries so far. */
  before: readonly ByteRange[];
  /** The batch itself. */
  own: ByteRange;
  rows: number;
}

const MAX_BATCH_BYTES = 2 ** 30;
const MAX_METADATA_BYTES = 2 ** 26;
const CONTINUATION = 0xffffffff;
const MAGIC = "ARROW1";
const SCHEMA = 1, DICTIONARY = 2, BATCH = 3;

/**
 * The batches of a file.
 *
 * @throws {SyntaxError} If it is damaged, cut or no Arrow; {RangeError} if a batch has more than 1 GiB
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { Buffer } from "node:buffer";
 * import pl from "nodejs-polars";
 * import { arrowBatches } from "./arrow_batches.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.arrow`;
 * await Deno.writeFile(path, pl.DataFrame({ text: ["x", "y"] }).writeIPC() as Buffer<ArrayBuffer>);
 * assertEquals((await Array.fromAsync(arrowBatches(path))).map(({ rows }) => rows), [2]);
 * await Deno.truncate(path, 200);
 * await assertRejects(() => Array.fromAsync(arrowBatches(path)), SyntaxError, "as Arrow");
 * ```
 */
export async function* arrowBatches(path: string): AsyncGenerator<ArrowBatch> {
  await checkRegularFile(path, { what: "table" });
  using file = await open(path);
  const { size } = await file.stat();
  const before: ByteRange[] = [];
  const start = new TextDecoder("latin1").decode(await readBytes(file, [0, Math.min(MAGIC.length, size)]));
  for (let at = start === MAGIC ? 8 : 0;;) {
    const message = await readMessage(file, { at, size }).catch((cause) => {
      throw notArrow(path, cause);
    });
    if (message === null) break;
    const { kind, rows, end } = message;
    if (end > size) throw notArrow(path);
    const own: ByteRange = [at, end];
    if (kind !== SCHEMA && before.length === 0) throw notArrow(path);
    if (kind === BATCH && end - at > MAX_BATCH_BYTES) {
      throw new RangeError(
        `Cannot read table "${path}": a record batch of it has ${
          end - at
        } bytes, at most ${MAX_BATCH_BYTES} are read: save it with a smaller writer_batch_size`,
      );
    }
    if (kind === BATCH) yield { before: [...before], own, rows };
    else if (kind === SCHEMA || kind === DICTIONARY) before.push(own);
    at = end;
  }
  if (before.length === 0) throw notArrow(path);
}

/**
 * The columns of a batch's file, without rows, or a batch.
 *
 * @param batch the batch; the first of the file's with none of its rows by default
 * @throws {SyntaxError} If it is damaged, cut or no Arrow.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Buffer } from "node:buffer";
 * import pl from "nodejs-polars";
 * import { arrowBatches, readArrowBatch } from "./arrow_batches.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.arrow`;
 * await Deno.writeFile(path, pl.DataFrame({ text: ["x", "y"] }).writeIPC() as Buffer<ArrayBuffer>);
 * const [batch] = await Array.fromAsync(arrowBatches(path));
 * assertEquals((await readArrowBatch(path, batch!)).getColumn("text").toArray(), ["x", "y"]);
 * ```
 */
export async function readArrowBatch(path: string, { before, own }: ArrowBatch): Promise<pl.DataFrame> {
  using file = await open(path);
  const end = new Uint8Array([255, 255, 255, 255, 0, 0, 0, 0]);
  const pieces: Uint8Array[] = [];
  try {
    for (const range of [...before, own]) pieces.push(await readBytes(file, range));
    return pl.readIPCStream(Buffer.concat([...pieces, end]));
  } catch (cause) {
    throw notArrow(path, cause);
  }
}

async function open(path: string): Promise<Deno.FsFile> {
  return await Deno.open(path).catch((cause) => {
    throw new Error(`Cannot read table "${path}": ${fileReasonOf(cause)}`, { cause });
  });
}

function notArrow(path: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot read table "${path}" as Arrow: it is damaged, cut or of another format`, {
    cause,
  });
}

async function readBytes(file: Deno.FsFile, [start, end]: ByteRange): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start);
  await file.seek(start, Deno.SeekMode.Start);
  for (let filled = 0; filled < bytes.length;) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) throw new RangeError("it is cut");
    filled += count;
  }
  return bytes;
}

/** What a message is and where it ends; null for the end of the stream. */
async function readMessage(
  file: Deno.FsFile,
  { at, size }: { at: number; size: number },
): Promise<{ kind: number; rows: number; end: number } | null> {
  const prefix = viewOf(await readBytes(file, [at, at + 8]));
  const length = prefix.getInt32(4, true);
  if (prefix.getUint32(0, true) !== CONTINUATION || length < 0 || length > MAX_METADATA_BYTES) {
    throw new RangeError("a message is damaged");
  }
  if (length === 0) return null;
  const end = at + 8 + length;
  if (end > size) throw new RangeError("it is cut");
  const metadata = viewOf(await readBytes(file, [at + 8, end]));
  const root = metadata.getUint32(0, true);
  const fieldOf = (table: number, field: number) => {
    const fields = table - metadata.getInt32(table, true);
    const offset = 4 + 2 * field < metadata.getUint16(fields, true)
      ? metadata.getUint16(fields + 4 + 2 * field, true)
      : 0;
    return offset === 0 ? null : table + offset;
  };
  const int64At = (place: number | null) => place === null ? 0 : Number(metadata.getBigInt64(place, true));
  const [kindAt, headerAt] = [fieldOf(root, 1), fieldOf(root, 2)];
  if (kindAt === null || headerAt === null) throw new RangeError("a message is damaged");
  const kind = metadata.getUint8(kindAt);
  const rows = kind === BATCH ? int64At(fieldOf(headerAt + metadata.getUint32(headerAt, true), 0)) : 0;
  const bodyBytes = int64At(fieldOf(root, 3));
  if (!(bodyBytes >= 0) || !(rows >= 0)) throw new RangeError("a message is damaged");
  return { kind, rows, end: end + bodyBytes };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
