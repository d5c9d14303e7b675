/**
 * A file's bytes as text, or why they are none.
 *
 * @module
 */

/** Options of {@linkcode decodeText}. */
export interface DecodeOptions {
  /** Read UTF-16 that begins with a byte order mark too, and what else is no UTF-8 as Windows-1252: as scanners do. */
  anyEncoding?: boolean;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** A character for each byte, whatever it is. */
const WINDOWS = new TextDecoder("windows-1252");

/**
 * Decodes a file: every character of it, a byte order mark too, so that offsets hold.
 *
 * @returns its text, or the reason why it gives no document: empty, an archive, binary (it has a NUL), not UTF-8
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decodeText } from "./decode_text.ts";
 *
 * const windows = new Uint8Array([0xff, 0xfe, 0x61, 0]);
 * assertEquals(decodeText(windows), { reason: "binary" });
 * assertEquals(decodeText(windows, { anyEncoding: true }), { text: "\ufeffa" });
 * assertEquals(decodeText(new Uint8Array([0x50, 0x4b, 3, 4, 0])), { reason: "archive" });
 * ```
 */
export function decodeText(
  bytes: Uint8Array,
  { anyEncoding = false }: DecodeOptions = {},
): { text: string } | { reason: string } {
  if (bytes.length === 0) return { reason: "empty" };
  const wide = anyEncoding ? wideEncoding(bytes) : null;
  if (wide !== null) {
    try {
      return { text: new TextDecoder(wide, { fatal: true, ignoreBOM: true }).decode(bytes) };
    } catch {
      return { reason: "not UTF-16" };
    }
  }
  const unread = () => isArchive(bytes) ? { reason: "archive" } : null;
  if (bytes.includes(0)) return unread() ?? { reason: "binary" };
  try {
    return { text: UTF8.decode(bytes) };
  } catch {
    if (anyEncoding && !isArchive(bytes)) return { text: WINDOWS.decode(bytes) };
    return unread() ?? { reason: "not UTF-8" };
  }
}

/** By its byte order mark; that of UTF-32 begins as that of UTF-16 does, and no text has a NUL behind it. */
function wideEncoding(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe && !(c === 0 && d === 0)) return "utf-16le";
  return a === 0xfe && b === 0xff ? "utf-16be" : null;
}

/** How archives and packed files begin: zip (jar, docx), gzip, bzip2, xz, zstd, 7z, rar. */
const ARCHIVES: readonly (readonly number[])[] = [
  [0x50, 0x4b, 3, 4],
  [0x50, 0x4b, 5, 6],
  [0x1f, 0x8b],
  [0x42, 0x5a, 0x68],
  [0xfd, 0x37, 0x7a, 0x58, 0x5a],
  [0x28, 0xb5, 0x2f, 0xfd],
  [0x37, 0x7a, 0xbc, 0xaf],
  [0x52, 0x61, 0x72, 0x21, 0x1a, 7],
];
const [TAR, TAR_AT] = ["ustar", 257] as const;

function isArchive(bytes: Uint8Array): boolean {
  const tar = String.fromCharCode(...bytes.subarray(TAR_AT, TAR_AT + TAR.length));
  return tar === TAR || ARCHIVES.some((start) => start.every((byte, i) => bytes[i] === byte));
}
