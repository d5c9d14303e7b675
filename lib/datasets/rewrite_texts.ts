/**
 * A table with places of its texts replaced and every other byte as it was, without holding it: row by row for JSON and
 * CSV, some thousand rows at a time for Parquet, where the other columns keep their types and values. A table in which
 * nothing is replaced is copied.
 *
 * @module
 */
import { dirname, join } from "node:path";
import pl from "../npm/polars.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { assembleParts } from "./assemble_parts.ts";
import { type CorpusColumns, type CorpusRow, corpusRow } from "./corpus_columns.ts";
import { corpusFormat } from "./corpus_format.ts";
import { spliceCsvCell } from "./csv_record.ts";
import { CsvReader } from "./csv_rows.ts";
import { countRows } from "./frame_table.ts";
import { jsonMembers, spliceJsonString } from "./json_line.ts";
import { joinPieces, packPieces } from "./pack_pieces.ts";
import { type Replacement, spliceText } from "./redact_text.ts";
import { decodeRow, MAX_ROW_BYTES, type RowPart, rowParts } from "./row_parts.ts";
import type { RowIds } from "./seen_ids.ts";
import { jsonRow, longRow, rowOf } from "./stream_table.ts";
import { idAsText, writeTable } from "./tables.ts";
import { textAsText } from "./text_column.ts";

const ROWS_AT_ONCE = 4096;

/** Options of {@linkcode rewriteTexts}. */
export interface RewriteOptions {
  /** What documents are made of. */
  columns: CorpusColumns;
  /** The number of the table's first row in the corpus. */
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
  /** Those that are too long to be searched, or not UTF-8, and were copied. */
  unsearched: number;
}

/** A row whose text may be changed. */
interface TextRow {
  row: CorpusRow;
  /** The row with places of its text replaced. */
  splice: (replacements: readonly Replacement[]) => string;
}

/**
 * Writes a table anew, in the format of its name.
 *
 * @throws {SyntaxError} If the table is damaged; {RangeError} if it is an Arrow file; what `rewrite` throws
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
 * await rewriteTexts(`${folder}/a.jsonl`, `${folder}/b.jsonl`, {
 *   columns: { text: "text", id: [], path: null },
 *   first: 0,
 *   ids: new RowIds([]),
 *   rewrite,
 * });
 * assertEquals(await Deno.readTextFile(`${folder}/b.jsonl`), '{"n":1.0, "text":"y\\/"}\n');
 * ```
 */
export async function rewriteTexts(
  table: string,
  out: string,
  options: RewriteOptions,
): Promise<RewriteCounts> {
  const counts = { rows: 0, unsearched: 0, changed: 0 };
  const { rows } = corpusFormat(table)!;
  if (rows === "arrow") {
    throw new RangeError(
      `Cannot write "${out}": Arrow files are read only: save the data set as Parquet first`,
    );
  }
  if (rows === "parquet") await rewriteParquet(table, out, { ...options, counts });
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
  row: CorpusRow,
  table: string,
  { first, ids, rewrite, counts }: CountingOptions,
): readonly Replacement[] {
  const number = first + counts.rows++;
  const docId = ids.add(row, { file: table, number });
  const text = row.content;
  if (text instanceof Error) counts.unsearched++;
  if (typeof text !== "string" || text === "") return [];
  const replacements = rewrite(docId, text.toWellFormed(), `row ${number}`);
  if (replacements.length > 0) counts.changed++;
  return replacements;
}

async function rewriteRows(table: string, out: string, options: CountingOptions): Promise<void> {
  const { packing } = corpusFormat(table)!;
  const read = corpusFormat(table)!.rows === "csv"
    ? csvTextRow(table, options.columns)
    : jsonTextRow(table, options.columns);
  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const part of rowParts(table, { breathe: options.breathe })) {
      const found = part.isLast ? read(part) : null;
      const replacements = found ? replacementsOf(found.row, table, options) : [];
      yield new Uint8Array(
        replacements.length > 0 ? ENCODER.encode(found!.splice(replacements)) : part.bytes,
      );
    }
  }
  const rows = joinPieces(pieces());
  const { size } = await Deno.stat(table);
  await writeFileAtomic(out, { bytes: size, pieces: packing ? packPieces(rows, packing) : rows });
}

const ENCODER = new TextEncoder();

function jsonTextRow(path: string, columns: CorpusColumns): (part: RowPart) => TextRow | null {
  return (part) => {
    const read = jsonRow(part, { path, ids: columns.id });
    if (!read) return null;
    return {
      row: rowOf(read.row, columns, { path, place: read.place }),
      splice: (replacements) => {
        const { mark, text } = decodeRow(part, path);
        const { start, end } = jsonMembers(text).get(columns.text)!;
        return mark + text.slice(0, start) + spliceJsonString(text.slice(start, end), replacements) +
          text.slice(end);
      },
    };
  };
}

function csvTextRow(path: string, columns: CorpusColumns): (part: RowPart) => TextRow | null {
  const reader = new CsvReader(path);
  return (part) => {
    const found = reader.read(part);
    if (!found) return null;
    const { number, text, cells } = found;
    if (!cells) return { row: longRow(path, `row ${number}`), splice: () => "" };
    const cell = cells[reader.header.indexOf(columns.text)]!;
    const row = Object.fromEntries(reader.header.map((name, i) => [name, cells[i]!.value]));
    return {
      row: corpusRow(row, columns),
      splice: (replacements) =>
        text.slice(0, cell.start) + spliceCsvCell(text.slice(cell.start, cell.end), replacements) +
        text.slice(cell.end),
    };
  };
}

async function rewriteParquet(table: string, out: string, options: CountingOptions): Promise<void> {
  const rows = await countRows(table);
  const folder = await Deno.makeTempDir({ dir: dirname(out), prefix: ".parts-" });
  try {
    const parts: string[] = [];
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      await options.breathe?.();
      const frame = await pl.scanParquet(table, { glob: false }).slice(start, ROWS_AT_ONCE).collect();
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
  const { text: name, id } = options.columns;
  const ids: Record<string, unknown>[] = id.length > 0
    ? idAsText(frame.select(...id), table, id).toRecords()
    : [];
  const read = textAsText(frame.select(name), name);
  const texts = read.frame.getColumn(name);
  const lengths = read.frame.select(pl.col(name).str.lengths()).getColumn(name);
  let changed = false;
  const cells = Array.from({ length: frame.height }, (_, i) => {
    const isLong = Number(lengths.get(i) ?? 0) > MAX_ROW_BYTES;
    const isUnread = isLong || read.isNotUtf8.has(i);
    const text: unknown = isUnread ? new RangeError("not searched") : texts.get(i);
    const row = { ...corpusRow(ids[i] ?? {}, options.columns), content: text };
    const replacements = replacementsOf(row, table, options);
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
