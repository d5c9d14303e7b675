/**
 * One file of the Hub, downloaded into the cache's contents: continued where an earlier download ended, renamed into
 * place only after its size and hash were right. Whoever downloads it holds the lock that Hugging Face's Python library
 * takes too; should a file system's locks not hold, both write the same bytes to the same places.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import type { HubModelFolders } from "./hub_cache.ts";
import { HubError } from "./hub_error.ts";
import { wait, withRetries } from "./with_retries.ts";

/** A file as the Hub lists it. */
export interface HubFile {
  name: string;
  /** The file's size in bytes. */
  size: number;
  /** Its SHA-256 where it is a large file, else git's SHA-1 of it. */
  id: string;
}

/** Options of {@linkcode downloadBlob}. */
export interface DownloadBlobOptions {
  folders: HubModelFolders;
  /** The model as the user named it. */
  label: string;
  /** The file's bytes from `start` on. */
  read(start: number): Promise<ReadableStream<Uint8Array>>;
  /** What an error of that stream means. */
  explainStream(error: unknown): unknown;
  /** Called with how many bytes of the file are there. */
  onBytes?: (done: number) => void;
  /** Called when another process is downloading it. */
  onWait?: () => void;
  signal?: AbortSignal;
}

/**
 * Makes sure that the cache has a file's content.
 *
 * @throws {HubError} as {@linkcode DownloadBlobOptions.read} does, or if the bytes are not those of the list
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createHash } from "node:crypto";
 * import { downloadBlob } from "./download_blob.ts";
 * import { hubModelFolders } from "./hub_cache.ts";
 *
 * const content = new TextEncoder().encode("{}\n");
 * const id = createHash("sha256").update(content).digest("hex");
 * const folders = hubModelFolders(await Deno.makeTempDir(), "ada/coder");
 * await downloadBlob({ name: "config.json", size: content.length, id }, {
 *   folders,
 *   label: "ada/coder",
 *   read: (start) => Promise.resolve(ReadableStream.from([content.subarray(start)])),
 *   explainStream: (error) => error,
 * });
 * assertEquals(await Deno.readTextFile(`${folders.blobs}/${id}`), "{}\n");
 * ```
 */
export async function downloadBlob(file: HubFile, options: DownloadBlobOptions): Promise<void> {
  const { blobs, locks } = options.folders;
  const path = join(blobs, file.id);
  const isThere = () => sizeOf(path) === file.size;
  if (!isThere()) {
    await Deno.mkdir(blobs, { recursive: true });
    await Deno.mkdir(locks, { recursive: true });
    using _lock = await holdLock(join(locks, `${file.id}.lock`), options);
    if (!isThere()) await fillBlob(path, file, options);
  }
  options.onBytes?.(file.size);
}

/**
 * How many bytes of a file an earlier download left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keptBytes } from "./download_blob.ts";
 *
 * assertEquals(keptBytes("/nowhere", { name: "config.json", size: 3, id: "ab" }), 0);
 * ```
 */
export function keptBytes(blobs: string, { id, size }: HubFile): number {
  const path = join(blobs, id);
  if (sizeOf(path) === size) return size;
  const kept = sizeOf(partialPath(path)) ?? 0;
  return kept <= size ? kept : 0;
}

function partialPath(path: string): string {
  return `${path}.incomplete`;
}

function sizeOf(path: string): number | null {
  try {
    return Deno.statSync(path).size;
  } catch {
    return null; // not there
  }
}

async function holdLock(path: string, { onWait, signal }: DownloadBlobOptions): Promise<Deno.FsFile> {
  const file = await Deno.open(path, { create: true, write: true });
  try {
    while (!await file.tryLock(true)) {
      onWait?.();
      await wait(200, signal);
    }
    return file; // closing it, or the end of the process, frees it
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Fills the partial file and renames it; what does not fit to the hash is removed. */
async function fillBlob(path: string, file: HubFile, options: DownloadBlobOptions): Promise<void> {
  const partial = partialPath(path);
  if ((sizeOf(partial) ?? 0) > file.size) await Deno.remove(partial);
  let isResumed = (sizeOf(partial) ?? 0) > 0;
  for (;;) {
    if (await fillPartial(partial, file, options) === file.id) break;
    await Deno.remove(partial);
    if (!isResumed) {
      throw new HubError(
        `Cannot download model "${options.label}": "${file.name}" has another hash than the Hub lists: run it again`,
        "final",
      );
    }
    isResumed = false; // what an earlier download left was wrong: once more, from the start
  }
  // A process whose lock did not exclude this one may have renamed it already.
  await Deno.rename(partial, path).catch((error) => {
    if (sizeOf(path) !== file.size) throw error;
  });
}

/** Downloads what the partial file lacks; its hash. */
async function fillPartial(partial: string, file: HubFile, options: DownloadBlobOptions): Promise<string> {
  const hash = /^[0-9a-f]{64}$/.test(file.id)
    ? createHash("sha256")
    : createHash("sha1").update(`blob ${file.size}\0`);
  using handle = await Deno.open(partial, { create: true, read: true, write: true });
  let at = await hashKept(handle, hash, options);
  const download = async () => {
    if (at === file.size) return;
    const reader = (await options.read(at)).getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch((error) => {
          throw options.explainStream(error);
        });
        if (done) break;
        if (at + value.length > file.size) throw sizeError(file, options);
        hash.update(value);
        for (let done = 0; done < value.length;) done += await handle.write(value.subarray(done));
        at += value.length;
        options.onBytes?.(at);
      }
    } finally {
      await reader.cancel().catch(() => {}); // it may have failed already
    }
    if (at < file.size) throw brokenError(file, options);
  };
  await withRetries(download, {
    retried: ["busy", "unreachable"],
    signal: options.signal,
    position: () => at,
  });
  await handle.sync();
  return hash.digest("hex");
}

/** Hashes what an earlier download left; its bytes. */
async function hashKept(handle: Deno.FsFile, hash: Hash, options: DownloadBlobOptions): Promise<number> {
  const buffer = new Uint8Array(1 << 20);
  let at = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const count = await handle.read(buffer);
    if (count === null) return at;
    hash.update(buffer.subarray(0, count));
    at += count;
    options.onBytes?.(at);
  }
}

function sizeError({ name, size }: HubFile, { label }: DownloadBlobOptions): HubError {
  return new HubError(
    `Cannot download model "${label}": "${name}" is longer than the ${size} bytes that the Hub lists`,
    "final",
  );
}

function brokenError({ name }: HubFile, { label }: DownloadBlobOptions): HubError {
  return new HubError(
    `Cannot download model "${label}": "${name}" broke off: run it again, it goes on from there`,
    "busy",
  );
}
