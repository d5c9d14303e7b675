/**
 * The secrets of a forget set as attacks are given them, with the text around them, and a text that has nothing to do with
 * them.
 *
 * @module
 */
import type { AttackedSecret } from "../attacks/attack_input.ts";
import { streamDocuments } from "../datasets/corpus.ts";
import { forgetExamples } from "../datasets/examples.ts";
import { findDocuments } from "../datasets/find_documents.ts";
import type { ForgetRow } from "../datasets/forget_set.ts";
import { type SecretPlace, spanFinder } from "../datasets/place.ts";
import type { CorpusSource } from "../datasets/resolve_corpus.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { Reading } from "./reading.ts";

/** A secret with its place as tables have it: in code points. */
export interface ForgetSecret {
  /** Where it stands. */
  place: SecretPlace;
  /** The secret in its text. */
  secret: AttackedSecret;
}

/** A forget row's secrets, and its tokens. */
export interface ForgetRowSecrets {
  /** The document. */
  doc_id: string;
  /** Tokens of the window. */
  ids: Int32Array;
  /** The row's secrets. */
  secrets: ForgetSecret[];
}

/** What secrets are read from. */
export interface ForgetSecretSource {
  /** The corpus. */
  source: CorpusSource;
  /** How it is read. */
  options: Reading["options"];
  /** The model's. */
  tokenizer: Tokenizer;
  /** Of fingerprints. */
  key: Uint8Array;
  /** Most tokens of a window, for a model of fewer positions. Default 512. */
  windowTokens?: number;
}

/**
 * The secrets of forget rows, row by row.
 *
 * @throws {RangeError} when there is none, or as `forgetExamples`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { forgetSecrets } from "./attack_secrets.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.jsonl`;
 * await Deno.writeTextFile(path, '{"doc_id":"a","text":"😀 k=aB3;"}\n');
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const corpus = { source: await resolveCorpus(path), options: { onRead: () => {} }, tokenizer, key: new Uint8Array(32) };
 * const [row] = await forgetSecrets(corpus, [{ doc_id: "a", window: 0, spans: '[["KEY",4,7]]' }]);
 * const { place, secret } = row!.secrets[0]!;
 * assertEquals([place.start, secret.start, secret.text.slice(secret.start, secret.end)], [4, 5, "aB3"]);
 * ```
 */
export async function forgetSecrets(
  { source, options, tokenizer, key, ...window }: ForgetSecretSource,
  rows: readonly Pick<ForgetRow, "doc_id" | "window" | "spans">[],
): Promise<ForgetRowSecrets[]> {
  const documents = await findDocuments(source, rows.map(({ doc_id }) => doc_id), options);
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  const examples = await forgetExamples({ tokenizer, documents, key: () => key, ...window }, rows);
  return examples.map(({ docId, ids, secrets }) => {
    const text = texts.get(docId)!;
    const spanOf = spanFinder(text, "attack");
    const placed = secrets.map(({ doc_id, tag, start, end, value }) => ({
      place: { doc_id, tag, start, end },
      secret: {
        id: `${doc_id} ${start} ${end}`,
        text,
        tag,
        ...spanOf({ doc_id, start, end }),
        fingerprint: fingerprintSecret(value, key),
      },
    }));
    return { doc_id: docId, ids, secrets: placed };
  });
}

/**
 * The first text of a corpus that is no document of the secrets and holds none of their values.
 *
 * @returns undefined where there is none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { otherText } from "./attack_secrets.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.jsonl`;
 * await Deno.writeTextFile(path, ["k = aB3", "aB3 again", "x = 1"].map((text) => JSON.stringify({ text }) + "\n").join(""));
 * const corpus = { source: await resolveCorpus(path), options: { onRead: () => {} } };
 * const secret = { id: "", text: "k = aB3", tag: "KEY", start: 4, end: 7, fingerprint: "" };
 * assertEquals(await otherText(corpus, [{ place: { doc_id: "0", tag: "KEY", start: 4, end: 7 }, secret }]), "x = 1");
 * ```
 */
export async function otherText(
  { source, options }: Pick<ForgetSecretSource, "source" | "options">,
  secrets: readonly ForgetSecret[],
): Promise<string | undefined> {
  const own = new Set(secrets.map(({ place }) => place.doc_id));
  const values = new Set(secrets.map(({ secret: { text, start, end } }) => text.slice(start, end)));
  for await (const { docId, text } of streamDocuments(source, options)) {
    if (!own.has(docId) && !values.values().some((value) => text.includes(value))) return text;
  }
  return undefined;
}
