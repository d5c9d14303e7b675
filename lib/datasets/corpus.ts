/**
 * A corpus is a folder of source files, a single one, or a table with a text column: documents in one order on every machine. What a
 * folder scan leaves out is counted with its reason. Texts keep every character of their file, a byte order mark too,
 * so that offsets hold; only a lone surrogate (from JSON) becomes U+FFFD, of the same length, and is counted.
 *
 * @module
 */
import { join } from "node:path";
import { whyNotRegular } from "../read_file.ts";
import { reasonOf } from "../reason.ts";
import { readText } from "./read_text.ts";
import { RowIds } from "./seen_ids.ts";
import { streamRows } from "./stream_table.ts";
import { tableFormat } from "./tables.ts";
import { walkFolder, walkRoot } from "./walk_folder.ts";

/** One text of a corpus. */
export interface Document {
  /** The relative path with "/" for a file; `doc_id`, else the row number, for a table's row. */
  docId: string;
  /** The file, where there is one. */
  path: string | null;
  /** All of it, well-formed. */
  text: string;
}

/** A corpus in memory. */
export interface Corpus {
  /** By path for a folder, in the order of the rows for a table. */
  documents: Document[];
  /** Files and rows that gave no document. Ignored ones are not listed. */
  skipped: { path: string; reason: string }[];
  /** How many lone surrogates became U+FFFD. */
  replacedSurrogates: number;
}

/** Options of {@linkcode readCorpus}. */
export interface ReadCorpusOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[];
  /** How many characters all texts may have together; 2^30 by default, as a heap of V8 ends at 4 GiB. */
  maxCharacters?: number;
}

/**
 * Reads a corpus; one that does not fit into memory comes in pieces from `corpusPieces`.
 *
 * @throws {Error} If there is no such path, or it holds no document; {RangeError} if its texts are too large.
 * @throws {SyntaxError} If a table is damaged, has no `content` or `text`, or one `doc_id` twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCorpus } from "./corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 1\n");
 * await Deno.writeTextFile(`${folder}/b.bin`, "\0");
 * const { documents, skipped } = await readCorpus(folder);
 * assertEquals(documents, [{ docId: "a.py", path: "a.py", text: "x = 1\n" }]);
 * assertEquals(skipped, [{ path: "b.bin", reason: "binary" }]);
 * ```
 */
export async function readCorpus(path: string, options: ReadCorpusOptions = {}): Promise<Corpus> {
  const corpus = await isSourceCorpus(path) ? readFolder(path, options) : await readRows(path, options);
  if (corpus.documents.length === 0) throw emptyCorpus(path, corpus.skipped);
  return corpus;
}

/**
 * Whether a corpus is source files, a folder of them or a single one; else it is a table, as its extension says.
 *
 * @throws {Error} If there is no such path; {TypeError} if it is a pipe, a socket or a device
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isSourceCorpus } from "./corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.csv"]) await Deno.writeTextFile(`${folder}/${name}`, "");
 * assertEquals([await isSourceCorpus(folder), await isSourceCorpus(`${folder}/a.py`)], [true, true]);
 * assertEquals(await isSourceCorpus(`${folder}/b.csv`), false);
 * ```
 */
export async function isSourceCorpus(path: string): Promise<boolean> {
  const info = await Deno.stat(path).catch((cause) => {
    const reason = cause instanceof Deno.errors.NotFound
      ? "there is no such file or folder"
      : reasonOf(cause);
    throw new Error(`Cannot read corpus "${path}": ${reason}`, { cause });
  });
  const reason = info.isDirectory ? undefined : whyNotRegular(info);
  if (reason !== undefined) throw new TypeError(`Cannot read corpus "${path}": ${reason}`);
  return info.isDirectory || !isTable(path);
}

function isTable(path: string): boolean {
  try {
    return tableFormat(path) !== undefined;
  } catch {
    return false; // an extension of no table
  }
}

/**
 * What to throw for a corpus without a document.
 *
 * @param skipped the files or rows that gave none, and why
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { emptyCorpus } from "./corpus.ts";
 *
 * const skipped = [{ reason: "binary" }, { reason: "empty" }];
 * assertEquals(emptyCorpus("src", skipped).message, 'Cannot read corpus "src": it is empty (2 files or rows skipped)');
 * assertEquals(emptyCorpus("a.xlsx", [skipped[0]!]).message, 'Cannot read corpus "a.xlsx": it is empty (1 skipped: binary)');
 * ```
 */
export function emptyCorpus(path: string, skipped: readonly { reason: string }[]): Error {
  const [first, ...more] = skipped;
  const what = first === undefined
    ? ""
    : more.length === 0
    ? ` (1 skipped: ${first.reason})`
    : ` (${skipped.length} files or rows skipped)`;
  return new Error(`Cannot read corpus "${path}": it is empty${what}`);
}

const MAX_CHARACTERS = 2 ** 30;

function readFolder(
  root: string,
  { exclude = [], maxCharacters = MAX_CHARACTERS }: ReadCorpusOptions,
): Corpus {
  const corpus: Corpus = { documents: [], skipped: [], replacedSurrogates: 0 };
  const folder = walkRoot(root);
  let characters = 0;
  for (const { path, reason } of walkFolder(root, { exclude })) {
    const read = reason === undefined ? readText(join(folder, path)) : { reason };
    if ("text" in read) characters += read.text.length;
    if (characters > maxCharacters) throw tooLarge(root, `"${path}"`, { characters, maxCharacters });
    if ("text" in read) corpus.documents.push({ docId: path, path, text: read.text });
    else corpus.skipped.push({ path, reason: read.reason });
  }
  return corpus;
}

async function readRows(
  path: string,
  { maxCharacters = MAX_CHARACTERS }: ReadCorpusOptions,
): Promise<Corpus> {
  const corpus: Corpus = { documents: [], skipped: [], replacedSurrogates: 0 };
  const ids = new RowIds();
  const names = new Set<string>();
  let [number, characters] = [0, 0];
  for await (const row of streamRows(path)) {
    ids.add(row, { file: path, number });
    for (const name of TEXT_COLUMNS) if (row[name] !== undefined) names.add(name);
    const read = rowDocument(row, number++);
    if ("reason" in read) {
      corpus.skipped.push({ path: read.docId, reason: read.reason });
      continue;
    }
    const { replacedSurrogates, ...document } = read;
    corpus.replacedSurrogates += replacedSurrogates;
    corpus.documents.push(document);
    characters += document.text.length;
    if (characters > maxCharacters) throw tooLarge(path, `row ${number - 1}`, { characters, maxCharacters });
  }
  if (number > 0) textColumn(path, [...names]);
  return corpus;
}

function tooLarge(
  path: string,
  place: string,
  { characters, maxCharacters }: { characters: number; maxCharacters: number },
): RangeError {
  const found = `its texts up to ${place} have ${characters} characters`;
  return new RangeError(
    `Cannot hold corpus "${path}": ${found}, at most ${maxCharacters} are held: divide it`,
  );
}

const TEXT_COLUMNS = ["content", "text"];

/**
 * The column of a table that holds the texts.
 *
 * @throws {SyntaxError} If there is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textColumn } from "./corpus.ts";
 *
 * assertEquals(textColumn("a.csv", ["doc_id", "text"]), "text");
 * ```
 */
export function textColumn(path: string, names: readonly string[]): string {
  const column = TEXT_COLUMNS.find((name) => names.includes(name));
  if (column !== undefined) return column;
  throw new SyntaxError(`Cannot read corpus "${path}": it has no column "content" or "text"`);
}

/**
 * The document of a table's row, well-formed, or why it gives none: where its text could not be read, an error stands
 * for it.
 *
 * @param index the row's number, its id where it has no `doc_id`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rowDocument } from "./corpus.ts";
 *
 * const document = { docId: "7", path: null, text: "x", replacedSurrogates: 0 };
 * assertEquals(rowDocument({ text: "x" }, 7), document);
 * assertEquals(rowDocument({ text: "" }, 8), { docId: "8", reason: "empty" });
 * ```
 */
export function rowDocument(
  row: Readonly<Record<string, unknown>>,
  index: number,
): Document & { replacedSurrogates: number } | { docId: string; reason: string } {
  const docId = String(row["doc_id"] ?? index);
  const text = TEXT_COLUMNS.map((name) => row[name]).find((cell) => cell !== undefined);
  if (text instanceof Error) return { docId, reason: text.message };
  if (typeof text !== "string" || text === "") return { docId, reason: text === "" ? "empty" : "no text" };
  const whole = text.toWellFormed();
  const path = typeof row["path"] === "string" ? row["path"] : null;
  return { docId, path, text: whole, replacedSurrogates: countDifferences(text, whole) };
}

function countDifferences(a: string, b: string): number {
  if (a === b) return 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) count++;
  return count;
}
