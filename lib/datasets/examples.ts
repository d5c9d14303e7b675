/**
 * Rows of forget and retain sets with their tokens, found again in the corpus: a forget row names a window of a
 * document and spans in it, a retain row a document.
 *
 * @module
 */
import { fromCodePoints } from "../tokenizers/code_points.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { checkPlaces, type ProvenPlace } from "./check_places.ts";
import type { Document } from "./corpus.ts";
import type { ForgetRow } from "./forget_set.ts";
import { maskSecrets, type Span } from "./secret_mask.ts";
import { type TokenizedSecret, tokenizeSecrets } from "./secret_tokens.ts";
import { reasonOf } from "../files/reason.ts";

/** Tokens of a forget row, at most. */
export const FORGET_TOKENS = 512;
/** Tokens of a retain row that are trained on and scored. */
export const RETAIN_ROW_TOKENS = 128;

/** A secret of a row: where it stands, and its tokens. */
export interface ExampleSecret extends TokenizedSecret, Span {
  /** EMAIL, IP_ADDRESS or KEY. */
  tag: string;
  /** The value itself, for masked descriptions; never to be written. */
  value: string;
  /** Place in code points, as tables have it. */
  codePoints: Span;
}

/** A forget row with its tokens. */
export interface ForgetExample {
  /** The document. */
  docId: string;
  /** Tokens of the window. */
  ids: Int32Array;
  /** 1 for secret tokens. */
  mask: Uint8Array;
  /** The row's secrets. */
  secrets: ExampleSecret[];
}

/** What rows are found in. */
export interface ExampleSource {
  /** The model's. */
  tokenizer: Tokenizer;
  /** The corpus. */
  documents: readonly Document[];
  /** The key of fingerprints, with which places are checked that have one. */
  key?: () => Uint8Array | Promise<Uint8Array>;
}

/**
 * The tokens of forget rows.
 *
 * @throws {RangeError} when a document is missing or a span lies outside it; {SyntaxError} when spans are no JSON
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 * import { trainTokenizer } from "./train_tokenizer.ts";
 *
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const documents = [{ docId: "a", path: null, text: "k=aB3;" }];
 * const row = { doc_id: "a", window: 0, spans: '[["KEY",2,5]]' };
 * const [example] = await forgetExamples({ tokenizer, documents }, [row]);
 * assertEquals([...example!.mask], [0, 1, 1, 1, 1, 1]); // neighbours count
 * assertEquals(example!.secrets.map(({ value }) => value), ["aB3"]);
 * ```
 */
export async function forgetExamples(
  { tokenizer, documents, key }: ExampleSource,
  rows: readonly Pick<ForgetRow, "doc_id" | "window" | "spans">[],
): Promise<ForgetExample[]> {
  const texts = findTexts(documents, rows.map(({ doc_id }) => doc_id));
  const encoded = await tokenizer.encodeBatch(texts);
  const located = rows.map((row, i) => parseSpans(row, texts[i]!));
  const textOf = new Map(rows.map(({ doc_id }, i) => [doc_id, texts[i]!]));
  if (key) await checkPlaces(located.flatMap(({ places }) => places), (id) => textOf.get(id), key);
  const tokens = await tokenizeSecrets(
    tokenizer,
    located.flatMap(({ own }, i) => own.map((span) => ({ ...span, text: texts[i]! }))),
  );
  let next = 0;
  return rows.map(({ doc_id, window }, i) => {
    const text = encoded[i]!;
    if (window < 0 || window >= text.ids.length) {
      throw new RangeError(
        `Cannot use window ${window} of "${doc_id}": the document has ${text.ids.length} tokens`,
      );
    }
    return {
      docId: doc_id,
      ids: text.ids.slice(window, window + FORGET_TOKENS),
      mask: maskSecrets(text, located[i]!.masked).slice(window, window + FORGET_TOKENS),
      secrets: located[i]!.own.map((span) => ({ ...span, ...tokens[next++]! })),
    };
  });
}

/**
 * The first 128 tokens of retain rows' documents.
 *
 * @throws {RangeError} when a document is missing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 * import { trainTokenizer } from "./train_tokenizer.ts";
 *
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const documents = [{ docId: "a", path: null, text: "-".repeat(200) }];
 * assertEquals((await retainExamples({ tokenizer, documents }, ["a"])).map((ids) => ids.length), [128]);
 * ```
 */
export async function retainExamples(
  { tokenizer, documents }: ExampleSource,
  docIds: readonly string[],
): Promise<Int32Array[]> {
  const encoded = await tokenizer.encodeBatch(findTexts(documents, docIds));
  return encoded.map(({ ids }) => ids.slice(0, RETAIN_ROW_TOKENS));
}

function findTexts(documents: readonly Document[], docIds: readonly string[]): string[] {
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  return docIds.map((id) => {
    const text = texts.get(id);
    if (text === undefined) {
      throw new RangeError(
        `Cannot find document "${id}" in the corpus: give the corpus that the set was made from`,
      );
    }
    return text;
  });
}

type LocatedSecret = Omit<ExampleSecret, keyof TokenizedSecret>;

/** A row's own secrets, and all places that are to be masked in it. */
function parseSpans(
  { doc_id, spans }: Pick<ForgetRow, "doc_id" | "spans">,
  text: string,
): { own: LocatedSecret[]; masked: Span[]; places: ProvenPlace[] } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(spans);
  } catch (cause) {
    throw new SyntaxError(`Cannot read the spans of "${doc_id}": ${reasonOf(cause)}`, { cause });
  }
  const units = fromCodePoints(text);
  const isSpan = (item: unknown): item is [string | null, number, number, string?] =>
    Array.isArray(item) && (item.length === 3 || (item.length === 4 && typeof item[3] === "string")) &&
    (item[0] === null || typeof item[0] === "string") &&
    Number.isSafeInteger(item[1]) && Number.isSafeInteger(item[2]);
  if (!Array.isArray(parsed) || !parsed.every(isSpan)) {
    throw new SyntaxError(
      `Cannot read the spans of "${doc_id}": expected [[tag, start, end, fingerprint], ...]`,
    );
  }
  const masked = parsed.map(([, start, end]) => {
    if (start >= 0 && start < end && end < units.length) return { start: units[start]!, end: units[end]! };
    const length = units.length - 1;
    throw new RangeError(
      `Cannot use the secret at ${start}..${end} of "${doc_id}": the document has ${length} code points`,
    );
  });
  const own = parsed.flatMap(([tag, start, end], i) => {
    if (tag === null) return []; // another window's
    const span = masked[i]!;
    return [{ tag, ...span, value: text.slice(span.start, span.end), codePoints: { start, end } }];
  });
  const places = parsed.map(([, start, end, fingerprint = null]) => ({ doc_id, start, end, fingerprint }));
  return { own, masked, places };
}
