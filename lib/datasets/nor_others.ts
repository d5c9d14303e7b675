/**
 * How messages name documents that a corpus lacks.
 *
 * @module
 */

/**
 * What a message says of more documents that are not there either, behind the first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { norOthers } from "./nor_others.ts";
 *
 * assertEquals([0, 1, 2].map(norOthers), ["", ", nor 1 other", ", nor 2 others"]);
 * ```
 */
export function norOthers(count: number): string {
  return count === 0 ? "" : `, nor ${count} other${count === 1 ? "" : "s"}`;
}
