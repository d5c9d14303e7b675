/**
 * Files that others gave us are read whole only where they are regular files (or links to one) and small enough: a pipe
 * would wait for ever, a device never end, and a file of gigabytes fill the memory. What a path leads to is known before
 * it is opened.
 *
 * @module
 */
import { fileReasonOf } from "./reason.ts";

/** Options of {@linkcode readRegularFile}. */
export interface ReadRegularFileOptions {
  /** What the file is to the reader, for messages: "allow-list". */
  what: string;
  /** A larger file is refused. */
  maxBytes: number;
}

/**
 * Why a path's file must not be opened: it is no regular file. Undefined where it is one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyNotRegular } from "./read_file.ts";
 *
 * assertEquals(whyNotRegular(await Deno.stat("/dev/null")), "it is a device, not a regular file");
 * assertEquals(whyNotRegular(await Deno.stat(await Deno.makeTempFile())), undefined);
 * ```
 */
export function whyNotRegular(info: Deno.FileInfo): string | undefined {
  if (info.isFile) return undefined;
  if (info.isDirectory) return "it is a folder";
  if (info.isFifo) return "it is a pipe, not a regular file";
  if (info.isSocket) return "it is a socket, not a regular file";
  if (info.isCharDevice || info.isBlockDevice) return "it is a device, not a regular file";
  return "it is not a regular file";
}

/**
 * Refuses, before anything opens it, a path that leads to no regular file or to one that is too large; for readers that
 * open it themselves. Links are followed.
 *
 * @returns what the path leads to
 * @throws {TypeError} If it is a folder, a pipe, a socket or a device; {RangeError} if it is larger than `maxBytes`;
 * {Error} if there is none or it cannot be looked at
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { checkRegularFile } from "./read_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * assertEquals((await checkRegularFile(path, { what: "table" })).size, 0);
 * await assertRejects(() => checkRegularFile("/dev/zero", { what: "table" }), TypeError, "Cannot read table");
 * ```
 */
export async function checkRegularFile(
  path: string,
  { what, maxBytes = Infinity }: Pick<ReadRegularFileOptions, "what"> & Partial<ReadRegularFileOptions>,
): Promise<Deno.FileInfo> {
  const info = await Deno.stat(path).catch((cause) => refuse(path, what, cause));
  return checkInfo(path, info, { what, maxBytes });
}

/**
 * Reads a whole regular file of at most `maxBytes`; what is appended meanwhile is left out. Links are followed.
 *
 * @throws {TypeError} If it is a folder, a pipe, a socket or a device; {RangeError} if it is larger than `maxBytes`;
 * {Error} if there is none or it cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readRegularFile } from "./read_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "abc");
 * assertEquals(await readRegularFile(path, { what: "table", maxBytes: 3 }), new TextEncoder().encode("abc"));
 * await assertRejects(() => readRegularFile(path, { what: "table", maxBytes: 2 }), RangeError, "it has 3 bytes");
 * ```
 */
export async function readRegularFile(
  path: string,
  options: ReadRegularFileOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { size } = await checkRegularFile(path, options);
  try {
    using file = await Deno.open(path);
    const bytes = new Uint8Array(size);
    let filled = 0;
    for (let count: number | null = 1; filled < size && count !== null; filled += count ?? 0) {
      count = await file.read(bytes.subarray(filled));
    }
    return bytes.subarray(0, filled);
  } catch (cause) {
    refuse(path, options.what, cause);
  }
}

/**
 * {@linkcode readRegularFile} for where nothing can be waited for.
 *
 * @throws As `readRegularFile`.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { readRegularFileSync } from "./read_file.ts";
 *
 * const options = { what: "allow-list", maxBytes: 9 };
 * assertThrows(() => readRegularFileSync("/dev/zero", options), TypeError, 'Cannot read allow-list "/dev/zero"');
 * ```
 */
export function readRegularFileSync(path: string, options: ReadRegularFileOptions): Uint8Array<ArrayBuffer> {
  try {
    const { size } = checkInfo(path, Deno.statSync(path), options);
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(size);
    let filled = 0;
    for (let count: number | null = 1; filled < size && count !== null; filled += count ?? 0) {
      count = file.readSync(bytes.subarray(filled));
    }
    return bytes.subarray(0, filled);
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof RangeError) throw cause;
    refuse(path, options.what, cause);
  }
}

/**
 * {@linkcode readRegularFile} as text, a byte order mark left out.
 *
 * @throws As `readRegularFile`; {SyntaxError} if it is not UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRegularText } from "./read_file.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "\ufeff{}");
 * assertEquals(await readRegularText(path, { what: "config", maxBytes: 2 ** 20 }), "{}");
 * ```
 */
export async function readRegularText(path: string, options: ReadRegularFileOptions): Promise<string> {
  const bytes = await readRegularFile(path, options);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${options.what} "${path}": it is not UTF-8`, { cause });
  }
}

function checkInfo(
  path: string,
  info: Deno.FileInfo,
  { what, maxBytes }: ReadRegularFileOptions,
): Deno.FileInfo {
  const reason = whyNotRegular(info);
  if (reason !== undefined) throw new TypeError(`Cannot read ${what} "${path}": ${reason}`);
  if (info.size > maxBytes) {
    throw new RangeError(
      `Cannot read ${what} "${path}": it has ${info.size} bytes, at most ${maxBytes} are read`,
    );
  }
  return info;
}

function refuse(path: string, what: string, cause: unknown): never {
  throw new Error(`Cannot read ${what} "${path}": ${fileReasonOf(cause)}`, { cause });
}
