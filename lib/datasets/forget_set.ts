/**
 * Forget sets: strongly memorized windows of documents, each identical text once, shuffled, in disjoint groups of k
 * (the paper's section 4.1). Rows hold spans and scores, never text.
 *
 * A secret of a neighbouring window that reaches into a row's window goes along under no tag: it is masked there too,
 * or the row would teach the part of it that it holds.
 *
 * @module
 */
import { writeForgetSpans } from "./forget_spans.ts";
import { norOthers } from "./nor_others.ts";
import type { SecretPlace } from "./place.ts";
import { PythonRandom } from "./python_random.ts";
import { WINDOW_TOKENS } from "./token_counts.ts";

/** A secret's row of a probe. */
export interface ProbedSecret extends SecretPlace {
  /** First token of its window. */
  window: number;
  /** Tokens of the value that were scored. */
  secret_tokens: number;
  /** Secret tokens of the whole window's mask, neighbours included. */
  mask_tokens: number;
  /** Null where it is not defined. */
  ma: number | null;
  /** HMAC of the value, where the probe has it. */
  fingerprint?: string | null;
}

/** One row of a forget set. */
export interface ForgetRow {
  /** The document. */
  doc_id: string;
  /** First token of the window. */
  window: number;
  /**
   * `[[tag, start, end, fingerprint], ...]` in code points, as JSON; the tag is null for secrets that are another
   * window's, the fingerprint is left out where it is not known.
   */
  spans: string;
  /** Mean MA over the window's secrets. */
  ma: number;
  /** Secret tokens of the window's mask. */
  mask_tokens: number;
}

/** Rows of a forget set and of a retain set, where nothing else is asked for. */
export const SET_ROWS = 32;

/** How to choose. */
export interface ForgetOptions extends Pick<QualifyOptions, "firstOnly"> {
  /** Rows a group. Default {@linkcode SET_ROWS}, or as many as there are where fewer qualify. */
  k?: number | undefined;
  /** Disjoint groups. */
  groups: number;
  /** The seed of the shuffle. */
  seed: number;
  /** The least mean MA. Default 0.9. */
  minMa?: number;
  /** The least secret tokens of the mask. Default 32. */
  minMaskTokens?: number;
}

/**
 * Chooses forget sets from a probe.
 *
 * @param textOf as for {@linkcode qualifyingRows}
 * @throws {RangeError} when fewer than k x groups rows qualify, or documents are not in the corpus
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const secret = { tag: "KEY", start: 0, end: 9, secret_tokens: 9, mask_tokens: 40, ma: 1, window: 0 };
 * const probe = ["a", "b", "c"].map((doc_id) => ({ ...secret, doc_id }));
 * const textOf = (id: string) => id === "c" ? "text of b" : `text of ${id}`;
 * const [group] = chooseForgetSets(probe, textOf, { k: 2, groups: 1, seed: 42 });
 * assertEquals(group!.map(({ doc_id }) => doc_id).sort(), ["a", "b"]);
 * ```
 */
export function chooseForgetSets(
  probe: readonly ProbedSecret[],
  textOf: (docId: string) => string | undefined,
  options: ForgetOptions,
): ForgetRow[][] {
  const { groups, seed } = options;
  const rows = qualifyingRows(probe, textOf, options);
  const k = options.k ?? Math.min(SET_ROWS, Math.floor(rows.length / groups));
  if (k === 0) {
    throw new RangeError(
      `Cannot choose ${groups} forget sets: ${rows.length} rows qualify: ` +
        `give a smaller ${rows.length > 0 ? "--groups, " : ""}--min-ma or --min-mask-tokens`,
    );
  }
  if (rows.length < k * groups) {
    const most = Math.floor(rows.length / k);
    throw new RangeError(
      `Cannot choose ${groups} forget sets of ${k}: ${rows.length} rows qualify, ${k * groups} are needed: ` +
        `give a smaller ${most > 0 ? `--groups (${most} at most) or ` : ""}--k`,
    );
  }
  const shuffled = new PythonRandom(seed).shuffle(rows);
  return Array.from({ length: groups }, (_, group) => takeGroup(shuffled, { k, group }));
}

/**
 * One of the disjoint groups of rows in their shuffled order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { takeGroup } from "./forget_set.ts";
 *
 * assertEquals(takeGroup(["a", "b", "c", "d", "e"], { k: 2, group: 1 }), ["c", "d"]);
 * ```
 */
export function takeGroup<T>(shuffled: readonly T[], { k, group }: { k: number; group: number }): T[] {
  return shuffled.slice(group * k, (group + 1) * k);
}

/** The bounds of a window's scores. */
export interface QualifyOptions extends Pick<ForgetOptions, "minMa" | "minMaskTokens"> {
  /** Which secrets are known: then the windows that have one qualify, and none by its means. */
  isKnown?: ((secret: ProbedSecret) => boolean) | undefined;
  /** Whether a document's first window alone qualifies, as in the reference. Default false. */
  firstOnly?: boolean;
}

/**
 * The documents of all rows that may enter a forget set, before equal texts are left out: those whose texts it takes to
 * choose.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const secret = { doc_id: "a", tag: "KEY", start: 0, end: 9, secret_tokens: 9, mask_tokens: 40, ma: 1, window: 0 };
 * assertEquals(qualifyingIds([secret, { ...secret, doc_id: "b", ma: 0.5 }], {}), new Set(["a"]));
 * ```
 */
export function qualifyingIds(probe: readonly ProbedSecret[], options: QualifyOptions): Set<string> {
  return new Set(qualifyingWindows(probe, options).map(({ secrets }) => secrets[0]!.doc_id));
}

/**
 * All rows that may enter a forget set, in the probe's order.
 *
 * @param textOf a document's text, or undefined where the corpus lacks it; a digest of it does as well, as texts are
 * only compared
 * @throws {RangeError} when documents are not in the corpus, naming the first and their number
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const secret = { doc_id: "a", tag: "KEY", start: 0, end: 9, secret_tokens: 9, mask_tokens: 40, ma: 1, window: 0 };
 * const probe = [secret, { ...secret, start: 20, end: 29, ma: 0.9 }];
 * const [row] = qualifyingRows(probe, () => "text", {});
 * assertEquals([row?.spans, row?.ma], ['[["KEY",0,9],["KEY",20,29]]', 0.95]);
 * ```
 */
export function qualifyingRows(
  probe: readonly ProbedSecret[],
  textOf: (docId: string) => string | undefined,
  options: QualifyOptions,
): ForgetRow[] {
  const windows = qualifyingWindows(probe, options);
  const ids = new Set(windows.map(({ secrets }) => secrets[0]!.doc_id));
  const [missing, ...others] = [...ids].filter((id) => textOf(id) === undefined);
  if (missing !== undefined) {
    const more = norOthers(others.length);
    throw new RangeError(`Cannot choose forget sets as the corpus has no document "${missing}"${more}`);
  }
  const documents = Map.groupBy(probe.filter(({ doc_id }) => ids.has(doc_id)), ({ doc_id }) => doc_id);
  const seen = new Set<string>();
  const rows: ForgetRow[] = [];
  for (const { secrets, ma } of windows) {
    const { doc_id, window, mask_tokens } = secrets[0]!;
    const identity = `${window}\0${textOf(doc_id)}`;
    if (seen.has(identity)) continue;
    seen.add(identity);
    const others = documents.get(doc_id)!.filter((other) =>
      other.window !== window && Math.abs(other.window - window) < WINDOW_TOKENS
    );
    const spans = writeForgetSpans([...secrets, ...others.map((other) => ({ ...other, tag: null }))]);
    rows.push({ doc_id, window, spans, ma, mask_tokens });
  }
  return rows;
}

/** The windows whose scores are within the bounds, with their secrets and mean MA, in the probe's order. */
function qualifyingWindows(
  probe: readonly ProbedSecret[],
  { minMa = 0.9, minMaskTokens = 32, isKnown, firstOnly = false }: QualifyOptions,
): { secrets: ProbedSecret[]; ma: number }[] {
  const taken = firstOnly ? probe.filter(({ window }) => window === 0) : probe;
  const windows = Map.groupBy(taken, ({ doc_id, window }) => `${doc_id}\0${window}`);
  return [...windows.values()].flatMap((secrets) => {
    const scores = secrets.flatMap(({ ma }) => ma === null ? [] : [ma]);
    const ma = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const qualifies = isKnown
      ? secrets.some(isKnown)
      : ma >= minMa && secrets[0]!.mask_tokens >= minMaskTokens;
    return qualifies ? [{ secrets, ma }] : [];
  });
}
