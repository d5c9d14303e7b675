/**
 * Which files are collected: text of the language, neither too large nor too short.
 *
 * @module
 */
import { hasTokens } from "./lexer_tokens.ts";

/** What a file must be. */
export interface SourceRule {
  /** As GitHub spells it. */
  language: string;
  /** How files end, with dots, in small letters. */
  ends: readonly string[];
  /** The largest file. */
  maxBytes: number;
  /** The fewest tokens. */
  minTokens: number;
}

/** What becomes of a file: its text, or why it is left out. */
export type SourceText = { text: string; reason?: undefined } | { text?: undefined; reason: SkipReason };

/** Why a file is left out. */
export type SkipReason =
  | "too large"
  | "too short"
  | "binary"
  | "not UTF-8"
  | "Git LFS pointer"
  | "link"
  | "submodule"
  | "name is not UTF-8"
  | "name stands twice"
  | "missing";

const POINTER = "version https://git-lfs.github.com/spec/";
const LARGEST_POINTER = 1024;

/**
 * Whether a path ends as a file of the language.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { endsAs } from "./source_text.ts";
 *
 * assertEquals(["a/B.RB", "a.rb/b", ".rb", "a\n.rb"].map((path) => endsAs(path, [".rb"])), [true, false, false, true]);
 * ```
 */
export function endsAs(path: string, ends: readonly string[]): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return ends.some((end) => name.endsWith(end) && name.length > end.length);
}

/**
 * Reads a file's bytes by a rule.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sourceText } from "./source_text.ts";
 *
 * const rule = { language: "Lua", ends: [".lua"], maxBytes: 20, minTokens: 3 };
 * const read = (text: string) => sourceText(new TextEncoder().encode(text), rule);
 * assertEquals(await read("x = 1\n"), { text: "x = 1\n" });
 * assertEquals(await read("x"), { reason: "too short" });
 * assertEquals(await read("x = 1 -- ".repeat(9)), { reason: "too large" });
 * assertEquals(await read("x = 1\0"), { reason: "binary" });
 * ```
 */
export async function sourceText(bytes: Uint8Array, rule: SourceRule): Promise<SourceText> {
  if (bytes.length > rule.maxBytes) return { reason: "too large" };
  if (bytes.includes(0)) return { reason: "binary" };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { reason: "not UTF-8" };
  }
  if (bytes.length <= LARGEST_POINTER && text.startsWith(POINTER)) return { reason: "Git LFS pointer" };
  if (!await hasTokens(text, rule.language, rule.minTokens)) return { reason: "too short" };
  return { text };
}
