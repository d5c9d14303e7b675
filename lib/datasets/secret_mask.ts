/**
 * Which tokens of a document are secret and whose, and the windows of tokens that hold them (the paper's section 4.1).
 *
 * A token is secret when its offsets touch a secret, both ends inclusive as in the reference, so that neighbours count
 * too. A window is named by its first token: (doc_id, window) finds it again without any other table. Every secret
 * that fits is whole in one window, so none of a deletion request is lost; `--compat paper` and `reference` take the
 * first window only, and what they do not treat is listed.
 *
 * @module
 */
import type { Span } from "../secrets/secret_span.ts";
import type { EncodedText } from "../tokenizers/tokenizer.ts";
import { PREFIX_TOKENS, WINDOW_TOKENS } from "./token_counts.ts";

/** Where each token of a text begins and ends. */
export type TokenOffsets = { readonly [N in "starts" | "ends"]: ArrayLike<EncodedText[N][number]> };

/** Which tokens of a text are secret. */
export interface SecretMask {
  /** [T]: 1 for secret tokens, else 0. */
  mask: Uint8Array;
  /** [T]: whose each token is, by the secret's number in the list that was masked; -1 where it is nobody's. */
  owners: Int32Array;
}

/** One row of training or unlearning: a window of a document. Its mask knows other windows' secrets too. */
export interface SecretWindow<S extends Span = Span> extends SecretMask {
  /** Its first token's number in the document. */
  window: number;
  /** Token ids, at most `length`. */
  ids: Int32Array;
  /** The secrets that are this window's. */
  secrets: S[];
}

/** The windows of a document. */
export interface SecretWindows<S extends Span = Span> {
  /** The windows, in the order of their first token. */
  windows: SecretWindow<S>[];
  /** Secrets that are in no window: beyond the first one where only that is taken, or of no token. */
  notTreated: S[];
}

/** How to cut. */
export interface WindowsOptions {
  /** Tokens of a window. Default {@linkcode WINDOW_TOKENS}. */
  length?: number;
  /** Take the first window only, as the paper and the reference do. */
  firstOnly?: boolean;
}

/**
 * Marks the tokens that touch a secret, and whose they are: of a token that touches several, the first in the list.
 * Takes time in proportion to tokens and secrets, however long these are.
 *
 * @param offsets of the tokens, in any order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const offsets = { starts: [0, 2, 4, 9], ends: [2, 4, 8, 10] };
 * const { mask, owners } = maskSecrets(offsets, [{ start: 4, end: 8 }]);
 * assertEquals([...mask], [0, 1, 1, 0]); // [2, 4) touches at 4
 * assertEquals([...owners], [-1, 0, 0, -1]);
 * ```
 */
export function maskSecrets(offsets: TokenOffsets, spans: readonly Span[]): SecretMask {
  return maskRanges(offsets, spans, spans.map(tokenFinder(offsets)));
}

/** Does what `maskSecrets` does, where the ranges of the secrets are known. */
function maskRanges(
  { starts, ends }: TokenOffsets,
  spans: readonly Span[],
  ranges: readonly TokenRange[],
): SecretMask {
  const owners = new Int32Array(starts.length).fill(-1);
  // By token, the first from it on that is still free, so that no token is asked of every secret around it.
  const free = new Int32Array(starts.length + 1).map((_, t) => t);
  const freeFrom = (token: number) => {
    while (free[token] !== token) token = free[token] = free[free[token]!]!;
    return token;
  };
  spans.forEach(({ start, end }, owner) => {
    const { first, last } = ranges[owner]!;
    for (let t = freeFrom(first); t <= last; t = freeFrom(t + 1)) {
      if (starts[t]! > end || ends[t]! < start) continue; // offsets that are out of order
      owners[t] = owner;
      free[t] = t + 1;
    }
  });
  return { owners, mask: new Uint8Array(owners.map((owner) => owner < 0 ? 0 : 1)) };
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
  { length = WINDOW_TOKENS, firstOnly = false }: WindowsOptions = {},
): SecretWindows<S> {
  const ranges = secrets.map(tokenFinder(text));
  const { mask, owners } = maskRanges(text, secrets, ranges);
  const located = secrets.map((secret, i) => ({ secret, ...ranges[i]! }))
    .sort((a, b) => a.first - b.first || a.last - b.last);
  const windows = new Map<number, S[]>();
  const notTreated: S[] = [];
  const lastCharacter = text.ends[Math.min(length, text.ids.length) - 1] ?? 0;
  let near = [0]; // windows that end behind the first token of the secret at hand, in the order they were opened
  for (const { secret, first, last } of located) {
    if (last < first || (firstOnly && secret.start > lastCharacter)) {
      notTreated.push(secret);
      continue;
    }
    near = near.filter((window) => first < window + length);
    const known = firstOnly ? 0 : near.find((window) => first >= window && last < window + length);
    const window = known ?? Math.max(0, Math.min(first, Math.max(first - PREFIX_TOKENS, last + 1 - length)));
    if (known === undefined && !windows.has(window)) near.push(window);
    const own = windows.get(window);
    if (own) own.push(secret);
    else windows.set(window, [secret]);
  }
  return {
    windows: [...windows].sort(([a], [b]) => a - b).map(([window, own]) => ({
      window,
      ids: text.ids.slice(window, window + length),
      mask: mask.slice(window, window + length),
      owners: owners.slice(window, window + length),
      secrets: own,
    })),
    notTreated,
  };
}

/** Numbers of tokens, both included; last < first where there is none. */
interface TokenRange {
  first: number;
  last: number;
}

/**
 * Finds the first and the last token that touch a span by binary search: in how far the text up to each token has come,
 * and where the text from each token on begins. Both grow even where offsets are out of order.
 */
function tokenFinder({ starts, ends }: TokenOffsets): (span: Span) => TokenRange {
  const reached = Uint32Array.from(ends);
  for (let t = 1; t < reached.length; t++) reached[t] = Math.max(reached[t - 1]!, reached[t]!);
  const begun = Uint32Array.from(starts);
  for (let t = begun.length - 2; t >= 0; t--) begun[t] = Math.min(begun[t]!, begun[t + 1]!);
  return ({ start, end }) => ({
    first: countWhile(reached, (offset) => offset < start),
    last: countWhile(begun, (offset) => offset <= end) - 1,
  });
}

/** How many entries of an ascending list a test holds for that holds for no later one. */
function countWhile(ascending: Uint32Array, test: (offset: number) => boolean): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(ascending[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
