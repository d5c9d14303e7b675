/**
 * Parquet and Arrow files by ranges of rows, as a corpus needs them: only the columns that documents are made of, ids as
 * exact texts, and texts that are bytes read as UTF-8.
 *
 * @module
 */
import pl from "../npm/polars.ts";
import { checkRegularFile } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import { type ArrowBatch, arrowBatches, readArrowBatch } from "./arrow_batches.ts";
import { type CorpusColumns, type CorpusRow, corpusRow, type FoundColumn } from "./corpus_columns.ts";
import { MAX_ROW_BYTES } from "./row_parts.ts";
import { longRow } from "./stream_table.ts";
import { idAsText, notParquet } from "./tables.ts";
import { kindOf, textAsText } from "./text_column.ts";

/** Rows of a file; plain data that may be sent to a worker. */
export interface FrameRange {
  file: string;
  /** Rows before the first, in the file or its batch. */
  start: number;
  count: number;
  /** The batch of an Arrow file. */
  batch?: ArrowBatch;
}

const ROWS_AT_ONCE = 4096;

/**
 * The ranges of a file's rows that are read at once: some thousand rows, or a batch of an Arrow file.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { frameRanges } from "./frame_table.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ n: Array(5000).fill(0) }).writeParquet(file);
 * const ranges = await Array.fromAsync(frameRanges(file));
 * assertEquals(ranges.map(({ start, count }) => [start, count]), [[0, 4096], [4096, 904]]);
 * ```
 */
export async function* frameRanges(file: string): AsyncGenerator<FrameRange> {
  if (file.endsWith(".arrow")) {
    for await (const batch of arrowBatches(file)) yield { file, start: 0, count: batch.rows, batch };
    return;
  }
  const rows = await countParquet(file);
  for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
    yield { file, start, count: Math.min(ROWS_AT_ONCE, rows - start) };
  }
}

/**
 * How many rows a file has.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { countRows } from "./frame_table.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "y"] }).writeParquet(file);
 * assertEquals(await countRows(file), 2);
 * ```
 */
export async function countRows(file: string): Promise<number> {
  if (!file.endsWith(".arrow")) return await countParquet(file);
  let rows = 0;
  for await (const batch of arrowBatches(file)) rows += batch.rows;
  return rows;
}

async function countParquet(file: string): Promise<number> {
  return await parse(file, async () => {
    const scan = pl.scanParquet(file, { glob: false });
    const { columns } = await scan.slice(0, 0).collect();
    if (columns.length === 0) return 0;
    return Number((await scan.select(pl.len().alias("rows")).collect()).toRecords()[0]!.rows);
  });
}

/**
 * The columns of a file.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { frameColumns } from "./frame_table.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x"], n: [1] }).writeParquet(file);
 * assertEquals(await frameColumns(file), [{ name: "text", isText: true }, { name: "n", isText: false }]);
 * ```
 */
export async function frameColumns(file: string): Promise<FoundColumn[]> {
  const frame = file.endsWith(".arrow")
    ? (await arrowHead(file))
    : await parse(file, async () => await pl.scanParquet(file, { glob: false }).slice(0, 0).collect());
  return frame.columns.map((name) => ({ name, isText: kindOf(frame, name) !== "other" }));
}

async function arrowHead(file: string): Promise<pl.DataFrame> {
  for await (const batch of arrowBatches(file)) return await readArrowBatch(file, batch);
  return pl.DataFrame({});
}

/**
 * The first rows of a file, of some of its columns those that can be ids.
 *
 * @throws {SyntaxError} If it is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { frameSample } from "./frame_table.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ id: ["x", "y"], list: [[1], [2]] }).writeParquet(file);
 * assertEquals(await frameSample(file, { names: ["id", "list"], rows: 1 }), [{ id: "x" }]);
 * ```
 */
export async function frameSample(
  file: string,
  { names, rows }: { names: readonly string[]; rows: number },
): Promise<Record<string, unknown>[]> {
  for await (const { start, batch } of frameRanges(file)) {
    const range = { file, start, count: rows, ...(batch && { batch }) };
    const ids: pl.Series[] = [];
    for (const name of names) {
      const column = await readColumns(range, [name]);
      try {
        ids.push(idAsText(column, file, [name]).getColumn(name));
      } catch {
        continue; // a list, a struct or bytes
      }
    }
    return ids.length > 0 ? pl.DataFrame(ids).toRecords() : [];
  }
  return [];
}

/**
 * The rows of a range. A text that is too long to be held, or not UTF-8, is an error in its place.
 *
 * @throws {SyntaxError} If the file is damaged; {TypeError} if its ids are no texts, numbers or times
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { frameRows } from "./frame_table.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ code: ["x", "y", "z"], n: ["1", "2", "3"] }).writeParquet(file);
 * const columns = { text: "code", id: ["n"], path: null };
 * const rows = await frameRows({ file, start: 1, count: 2 }, columns);
 * assertEquals(rows, [{ doc_id: "2", content: "y" }, { doc_id: "3", content: "z" }]);
 * ```
 */
export async function frameRows(range: FrameRange, columns: CorpusColumns): Promise<CorpusRow[]> {
  const { frame, isNotUtf8 } = await readFrame(range, columns);
  const { text } = columns;
  const sizes = sizesOf(frame, text);
  const isLong = sizes.some((size) => size > MAX_ROW_BYTES);
  const short = pl.when(pl.col(text).str.lengths().ltEq(MAX_ROW_BYTES)).then(pl.col(text))
    .otherwise(pl.lit(null)).alias(text);
  const records: Record<string, unknown>[] = (isLong ? frame.withColumn(short) : frame).toRecords();
  return records.map((record, i) => {
    if (sizes[i]! > MAX_ROW_BYTES) return longRow(range.file, `row ${range.start + i}`);
    const row = corpusRow(record, columns);
    return isNotUtf8.has(i) ? { ...row, content: new RangeError("not UTF-8") } : row;
  });
}

/**
 * The rows of a range without their texts, and how many bytes these have; 0 for one that is none, or too long to be
 * held.
 *
 * @throws As {@linkcode frameRows}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { frameSizes } from "./frame_table.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "yz", null] }).writeParquet(file);
 * const columns = { text: "text", id: [], path: null };
 * const sizes = await frameSizes({ file, start: 1, count: 2 }, columns);
 * assertEquals(sizes.map(({ bytes }) => bytes), [2, 0]);
 * ```
 */
export async function frameSizes(
  range: FrameRange,
  columns: CorpusColumns,
): Promise<{ row: Omit<CorpusRow, "content">; bytes: number }[]> {
  const { frame } = await readFrame(range, { ...columns, path: null });
  const sizes = sizesOf(frame, columns.text);
  const ids: Record<string, unknown>[] = columns.id.length > 0 ? frame.select(...columns.id).toRecords() : [];
  return sizes.map((size, i) => ({
    row: corpusRow(ids[i] ?? {}, { ...columns, path: null }),
    bytes: size > MAX_ROW_BYTES ? 0 : size,
  }));
}

async function readColumns(
  { file, start, count, batch }: FrameRange,
  names: readonly string[],
): Promise<pl.DataFrame> {
  if (batch) return (await readArrowBatch(file, batch)).select(...names).slice(start, count);
  return await parse(
    file,
    async () => await pl.scanParquet(file, { glob: false }).select(...names).slice(start, count).collect(),
  );
}

/** The columns of a range that documents are made of: a text column of texts and ids of texts. */
async function readFrame(
  range: FrameRange,
  { text, id, path }: CorpusColumns,
): Promise<{ frame: pl.DataFrame; isNotUtf8: ReadonlySet<number> }> {
  const whole = await readColumns(range, [...new Set([text, ...id, ...path === null ? [] : [path]])]);
  const named = idAsText(whole, range.file, id.filter((name) => name !== text));
  const placed = path === null || path === text ? named : textAsText(named, path).frame;
  return textAsText(placed, text);
}

function sizesOf(frame: pl.DataFrame, name: string): number[] {
  return frame.select(pl.col(name).str.lengths()).getColumn(name).toArray().map(Number); // 0 for null
}

async function parse<T>(path: string, read: () => Promise<T>): Promise<T> {
  await checkRegularFile(path, { what: "table" });
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new Error(`Cannot read table "${path}": ${reasonOf(cause)}`);
    }
    throw notParquet(path);
  }
}
