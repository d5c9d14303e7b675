/**
 * What a file or folder holds, as a short text that changes when the content does: by it a run knows that what it read
 * before it was killed is still what it reads now, and that a file is still the one that it wrote.
 *
 * Up to 256 MiB are hashed whole. Of what is larger the rest counts by size, time of change and samples, so that a
 * corpus of terabytes is told apart in the time that listing it takes. Models are hashed whole, whatever their size: a
 * copy on another machine is the same model, and one that differs in a single layer another.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { join } from "node:path";
import { whyNotRegular } from "../files/read_file.ts";
import { walkFolder } from "../datasets/walk_folder.ts";
import { hashFile } from "../setup/pinned_files.ts";

/** Options of {@linkcode contentOf}. */
export interface ContentOptions {
  /** Patterns of what to leave out of a folder, as in .gitignore, which is obeyed too. */
  exclude?: readonly string[];
  /** Whether it is a model: of a folder its own files count, all of them, and nothing below it. */
  isFlat?: boolean;
  /** Of a model's folder only these of its files, such as the parts of one of several models. */
  names?: readonly string[];
  /** Bytes that are hashed whole; of a model all are. */
  wholeBytes?: number;
  /** Called between files, for what lets signals in. */
  breathe?: (() => Promise<void>) | undefined;
}

const WHOLE_BYTES = 256 * 2 ** 20;
const SAMPLES = 64;
const SAMPLE_BYTES = 2 ** 16;
const PIECE_BYTES = 2 ** 20;
/** A single file of this kind is a model's too, as a run that wrote it knows it. */
const WEIGHTS = /\.(safetensors|gguf|bin|pt)$/i;

/**
 * A text for the content of a file or folder: equal for equal content, whatever the path is.
 *
 * @throws {Error} If there is no such file or folder, or it cannot be read; {TypeError} If it is a pipe or a device.
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
  const isModel = options.isFlat === true || WEIGHTS.test(path);
  const left = { bytes: options.wholeBytes ?? WHOLE_BYTES, isModel };
  const info = await Deno.stat(path);
  if (info.isFile) await addFile(hash, { path, ...sizeAndTime(info) }, left);
  else if (!info.isDirectory) throw new TypeError(`Cannot read "${path}": ${whyNotRegular(info)}`);
  else if (options.isFlat) {
    for await (const file of flatFiles(path, options.names)) {
      hash.update(`${file.name}\0`);
      await addFile(hash, file, left);
    }
  } else {
    for (const file of walkFolder(path, { ...options, maxBytes: Infinity })) {
      await options.breathe?.();
      hash.update(`${file.path}\0`);
      if (file.reason === undefined) await addFile(hash, { ...file, path: join(path, file.path) }, left);
      else hash.update(`${file.reason}\0`);
    }
  }
  return `sha256:${hash.digest("hex")}`;
}

interface FileToHash {
  path: string;
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
}

function sizeAndTime({ size, mtime }: Deno.FileInfo): Pick<FileToHash, "size" | "modified"> {
  return { size, modified: mtime?.getTime() ?? 0 };
}

/** What is said of a model is no part of it: a run's record tells when it was made, its card what attacks found later. */
const SAID = /^(run\.json|README\.md|certificate\.json(\.sig)?)$/;

/** The regular files of a folder, links to such among them, by name. */
async function* flatFiles(
  folder: string,
  wanted?: readonly string[],
): AsyncGenerator<FileToHash & { name: string }> {
  const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name)
    .filter((name) => wanted?.includes(name) ?? !SAID.test(name)).sort();
  for (const name of names) {
    const path = join(folder, name);
    const info = await Deno.stat(path).catch(() => null); // a link to nothing
    if (info?.isFile) yield { name, path, ...sizeAndTime(info) };
  }
}

/** Adds a file: its bytes where as many are left to be hashed whole, a model's digest, else its size, time and samples. */
async function addFile(
  hash: Hash,
  { path, size, modified }: FileToHash,
  left: { bytes: number; isModel: boolean },
): Promise<void> {
  hash.update(`${size}\0`);
  left.bytes -= size;
  const isWhole = left.bytes >= 0;
  if (!isWhole && left.isModel) {
    hash.update(`${await digestOf(path)}\0`);
    return;
  }
  if (!isWhole) hash.update(`${modified}\0`);
  if (!isWhole && size <= SAMPLES * SAMPLE_BYTES) return;
  using file = await Deno.open(path);
  const buffer = new Uint8Array(isWhole ? Math.max(1, Math.min(size, PIECE_BYTES)) : SAMPLE_BYTES);
  for (let sample = 0; isWhole || sample < SAMPLES; sample++) {
    const start = Math.floor(sample * (size - SAMPLE_BYTES) / (SAMPLES - 1));
    if (!isWhole) await file.seek(start, Deno.SeekMode.Start);
    const read = await file.read(buffer);
    if (read === null) return;
    hash.update(buffer.subarray(0, read));
  }
}

/** Digests of large files that this process has hashed, as several stages of a run read one model: by what changes with them. */
const DIGESTS = new Map<string, string>();

/** A file that changed so shortly before may change again without its times telling: clocks of file systems are coarse. */
const SETTLED_MS = 2000;

async function digestOf(path: string): Promise<string> {
  const { dev, ino, size, mtime, ctime } = await Deno.stat(path);
  const times = [mtime, ctime].map((time) => time?.getTime() ?? 0);
  const key = [dev, ino, size, ...times].join(" ");
  const isSettled = Date.now() - Math.max(...times) > SETTLED_MS;
  const digest = DIGESTS.get(key) ?? await hashFile(path);
  if (isSettled) DIGESTS.set(key, digest);
  return digest;
}
