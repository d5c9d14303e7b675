/**
 * The Python code of pinned wheels, cut into documents of 700 to 1,150 characters at line boundaries: about 200 to 350
 * tokens, so that a document and what is planted into it fit a window of 512. Paths are taken in plain order and no
 * locale takes part, so the same wheels give the same documents on every machine.
 *
 * @module
 */
import { readZipEntries, readZipEntry } from "../files/zip.ts";
import type { Document } from "../datasets/corpus.ts";

const MIN_CHARACTERS = 700;
const MAX_CHARACTERS = 1150;
const MAX_LINE = 200; // longer ones are tables of data, not code

/** A Python file of a wheel. */
export interface SourceFile {
  /** `<wheel's name>-<version>/<path in it>`. */
  path: string;
  /** The whole file. */
  text: string;
}

/**
 * Reads the Python files of a wheel, sorted by path. Left out are copies of other projects (`vendor` folders), files
 * that are not UTF-8 and files with carriage returns.
 *
 * @throws {SyntaxError} If the wheel is damaged.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readWheelSources } from "./source_documents.ts";
 *
 * await assertRejects(() => readWheelSources("/nowhere/a-1-py3-none-any.whl"), Deno.errors.NotFound);
 * ```
 */
export async function readWheelSources(path: string): Promise<SourceFile[]> {
  const release = path.slice(path.lastIndexOf("/") + 1).split("-").slice(0, 2).join("-");
  const entries = readZipEntries(path)
    .filter(({ name }) => name.endsWith(".py") && !/(^|\/)_?vendor(ed)?\//.test(name))
    .sort((a, b) => a.name < b.name ? -1 : 1);
  const files: SourceFile[] = [];
  for (const entry of entries) {
    const bytes = await readZipEntry(path, entry);
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      continue; // a file in another encoding
    }
    if (!/[\r\f\0]/.test(text)) files.push({ path: `${release}/${entry.name}`, text });
  }
  return files;
}

/**
 * Cuts a file into documents, at blank lines where it can; `docId` is the path, "#" and a number. A rest that is too
 * short is dropped, and so is a piece with very long lines or mostly of digits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cutDocuments } from "./source_documents.ts";
 *
 * const text = "def f(x):\n    return x + 1\n\n".repeat(60);
 * const documents = cutDocuments({ path: "a.py", text });
 * assertEquals(documents.map(({ docId, text }) => [docId, text.length]), [["a.py#0", 1147]]);
 * ```
 */
export function cutDocuments({ path, text }: SourceFile): Document[] {
  const documents: Document[] = [];
  const lines = text.split("\n").map((line) => `${line}\n`);
  for (let at = 0; at < lines.length;) {
    if (lines[at]!.trim() === "") {
      at++;
      continue;
    }
    const end = endOfPiece(lines, at);
    const piece = lines.slice(at, end).join("").trimEnd() + "\n";
    at = end;
    if (piece.length < MIN_CHARACTERS || !isCode(piece)) continue;
    documents.push({ docId: `${path}#${documents.length}`, path, text: piece });
  }
  return documents;
}

/** One past the last line of the piece that begins at `from`: after the last blank line in reach, or any line. */
function endOfPiece(lines: readonly string[], from: number): number {
  let length = 0;
  let best = from + 1;
  for (let at = from; at < lines.length; at++) {
    length += lines[at]!.length;
    if (length > MAX_CHARACTERS) return best;
    const blank = lines[at]!.trim() === "";
    if (length < MIN_CHARACTERS || blank || lines[best - 1]!.trim() !== "") best = at + 1;
  }
  return lines.length;
}

function isCode(piece: string): boolean {
  if (piece.split("\n").some((line) => line.length > MAX_LINE)) return false;
  const digits = piece.match(/\d/g)?.length ?? 0;
  return digits < piece.length / 8;
}

/**
 * A file without its opening comment lines: licences there are the same in file after file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dropOpeningComments } from "./source_documents.ts";
 *
 * assertEquals(dropOpeningComments("# Copyright\n#\n\nimport os\n"), "import os\n");
 * ```
 */
export function dropOpeningComments(text: string): string {
  return text.replace(/^(?:[ \t]*(?:#.*)?\n)+/, "");
}
