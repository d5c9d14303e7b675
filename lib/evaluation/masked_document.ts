/**
 * The tokens of a few lines of a document with the secret mask, for showing: secrets are dots but for two characters
 * of a long one.
 *
 * @module
 */
import { maskSecrets } from "../datasets/secret_mask.ts";
import { SECRET_DOT, shownLength } from "../secrets/fingerprint.ts";
import type { Span } from "../secrets/secret_span.ts";
import type { EncodedText } from "../tokenizers/tokenizer.ts";

/** A token where it stands. */
export interface PlacedToken {
  /** Its text without line breaks, secrets masked. */
  text: string;
  /** Whether the mask marks it. */
  isSecret: boolean;
  /** Counted from 0 at the first line shown. */
  line: number;
  /** Characters before it on its line. */
  column: number;
}

/** Options of {@linkcode maskDocument}. */
export interface MaskDocumentOptions {
  /** Lines before and after the first secret's. */
  around?: number;
}

/**
 * The tokens of the lines around a document's first secret.
 *
 * @param spans all secrets of the text, in UTF-16 units
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maskDocument } from "./masked_document.ts";
 *
 * const text = "k = abcdef\nx = 1\n";
 * const tokens = { ids: new Int32Array(3), starts: Uint32Array.of(0, 3, 10), ends: Uint32Array.of(2, 10, 16) };
 * assertEquals(maskDocument({ text, tokens }, [{ start: 4, end: 10 }]).map(({ text, isSecret }) => [text, isSecret]), [
 *   ["k ", false],
 *   [" ••••••", true],
 *   ["", true],
 *   ["x = 1", true],
 * ]);
 * ```
 */
export function maskDocument(
  { text, tokens }: { text: string; tokens: EncodedText },
  spans: readonly Span[],
  { around = 3 }: MaskDocumentOptions = {},
): PlacedToken[] {
  const [first] = spans.toSorted((a, b) => a.start - b.start);
  if (!first) return [];
  const masked = maskText(text, spans);
  const { mask } = maskSecrets(tokens, spans);
  const lineOf = (at: number) => text.slice(0, at).split("\n").length - 1;
  const top = Math.max(0, lineOf(first.start) - around);
  const bottom = lineOf(Math.max(first.start, first.end - 1)) + around;
  const placed: PlacedToken[] = [];
  for (let t = 0; t < tokens.ids.length; t++) {
    let at = tokens.starts[t]!;
    for (const part of masked.slice(at, tokens.ends[t]).split("\n")) {
      const line = lineOf(at);
      const column = at - (text.lastIndexOf("\n", at - 1) + 1);
      if (line >= top && line <= bottom) {
        placed.push({ text: part.replace("\r", ""), isSecret: mask[t] === 1, line: line - top, column });
      }
      at += part.length + 1;
    }
  }
  return placed;
}

/**
 * A text with its secrets as dots of the same length, but for what `shownLength` allows of each.
 *
 * @param spans in UTF-16 units
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maskText } from "./masked_document.ts";
 *
 * assertEquals(maskText("k = abcdef;", [{ start: 4, end: 10 }]), "k = ••••••;");
 * ```
 */
export function maskText(text: string, spans: readonly Span[]): string {
  const units = text.split("");
  for (const { start, end } of spans) {
    for (let i = start + shownLength(text.slice(start, end)); i < end; i++) {
      if (units[i] !== "\n") units[i] = SECRET_DOT;
    }
  }
  return units.join("");
}
