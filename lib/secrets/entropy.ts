/**
 * Quoted strings of high Shannon entropy, as detect-secrets' Base64 and Hex plugins find them: `(['"])([charset]+)\1`,
 * matches not overlapping, so that a closing quote opens nothing. Written as one walk over the quotes, in linear time.
 *
 * @module
 */

/** A charset and the entropy, in bits, that a string of it must exceed. */
export interface EntropyRule {
  /** The characters that count, in the order in which their shares are added up. */
  readonly charset: string;
  /** The entropy to exceed. */
  readonly limit: number;
}

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** detect-secrets' Base64HighEntropyString; its charset has a backslash, as Python spells `\\-_`. */
export const BASE64: EntropyRule = { charset: LETTERS + "0123456789" + "+/" + "\\-_" + "=", limit: 4.5 };

/** detect-secrets' HexHighEntropyString. */
export const HEX: EntropyRule = { charset: "0123456789abcdefABCDEF", limit: 3.0 };

const LN2 = Math.log(2);
const counts = new Uint32Array(128);

/**
 * The entropy of `value` in bits per character, over the characters of `charset` only.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shannonEntropy } from "./entropy.ts";
 *
 * assertEquals(shannonEntropy("abcdabcd", "abcd"), 2);
 * ```
 */
export function shannonEntropy(value: string, charset: string): number {
  counts.fill(0);
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 128) counts[code]!++;
  }
  let entropy = 0;
  for (let i = 0; i < charset.length; i++) {
    const share = counts[charset.charCodeAt(i)]! / value.length;
    // Python's log(share, 2) is this quotient, not Math.log2; ties with the limit depend on it.
    if (share > 0) entropy -= share * (Math.log(share) / LN2);
  }
  return entropy;
}

/** The entropy that the rule compares: decimal numbers count for less, the shorter the less. */
function ratedEntropy(value: string, rule: EntropyRule): number {
  const entropy = shannonEntropy(value, rule.charset);
  const isNumber = rule === HEX && value.length > 1 && /^\d+$/.test(value);
  return isNumber ? entropy - 1.2 / (Math.log(value.length) / LN2) : entropy;
}

/**
 * Where the quoted strings of high entropy stand, quotes excluded, in order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HEX, highEntropyStrings } from "./entropy.ts";
 *
 * assertEquals(highEntropyStrings("a = '0123456789abcdef' + 'aaaa'", HEX), [[5, 21]]);
 * ```
 */
export function highEntropyStrings(text: string, rule: EntropyRule): [start: number, end: number][] {
  const member = new Uint8Array(128);
  for (let i = 0; i < rule.charset.length; i++) member[rule.charset.charCodeAt(i)] = 1;
  // n different characters give at most log2(n) bits.
  const shortest = Math.floor(2 ** rule.limit) + 1;
  const found: [number, number][] = [];
  let i = 0;
  while (i < text.length) {
    const quote = text.charCodeAt(i++);
    if (quote !== 0x22 && quote !== 0x27) continue;
    const start = i;
    for (let code = text.charCodeAt(i); code < 128 && member[code] === 1;) code = text.charCodeAt(++i);
    if (i === start || text.charCodeAt(i) !== quote) continue;
    const value = i - start < shortest ? "" : text.slice(start, i);
    if (value !== "" && ratedEntropy(value, rule) > rule.limit) found.push([start, i]);
    i++;
  }
  return found;
}
