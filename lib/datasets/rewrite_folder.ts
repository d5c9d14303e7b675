/**
 * A folder of source files with places of its texts replaced and every other byte as it was: modes, empty files and
 * files that are no text too. What .gitignore names, .git and node_modules are left out, as they are not searched. A link
 * within the folder stays one; nothing that lies behind a link out of it is copied, but for the text of a file that was
 * searched.
 *
 * @module
 */
import { dirname, isAbsolute, join } from "node:path";
import { readPiece } from "./corpus_piece.ts";
import { walkFolder, walkRoot } from "./walk_folder.ts";
import { corpusPieces } from "./corpus_pieces.ts";
import { type Replacement, spliceText } from "./redact_text.ts";

/** Options of {@linkcode rewriteFolder}. */
export interface RewriteFolderOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[];
  /** Says what stands in for what of a text, in its order. */
  rewrite: (path: string, text: string) => readonly Replacement[];
  /** Called after some files, with their number. */
  onProgress?: (files: number) => void;
  /** Called between files, so that signals come in; what it throws ends the work. */
  breathe?: () => Promise<void>;
}

/** What {@linkcode rewriteFolder} counted. */
export interface FolderCounts {
  /** Files whose text was searched. */
  documents: number;
  /** Files that were copied without being searched: no text, not UTF-8 or too large. Empty ones do not count. */
  unsearched: number;
  /** Files and links that were left out: unreadable, neither file nor folder, of a name that is not UTF-8, or a link to
   * what is not copied. */
  leftOut: number;
}

/**
 * Writes a folder anew.
 *
 * @param out an empty folder
 * @throws what `rewrite` throws; {Error} if a file cannot be written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rewriteFolder } from "./rewrite_folder.ts";
 *
 * const [from, to] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
 * await Deno.writeTextFile(`${from}/a.py`, "x = 1\n", { mode: 0o755 });
 * await Deno.writeFile(`${from}/b.bin`, new Uint8Array([0]));
 * const counts = await rewriteFolder(from, to, { rewrite: () => [{ start: 4, end: 5, text: "2" }] });
 * assertEquals(counts, { documents: 1, unsearched: 1, leftOut: 0 });
 * assertEquals(await Deno.readTextFile(`${to}/a.py`), "x = 2\n");
 * assertEquals((await Deno.stat(`${to}/a.py`)).mode! & 0o777, 0o755);
 * ```
 */
export async function rewriteFolder(
  corpus: string,
  out: string,
  { exclude = [], rewrite, onProgress, breathe }: RewriteFolderOptions,
): Promise<FolderCounts> {
  const counts = { documents: 0, unsearched: 0, leftOut: 0 };
  const copy = new FolderCopy(walkRoot(corpus), out);
  for await (const { source } of corpusPieces(corpus, { exclude, breathe, format: "files" })) {
    const { documents, skipped, unnamed } = await readPiece(source);
    for (const { docId, text } of documents) {
      await copy.write(docId, spliceText(text, rewrite(docId, text)));
      counts.documents++;
      await breathe?.();
    }
    for (const { path } of skipped) {
      const bytes = await copy.copyFile(path);
      if (bytes === null) counts.leftOut++;
      else if (bytes > 0) counts.unsearched++;
      await breathe?.();
    }
    counts.leftOut += unnamed.length;
    onProgress?.(documents.length + skipped.length + unnamed.length);
  }
  counts.leftOut -= await copy.makeLinks();
  return counts;
}

/**
 * Copies what lies beside the tables of a data set, such as its README and pictures; no links.
 *
 * @param tables in the folder or folders below it
 * @returns how many files
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { copyBeside } from "./rewrite_folder.ts";
 *
 * const [from, to] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
 * for (const name of ["a.jsonl", "README.md"]) await Deno.writeTextFile(`${from}/${name}`, name);
 * assertEquals(await copyBeside([`${from}/a.jsonl`], { from, to }), 1);
 * assertEquals(await Deno.readTextFile(`${to}/README.md`), "README.md");
 * ```
 */
export async function copyBeside(
  tables: readonly string[],
  { from, to, exclude = [] }: { from: string; to: string; exclude?: readonly string[] },
): Promise<number> {
  let files = 0;
  const own = new Set(tables);
  for (const { path, reason } of walkFolder(from, { exclude, maxBytes: Infinity })) {
    const place = join(from, path);
    if (reason !== undefined || own.has(place) || (await Deno.lstat(place)).isSymlink) continue;
    await Deno.mkdir(dirname(join(to, path)), { recursive: true });
    await Deno.copyFile(place, join(to, path));
    files++;
  }
  return files;
}

/** Files and folders with the modes of those that they come from. */
class FolderCopy {
  readonly #from: string;
  readonly #to: string;
  readonly #folders = new Set(["."]);
  readonly #links: { path: string; target: string }[] = [];

  constructor(from: string, to: string) {
    this.#from = from;
    this.#to = to;
  }

  /** Writes a file, in place of what may be a link. */
  async write(path: string, text: string): Promise<void> {
    await this.#makeFolder(dirname(path));
    const to = join(this.#to, path);
    await Deno.writeTextFile(to, text);
    const { mode } = await Deno.stat(join(this.#from, path));
    if (mode !== null) await Deno.chmod(to, mode & 0o777);
    await this.#noteLink(path);
  }

  /** Copies a file as it is; how many bytes, or null where it is none that can be read. */
  async copyFile(path: string): Promise<number | null> {
    const from = join(this.#from, path);
    try {
      const { isFile, size } = await Deno.lstat(from);
      await this.#makeFolder(dirname(path));
      await this.#noteLink(path);
      if (!isFile) return null;
      (await Deno.open(from)).close(); // what fails below is then the writing, not the reading
      await Deno.copyFile(from, join(this.#to, path));
      return size;
    } catch (cause) {
      if (cause instanceof Deno.errors.PermissionDenied || cause instanceof Deno.errors.NotFound) return null;
      throw cause;
    }
  }

  async #noteLink(path: string): Promise<void> {
    if (!(await Deno.lstat(join(this.#from, path))).isSymlink) return;
    const target = await Deno.readLink(join(this.#from, path));
    if (!isAbsolute(target)) this.#links.push({ path, target });
  }

  async #makeFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#makeFolder(dirname(path));
    const { mode } = await Deno.stat(join(this.#from, path));
    await Deno.mkdir(join(this.#to, path));
    await Deno.chmod(join(this.#to, path), (mode ?? 0o755) & 0o777 | 0o700);
    this.#folders.add(path);
  }

  /** Makes the links whose targets were copied, in place of their texts; how many had no text. */
  async makeLinks(): Promise<number> {
    const root = await Deno.realPath(this.#to);
    let withoutText = 0;
    for (let links = this.#links, before = Infinity; links.length < before;) {
      before = links.length;
      const later: typeof links = []; // a link may lead to one that is made after it
      for (const { path, target } of links) {
        const to = join(this.#to, path);
        const reached = await Deno.realPath(join(dirname(to), target)).catch(() => null);
        if (reached === null || (reached !== root && !reached.startsWith(`${root}/`))) {
          later.push({ path, target });
          continue;
        }
        if (!await Deno.remove(to).then(() => true, () => false)) withoutText++;
        await Deno.symlink(target, to);
      }
      links = later;
    }
    return withoutText;
  }
}
