/**
 * One table out of Parquet parts, in their order, without holding them: the same bytes however the rows were divided
 * among the parts.
 *
 * @module
 */
import pl from "../npm/polars.ts";
import { writeBy, writeFileAtomic, type WriteFileOptions } from "../files/write_file.ts";
import { encodeRows } from "./encode_rows.ts";
import { gzip } from "./gzip.ts";
import { readTable, tableFormat, writeTable } from "./tables.ts";

const ROW_GROUP = 2 ** 17;

/** Options of {@linkcode assembleParts}. */
export interface AssembleOptions extends WriteFileOptions {
  /** A column by which the rows are put in order, and which is left out then. */
  sortBy?: string;
}

/**
 * Writes the rows of all parts into one table, atomically, in the format of its extension. Parts are held one at a time,
 * but all at once where they are sorted or no Parquet.
 *
 * @param parts Tables of the same columns, at least one
 * @throws {Error} as `writeFileAtomic`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { assembleParts } from "./assemble_parts.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const n of [1, 2]) pl.DataFrame({ text: [`x${n}`] }).writeParquet(`${folder}/${n}.parquet`);
 * await assembleParts([`${folder}/1.parquet`, `${folder}/2.parquet`], `${folder}/all.jsonl`);
 * assertEquals(await Deno.readTextFile(`${folder}/all.jsonl`), '{"text":"x1"}\n{"text":"x2"}\n');
 * ```
 */
export async function assembleParts(
  parts: readonly string[],
  out: string,
  { sortBy, ...options }: AssembleOptions = {},
): Promise<void> {
  const format = tableFormat(out);
  if (sortBy !== undefined && format !== ".parquet") {
    return await writeTable(await sortedFrame(parts, sortBy), out, options);
  }
  if (format !== ".parquet") {
    const text = rowsOf(parts, format === ".csv" ? ".csv" : ".jsonl").pipeThrough(new TextEncoderStream());
    const bytes = format === ".jsonl.gz" ? gzip(text) : text;
    return await writeFileAtomic(out, { bytes: await sizeOf(parts), pieces: bytes }, options);
  }
  await writeBy(out, async (path) => {
    const rows = scanParts(parts);
    const inOrder = sortBy === undefined ? rows : rows.sort({ by: sortBy, maintainOrder: true }).drop(sortBy);
    await inOrder.sinkParquet(path, { rowGroupSize: ROW_GROUP, maintainOrder: true }).collect();
  }, options);
}

/** The rows of tables that are no Parquet. Cells of a CSV are texts, so that they are written as they were read. */
async function sortedFrame(parts: readonly string[], sortBy: string): Promise<pl.DataFrame> {
  const frames = await Promise.all(parts.map((path) => readTable(path, { text: "all" })));
  const filled = frames.filter(({ height }) => height > 0);
  if (filled.length === 0) return frames[0]!.select(...frames[0]!.columns.filter((name) => name !== sortBy));
  const whole = pl.concat(filled, { how: "verticalRelaxed" }); // a column may be without values in some parts
  const numbered = whole.withColumn(pl.col(sortBy).cast(pl.Int64));
  return numbered.sort({ by: sortBy, maintainOrder: true }).drop(sortBy);
}

/**
 * How many different values a column has in all parts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { countDistinct } from "./assemble_parts.ts";
 *
 * const path = `${await Deno.makeTempDir()}/1.parquet`;
 * pl.DataFrame({ text: ["x", "y", "x"] }).writeParquet(path);
 * assertEquals(await countDistinct([path], "text"), 2);
 * ```
 */
export async function countDistinct(parts: readonly string[], column: string): Promise<number> {
  if (parts.length === 0) return 0;
  const frame = await scanParts(parts).select(pl.col(column).nUnique().alias("count")).collect();
  return Number(frame.toRecords()[0]!.count);
}

function scanParts(parts: readonly string[]): pl.LazyDataFrame {
  return pl.concat(parts.map((path) => pl.scanParquet(path, { glob: false }))); // a folder may be called a[1]
}

function rowsOf(parts: readonly string[], format: ".csv" | ".jsonl"): ReadableStream<string> {
  return ReadableStream.from(async function* () {
    for (const [i, path] of parts.entries()) {
      yield encodeRows(await readTable(path), format, { header: i === 0 });
    }
  }());
}

async function sizeOf(paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += (await Deno.stat(path)).size;
  return bytes;
}
