/**
 * Which documents and secrets the reference's code takes: of a document the first 512 tokens, and of its secrets those that
 * begin no later than the last of these ends. It pads a shorter document, and padding ends at character 0: so only secrets
 * that begin the document are left of it, and where there is one, its padding counts as secret too.
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";
import type { EncodedText } from "../tokenizers/tokenizer.ts";
import { documentTexts, type ExampleSource } from "./examples.ts";
import type { ForgetRow } from "./forget_set.ts";
import { readForgetSpans, writeForgetSpans } from "./forget_spans.ts";
import { spanFinder } from "./place.ts";
import { WINDOW_TOKENS } from "./token_counts.ts";

/** What is left of a document's secrets. */
export interface KeptSecrets<S extends Span> {
  /** Those that are kept. */
  kept: S[];
  /** Those that are cut off. */
  cut: S[];
  /** Tokens of padding that count as secret. */
  padding: number;
}

/**
 * The secrets of a document that the reference keeps.
 *
 * @param text tokenized @param length tokens of a window
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const text = { ids: new Int32Array(3), ends: Uint32Array.of(2, 4, 6) };
 * const secrets = [{ start: 0, end: 2 }, { start: 4, end: 8 }, { start: 5, end: 6 }];
 * const starts = (length: number) => keptByReference(text, secrets, length).kept.map(({ start }) => start);
 * assertEquals([starts(2), starts(3), starts(9)], [[0, 4], [0, 4, 5], [0]]); // the last is of a shorter document
 * assertEquals(keptByReference(text, secrets, 9).padding, 6);
 * ```
 */
export function keptByReference<S extends Span>(
  { ids, ends }: Pick<EncodedText, "ids" | "ends">,
  secrets: readonly S[],
  length: number,
): KeptSecrets<S> {
  const isShort = ids.length < length;
  const last = isShort ? 0 : ends[length - 1]!; // padding ends at character 0
  const kept = secrets.filter(({ start }) => start <= last);
  return {
    kept,
    cut: secrets.filter(({ start }) => start > last),
    padding: isShort && kept.length > 0 ? length - ids.length : 0,
  };
}

/** A forget row that the reference would have. */
export interface ReferenceRow extends ForgetRow {
  /** Whether its padding counts as secret. */
  marksPadding: boolean;
}

/** The rows that are taken, and how much is not. */
export interface ReferenceRows {
  rows: ReferenceRow[];
  /** Rows that are no first window of a document. */
  windows: number;
  /** Rows of shorter documents that no secret begins. */
  short: number;
  /** Secrets that are cut off in the rows that are taken, and rows of longer documents that have none left. */
  secrets: number;
}

/**
 * The forget rows that the reference would take, with the secrets that it would leave in them.
 *
 * @param options.keepsShort take shorter documents as any others
 * @throws {RangeError} when a document is missing, or a span lies outside it; {SyntaxError} when spans are no JSON
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 * import { trainTokenizer } from "./train_tokenizer.ts";
 *
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const source = {
 *   tokenizer: new Tokenizer(NativeTokenizer.fromString(json)),
 *   documents: [{ docId: "a", path: null, text: "k=aB3;" }],
 * };
 * const row = { doc_id: "a", window: 0, spans: '[["KEY",2,5]]', ma: 1, mask_tokens: 5 };
 * const { rows, short } = await referenceRows(source, [row]);
 * assertEquals([rows, short], [[], 1]);
 * assertEquals((await referenceRows(source, [row], { keepsShort: true })).rows, [{ ...row, marksPadding: false }]);
 * ```
 */
export async function referenceRows(
  { tokenizer, documents, windowTokens = WINDOW_TOKENS }: ExampleSource,
  rows: readonly ForgetRow[],
  { keepsShort = false }: { keepsShort?: boolean } = {},
): Promise<ReferenceRows> {
  const first = rows.filter(({ window }) => window === 0);
  const texts = documentTexts(documents, first.map(({ doc_id }) => doc_id));
  const encoded = await tokenizer.encodeBatch(texts);
  const taken: ReferenceRows = { rows: [], windows: rows.length - first.length, short: 0, secrets: 0 };
  first.forEach((row, i) => {
    const text = encoded[i]!;
    const isShort = text.ids.length < windowTokens;
    if (isShort && keepsShort) {
      taken.rows.push({ ...row, marksPadding: false });
      return;
    }
    const spanOf = spanFinder(texts[i]!, "use");
    const places = readForgetSpans(row).map((place) => ({ place, ...spanOf(place) }));
    const { kept, cut, padding } = keptByReference(text, places, windowTokens);
    if (!kept.some(({ place }) => place.tag !== null)) {
      if (isShort) taken.short++;
      else taken.secrets += cut.length;
      return;
    }
    taken.secrets += cut.filter(({ place }) => place.tag !== null).length;
    const spans = cut.length > 0 ? writeForgetSpans(kept.map(({ place }) => place)) : row.spans;
    taken.rows.push({ ...row, spans, marksPadding: padding > 0 });
  });
  return taken;
}
