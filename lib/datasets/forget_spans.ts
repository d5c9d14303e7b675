/**
 * The column `spans` of forget sets: the secrets of a row's window, as JSON in a text column.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import type { Place } from "./place.ts";

/** A secret that a forget row names. */
export interface ForgetPlace extends Place {
  /** EMAIL, IP_ADDRESS or KEY; null for a secret of a neighbouring window, which is masked and not scored. */
  tag: string | null;
  /** HMAC of the value, where it is known. */
  fingerprint?: string | null;
}

/**
 * The secrets as `[[tag, start, end, fingerprint], ...]`; a fingerprint that is not known is left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeForgetSpans } from "./forget_spans.ts";
 *
 * assertEquals(writeForgetSpans([{ doc_id: "a", tag: "KEY", start: 2, end: 5 }]), '[["KEY",2,5]]');
 * ```
 */
export function writeForgetSpans(places: readonly ForgetPlace[]): string {
  return JSON.stringify(
    places.map(({ tag, start, end, fingerprint }) =>
      fingerprint ? [tag, start, end, fingerprint] : [tag, start, end]
    ),
  );
}

/**
 * The secrets of a forget row, in the order of its column.
 *
 * @throws {SyntaxError} when the column is no JSON of spans
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readForgetSpans } from "./forget_spans.ts";
 *
 * const [key] = readForgetSpans({ doc_id: "a", spans: '[["KEY",2,5]]' });
 * assertEquals(key, { doc_id: "a", tag: "KEY", start: 2, end: 5, fingerprint: null });
 * ```
 */
export function readForgetSpans({ doc_id, spans }: { doc_id: string; spans: string }): ForgetPlace[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(spans);
  } catch (cause) {
    throw new SyntaxError(`Cannot read the spans of "${doc_id}": ${reasonOf(cause)}`, { cause });
  }
  if (!Array.isArray(parsed) || !parsed.every(isSpan)) {
    throw new SyntaxError(
      `Cannot read the spans of "${doc_id}": expected [[tag, start, end, fingerprint], ...]`,
    );
  }
  return parsed.map(([tag, start, end, fingerprint = null]) => ({ doc_id, tag, start, end, fingerprint }));
}

function isSpan(item: unknown): item is [string | null, number, number, string?] {
  return Array.isArray(item) && (item.length === 3 || (item.length === 4 && typeof item[3] === "string")) &&
    (item[0] === null || typeof item[0] === "string") &&
    Number.isSafeInteger(item[1]) && Number.isSafeInteger(item[2]);
}
