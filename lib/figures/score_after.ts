/**
 * What a secret scores after a method, out of a row that names methods freely.
 *
 * @module
 */
import { isScore } from "./style.ts";

/**
 * The MA of a secret after a method; null where that method did not treat it, or it could not be scored.
 *
 * @param method as the row's keys are called; undefined, where no method was run, gives null
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreAfter } from "./score_after.ts";
 *
 * const secret = { ma_after: { ga: 0.25, cu: null } };
 * assertEquals(["ga", "cu", "toString", undefined].map((name) => scoreAfter(secret, name)), [0.25, null, null, null]);
 * ```
 */
export function scoreAfter(
  { ma_after }: { readonly ma_after: Readonly<Record<string, number | null>> },
  method: string | undefined,
): number | null {
  if (method === undefined || !Object.hasOwn(ma_after, method)) return null;
  const score = ma_after[method];
  return isScore(score) ? score : null;
}
