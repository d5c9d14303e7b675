/**
 * Secrets found in the documents of a corpus as these stream by: of each place only tokens are kept, so memory grows with
 * the secrets and not with the corpus. Equal tokens of secret and text before it are one pair, which is scored once.
 *
 * Pairs are dealt into units of work by their text, so that a pair is in the same unit, beside the same others, however
 * many machines share the units: what a model makes of a unit is then the same to the last bit.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { checkPlaces } from "../datasets/check_places.ts";
import type { Document } from "../datasets/corpus.ts";
import { norOthers } from "../datasets/nor_others.ts";
import { placeKey, type SecretPlace, spanFinder } from "../datasets/place.ts";
import { keptByReference } from "../datasets/reference_rows.ts";
import { secretWindows } from "../datasets/secret_mask.ts";
import { type SecretInText, type TokenizedSecret, tokenizeSecrets } from "../datasets/secret_tokens.ts";
import { WINDOW_TOKENS } from "../datasets/token_counts.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";

/** A secret's tokens and those before it, which several places may share. */
export interface SecretPair extends TokenizedSecret {
  /** Equal for equal tokens. */
  key: string;
}

/** A place of a secret, found. */
export interface LocatedSecret<P extends SecretPlace = SecretPlace> {
  /** The place, as it was given. */
  place: P;
  /** Where its row stands among those of all places. */
  row: number;
  /** The first token of the window of 512 tokens that it stands in. */
  window: number;
  /** Tokens of all secrets in the window. */
  maskTokens: number;
  /** What is scored. */
  pair: SecretPair;
  /** Its unit of work. */
  unit: number;
  /** The secret itself, where it was asked for. */
  value?: string;
}

/** Options of {@linkcode SecretLocator}. */
export interface SecretLocatorOptions {
  /** Treat the first 512 tokens only, as the paper and the reference do. */
  firstWindowOnly?: boolean | undefined;
  /** Of shorter documents only what the reference keeps, see `keptByReference`. Default: all. */
  dropsShort?: boolean;
  /** Most tokens of a window, for a model of fewer positions. Default 512. */
  windowTokens?: number;
  /** Units of work. Default 1. */
  units?: number;
  /** Whether the secrets of a unit are kept; those of all by default. */
  isOwn?: (unit: number) => boolean;
  /** The key of fingerprints, by which places are checked; they are taken as they are without. */
  key?: () => Uint8Array | Promise<Uint8Array>;
  /** Keep the secrets themselves too. */
  reveal?: boolean;
}

/** What was found of all places. */
export interface LocatedSecrets<P extends SecretPlace = SecretPlace> {
  /** The secrets that were found, ordered by their rows. */
  located: LocatedSecret<P>[];
  /** Secrets beyond the first window, where only that is treated. */
  notTreated: P[];
  /** Secrets that begin their documents, where the tokenizer has no token that begins or ends a text: nothing predicts them. */
  unpredicted: P[];
}

interface PlacesOfDocument<P> {
  /** The row of the first. */
  first: number;
  places: P[];
}

interface Found<P> extends SecretInText {
  place: P;
  unit: number;
}

/** Documents and characters that are tokenized together. */
const [BATCH_DOCUMENTS, BATCH_CHARACTERS] = [256, 2 ** 20];
/** Characters before a secret by which its unit is chosen: 128 tokens are never fewer, so equal pairs are in one unit. */
const UNIT_CHARACTERS = 32;

/**
 * Finds places in documents that are added one by one.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { trainTokenizer } from "../datasets/train_tokenizer.ts";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 * import { SecretLocator } from "./locate_secrets.ts";
 *
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const place = (doc_id: string) => ({ doc_id, tag: "KEY", start: 2, end: 5 });
 * const locator = new SecretLocator(tokenizer, [place("a"), place("b"), place("c")]);
 * for (const docId of ["b", "a", "z"]) await locator.add({ docId, path: null, text: "k=aB3;" });
 * await assertRejects(() => locator.finish(), RangeError, 'Cannot probe document "c"');
 * await locator.add({ docId: "c", path: null, text: "k=aB3;" });
 * const { located } = await locator.finish();
 * assertEquals(located.map(({ place }) => place.doc_id), ["a", "b", "c"]);
 * assertEquals(new Set(located.map(({ pair }) => pair)).size, 1);
 * ```
 */
export class SecretLocator<P extends SecretPlace> {
  readonly #tokenizer: Tokenizer;
  readonly #options: SecretLocatorOptions;
  /** Places of documents that have not come yet. */
  readonly #left: Map<string, PlacesOfDocument<P>>;
  #queue: (PlacesOfDocument<P> & { text: string })[] = [];
  #characters = 0;
  readonly #pairs = new Map<string, SecretPair>();
  readonly #located: LocatedSecret<P>[] = [];
  readonly #notTreated: P[] = [];
  readonly #unpredicted: P[] = [];

  /** @param places of the secrets; rows are in the order of their documents, and a place that stands twice has one */
  constructor(tokenizer: Tokenizer, places: readonly P[], options: SecretLocatorOptions = {}) {
    this.#tokenizer = tokenizer;
    this.#options = options;
    this.#left = byDocument(places);
  }

  /**
   * Looks for places in a document.
   *
   * @throws {RangeError} when a place lies outside, or another value stands there than was found
   */
  async add({ docId, text }: Document): Promise<void> {
    const own = this.#left.get(docId);
    if (own === undefined) return;
    this.#left.delete(docId);
    const { key } = this.#options;
    if (key) await checkPlaces(own.places, () => text, key);
    this.#queue.push({ ...own, text });
    this.#characters += text.length;
    if (this.#queue.length >= BATCH_DOCUMENTS || this.#characters >= BATCH_CHARACTERS) await this.#locate();
  }

  /**
   * All that was found.
   *
   * @throws {RangeError} when documents did not come
   */
  async finish(): Promise<LocatedSecrets<P>> {
    const [missing] = this.#left.keys();
    if (missing !== undefined) throw missingDocuments(missing, this.#left.size);
    await this.#locate();
    this.#located.sort((a, b) => a.row - b.row);
    return { located: this.#located, notTreated: this.#notTreated, unpredicted: this.#unpredicted };
  }

  /** Places of documents that came since the last time. */
  async #locate(): Promise<void> {
    const { isOwn = () => true, firstWindowOnly: firstOnly = false } = this.#options;
    const { dropsShort = false, windowTokens: length = WINDOW_TOKENS } = this.#options;
    const documents = this.#queue.map(({ text, places, first }) => ({
      found: this.#find(text, places),
      first,
      text,
    }))
      .filter(({ found }) => found.some(({ unit }) => isOwn(unit)));
    [this.#queue, this.#characters] = [[], 0];
    const encoded = await this.#tokenizer.encodeBatch(documents.map(({ text }) => text), {
      nameOf: (i) => `document "${documents[i]!.found[0]!.place.doc_id}"`,
    });
    const located: (Found<P> & Pick<LocatedSecret<P>, "row" | "window" | "maskTokens">)[] = [];
    for (const [i, { found, first }] of documents.entries()) {
      const text = encoded[i]!;
      const isDropped = dropsShort && text.ids.length < length;
      const all = { kept: found, cut: [], padding: 0 };
      const { kept, cut: gone, padding } = isDropped ? keptByReference(text, found, length) : all;
      const cut = secretWindows(text, kept, { firstOnly, length });
      const notTreated = [...gone, ...cut.notTreated].filter(({ unit }) => isOwn(unit));
      this.#notTreated.push(...notTreated.map(({ place }) => place));
      let row = first;
      for (const { window, mask, secrets } of cut.windows) {
        const maskTokens = mask.reduce((sum, bit) => sum + bit, padding);
        for (const secret of secrets) {
          if (isOwn(secret.unit)) located.push({ ...secret, row, window, maskTokens });
          row++;
        }
      }
    }
    const canBegin = await this.#tokenizer.startOfText() !== null;
    const predicted = located.filter(({ start }) => canBegin || start > 0);
    if (!canBegin) {
      this.#unpredicted.push(...located.filter(({ start }) => start === 0).map(({ place }) => place));
    }
    const tokens = await tokenizeSecrets(this.#tokenizer, predicted);
    predicted.forEach(({ place, row, window, maskTokens, unit, text, start, end }, i) => {
      const value = this.#options.reveal ? { value: copyOf(text.slice(start, end)) } : {};
      const pair = this.#pairOf(tokens[i]!, unit);
      this.#located.push({ place, row, window, maskTokens, unit, pair, ...value });
    });
  }

  #find(text: string, places: readonly P[]): Found<P>[] {
    const spanOf = spanFinder(text, "probe");
    return places.map((place) => {
      const span = spanOf(place);
      return { ...span, place, text, unit: unitOf(text, span, this.#options.units ?? 1) };
    });
  }

  #pairOf({ prefix, secret }: TokenizedSecret, unit: number): SecretPair {
    const key = createHash("sha256").update(`${prefix.length} `).update(bytesOf(prefix)).update(
      bytesOf(secret),
    )
      .digest("base64");
    const own = `${unit} ${key}`;
    const known = this.#pairs.get(own);
    if (known) return known;
    const pair = { key, prefix, secret };
    this.#pairs.set(own, pair);
    return pair;
  }
}

function byDocument<P extends SecretPlace>(places: readonly P[]): Map<string, PlacesOfDocument<P>> {
  const distinct = new Map<string, P>();
  for (const place of places) {
    const key = placeKey(place);
    if (!distinct.has(key)) distinct.set(key, place);
  }
  const documents = new Map<string, PlacesOfDocument<P>>();
  for (const [id, own] of Map.groupBy(distinct.values(), ({ doc_id }) => doc_id)) {
    documents.set(id, { first: 0, places: own });
  }
  let first = 0;
  for (const own of documents.values()) {
    own.first = first;
    first += own.places.length;
  }
  return documents;
}

function missingDocuments(first: string, count: number): RangeError {
  const others = norOthers(count - 1);
  return new RangeError(
    `Cannot probe document "${first}" as the corpus has no such document${others}: give the corpus that detect read`,
  );
}

function unitOf(text: string, { start, end }: { start: number; end: number }, units: number): number {
  if (units === 1) return 0;
  const own = `${text.slice(start, end)}\0${text.slice(Math.max(0, start - UNIT_CHARACTERS), start)}`;
  return createHash("sha256").update(own).digest().readUInt32BE() % units;
}

/** A text of its own: a slice would keep all that it is a slice of. */
function copyOf(text: string): string {
  return Buffer.from(text, "utf16le").toString("utf16le");
}

function bytesOf(ids: Int32Array | readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(ids).buffer);
}
