/**
 * Tables read by parts: JSON lines (plain or gzip) row by row, Parquet by ranges of rows. CSV has no parts that could be
 * told without reading it, so it is read whole.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import pl from "nodejs-polars";
import { reasonOf } from "../reason.ts";
import { parseJsonLine, readTable } from "./tables.ts";

/** The size and the columns of a Parquet file. */
export interface ParquetShape {
  /** Rows. */
  rows: number;
  /** Their names. */
  columns: string[];
}

/**
 * The rows of a file of JSON lines or CSV, in order.
 *
 * @throws {SyntaxError} If a line is no JSON object, or the file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamRows } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"x = 1"}\n\n{"text":"y = 2"}');
 * assertEquals(await Array.fromAsync(streamRows(path)), [{ text: "x = 1" }, { text: "y = 2" }]);
 * ```
 */
export async function* streamRows(path: string): AsyncGenerator<Record<string, unknown>> {
  if (!/\.jsonl(\.gz)?$/.test(path)) return yield* (await readTable(path)).toRecords();
  for await (const { row } of streamJsonRows(path)) yield row;
}

/** A row of JSON lines, and where its line stands. */
export interface PlacedRow {
  /** The row. */
  row: Record<string, unknown>;
  /** Bytes before the line, unpacked. */
  start: number;
  /** Bytes before its line break. */
  end: number;
}

/**
 * The rows of a file of JSON lines, plain or gzip, with their places.
 *
 * @throws {SyntaxError} If a line is no JSON object, or the file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamJsonRows } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"é"}\n{"text":"y"}\n');
 * assertEquals((await Array.fromAsync(streamJsonRows(path)))[1], { row: { text: "y" }, start: 14, end: 26 });
 * ```
 */
export async function* streamJsonRows(path: string): AsyncGenerator<PlacedRow> {
  const isPacked = path.endsWith(".gz");
  const file = (await Deno.open(path)).readable;
  const bytes = isPacked ? file.pipeThrough(new DecompressionStream("gzip")) : file;
  let [number, start] = [0, 0];
  for await (const line of byteLines(bytes, path)) {
    const row = parseJsonLine(decodeLine(line, path, start), { path, number: ++number });
    const end = start + line.length;
    if (row) yield { row, start, end };
    start = end + 1;
  }
}

/**
 * The rows that stand in some bytes of a plain file of JSON lines, with their numbers among these.
 *
 * @param wanted which numbers; the others are not parsed
 * @param place what {@linkcode streamJsonRows} told of the first and the last of them
 * @throws {SyntaxError} If a line is no JSON object any more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jsonRowsAt } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/texts.jsonl`;
 * await Deno.writeTextFile(path, '{"text":"x"}\n{"text":"y"}\n');
 * assertEquals(await jsonRowsAt(path, { start: 0, end: 25 }, (number) => number > 0), [[1, { text: "y" }]]);
 * ```
 */
export async function jsonRowsAt(
  path: string,
  { start, end }: { start: number; end: number },
  wanted: (number: number) => boolean,
): Promise<[number, Record<string, unknown>][]> {
  using file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  const bytes = new Uint8Array(end - start);
  let read = 0;
  while (read < bytes.length) {
    const count = await file.read(bytes.subarray(read));
    if (count === null) throw new SyntaxError(`Cannot read table "${path}": it was cut while it was read`);
    read += count;
  }
  const lines = decodeLine(bytes, path, start).split("\n").filter((line) => line.trim() !== "");
  return lines.flatMap((line, i): [number, Record<string, unknown>][] =>
    wanted(i) ? [[i, parseJsonLine(line, { path, number: i + 1 })!]] : []
  );
}

/** The lines of a file, without their breaks; one that goes on over many chunks is put together once. */
async function* byteLines(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  path: string,
): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) {
      let from = 0;
      for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
        begun.push(chunk.subarray(from, end));
        yield begun.length === 1 ? begun[0]! : Buffer.concat(begun);
        [begun, from] = [[], end + 1];
      }
      if (from < chunk.length) begun.push(chunk.subarray(from));
    }
  } catch (cause) {
    throw new SyntaxError(`Cannot read table "${path}" as text: it is damaged, cut or not UTF-8`, { cause });
  }
  yield Buffer.concat(begun);
}

const LINE_FEED = 10;
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws {SyntaxError} If it is not UTF-8; a mark at the file's start is no part of the text */
function decodeLine(bytes: Uint8Array, path: string, start: number): string {
  try {
    const text = DECODER.decode(bytes);
    return start === 0 && text.startsWith("\ufeff") ? text.slice(1) : text;
  } catch (cause) {
    throw new SyntaxError(`Cannot read table "${path}" as text: it is not UTF-8`, { cause });
  }
}

/**
 * How many rows a Parquet file has, and which columns.
 *
 * @throws {SyntaxError} If it is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { parquetShape } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "y"] }).writeParquet(path);
 * assertEquals(await parquetShape(path), { rows: 2, columns: ["text"] });
 * ```
 */
export async function parquetShape(path: string): Promise<ParquetShape> {
  return await parse(path, async () => {
    const { columns } = await pl.scanParquet(path).slice(0, 0).collect();
    const [first] = columns;
    if (first === undefined) return { rows: 0, columns };
    const counted = await pl.scanParquet(path).select(pl.len().alias("rows")).collect();
    return { rows: Number(counted.toRecords()[0]!.rows), columns };
  });
}

/**
 * A range of rows of a Parquet file; only the row groups that hold it are read.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { parquetRange } from "./stream_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "y", "z"], n: [1, 2, 3] }).writeParquet(path);
 * assertEquals(await parquetRange(path, { start: 1, count: 2, columns: ["text"] }), [{ text: "y" }, { text: "z" }]);
 * ```
 */
export async function parquetRange(
  path: string,
  { start, count, columns }: { start: number; count: number; columns: readonly string[] },
): Promise<Record<string, unknown>[]> {
  return await parse(path, async () => {
    const frame = await pl.scanParquet(path).select(...columns).slice(start, count).collect();
    return frame.toRecords();
  });
}

async function parse<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new SyntaxError(`Cannot read table "${path}" as Parquet: ${reason.split("\n")[0]}`, { cause });
  }
}
