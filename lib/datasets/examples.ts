/**
 * Rows of forget and retain sets with their tokens, found again in the corpus: a forget row names a window of a
 * document and spans in it, a retain row a document.
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { checkPlaces } from "./check_places.ts";
import type { Document } from "./corpus.ts";
import type { ForgetRow } from "./forget_set.ts";
import { readForgetSpans } from "./forget_spans.ts";
import { type Place, type SecretPlace, spanFinder } from "./place.ts";
import { maskSecrets, type SecretMask } from "./secret_mask.ts";
import { type TokenizedSecret, tokenizeSecrets } from "./secret_tokens.ts";
import { RETAIN_TOKENS, WINDOW_TOKENS } from "./token_counts.ts";

/** A secret of a row: where it stands, and its tokens. */
export interface ExampleSecret extends SecretPlace, TokenizedSecret {
  /** The value itself, for masked descriptions; never to be written. */
  value: string;
}

/**
 * A forget row with its tokens. Owners are numbers of `secrets`; those from `secrets.length` on are secrets of
 * neighbouring windows.
 */
export interface ForgetExample extends SecretMask {
  /** The document. */
  docId: string;
  /** The window's first token, its number in the document. */
  window: number;
  /** Tokens of the window. */
  ids: Int32Array;
  /** How many a window has at most. */
  windowTokens: number;
  /** The row's secrets. */
  secrets: ExampleSecret[];
  /** Whether the reference counts the row's padding as secret, see `ReferenceRow`. Default false. */
  marksPadding?: boolean;
}

/** What rows are found in. */
export interface ExampleSource {
  /** The model's. */
  tokenizer: Tokenizer;
  /** The corpus. */
  documents: readonly Document[];
  /** The key of fingerprints, with which places are checked that have one. */
  key?: () => Uint8Array | Promise<Uint8Array>;
  /** Most tokens of a window, for a model of fewer positions. Default {@linkcode WINDOW_TOKENS}. */
  windowTokens?: number;
}

/**
 * The tokens of forget rows.
 *
 * @throws {RangeError} when a document is missing, or a span lies outside it or a secret outside the window; {SyntaxError} when spans are no JSON
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
 * assertEquals([...example!.owners], [-1, 0, 0, 0, 0, 0]);
 * assertEquals(example!.secrets.map(({ value }) => value), ["aB3"]);
 * ```
 */
export async function forgetExamples(
  { tokenizer, documents, key, windowTokens = WINDOW_TOKENS }: ExampleSource,
  rows: readonly (Pick<ForgetRow, "doc_id" | "window" | "spans"> & Pick<ForgetExample, "marksPadding">)[],
): Promise<ForgetExample[]> {
  const docIds = [...new Set(rows.map(({ doc_id }) => doc_id))];
  const texts = documentTexts(documents, docIds);
  const encoded = await tokenizer.encodeBatch(texts);
  const sources = new Map(
    docIds.map((
      id,
      i,
    ) => [id, { text: texts[i]!, tokens: encoded[i]!, spanOf: spanFinder(texts[i]!, "use") }]),
  );
  const located = rows.map((row) => locateRow(row, sources.get(row.doc_id)!));
  if (key) await checkPlaces(located.flatMap(({ places }) => places), (id) => sources.get(id)?.text, key);
  const tokens = await tokenizeSecrets(tokenizer, located.flatMap(({ inText }) => inText));
  let next = 0;
  return rows.map(({ doc_id, window, marksPadding }, i) => {
    const text = sources.get(doc_id)!.tokens;
    if (window < 0 || window >= text.ids.length) {
      throw new RangeError(
        `Cannot use window ${window} of "${doc_id}": the document has ${text.ids.length} tokens`,
      );
    }
    const { secrets, spans } = located[i]!;
    const cut = <A extends Int32Array | Uint32Array>(all: A) => all.subarray(window, window + windowTokens);
    const beyond = text.starts[window + windowTokens] ?? Infinity;
    const touched = text.ends[window + windowTokens - 1] ?? Infinity; // one that begins there touches the window
    const outside = located[i]!.inText.findIndex(({ start }) => start >= beyond && start > touched);
    if (outside >= 0) {
      const { start, end } = located[i]!.secrets[outside]!;
      throw new RangeError(
        `Cannot use the secret at ${start}..${end} of "${doc_id}": it is not within ${windowTokens} tokens from ` +
          `token ${window} on, all that the model has positions for: probe with this model`,
      );
    }
    return {
      docId: doc_id,
      window,
      windowTokens,
      ids: Int32Array.from(cut(text.ids)),
      ...maskSecrets({ starts: cut(text.starts), ends: cut(text.ends) }, spans),
      secrets: secrets.map((secret) => ({ ...secret, ...tokens[next++]! })),
      ...marksPadding && { marksPadding },
    };
  });
}

/** A row's own secrets, and all that is masked in it: its own, then those of its neighbours. */
function locateRow(
  row: Pick<ForgetRow, "doc_id" | "spans">,
  { text, spanOf }: { text: string; spanOf: (place: Place) => Span },
) {
  const places = readForgetSpans(row);
  const located = places.map((place) => ({ ...place, span: spanOf(place) }));
  const own = located.flatMap(({ tag, ...place }) => tag === null ? [] : [{ tag, ...place }]);
  const others = located.filter(({ tag }) => tag === null);
  return {
    places,
    spans: [...own, ...others].map(({ span }) => span),
    inText: own.map(({ span }) => ({ ...span, text })),
    secrets: own.map(({ doc_id, tag, start, end, span }) => {
      return { doc_id, tag, start, end, value: text.slice(span.start, span.end) };
    }),
  };
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
  const encoded = await tokenizer.encodeBatch(documentTexts(documents, docIds));
  return encoded.map(({ ids }) => ids.slice(0, RETAIN_TOKENS));
}

/**
 * The texts of documents.
 *
 * @throws {RangeError} when one is missing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { documentTexts } from "./examples.ts";
 *
 * assertEquals(documentTexts([{ docId: "a", path: null, text: "x" }], ["a", "a"]), ["x", "x"]);
 * ```
 */
export function documentTexts(documents: readonly Document[], docIds: readonly string[]): string[] {
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
