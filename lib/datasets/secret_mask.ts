/**
 * Which tokens of a document are secret, and the windows of tokens that hold them (the paper's section 4.1).
 *
 * A token is secret when its offsets touch a secret, both ends inclusive as in the reference, so that neighbours count
 * too. A window is named by its first token: (doc_id, window) finds it again without any other table. Every secret
 * that fits is whole in one window, so none of a deletion request is lost; `--compat paper` and `reference` take the
 * first window only, and what they do not treat is listed.
 *
 * @module
 */
import type { EncodedText } from "../tokenizers/tokenizer.ts";

/** A stretch of a text, half-open, in UTF-16 units. */
export interface Span {
  /** First unit. */
  start: number;
  /** Unit after the last. */
  end: number;
}

/** Tokens before a secret that a new window begins with, if there are: as many as a secret's prefix has. */
const CONTEXT_TOKENS = 128;

/** One row of training or unlearning: a window of a document. */
export interface SecretWindow<S extends Span = Span> {
  /** Its first token's number in the document. */
  window: number;
  /** Token ids, at most `length`. */
  ids: Int32Array;
  /** 1 for secret tokens. */
  mask: Uint8Array;
  /** The secrets that are this window's. */
  secrets: S[];
}

/** The windows of a document. */
export interface SecretWindows<S extends Span = Span> {
  /** In the order of their first token. */
  windows: SecretWindow<S>[];
  /** Secrets that are in no window: beyond the first one where only that is taken, or of no token. */
  notTreated: S[];
}

/** How to cut. */
export interface WindowsOptions {
  /** Tokens of a window. Default 512. */
  length?: number;
  /** Take the first window only, as the paper and the reference do. */
  firstOnly?: boolean;
}

/**
 * Marks the tokens that touch a secret.
 *
 * @param offsets of the tokens
 * @returns [T], 1 where secret
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const offsets = { starts: [0, 2, 4, 9], ends: [2, 4, 8, 10] };
 * assertEquals([...maskSecrets(offsets, [{ start: 4, end: 8 }])], [0, 1, 1, 0]); // [2, 4) touches at 4
 * ```
 */
export function maskSecrets(
  { starts, ends }: { starts: ArrayLike<number>; ends: ArrayLike<number> },
  spans: readonly Span[],
): Uint8Array {
  const mask = new Uint8Array(starts.length);
  for (const { start, end } of spans) {
    for (let t = 0; t < mask.length; t++) if (starts[t]! <= end && ends[t]! >= start) mask[t] = 1;
  }
  return mask;
}

/**
 * The windows of a document that hold its secrets.
 *
 * @param text tokenized
 * @param secrets of the document
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const offsets = Uint32Array.from({ length: 6 }, (_, t) => 2 * t);
 * const text = { ids: new Int32Array(6), starts: offsets, ends: offsets.map((start) => start + 1) };
 * const { windows } = secretWindows(text, [{ start: 10, end: 11 }], { length: 4 });
 * assertEquals(windows.map(({ window, mask }) => [window, ...mask]), [[2, 0, 0, 0, 1]]);
 * ```
 */
export function secretWindows<S extends Span>(
  text: EncodedText,
  secrets: readonly S[],
  { length = 512, firstOnly = false }: WindowsOptions = {},
): SecretWindows<S> {
  const mask = maskSecrets(text, secrets);
  const located = secrets.map((secret) => ({ secret, ...tokenRange(text, secret) }))
    .sort((a, b) => a.first - b.first || a.last - b.last);
  const windows = new Map<number, S[]>();
  const notTreated: S[] = [];
  const lastCharacter = text.ends[Math.min(length, text.ids.length) - 1] ?? 0;
  for (const { secret, first, last } of located) {
    if (last < first || (firstOnly && secret.start > lastCharacter)) {
      notTreated.push(secret);
      continue;
    }
    const isWhole = (window: number) => firstOnly || (first >= window && last < window + length);
    const known = [0, ...windows.keys()].find(isWhole);
    const window = known ?? Math.max(0, Math.min(first, Math.max(first - CONTEXT_TOKENS, last + 1 - length)));
    windows.set(window, [...windows.get(window) ?? [], secret]);
  }
  return {
    windows: [...windows].sort(([a], [b]) => a - b).map(([window, own]) => ({
      window,
      ids: text.ids.slice(window, window + length),
      mask: mask.slice(window, window + length),
      secrets: own,
    })),
    notTreated,
  };
}

/** The first and last token that touch a span; last < first where none does. */
function tokenRange({ starts, ends }: EncodedText, { start, end }: Span): { first: number; last: number } {
  let first = 0;
  while (first < ends.length && ends[first]! < start) first++;
  let last = first - 1;
  while (last + 1 < starts.length && starts[last + 1]! <= end) last++;
  return { first, last };
}
