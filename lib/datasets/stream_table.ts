/**
 * Tables read by parts: JSON lines (plain or gzip) row by row, Parquet by ranges of rows. CSV has no parts that could be
 * told without reading it, so it is read whole.
 *
 * @module
 */
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
  let number = 0;
  for await (const line of streamLines(path)) {
    const row = parseJsonLine(line, { path, number: ++number });
    if (row) yield row;
  }
}

async function* streamLines(path: string): AsyncGenerator<string> {
  const isPacked = path.endsWith(".gz");
  const file = (await Deno.open(path)).readable;
  const bytes = isPacked ? file.pipeThrough(new DecompressionStream("gzip")) : file;
  let begun: string[] = []; // of a line that goes on: joined once, however many chunks it has
  try {
    for await (const chunk of bytes.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
      const [first, ...others] = chunk.split("\n");
      begun.push(first!);
      if (others.length === 0) continue;
      yield begun.join("");
      begun = [others.pop()!];
      yield* others;
    }
  } catch (cause) {
    const what = isPacked ? "it is damaged, cut or not UTF-8" : "it is not UTF-8";
    throw new SyntaxError(`Cannot read table "${path}" as text: ${what}`, { cause });
  }
  yield begun.join("");
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
