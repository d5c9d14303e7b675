/**
 * Files appear whole or not at all: written beside their place under a temporary name, flushed to the disk, renamed,
 * and the folder flushed too, so that neither a kill nor a power cut leaves half a file or loses the old one.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { reasonOf } from "./reason.ts";

/** Content that is never held as a whole. */
export interface FilePieces {
  /** How many bytes all pieces have. */
  bytes: number;
  /** The pieces; each is written before the next is asked for. */
  pieces: AsyncIterable<Uint8Array>;
}

/**
 * Writes `content` to `path`, replacing what is there in one step. A symbolic link at `path` is replaced, not followed.
 *
 * @throws {Error} If the folder is missing or not writable, or the disk is full; `path` is then as it was.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeFileAtomic } from "./write_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/summary.json`;
 * await writeFileAtomic(path, "{}\n");
 * assertEquals(await Deno.readTextFile(path), "{}\n");
 * ```
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | FilePieces,
): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.${Deno.pid}-${crypto.randomUUID()}.tmp`); // workers share the process
  const { bytes, pieces } = piecesOf(content);
  try {
    await writePieces(temporary, pieces);
    await Deno.rename(temporary, path);
    using opened = await Deno.open(folder);
    await opened.sync();
  } catch (cause) {
    await Deno.remove(temporary).catch(() => {}); // it may not have come into being
    throw new Error(`Cannot write "${path}": ${explain(cause, folder, bytes)}`, { cause });
  }
}

function piecesOf(content: Uint8Array | string | FilePieces): {
  bytes: number;
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
} {
  if (typeof content === "object" && "pieces" in content) return content;
  const whole = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { bytes: whole.length, pieces: [whole] };
}

async function writePieces(
  path: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  using file = await Deno.open(path, { createNew: true, write: true });
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length;) at += await file.write(piece.subarray(at));
  }
  await file.sync();
}

function explain(cause: unknown, folder: string, bytes: number): string {
  const { code } = cause as { code?: string };
  if (code === "ENOSPC") return `no space is left for its ${bytes} bytes: make space and run it again`;
  if (code === "EISDIR") return "a folder of that name is there: choose another";
  if (cause instanceof Deno.errors.NotFound) return `the folder "${folder}" does not exist: create it`;
  if (cause instanceof Deno.errors.NotADirectory) return `"${folder}" is not a folder: choose another`;
  if (cause instanceof Deno.errors.PermissionDenied) return `"${folder}" is not writable: choose another`;
  return reasonOf(cause);
}
