/**
 * A corpus is a folder of source files or a table with a text column: documents in one order on every machine. What a
 * folder scan leaves out is counted with its reason. Texts keep every character of their file, a byte order mark too,
 * so that offsets hold; only a lone surrogate (from JSON) becomes U+FFFD, of the same length, and is counted.
 *
 * @module
 */
import { join } from "node:path";
import { type IgnoreRule, isIgnored, parseIgnoreRules } from "./ignore_rules.ts";
import { readJsonLines, readTable } from "./tables.ts";

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
}

const MAX_FILE_BYTES = 256 * 2 ** 20; // a string of V8 ends at 512 MiB
const NEVER_READ = [".git", "node_modules"];

/**
 * Reads a corpus.
 *
 * @throws {Error} If there is no such path, or it holds no document.
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
export async function readCorpus(path: string, { exclude = [] }: ReadCorpusOptions = {}): Promise<Corpus> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "there is no such file or folder" : String(cause);
    throw new Error(`Cannot read corpus "${path}": ${reason}`, { cause });
  }
  const corpus = info.isDirectory ? readFolder(path, exclude) : await readRows(path);
  if (corpus.documents.length > 0) return corpus;
  const count = corpus.skipped.length;
  throw new Error(
    `Cannot read corpus "${path}": it is empty${count ? ` (${count} files or rows skipped)` : ""}`,
  );
}

function readFolder(root: string, exclude: readonly string[]): Corpus {
  const corpus: Corpus = { documents: [], skipped: [], replacedSurrogates: 0 };
  walk(root, "", parseIgnoreRules(exclude.join("\n"), ""), corpus);
  corpus.documents.sort((a, b) => compareCodeUnits(a.docId, b.docId));
  corpus.skipped.sort((a, b) => compareCodeUnits(a.path, b.path));
  return corpus;
}

/** The order of plain comparison: no locale takes part. */
function compareCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function walk(root: string, relative: string, outer: readonly IgnoreRule[], corpus: Corpus): void {
  const skip = (path: string, reason: string) => corpus.skipped.push({ path, reason });
  let entries: Deno.DirEntry[];
  let rules = outer;
  try {
    entries = [...Deno.readDirSync(join(root, relative))];
    if (entries.some(({ name, isFile }) => isFile && name === ".gitignore")) {
      const text = Deno.readTextFileSync(join(root, relative, ".gitignore"));
      rules = [...outer, ...parseIgnoreRules(text, relative)];
    }
  } catch (error) {
    skip(relative || ".", `unreadable (${(error as Error).name})`);
    return;
  }
  for (const entry of entries) {
    const path = relative ? `${relative}/${entry.name}` : entry.name;
    if (NEVER_READ.includes(entry.name) || isIgnored(path, entry.isDirectory, rules)) continue;
    if (entry.isDirectory) walk(root, path, rules, corpus);
    else {
      const read = readText(join(root, path));
      if ("text" in read) corpus.documents.push({ docId: path, path, text: read.text });
      else skip(path, read.reason);
    }
  }
}

function readText(path: string): { text: string } | { reason: string } {
  let bytes: Uint8Array;
  try {
    const { isFile, isDirectory, size } = Deno.statSync(path); // follows a link to a file
    if (isDirectory) return { reason: "link to a folder" };
    if (!isFile) return { reason: "not a regular file" }; // opening a FIFO would wait for ever
    if (size > MAX_FILE_BYTES) return { reason: "over 256 MiB" };
    bytes = Deno.readFileSync(path);
  } catch (error) {
    return { reason: `unreadable (${(error as Error).name})` };
  }
  if (bytes.length === 0) return { reason: "empty" };
  if (bytes.includes(0)) return { reason: "binary" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { reason: "not UTF-8" };
  }
}

async function readRows(path: string): Promise<Corpus> {
  const rows: Record<string, unknown>[] = /\.jsonl(\.gz)?$/.test(path)
    ? await readJsonLines(path)
    : (await readTable(path)).toRecords();
  const names = rows.flatMap((row) => Object.keys(row));
  const column = ["content", "text"].find((name) => names.includes(name));
  if (!column && rows.length > 0) {
    throw new SyntaxError(`Cannot read corpus "${path}": it has no column "content" or "text"`);
  }
  const corpus: Corpus = { documents: [], skipped: [], replacedSurrogates: 0 };
  const seen = new Set<string>();
  for (const [index, row] of rows.entries()) {
    const docId = String(row["doc_id"] ?? index);
    if (seen.has(docId)) {
      throw new SyntaxError(`Cannot read corpus "${path}": row ${index} repeats doc_id "${docId}"`);
    }
    seen.add(docId);
    const text = row[column ?? ""];
    if (typeof text !== "string" || text === "") {
      corpus.skipped.push({ path: docId, reason: text === "" ? "empty" : "no text" });
      continue;
    }
    const whole = text.toWellFormed();
    corpus.replacedSurrogates += countDifferences(text, whole);
    corpus.documents.push({ docId, path: typeof row["path"] === "string" ? row["path"] : null, text: whole });
  }
  return corpus;
}

function countDifferences(a: string, b: string): number {
  if (a === b) return 0;
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a.charCodeAt(i) !== b.charCodeAt(i)) count++;
  return count;
}
