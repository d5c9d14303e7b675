/**
 * Which columns of a corpus' tables its documents are made of. They are given by name, or are the first of the names
 * that are common for them; the choice is made once for a corpus and holds for all its tables.
 *
 * | part | tried, in this order |
 * | --- | --- |
 * | text | `content`, `text`, `contents`, `code`, `source_code`, `func_code_string`, `whole_func_string`, `original_string`, `function`, `func`, `body` |
 * | id, of those that each of the first 100 rows has, of its own | `doc_id`, `repo_name` and `path`, `max_stars_repo_name` and `max_stars_repo_path`, `id`, `hexsha`, `hash`, `blob_id`, `func_code_url`, `path`, else the row's number |
 * | path | `path`, `max_stars_repo_path`, `file_path`, `filepath`, `filename`, `func_path_in_repository` |
 *
 * @module
 */
import { nameColumns } from "./name_columns.ts";

/** The columns of a corpus' tables, given by name. */
export interface ColumnNames {
  /** The texts. */
  textColumn?: string | undefined;
  /** The documents' ids, or "#" for the row's number. */
  idColumn?: string | undefined;
  /** The files that the documents come from. */
  pathColumn?: string | undefined;
  /** Whether a table need not have them, as one of two corpora that are read together. */
  areOptional?: boolean;
}

/** The columns that documents are made of. */
export interface CorpusColumns {
  /** The text. */
  text: string;
  /** The columns whose values, with "/" between them, are the id; none for the row's number. */
  id: readonly string[];
  /** The path, where there is one. */
  path: string | null;
}

/** A column of a table. */
export interface FoundColumn {
  /** Its name. */
  name: string;
  /** Whether it holds texts, or bytes that may be. */
  isText: boolean;
}

const TEXT_NAMES = [
  "content",
  "text",
  "contents",
  "code",
  "source_code",
  "func_code_string",
  "whole_func_string",
  "original_string",
  "function",
  "func",
  "body",
] as const;

const ID_NAMES: readonly (readonly string[])[] = [
  ["doc_id"],
  ["repo_name", "path"],
  ["max_stars_repo_name", "max_stars_repo_path"],
  ["id"],
  ["hexsha"],
  ["hash"],
  ["blob_id"],
  ["func_code_url"],
  ["path"],
];

const PATH_NAMES = [
  "path",
  "max_stars_repo_path",
  "file_path",
  "filepath",
  "filename",
  "func_path_in_repository",
];

/** What stands for the row's number where a column of ids is named. */
export const ROW_NUMBER = "#";

/**
 * Chooses the columns of a table.
 *
 * @param file the table, for messages, which show no names but those that are given or common
 * @throws {SyntaxError} If there is no column of texts, or none of a given name.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { chooseColumns } from "./corpus_columns.ts";
 *
 * const found = ["repo_name", "path", "content", "hash"].map((name) => ({ name, isText: true }));
 * const chosen = chooseColumns(found, { file: "a.parquet" });
 * assertEquals(chosen, { text: "content", id: ["repo_name", "path"], path: "path" });
 * assertEquals(chooseColumns(found, { file: "a.parquet", idColumn: "hash" }).id, ["hash"]);
 * assertThrows(() => chooseColumns(found, { file: "a.parquet", textColumn: "src" }), SyntaxError, 'no column "src"');
 * ```
 */
export function chooseColumns(
  found: readonly FoundColumn[],
  { file, areOptional = false, sample = [], ...given }: ColumnNames & {
    file: string;
    /** Some rows, by which ids are tried. */
    sample?: readonly Readonly<Record<string, unknown>>[];
  },
): CorpusColumns {
  const has = (name: string) => found.some((column) => column.name === name);
  const names = found.map(({ name }) => name);
  const checked = (name: string | undefined) => {
    if (name === undefined || name === ROW_NUMBER || has(name)) return name;
    if (areOptional) return undefined;
    throw missingColumn(file, name, names);
  };
  const textColumn = checked(given.textColumn);
  const [idColumn, pathColumn] = [checked(given.idColumn), checked(given.pathColumn)];
  const text = textColumn ??
    TEXT_NAMES.find((name) => found.some((one) => one.name === name && one.isText)) ??
    TEXT_NAMES.find(has);
  if (text === undefined) {
    throw new SyntaxError(
      `Cannot read corpus "${file}": it has no column "content", "text" or "code", but ${
        nameColumns(names)
      }: name that of the texts by --text-column, or take files as they are by --format files`,
    );
  }
  const id = idColumn === ROW_NUMBER
    ? []
    : idColumn !== undefined
    ? [idColumn]
    : ID_NAMES.find((some) => some.every((name) => has(name) && name !== text) && areIds(some, sample)) ??
      [];
  return { text, id, path: pathColumn ?? PATH_NAMES.find(has) ?? null };
}

/** Whether columns give each row an id of its own. Where a `doc_id` does not, that is a mistake to be told of. */
function areIds(names: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): boolean {
  if (names[0] === "doc_id") return true;
  const ids = rows.map((row) => names.map((name) => row[name]));
  return ids.every((parts) => parts.every(isPart)) &&
    new Set(ids.map((parts) => parts.join("/"))).size === ids.length;
}

/**
 * The columns that may be chosen for ids.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { idNames } from "./corpus_columns.ts";
 *
 * assert(idNames().includes("repo_name"));
 * ```
 */
export function idNames(): string[] {
  return [...new Set(ID_NAMES.flat())];
}

/**
 * What to throw where a table has not the columns that its corpus has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { missingColumn } from "./corpus_columns.ts";
 *
 * const { message } = missingColumn("b.csv", "code", ["text", "hunter2"]);
 * assertEquals(message, 'Cannot read corpus "b.csv": it has no column "code", but "text" and 1 other: name another, or leave the file out');
 * ```
 */
export function missingColumn(file: string, name: string, found: readonly string[]): SyntaxError {
  const what = found.length === 0 ? "" : `, but ${nameColumns(found)}`;
  return new SyntaxError(
    `Cannot read corpus "${file}": it has no column "${name}"${what}: name another, or leave the file out`,
  );
}

/** A row as far as a corpus needs it. */
export interface CorpusRow {
  /** Left out where documents are named by their rows' numbers; null where a part of it is missing. */
  doc_id?: unknown;
  /** The file, where there is one. */
  path?: unknown;
  /** Its text; an error where it could not be read. */
  content: unknown;
}

/**
 * A row of a table as a row of a corpus.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { corpusRow } from "./corpus_columns.ts";
 *
 * const columns = { text: "code", id: ["repo", "path"], path: "path" };
 * const row = { repo: "a/b", path: "c.py", code: "x = 1", stars: 3 };
 * assertEquals(corpusRow(row, columns), { doc_id: "a/b/c.py", path: "c.py", content: "x = 1" });
 * ```
 */
export function corpusRow(
  row: Readonly<Record<string, unknown>>,
  { text, id, path }: CorpusColumns,
): CorpusRow {
  const [only] = id;
  const parts = id.map((name) => row[name]);
  return {
    ...(id.length === 1 && row[only!] !== undefined && { doc_id: row[only!] }),
    ...(id.length > 1 && { doc_id: parts.every(isPart) ? parts.join("/") : null }),
    ...(path !== null && { path: row[path] }),
    content: row[text],
  };
}

function isPart(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint";
}

/**
 * The columns in words, for a summary.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeColumns } from "./corpus_columns.ts";
 *
 * assertEquals(describeColumns({ text: "code", id: ["repo", "path"], path: "path" }), 'texts "code", ids "repo/path"');
 * assertEquals(describeColumns({ text: "text", id: [], path: null }), 'texts "text", ids the row numbers');
 * ```
 */
export function describeColumns({ text, id }: CorpusColumns): string {
  return `texts "${text}", ids ${id.length === 0 ? "the row numbers" : `"${id.join("/")}"`}`;
}
