/**
 * Random numbers and orders that belong to a label, not to a place in one long stream: what one document or secret
 * draws does not depend on how many were drawn before it. So a small change (a rule of the detector mended, a file
 * gone) changes little of the embedded corpus.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { PythonRandom } from "./python_random.ts";

function digest(seed: number, label: string): string {
  return createHash("sha256").update(`${seed}/${label}`).digest("hex");
}

/**
 * A generator for one label.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { randomOf } from "./seeded_order.ts";
 *
 * assertEquals(randomOf(42, "a").random(), randomOf(42, "a").random());
 * assertNotEquals(randomOf(42, "a").random(), randomOf(42, "b").random());
 * ```
 */
export function randomOf(seed: number, label: string): PythonRandom {
  return new PythonRandom(rankOf(seed, label));
}

/**
 * A number of 52 bits for a label: what is put in order by it keeps its order when others come or go.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rankOf } from "./seeded_order.ts";
 *
 * assertEquals([rankOf(42, "a") === rankOf(42, "a"), rankOf(42, "a") === rankOf(42, "b")], [true, false]);
 * ```
 */
export function rankOf(seed: number, label: string): number {
  return Number.parseInt(digest(seed, label).slice(0, 13), 16);
}

/**
 * A random order of items with different labels: theirs whatever order they come in, and the same for those that are
 * left when others go.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { orderBySeed } from "./seeded_order.ts";
 *
 * const order = orderBySeed(["a", "b", "c", "d"], 42, (item) => item);
 * assertEquals(orderBySeed(["d", "b", "a"], 42, (item) => item), order.filter((item) => item !== "c"));
 * ```
 */
export function orderBySeed<T>(items: readonly T[], seed: number, label: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: digest(seed, label(item)) }))
    .sort((a, b) => a.key < b.key ? -1 : 1)
    .map(({ item }) => item);
}
