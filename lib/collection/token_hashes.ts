/**
 * The words and marks of a text as 32-bit hashes, for comparing texts without regard to white space: a word is a run of
 * letters, digits and underscores, a mark any other character that is no white space. No string is made of them, so that
 * gigabytes take minutes.
 *
 * Two different words have one hash once in four billion pairs; what is compared by many of them in a row is told apart.
 *
 * @module
 */

const [WORD, MARK] = [1, 2]; // 0 is white space

let kinds: Uint8Array | undefined;

/** Of each UTF-16 unit whether it is white space, of a word, or a mark. What is beyond the basic plane is of words. */
function kindsOfUnits(): Uint8Array {
  if (kinds) return kinds;
  kinds = new Uint8Array(2 ** 16);
  for (let unit = 0; unit < kinds.length; unit++) {
    const character = String.fromCharCode(unit);
    const isSurrogate = unit >= 0xd800 && unit < 0xe000;
    if (isSurrogate || /[\p{L}\p{M}\p{N}_]/u.test(character)) kinds[unit] = WORD;
    else if (!/\s/.test(character)) kinds[unit] = MARK;
  }
  return kinds;
}

/** What counts. */
export interface TokenHashesOptions {
  /** Marks too; else words alone. */
  marks: boolean;
}

/**
 * The hashes of a text's words, or of its words and marks, in their order.
 *
 * @param into an array to write them into, if it is long enough
 * @returns a part of it, or a new one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tokenHashes } from "./token_hashes.ts";
 *
 * const [x, is, one, x2] = tokenHashes("x = 1\n  x", { marks: true });
 * assertEquals([x === x2, x === is, tokenHashes("x=1", { marks: true })], [true, false, Uint32Array.of(x!, is!, one!)]);
 * assertEquals(tokenHashes("x = 1", { marks: false }).length, 2);
 * ```
 */
export function tokenHashes(
  text: string,
  { marks }: TokenHashesOptions,
  into: Uint32Array = new Uint32Array(0),
): Uint32Array {
  const kind = kindsOfUnits();
  const found = into.length >= text.length ? into : new Uint32Array(text.length);
  let [count, word] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const own = kind[unit]!;
    if (own === WORD) {
      word = Math.imul(word === 0 ? BASIS : word, PRIME) ^ unit;
      if (word === 0) word = BASIS;
      continue;
    }
    if (word !== 0) {
      found[count++] = mix(word);
      word = 0;
    }
    if (own === MARK && marks) found[count++] = mix(Math.imul(BASIS ^ unit, PRIME));
  }
  if (word !== 0) found[count++] = mix(word);
  return found.subarray(0, count);
}

/** FNV's basis and prime (Fowler, Noll and Vo, public domain). */
const [BASIS, PRIME] = [0x811c9dc5 | 0, 0x01000193];

/**
 * A number whose every bit depends on all of another's, by the last step of MurmurHash3 (public domain).
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mix } from "./token_hashes.ts";
 *
 * assertEquals(mix(1), 0x514e28b7);
 * ```
 */
export function mix(value: number): number {
  value = Math.imul(value ^ value >>> 16, 0x85ebca6b);
  value = Math.imul(value ^ value >>> 13, 0xc2b2ae35);
  return (value ^ value >>> 16) >>> 0;
}
