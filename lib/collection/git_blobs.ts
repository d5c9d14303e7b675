/**
 * Files of a bare repository, read from git's own store: nothing is ever checked out, so links, names and attributes of a
 * repository do nothing here.
 *
 * @module
 */
import { ByteReader } from "../datasets/byte_reader.ts";
import { blobHead } from "../datasets/git_blobs.ts";
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

/** Bytes that are passed over at once. */
const PASSED = 2 ** 20;

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
  await using reader = new ByteReader(child.stdout);
  for (const id of ids) {
    const head = await blobHead(reader);
    if (head === null) break;
    const { size } = head;
    if (size === undefined) {
      yield { id, size: -1, bytes: null };
      continue;
    }
    const content = size <= maxBytes ? await reader.exactly(size) : null;
    await pass(reader, content === null ? size + 1 : 1); // the line's end, too
    if (size > maxBytes || content !== null) yield { id, size, bytes: content };
  }
  await written;
  const [{ success, code }, stderr] = await Promise.all([child.status, said]);
  options.signal?.throwIfAborted();
  if (!success) throw failureOf(code, stderr);
}

/** Passes over bytes without holding them. */
async function pass(reader: ByteReader, count: number): Promise<void> {
  for (let left = count; left > 0; left -= PASSED) {
    if (await reader.exactly(Math.min(left, PASSED)) === null) return; // the exit code says why
  }
}
