/**
 * A table with places of its texts replaced and every other byte as it was, without holding it: row by row for JSON
 * lines and CSV, some thousand rows at a time for Parquet, where the other columns keep their types and values. A table in
 * which nothing is replaced is copied.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { dirname, join } from "node:path";
import pl from "../npm/polars.ts";
import { writeFileAtomic } from "../write_file.ts";
import { assembleParts } from "./assemble_parts.ts";
import { textColumn } from "./corpus.ts";
import { spliceCsvCell } from "./csv_record.ts";
import { CsvReader } from "./csv_rows.ts";
import { jsonMembers, parseJsonLine, spliceJsonString } from "./json_line.ts";
import { type Replacement, spliceText } from "./redact_text.ts";
import { decodeRow, MAX_ROW_BYTES, type RowPart, rowParts } from "./row_parts.ts";
import type { RowIds } from "./seen_ids.ts";
import { longRow, parquetShape } from "./stream_table.ts";
import { idAsText, tableFormat, writeTable } from "./tables.ts";

const ROWS_AT_ONCE = 4096;
const BYTES_AT_ONCE = 2 ** 20;

/** Options of {@linkcode rewriteTexts}. */
export interface RewriteOptions {
  /** The number of the table's first row in the corpus, its id where it has no `doc_id`. */
  first: number;
  /** The ids of the tables before. */
  ids: RowIds;
  /** Says what stands in for what of a row's text, in its order. Lone surrogates are U+FFFD in the text. */
  rewrite: (docId: string, text: string, place: string) => readonly Replacement[];
  /** Called now and then, so that signals come in; what it throws ends the work. */
  breathe?: () => Promise<void>;
}

/** What {@linkcode rewriteTexts} counted. */
export interface RewriteCounts {
  /** All of them. */
  rows: number;
  /** Those that are too long to be searched and were copied. */
  unsearched: number;
}

/** A row whose text may be changed. */
interface TextRow {
  row: Record<string, unknown>;
  /** The row with places of its text replaced. */
  splice: (replacements: readonly Replacement[]) => string;
}

/**
 * Writes a table anew, in the format of its name.
 *
 * @throws {SyntaxError} If the table is damaged or has no column of texts; what `rewrite` throws
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rewriteTexts } from "./rewrite_texts.ts";
 * import { RowIds } from "./seen_ids.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.jsonl`, '{"n":1.0, "text":"x\\/"}\n');
 * const rewrite = () => [{ start: 0, end: 1, text: "y" }];
 * await rewriteTexts(`${folder}/a.jsonl`, `${folder}/b.jsonl`, { first: 0, ids: new RowIds(), rewrite });
 * assertEquals(await Deno.readTextFile(`${folder}/b.jsonl`), '{"n":1.0, "text":"y\\/"}\n');
 * ```
 */
export async function rewriteTexts(
  table: string,
  out: string,
  options: RewriteOptions,
): Promise<RewriteCounts> {
  const counts = { rows: 0, unsearched: 0, changed: 0 };
  if (tableFormat(table) === ".parquet") await rewriteParquet(table, out, { ...options, counts });
  else await rewriteRows(table, out, { ...options, counts });
  if (counts.changed === 0) await Deno.copyFile(table, out); // packed or Parquet, it would not have the same bytes
  const { mode } = await Deno.stat(table);
  if (mode !== null) await Deno.chmod(out, mode & 0o777);
  return { rows: counts.rows, unsearched: counts.unsearched };
}

interface CountingOptions extends RewriteOptions {
  counts: RewriteCounts & { changed: number };
}

/** What stands in for what of a row's text, after its id was checked. */
function replacementsOf(
  row: Readonly<Record<string, unknown>>,
  table: string,
  { first, ids, rewrite, counts }: CountingOptions,
): readonly Replacement[] {
  const number = first + counts.rows++;
  const docId = ids.add(row, { file: table, number });
  const text = row["content"] !== undefined ? row["content"] : row["text"];
  if (text instanceof Error) counts.unsearched++;
  if (typeof text !== "string" || text === "") return [];
  const replacements = rewrite(docId, text.toWellFormed(), `row ${number}`);
  if (replacements.length > 0) counts.changed++;
  return replacements;
}

async function rewriteRows(table: string, out: string, options: CountingOptions): Promise<void> {
  const read = table.endsWith(".csv") ? csvTextRow(table) : jsonTextRow(table);
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const part of rowParts(table, { breathe: options.breathe })) {
      const found = part.isLast ? read(part) : null;
      const replacements = found ? replacementsOf(found.row, table, options) : [];
      yield new Uint8Array(
        replacements.length > 0 ? ENCODER.encode(found!.splice(replacements)) : part.bytes,
      );
    }
  }
  const rows = joined(pieces());
  const packed = () => ReadableStream.from(rows).pipeThrough(new CompressionStream("gzip"));
  const { size } = await Deno.stat(table);
  await writeFileAtomic(out, { bytes: size, pieces: table.endsWith(".gz") ? packed() : rows });
}

const ENCODER = new TextEncoder();

/** Pieces put together, so that not every row is written by itself. */
async function* joined(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let [held, bytes]: [Uint8Array[], number] = [[], 0];
  for await (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < BYTES_AT_ONCE) continue;
    yield Buffer.concat(held);
    [held, bytes] = [[], 0];
  }
  yield Buffer.concat(held);
}

function jsonTextRow(path: string): (part: RowPart) => TextRow | null {
  return (part) => {
    const number = part.rowsBefore + 1;
    if (!part.isWhole) return { row: longRow(path, `line ${number}`), splice: () => "" };
    const { mark, text } = decodeRow(part, path);
    const row = parseJsonLine(text, { path, number });
    if (!row) return null;
    return {
      row,
      splice: (replacements) => {
        const { start, end } = jsonMembers(text).get(row["content"] !== undefined ? "content" : "text")!;
        return mark + text.slice(0, start) + spliceJsonString(text.slice(start, end), replacements) +
          text.slice(end);
      },
    };
  };
}

function csvTextRow(path: string): (part: RowPart) => TextRow | null {
  const reader = new CsvReader(path);
  return (part) => {
    const found = reader.read(part);
    if (!found) return null;
    const { number, text, cells } = found;
    if (!cells) return { row: longRow(path, `row ${number}`), splice: () => "" };
    const name = textColumn(path, reader.header);
    const cell = cells[reader.header.indexOf(name)]!;
    const id = reader.header.indexOf("doc_id");
    return {
      row: { doc_id: cells[id]?.value, [name]: cell.value },
      splice: (replacements) =>
        text.slice(0, cell.start) + spliceCsvCell(text.slice(cell.start, cell.end), replacements) +
        text.slice(cell.end),
    };
  };
}

async function rewriteParquet(table: string, out: string, options: CountingOptions): Promise<void> {
  const { rows } = await parquetShape(table);
  const folder = await Deno.makeTempDir({ dir: dirname(out), prefix: ".parts-" });
  try {
    const parts: string[] = [];
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      await options.breathe?.();
      const frame = await pl.scanParquet(table).slice(start, ROWS_AT_ONCE).collect();
      parts.push(join(folder, `${parts.length}.parquet`));
      await writeTable(rewriteFrame(table, frame, options), parts.at(-1)!);
    }
    if (options.counts.changed > 0) await assembleParts(parts, out);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The frame with its texts changed where they must be; every other cell stays where it is, in Polars. */
function rewriteFrame(table: string, frame: pl.DataFrame, options: CountingOptions): pl.DataFrame {
  const name = textColumn(table, frame.columns);
  const ids = frame.columns.includes("doc_id") ? idAsText(frame, table).getColumn("doc_id") : null;
  const column = frame.getColumn(name);
  const texts = /Categorical|Enum/.test(column.dtype.variant) ? column.cast(pl.Utf8) : column;
  const isText = /Utf8|String/.test(texts.dtype.variant);
  const lengths = isText ? pl.DataFrame([texts]).select(pl.col(name).str.lengths()).getColumn(name) : null;
  let changed = false;
  const cells = Array.from({ length: frame.height }, (_, i) => {
    const isLong = Number(lengths?.get(i) ?? 0) > MAX_ROW_BYTES;
    const text: unknown = isLong ? longRow(table, "").content : isText ? texts.get(i) : null;
    const replacements = replacementsOf({ doc_id: ids?.get(i), content: text }, table, options);
    if (replacements.length === 0) return null;
    changed = true;
    return spliceText(text as string, replacements);
  });
  if (!changed) return frame;
  let fresh = "changed";
  while (frame.columns.includes(fresh)) fresh += "_";
  const inPlace = pl.when(pl.col(fresh).isNotNull()).then(pl.col(fresh)).otherwise(pl.col(name)).alias(name);
  return frame.withColumn(pl.Series(fresh, cells, pl.Utf8)).withColumn(inPlace).drop(fresh);
}
