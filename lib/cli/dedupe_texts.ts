/**
 * Which texts of a corpus `dedupe` keeps, one after the other: the first of those that are the same to the letter, none
 * that is nearly the same as one before it, none that shares a window with a training corpus.
 *
 * @module
 */
import { commentedLanguage } from "../collection/comment_styles.ts";
import { NearDuplicates } from "../collection/near_duplicates.ts";
import { withoutOpeningComments } from "../collection/opening_comments.ts";
import { SeenTexts } from "../datasets/seen_texts.ts";
import { DISTINCT_TOKENS, SharedWindows } from "../collection/shared_windows.ts";
import type { Document } from "../datasets/corpus.ts";
import type { DROPPED_COLUMNS } from "../datasets/unseen_columns.ts";
import type { RowOf } from "../datasets/row_table.ts";

/** Why a text goes. */
export const DROP_REASONS = ["exact", "near", "shared"] as const;

/** How to tell texts apart. */
export interface DedupeOptions {
  /** The Jaccard index from which on texts are nearly the same. */
  near?: number | undefined;
  /** Where shingles may be written, where `near` is given. */
  scratch: string;
  /** Whether a table of the texts that go is wanted: then ids are held. */
  isListed: boolean;
  /** Different tokens of a window that the training corpus shares, at least. */
  distinct?: number | undefined;
  /** Tokens that are looked for in one pass over the training corpus. */
  tokensAtOnce?: number;
}

/** Four bytes each, and a byte for what finds them. */
const TOKENS_AT_ONCE = 2 ** 26;

/** What was found so far. */
export interface DedupeCounts {
  documents: number;
  exact: number;
  near: number;
  shared: number;
  /** Of those that were looked for in the training corpus: too short to be found, or of too few different tokens. */
  too_short: number;
}

/**
 * Decides text by text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DedupeTexts } from "./dedupe_texts.ts";
 *
 * using texts = new DedupeTexts({ scratch: "", isListed: true });
 * const kept = ["x", "y", "x"].map((text, i) => texts.add({ docId: `d${i}`, path: null, text }));
 * assertEquals([kept, texts.counts.exact], [[true, true, false], 1]);
 * assertEquals(texts.dropped, [{ doc_id: "d2", reason: "exact", of: "d0", similarity: 1 }]);
 * ```
 */
export class DedupeTexts implements Disposable {
  readonly #seen = new SeenTexts();
  readonly #near: NearDuplicates | undefined;
  readonly #isListed: boolean;
  readonly #ids: string[] = [];
  readonly #distinct: number;
  #windows: SharedWindows;
  #isDropped = new Uint8Array(1024);
  /** Tokens that are looked for in one pass over the training corpus. */
  readonly tokensAtOnce: number;
  readonly counts: DedupeCounts = { documents: 0, exact: 0, near: 0, shared: 0, too_short: 0 };
  /** Those that went, where they are listed. */
  readonly dropped: RowOf<typeof DROPPED_COLUMNS>[] = [];

  constructor(
    { near, scratch, isListed, distinct = DISTINCT_TOKENS, tokensAtOnce = TOKENS_AT_ONCE }: DedupeOptions,
  ) {
    this.#distinct = distinct;
    this.#windows = new SharedWindows({ distinct });
    this.#near = near === undefined ? undefined : new NearDuplicates(near, scratch);
    this.#isListed = isListed;
    this.tokensAtOnce = tokensAtOnce;
  }

  /** Whether a text is kept, as far as those before it tell. */
  add({ docId, text }: Document): boolean {
    const number = this.counts.documents++;
    if (number === this.#isDropped.length) {
      const longer = new Uint8Array(2 * number);
      longer.set(this.#isDropped);
      this.#isDropped = longer;
    }
    if (this.#isListed) this.#ids.push(docId);
    const same = this.#seen.add(text, number);
    if (same !== null) return this.#drop(number, "exact", { of: this.#ids[same], similarity: 1 });
    const near = this.#near?.add(text, number) ?? null;
    if (near === null) return true;
    return this.#drop(number, "near", { of: this.#ids[near.of], similarity: near.similarity });
  }

  /** Whether a text is kept, by its number. */
  isKept(number: number): boolean {
    return this.#isDropped[number] === 0;
  }

  /**
   * Has a text that was just kept looked for; true where it is time to search, before the next. Comments that it begins
   * with are not looked for: licences are everywhere, and `sample` leaves them out.
   */
  lookFor(document: Document): boolean {
    const text = withoutOpeningComments(document.text, commentedLanguage(document));
    if (!this.#windows.add(text, this.counts.documents - 1)) this.counts.too_short++;
    return this.#windows.tokens >= this.tokensAtOnce;
  }

  /** Whether there are texts to look for. */
  get hasMore(): boolean {
    return this.#windows.tokens > 0;
  }

  /** Drops what shares a window with a text of the training corpus. */
  search({ docId, text }: Document): void {
    for (const number of this.#windows.search(text)) {
      this.#drop(number, "shared", { of: docId, similarity: null });
    }
  }

  /** Begins with other texts that are looked for. */
  forget(): void {
    this.#windows = new SharedWindows({ distinct: this.#distinct });
  }

  #drop(
    number: number,
    reason: typeof DROP_REASONS[number],
    { of = "", similarity }: { of?: string | undefined; similarity: number | null },
  ): false {
    this.counts[reason]++;
    this.#isDropped[number] = 1;
    if (this.#isListed) this.dropped.push({ doc_id: this.#ids[number]!, reason, of, similarity });
    return false;
  }

  [Symbol.dispose](): void {
    this.#near?.[Symbol.dispose]();
  }
}
