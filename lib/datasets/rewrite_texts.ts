/**
 * A table with its texts rewritten and everything else as it was, without holding it: row by row for JSON lines, some
 * thousand rows at a time for Parquet.
 *
 * @module
 */
import { join } from "node:path";
import pl from "nodejs-polars";
import { writeFileAtomic } from "../write_file.ts";
import { assembleParts } from "./assemble_parts.ts";
import { textColumn } from "./corpus.ts";
import { parquetShape, streamRows } from "./stream_table.ts";
import { readTable, tableFormat, writeTable } from "./tables.ts";

const ROWS_AT_ONCE = 4096;

/** Options of {@linkcode rewriteTexts}. */
export interface RewriteOptions {
  /** The number of the table's first row, its id where it has no `doc_id`. */
  first: number;
  /** Gives a row's new text. */
  rewrite: (docId: string, text: string) => string;
}

/**
 * Writes a table anew, in the format of its name.
 *
 * @returns how many rows it has
 * @throws {SyntaxError} If the table is damaged or has no column of texts; what `rewrite` throws
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rewriteTexts } from "./rewrite_texts.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.jsonl`, '{"n":1,"text":"x"}\n');
 * await rewriteTexts(`${folder}/a.jsonl`, `${folder}/b.jsonl`, { first: 0, rewrite: (id, text) => text + id });
 * assertEquals(await Deno.readTextFile(`${folder}/b.jsonl`), '{"n":1,"text":"x0"}\n');
 * ```
 */
export async function rewriteTexts(table: string, out: string, options: RewriteOptions): Promise<number> {
  const format = tableFormat(table);
  if (format === ".parquet") return await rewriteParquet(table, out, options);
  if (format === ".csv") {
    const frame = await readTable(table);
    await writeTable(rewriteFrame(table, frame, options), out);
    return frame.height;
  }
  let count = 0;
  const lines = ReadableStream.from(async function* () {
    for await (const row of streamRows(table)) {
      const column = "content" in row ? "content" : "text";
      const text = row[column];
      const docId = String(row["doc_id"] ?? options.first + count);
      count++;
      const rewritten = typeof text === "string" ? { [column]: options.rewrite(docId, text) } : {};
      yield `${JSON.stringify({ ...row, ...rewritten })}\n`;
    }
  }()).pipeThrough(new TextEncoderStream());
  const pieces = format === ".jsonl.gz" ? lines.pipeThrough(new CompressionStream("gzip")) : lines;
  await writeFileAtomic(out, { bytes: (await Deno.stat(table)).size, pieces });
  return count;
}

async function rewriteParquet(table: string, out: string, options: RewriteOptions): Promise<number> {
  const { rows } = await parquetShape(table);
  const folder = await Deno.makeTempDir({ dir: join(out, ".."), prefix: ".parts-" });
  try {
    const parts: string[] = [];
    for (let start = 0; start < Math.max(1, rows); start += ROWS_AT_ONCE) {
      const frame = await pl.scanParquet(table).slice(start, ROWS_AT_ONCE).collect();
      parts.push(join(folder, `${parts.length}.parquet`));
      const part = rewriteFrame(table, frame, { ...options, first: options.first + start });
      await writeTable(part, parts.at(-1)!);
    }
    await assembleParts(parts, out);
    return rows;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function rewriteFrame(table: string, frame: pl.DataFrame, { first, rewrite }: RewriteOptions): pl.DataFrame {
  const column = textColumn(table, frame.columns);
  const ids = frame.columns.includes("doc_id") ? frame.getColumn("doc_id").toArray() : null;
  const texts = frame.getColumn(column).toArray().map((text: unknown, i: number) =>
    typeof text === "string" ? rewrite(String(ids?.[i] ?? first + i), text) : null
  );
  return frame.withColumn(pl.Series(column, texts, pl.Utf8));
}
