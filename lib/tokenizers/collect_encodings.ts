/**
 * Has what the tokenizers library made collected. V8 sees objects of some bytes where the library holds megabytes, and
 * lets hundreds of them wait for a collection of its own: 700 MB after 60 MB of texts, and gigabytes after more.
 *
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Characters after which there is a collection: the library holds 30 to 60 bytes for each, and makes some million a second. */
const MOST_CHARACTERS = 1 << 22;

let encoded = 0;
let collect: (() => void) | undefined;

/**
 * Counts characters that are encoded now, and collects all encodings that nobody holds any more when there were many; they
 * are freed at the next turn of the event loop. A collection takes some ten milliseconds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { collectEncodings } from "./collect_encodings.ts";
 *
 * const held = (() => new WeakRef({}))();
 * await new Promise((resolve) => setTimeout(resolve));
 * collectEncodings(1 << 22);
 * assertEquals(held.deref(), undefined);
 * ```
 */
export function collectEncodings(characters: number): void {
  encoded += characters;
  if (encoded < MOST_CHARACTERS) return;
  encoded = 0;
  if (!collect) {
    setFlagsFromString("--expose-gc"); // contexts that are made from now on have it
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}
