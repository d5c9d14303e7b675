/**
 * Every secret of a text: e-mail addresses, IP addresses and keys, as CodeEraser's detection finds them, place by
 * place. A key is a value that the plugins yield, that reads like gibberish and is not likely a hash; every occurrence
 * of it in the text is a span.
 *
 * @module
 */
import { DETECTORS } from "./api_key.ts";
import { asciiUnits } from "./ascii_units.ts";
import { detectEmails } from "./email.ts";
import { detectExtended, EXTENDED_DETECTORS, type ExtraSecret } from "./extended.ts";
import { type BigramTable, ENGLISH_BIGRAMS, isGibberish } from "./gibberish.ts";
import { fileHasHashes, HashRule } from "./hash_rules.ts";
import { AddressSearch } from "./ip_address.ts";
import { occurrences } from "./occurrences.ts";
import type { RuleDetector } from "./rule_detector.ts";
import { type FoundKeys, scanKeys } from "./scan_keys.ts";
import type { SecretSpan } from "./secret_span.ts";

export { EXTRA_SECRETS, type ExtraSecret } from "./extended.ts";
export type { SecretSpan, SecretTag } from "./secret_span.ts";

/** The names of all detectors. */
export const SECRET_DETECTORS: readonly string[] = [
  ...new Set(["Email", "IpAddress", ...Object.keys(DETECTORS), ...Object.keys(EXTENDED_DETECTORS)]),
];

/** What detection may be told. */
export interface DetectOptions {
  /** Counts of letter pairs by which gibberish is told; the project's own by default. */
  bigrams?: BigramTable;
  /** `"reference"`: what CodeEraser finds (the default); `"extended"`: see extended.ts. */
  profile?: Profile;
  /** What else to look for, with `"extended"`. */
  also?: readonly ExtraSecret[];
  /** Rules that others wrote: in the place of the reference profile's, or beside those of `"extended"`. */
  rules?: Pick<RuleDetector, "find">;
  /** The text's path, which such rules may ask for. */
  path?: string;
}

/** The names of the profiles: whose rules are followed. */
export const PROFILES = ["reference", "extended"] as const;

/** One of {@linkcode PROFILES}. */
export type Profile = typeof PROFILES[number];

/** `value` without backslashes at either end. */
function stripBackslashes(value: string): string {
  let start = 0, end = value.length;
  while (start < end && value[start] === "\\") start++;
  while (end > start && value[end - 1] === "\\") end--;
  return value.slice(start, end);
}

function keySpans(text: string, scanned: FoundKeys, bigrams: BigramTable): SecretSpan[] {
  const found: { detector: string; value: string }[] = [];
  for (const [detector, values] of scanned) {
    for (const value of new Set(Array.from(values, stripBackslashes))) {
      if (isGibberish(value, bigrams)) found.push({ detector, value });
    }
  }
  if (found.length === 0 || fileHasHashes(text)) return [];
  const places = occurrences(text, found.map(({ value }) => value));
  const hashes = new HashRule(text);
  const kept = found.map((key, i) => ({ ...key, starts: places[i]! }))
    .filter(({ value, starts }) => starts.length > 0 && !hashes.isHash(value, starts[0]!))
    .sort((a, b) => a.value.length - b.value.length);
  return spansByPlace(kept, text.length);
}

/** The places of values, shorter values first, by their starts; in linear time, for texts with a million of them. */
function spansByPlace(
  keys: readonly { detector: string; value: string; starts: number[] }[],
  length: number,
) {
  const next = new Uint32Array(length + 1); // where in the result a place that starts there comes
  for (const { starts } of keys) for (const start of starts) next[start + 1]!++;
  for (let i = 0; i < length; i++) next[i + 1]! += next[i]!;
  const spans = new Array<SecretSpan>(next[length]!);
  for (const { detector, value, starts } of keys) {
    for (const start of starts) {
      spans[next[start]!++] = { tag: "KEY", detector, start, end: start + value.length };
    }
  }
  return spans;
}

function compareSpans(a: SecretSpan, b: SecretSpan): number {
  return a.start - b.start || a.end - b.end || (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0);
}

/**
 * The secrets of a text, sorted by start, end and tag. A place that two detectors find appears once for each. Lone
 * surrogates are read as U+FFFD. Nothing is filtered by value yet: see `filterSecrets`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectSecrets } from "./detect.ts";
 *
 * const text = "key = 'QZ7xK2vJ9mWq4bXf8pTzR3hLw6cNgYd5'  # ada@mail.invalid";
 * assertEquals(detectSecrets(text).map((span) => [span.tag, span.detector, span.start]), [
 *   ["KEY", "Base64HighEntropy", 7],
 *   ["EMAIL", "Email", 44],
 * ]);
 * ```
 */
export function detectSecrets(text: string, options: DetectOptions = {}): SecretSpan[] {
  const wellFormed = text.toWellFormed();
  if (options.profile === "extended" || options.rules) {
    const own = options.profile === "extended" ? detectExtended(wellFormed, options) : [];
    if (!options.rules) return own;
    const where = options.path === undefined ? {} : { path: options.path };
    return [...own, ...options.rules.find(wellFormed, where)].sort(compareSpans);
  }
  const units = asciiUnits(wellFormed);
  const addresses = new AddressSearch(wellFormed, units);
  const keys = scanKeys(wellFormed, { units, addresses });
  return [
    ...detectEmails(wellFormed),
    ...addresses.spans,
    ...keySpans(wellFormed, keys, options.bigrams ?? ENGLISH_BIGRAMS),
  ].sort(compareSpans);
}
