/**
 * What a corpus is, found out once and before anything of it is read: files of source code, or tables, which ones, and
 * which of their columns its documents are made of.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { whyNotRegular } from "../files/read_file.ts";
import {
  chooseColumns,
  type ColumnNames,
  type CorpusColumns,
  type FoundColumn,
  idNames,
  missingColumn,
} from "./corpus_columns.ts";
import { corpusFormat } from "./corpus_format.ts";
import { type CorpusFormatName, folderTables } from "./corpus_tables.ts";
import { csvHeader } from "./csv_rows.ts";
import { frameColumns, frameSample } from "./frame_table.ts";
import type { GitHistory } from "./git_repository.ts";
import { isJsonTable } from "./json_table.ts";
import { rowParts } from "./row_parts.ts";
import { jsonRow, streamTable } from "./stream_table.ts";

/** How a corpus is to be read. */
export interface CorpusOptions extends ColumnNames {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[] | undefined;
  /** What it is, where it cannot be told from its names or is told wrongly. */
  format?: CorpusFormatName | undefined;
  /** Called between files of a folder, so that signals come in; what it throws ends the work. */
  breathe?: (() => Promise<void>) | undefined;
}

/** A corpus that was looked at. */
export interface CorpusSource {
  /** The folder or file. */
  path: string;
  /** Its tables; none for source code. */
  tables: readonly string[];
  /** What documents are made of; null for source code. */
  columns: CorpusColumns | null;
  /** How many files lie beside the tables and are not read. */
  others: number;
  /** The history that is read in place of files. */
  history?: GitHistory;
}

const [SAMPLE_ROWS, SAMPLE_BYTES] = [100, 2 ** 22];
const NO_ROWS: CorpusColumns = { text: "content", id: [], path: null };

/**
 * Looks at a corpus.
 *
 * @throws {Error} If there is no such path; {TypeError} if it is a pipe, a socket or a device; {RangeError} if a folder is
 * neither clearly source code nor clearly a data set
 * @throws {SyntaxError} If a table is damaged, or has no column of texts or none of a given name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "./resolve_corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 1\n");
 * assertEquals((await resolveCorpus(folder)).columns, null);
 * const path = `${folder}/a.jsonl`;
 * await Deno.writeTextFile(path, '{"id": 7, "code": "x = 1"}\n');
 * assertEquals((await resolveCorpus(path)).columns, { text: "code", id: ["id"], path: null });
 * ```
 */
export async function resolveCorpus(path: string, options: CorpusOptions = {}): Promise<CorpusSource> {
  const { tables, others } = await tablesOf(path, options);
  if (tables.length === 0) return { path, tables, columns: null, others };
  for (const table of tables) await refusePointer(table);
  let columns: CorpusColumns | undefined;
  for (const table of tables) {
    const isJson = corpusFormat(table)!.rows === "json";
    if (columns && isJson) continue; // their rows are looked at when they are read
    const looked = await columnsOf(table);
    if (looked === null) continue;
    const { found, sample } = looked;
    columns ??= chooseColumns(found, { ...options, file: table, sample });
    const { text, id } = columns;
    const names = found.map(({ name }) => name);
    const missing = [text, ...id].find((name) => !names.includes(name));
    if (missing !== undefined && !isJson) throw missingColumn(table, missing, names);
  }
  return { path, tables, columns: columns ?? NO_ROWS, others };
}

async function tablesOf(
  path: string,
  options: CorpusOptions,
): Promise<{ tables: readonly string[]; others: number }> {
  const info = await Deno.stat(path).catch((cause) => {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file or folder"
      : reasonOf(cause);
    throw new Error(`Cannot read corpus "${path}": ${reason}`, { cause });
  });
  const source = { tables: [], others: 0 };
  if (info.isDirectory) return await folderTables(path, options) ?? source;
  const reason = whyNotRegular(info);
  if (reason !== undefined) throw new TypeError(`Cannot read corpus "${path}": ${reason}`);
  const format = corpusFormat(path);
  const isTable = format !== null && options.format !== "files" &&
    (options.format === "tables" || !/\.json$/.test(path) || await isJsonTable(path));
  return isTable ? { tables: [path], others: 0 } : source;
}

/** What was seen of a table. */
interface TableLook {
  found: FoundColumn[];
  /** Some rows. */
  sample: Record<string, unknown>[];
}

/** The columns of a table; null where it has no rows to tell them. */
async function columnsOf(table: string): Promise<TableLook | null> {
  const { rows } = corpusFormat(table)!;
  if (rows === "json") return await lookAtJson(table);
  if (rows === "csv") {
    const found = (await csvHeader(table)).map((name) => ({ name, isText: true }));
    const sample: Record<string, unknown>[] = [];
    for await (const { row } of streamTable(table, { ids: [] })) {
      if (!(row instanceof RangeError)) sample.push(row);
      if (sample.length === SAMPLE_ROWS) break;
    }
    return { found, sample };
  }
  const found = await frameColumns(table);
  if (found.length === 0) return null;
  const names = idNames().filter((name) => found.some((column) => column.name === name));
  return { found, sample: await frameSample(table, { names, rows: SAMPLE_ROWS }) };
}

/** The columns of the first rows of a JSON file. */
async function lookAtJson(table: string): Promise<TableLook | null> {
  const found = new Map<string, boolean>();
  const sample: Record<string, unknown>[] = [];
  let [count, bytes] = [0, 0];
  for await (const part of rowParts(table, { onBytes: (read) => void (bytes += read) })) {
    if (!part.isWhole && found.size > 0) break; // a row of more than 64 MiB tells nothing
    const row = part.isLast ? jsonRow(part, { path: table, ids: idNames() })?.row : undefined;
    if (row === undefined) continue;
    count++;
    if (!(row instanceof RangeError)) {
      sample.push(row);
      for (const [name, value] of Object.entries(row)) {
        found.set(name, found.get(name) === true || typeof value === "string");
      }
    }
    if (count >= SAMPLE_ROWS || (bytes >= SAMPLE_BYTES && found.size > 0)) break;
  }
  if (count === 0) return null;
  return { found: [...found].map(([name, isText]) => ({ name, isText })), sample };
}

const POINTER = "version https://git-lfs";

/** @throws {SyntaxError} If it is what git leaves in place of a large file that was not fetched. */
async function refusePointer(table: string): Promise<void> {
  if ((await Deno.stat(table)).size > 1024) return;
  const text = new TextDecoder("latin1").decode(await Deno.readFile(table));
  if (!text.startsWith(POINTER)) return;
  throw new SyntaxError(
    `Cannot read corpus "${table}": it is a pointer of Git LFS: fetch the file by git lfs pull`,
  );
}
