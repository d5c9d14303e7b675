/**
 * What a file or folder holds, as a short text that changes when the content does: by it a run knows that what it read
 * before it was killed is still what it reads now, and that a file is still the one that it wrote.
 *
 * Up to 256 MiB are hashed whole. Of what is larger the rest counts by size, time of change and samples, so that a
 * corpus of terabytes is told apart in the time that listing it takes.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { walkFolder } from "../datasets/walk_folder.ts";

/** Options of {@linkcode contentOf}. */
export interface ContentOptions {
  /** Of a folder: patterns to leave out, as in .gitignore, which is obeyed too. */
  exclude?: readonly string[];
  /** Of a folder: its own files, all of them, and nothing below it, as of a model. */
  isFlat?: boolean;
  /** Bytes that are hashed whole. */
  wholeBytes?: number;
}

const WHOLE_BYTES = 256 * 2 ** 20;
const SAMPLES = 64;
const SAMPLE_BYTES = 2 ** 16;
const PIECE_BYTES = 2 ** 20;

/**
 * A text for the content of a file or folder: equal for equal content, whatever the path is.
 *
 * @throws {Error} If there is no such file or folder, or it cannot be read.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { contentOf } from "./run_content.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 1\n");
 * const before = await contentOf(folder);
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 1\n");
 * assertEquals(await contentOf(folder), before);
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 2\n");
 * assertNotEquals(await contentOf(folder), before);
 * ```
 */
export async function contentOf(path: string, options: ContentOptions = {}): Promise<string> {
  const hash = createHash("sha256");
  const left = { bytes: options.wholeBytes ?? WHOLE_BYTES };
  if ((await Deno.stat(path)).isDirectory) {
    const files = options.isFlat ? await flatFiles(path) : walkFolder(path, options);
    for (const file of files) {
      hash.update(`${file.path}\0`);
      await addFile(hash, join(path, file.path), left);
    }
  } else await addFile(hash, path, left);
  return `sha256:${hash.digest("hex")}`;
}

async function flatFiles(folder: string): Promise<{ path: string }[]> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).filter(({ isDirectory }) => !isDirectory);
  return names.map(({ name }) => ({ path: name })).sort((a, b) => a.path < b.path ? -1 : 1);
}

/** Adds a file: its bytes where as many are left to be hashed whole, else its size, time and samples. */
async function addFile(hash: Hash, path: string, left: { bytes: number }): Promise<void> {
  const info = await Deno.stat(path).catch(() => null);
  if (!info?.isFile) return void hash.update("no file\0"); // a dead link, a FIFO: no command reads it
  hash.update(`${info.size}\0`);
  left.bytes -= info.size;
  if (left.bytes < 0) hash.update(`${info.mtime?.getTime()}\0`);
  const isSampled = left.bytes < 0 && info.size > SAMPLES * SAMPLE_BYTES;
  if (left.bytes < 0 && !isSampled) return;
  using file = await Deno.open(path);
  const buffer = new Uint8Array(isSampled ? SAMPLE_BYTES : PIECE_BYTES);
  for (let sample = 0; !isSampled || sample < SAMPLES; sample++) {
    const start = Math.floor(sample * (info.size - SAMPLE_BYTES) / (SAMPLES - 1));
    if (isSampled) await file.seek(start, Deno.SeekMode.Start);
    const read = await file.read(buffer);
    if (read === null) return;
    hash.update(buffer.subarray(0, read));
  }
}
