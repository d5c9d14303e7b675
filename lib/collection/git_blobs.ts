/**
 * Files of a bare repository, read from git's own store: nothing is ever checked out, so links, names and attributes of a
 * repository do nothing here.
 *
 * @module
 */
import { failureOf, type GitOptions, startGit, stopWith, writeInput } from "./git_command.ts";

/** An entry of a commit's tree. */
export interface TreeEntry {
  /** "100644" and "100755" are files, "120000" links, "160000" submodules. */
  mode: string;
  /** The name of its content. */
  id: string;
  /** Null where it is not UTF-8. */
  path: string | null;
}

/**
 * Reads what `git ls-tree -r -z` wrote.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readTree } from "./git_blobs.ts";
 *
 * const id = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
 * const bytes = new TextEncoder().encode(`100644 blob ${id}\ta\nb.py\0`);
 * assertEquals([...readTree(bytes)], [{ mode: "100644", id, path: "a\nb.py" }]);
 * ```
 */
export function* readTree(bytes: Uint8Array): Generator<TreeEntry> {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0, start);
    const tab = bytes.indexOf(9, start);
    const [mode = "", , id = ""] = new TextDecoder("latin1").decode(bytes.subarray(start, tab)).split(" ");
    let path: string | null;
    try {
      path = utf8.decode(bytes.subarray(tab + 1, end));
    } catch {
      path = null;
    }
    yield { mode, id, path };
    start = end + 1;
  }
}

/** A content: its bytes, or null where it is larger than is read or missing. */
export interface Blob {
  id: string;
  /** -1 where it is missing. */
  size: number;
  bytes: Uint8Array | null;
}

/**
 * Reads contents one after the other.
 *
 * @param ids their names
 * @param maxBytes larger ones are passed over
 * @throws {GitError} If git fails on the way
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runGit } from "./git_command.ts";
 * import { readBlobs } from "./git_blobs.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await runGit(["init", "--quiet", "--bare", folder], { seconds: 9 });
 * const { stdout } = await runGit(["hash-object", "-w", "--stdin"], { folder, seconds: 9, input: "x = 1" });
 * const id = new TextDecoder().decode(stdout).trim();
 * const blobs = await Array.fromAsync(readBlobs([id, "0".repeat(40)], { folder, seconds: 9, maxBytes: 9 }));
 * assertEquals(blobs.map(({ size }) => size), [5, -1]);
 * ```
 */
export async function* readBlobs(
  ids: readonly string[],
  { maxBytes, ...options }: GitOptions & { maxBytes: number },
): AsyncGenerator<Blob> {
  if (ids.length === 0) return;
  const input = ids.join("\n") + "\n";
  const child = startGit(["cat-file", "--batch"], { ...options, input });
  using _stop = stopWith(child, options.signal);
  const written = writeInput(child, input);
  const said = new Response(child.stderr).text();
  const reader = new ByteReader(child.stdout);
  for (const id of ids) {
    const header = await reader.line();
    const [, kind, bytes] = header?.split(" ") ?? [];
    if (header === null) break;
    if (kind !== "blob") {
      yield { id, size: -1, bytes: null };
      continue;
    }
    const size = Number(bytes);
    const isRead = size <= maxBytes;
    const content = await reader.take(size, isRead);
    await reader.take(1, false); // the line's end
    yield { id, size, bytes: isRead ? content : null };
  }
  await written;
  const [{ success, code }, stderr] = await Promise.all([child.status, said]);
  options.signal?.throwIfAborted();
  if (!success) throw failureOf(code, stderr);
}

/** Bytes of a stream, by lines and by number. */
class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Up to a line's end; null at the stream's end. */
  async line(): Promise<string | null> {
    for (let from = 0;;) {
      const end = this.#rest.indexOf(10, from);
      if (end >= 0) {
        const line = new TextDecoder("latin1").decode(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        return line;
      }
      from = this.#rest.length;
      const { done, value } = await this.#reader.read();
      if (done) return null;
      this.#rest = joined(this.#rest, value);
    }
  }

  /** The next `count` bytes; none of them where they are not kept. */
  async take(count: number, isKept: boolean): Promise<Uint8Array> {
    const kept = new Uint8Array(isKept ? count : 0);
    for (let taken = 0; taken < count;) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#reader.read();
        if (done) break; // the exit code says why
        this.#rest = value as Uint8Array<ArrayBuffer>;
      }
      const piece = this.#rest.subarray(0, count - taken);
      if (isKept) kept.set(piece, taken);
      this.#rest = this.#rest.subarray(piece.length);
      taken += piece.length;
    }
    return kept;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
