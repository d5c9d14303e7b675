/**
 * Quoted strings of high Shannon entropy, as detect-secrets' Base64 and Hex plugins find them: `(['"])([charset]+)\1`,
 * matches not overlapping, so that a closing quote opens nothing. Told where the quotes of a text are, in linear time.
 *
 * @module
 */
import { asciiUnits } from "./ascii_units.ts";

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
 * Finds the quoted strings of high entropy in a text whose quotes it is told.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asciiUnits } from "./ascii_units.ts";
 * import { HEX, QuotedStrings } from "./entropy.ts";
 *
 * const text = 'x = "0123456789abcdef"';
 * const strings = new QuotedStrings(text, asciiUnits(text), HEX);
 * for (const at of [4, 21]) strings.addQuote(at);
 * assertEquals(strings.found, [[5, 21]]);
 * ```
 */
export class QuotedStrings {
  /** Where they stand, quotes excluded, in order. */
  readonly found: [start: number, end: number][] = [];
  readonly #text: string;
  readonly #units: Uint8Array;
  readonly #rule: EntropyRule;
  readonly #members: Uint8Array;
  /** Units that a string of such entropy has at least: n different characters give at most log2(n) bits. */
  readonly #shortest: number;
  /** The last quote, where it closed no string. */
  #opening = -1;

  /** @param units the text's, as `asciiUnits` gives them */
  constructor(text: string, units: Uint8Array, rule: EntropyRule) {
    [this.#text, this.#units, this.#rule] = [text, units, rule];
    this.#members = membersOf(rule);
    this.#shortest = Math.floor(2 ** rule.limit) + 1;
  }

  /** Takes the next quote, of either kind. */
  addQuote(at: number): void {
    const start = this.#opening + 1;
    this.#opening = at;
    if (start === 0 || start === at || this.#units[start - 1] !== this.#units[at]) return;
    for (let i = start; i < at; i++) if (this.#members[this.#units[i]!] === 0) return;
    this.#opening = -1;
    if (at - start < this.#shortest) return;
    if (ratedEntropy(this.#text.slice(start, at), this.#rule) > this.#rule.limit) {
      this.found.push([start, at]);
    }
  }
}

const members = new Map<EntropyRule, Uint8Array>();

function membersOf(rule: EntropyRule): Uint8Array {
  let known = members.get(rule);
  if (known !== undefined) return known;
  known = new Uint8Array(128);
  for (const c of rule.charset) known[c.charCodeAt(0)] = 1;
  members.set(rule, known);
  return known;
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
  const units = asciiUnits(text);
  const strings = new QuotedStrings(text, units, rule);
  for (let i = 0; i < units.length; i++) if (units[i] === 0x22 || units[i] === 0x27) strings.addQuote(i);
  return strings.found;
}
