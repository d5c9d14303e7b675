/**
 * Texts by which a model's use is measured, with what each of their tokens is: code that it never saw, code to be kept,
 * the lines around erased secrets, and secrets that nobody asked to erase.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import { type Place, spanFinder } from "../datasets/place.ts";
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import type { PredictedText } from "../metrics/next_tokens.ts";
import type { EncodedText, Tokenizer } from "../tokenizers/tokenizer.ts";
import { classifyCode } from "./code_classes.ts";
import { type CodeLanguage, languageOf } from "./code_languages.ts";
import { tokenClasses, tokenLines, type TokenRange } from "./token_classes.ts";

/** A text and what its tokens are. */
export interface UtilityText extends PredictedText {
  /** Texts of one document are drawn together. */
  document: string;
  /** Null where no grammar reads it, or where it is no code. */
  language: CodeLanguage | null;
  /** [T]: each token's class, or {@linkcode NOT_COUNTED}. */
  classes: Uint8Array;
  /** Its whole lines, of which each can be predicted whole or not. */
  lines: readonly TokenRange[];
}

/** The class of tokens that are read and not counted. */
export const NOT_COUNTED = 255;

/** How many characters before and after the wanted ones are parsed too: few constructs are cut, and no parse takes long. */
const AROUND = 1 << 12;

/** Which part of a text's tokens is wanted. */
export interface TokenWindow {
  /** The first. */
  window?: number;
  /** How many, at most. */
  tokens: number;
  /** The language where the document's name tells none. */
  language?: CodeLanguage | undefined;
}

/**
 * The tokens of code and their classes.
 *
 * @param encoded the document's text, by the model's tokenizer
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { codeText } from "./utility_texts.ts";
 *
 * const document = { docId: "a", path: "a.py", text: "if x:\n    pass\n" };
 * const encoded = await (await openTokenizer("tests/fixtures/tokenizer")).encode(document.text);
 * const { language, lines } = await codeText(document, encoded, { tokens: 128 });
 * assertEquals([language, lines.length], ["python", 1]); // nothing stands before the first line
 * ```
 */
export async function codeText(
  document: Document,
  encoded: EncodedText,
  { window = 0, tokens, language }: TokenWindow,
): Promise<UtilityText> {
  const cut = <A extends Int32Array | Uint32Array>(all: A) => all.slice(window, window + tokens) as A;
  const [ids, starts, ends] = [cut(encoded.ids), cut(encoded.starts), cut(encoded.ends)];
  const own = languageOf(document) ?? language ?? null;
  const { text } = document;
  const begin = text.lastIndexOf("\n", Math.max(0, (starts[0] ?? 0) - AROUND)) + 1;
  const stretch = text.slice(begin, (ends.at(-1) ?? 0) + AROUND);
  const offsets = { starts: starts.map((start) => start - begin), ends: ends.map((end) => end - begin) };
  return {
    document: document.docId,
    language: own,
    ids,
    from: 1,
    classes: tokenClasses(offsets, await classifyCode(stretch, own)),
    lines: tokenLines(offsets, stretch, { isWhole: window + tokens >= encoded.ids.length }),
  };
}

/**
 * The rest of forget rows: their windows, of which no token that touches a secret counts, and no line that has one.
 *
 * @param documents those of the rows
 * @param examples the rows in the model's tokens
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { forgetExamples } from "../datasets/examples.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { hostTexts, NOT_COUNTED } from "./utility_texts.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const documents = [{ docId: "a.py", path: null, text: "a = 1\nk = 'aB3'\nx = 2\n" }];
 * const row = { doc_id: "a.py", window: 0, spans: '[["KEY",11,14]]' };
 * const examples = await forgetExamples({ tokenizer, documents }, [row]);
 * const [host] = await hostTexts({ tokenizer, documents }, { examples });
 * assertEquals(host!.classes.includes(NOT_COUNTED), true);
 * assertEquals(host!.lines.length, 1); // the last
 * ```
 */
export async function hostTexts(
  { tokenizer, documents }: { tokenizer: Tokenizer; documents: readonly Document[] },
  { examples, language }: { examples: readonly ForgetExample[] } & Pick<TokenWindow, "language">,
): Promise<UtilityText[]> {
  const known = new Map(documents.map((document) => [document.docId, document]));
  const texts: UtilityText[] = [];
  for (const { docId, window, mask, ids } of examples) {
    const document = known.get(docId)!;
    const encoded = await tokenizer.encode(document.text);
    const text = await codeText(document, encoded, { window, tokens: ids.length, language });
    const lines = text.lines.filter(({ from, to }) => !mask.subarray(from, to).includes(1));
    texts.push({ ...text, classes: text.classes.map((own, t) => mask[t] === 1 ? NOT_COUNTED : own), lines });
  }
  return texts;
}

/**
 * Secrets after the text before them; their class is their kind's number.
 *
 * @param places of secrets in `documents`
 * @param kinds the tags, by number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { secretTexts } from "./utility_texts.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const documents = [{ docId: "a", path: null, text: "k = aB3" }];
 * const places = [{ doc_id: "a", tag: "KEY", start: 4, end: 7 }];
 * const [text] = await secretTexts({ tokenizer, documents }, { places, kinds: ["KEY"] });
 * assertEquals([...text!.classes.subarray(text!.from)], [0, 0, 0]);
 * ```
 */
export async function secretTexts(
  { tokenizer, documents }: { tokenizer: Tokenizer; documents: readonly Document[] },
  { places, kinds }: { places: readonly (Place & { tag: string })[]; kinds: readonly string[] },
): Promise<UtilityText[]> {
  const spans = new Map(
    documents.map(({ docId, text }) => [docId, { text, spanOf: spanFinder(text, "use") }]),
  );
  const secrets = places.map((place) => {
    const { text, spanOf } = spans.get(place.doc_id)!;
    return { text, ...spanOf(place) };
  });
  const tokens = await tokenizeSecrets(tokenizer, secrets);
  return tokens.map(({ prefix, secret }, i) => {
    const { doc_id, tag } = places[i]!;
    const ids = Int32Array.from([...prefix, ...secret]);
    const classes = new Uint8Array(ids.length).fill(kinds.indexOf(tag), prefix.length);
    return { document: doc_id, language: null, ids, from: prefix.length, classes, lines: [] };
  });
}
