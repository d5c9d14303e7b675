/**
 * What detect-secrets finds in a file named `*.txt`: first the file's values read as INI, else its plain lines; where
 * that yields nothing, its values read as INI under a made-up header. A value is kept when none of the heuristics
 * drops it. Gibberish and hashes are the caller's business.
 *
 * @module
 */
import { type Detector, type DetectorName, DETECTORS, type KeyRule } from "./api_key.ts";
import { asciiUnits } from "./ascii_units.ts";
import { QuotedStrings } from "./entropy.ts";
import {
  idNameEnd,
  isNotAlphanumericString,
  isPotentialUuid,
  isSequentialString,
  isTemplatedSecret,
} from "./heuristics.ts";
import { iniLines } from "./ini_lines.ts";
import { ADDRESS_MARKS, type AddressSearch } from "./ip_address.ts";
import { MarkFinder } from "./marks.ts";
import { occurrences } from "./occurrences.ts";
import { foldCase, stripEnd, universalNewlines } from "./python_text.ts";

/** Values found, by plugin. */
export type FoundKeys = Map<DetectorName, Set<string>>;

function isDropped(value: string): boolean {
  return isTemplatedSecret(value) || isNotAlphanumericString(value) || isPotentialUuid(value) ||
    isSequentialString(value);
}

function lineStart(text: string, index: number): number {
  return index === 0 ? 0 : text.lastIndexOf("\n", index - 1) + 1;
}

function lineEnd(text: string, index: number): number {
  const end = text.indexOf("\n", index);
  return end < 0 ? text.length : end;
}

const RULES: readonly KeyRule[] = Object.values<Detector>(DETECTORS).flatMap(({ rules }) => rules);
const ENTROPY_RULES = Object.values<Detector>(DETECTORS).flatMap(({ entropy }) => entropy ?? []);
const QUOTE = RULES.length;
const MARKS = new MarkFinder([...RULES.map(({ trigger }) => trigger), /["']/, ...ADDRESS_MARKS]);

/** The lines that a rule's trigger is found on. */
class RuleLines {
  readonly #text: string;
  readonly #folded: string;
  readonly #rule: KeyRule;
  readonly #trigger: RegExp;
  readonly #starts: number[] = [];
  #end = 0;

  /** @param folded the text with case folded */
  constructor(text: string, folded: string, rule: KeyRule) {
    [this.#text, this.#folded, this.#rule] = [text, folded, rule];
    this.#trigger = stickyTrigger(rule);
  }

  /** Takes a place where the trigger may match, behind those before. */
  addMark(at: number): void {
    if (at < this.#end) return;
    this.#trigger.lastIndex = at;
    if (!this.#trigger.test(this.#folded)) return;
    this.#starts.push(lineStart(this.#text, at));
    this.#end = lineEnd(this.#text, at);
  }

  /** What the rule yields from the lines. */
  values(): string[] {
    return this.#starts.flatMap((start) =>
      this.#rule.find(stripEnd(this.#text.slice(start, lineEnd(this.#text, start))))
    );
  }
}

const triggers = new Map<KeyRule, RegExp>();

function stickyTrigger(rule: KeyRule): RegExp {
  let known = triggers.get(rule);
  if (known === undefined) {
    known = new RegExp(rule.trigger.source, rule.trigger.flags.replace("g", "y"));
    triggers.set(rule, known);
  }
  return known;
}

/** Those of `values`, found in `line` from `idEnd` on, that occur before it too: the first occurrence decides. */
function occurringBefore(line: string, idEnd: number, values: string[]): string[] {
  const longest = values.reduce((length, value) => Math.max(length, value.length), 0);
  const places = occurrences(line.slice(0, idEnd - 1 + longest), values);
  return values.filter((_, i) => (places[i]![0] ?? Infinity) < idEnd);
}

/** Those of the quoted strings of high entropy that are not likely identifiers. */
function withoutIdentifiers(text: string, spans: readonly [start: number, end: number][]): string[] {
  let values: string[] = [];
  for (let i = 0; i < spans.length;) {
    const first = lineStart(text, spans[i]![0]);
    const end = lineEnd(text, spans[i]![0]);
    const line = text.slice(first, end);
    const idEnd = idNameEnd(line);
    const doubtful: string[] = [];
    for (; i < spans.length && spans[i]![0] < end; i++) {
      const [start, stop] = spans[i]!;
      (start - first < idEnd ? values : doubtful).push(text.slice(start, stop));
    }
    if (doubtful.length > 0) values = values.concat(occurringBefore(line, idEnd, doubtful));
  }
  return values;
}

function scanLines(text: string, units: Uint8Array, addresses?: AddressSearch): FoundKeys {
  const folded = foldCase(text);
  const lines = new Map<KeyRule, RuleLines>();
  const strings = ENTROPY_RULES.map((rule) => new QuotedStrings(text, units, rule));
  MARKS.walk(folded === text ? units : asciiUnits(folded), (expression, at) => {
    if (expression > QUOTE) return addresses?.addMark(at);
    if (expression === QUOTE) return strings.forEach((one) => one.addQuote(at));
    const rule = RULES[expression]!;
    let own = lines.get(rule);
    if (own === undefined) lines.set(rule, own = new RuleLines(text, folded, rule));
    own.addMark(at);
  });
  const found: FoundKeys = new Map();
  for (const [name, { rules, entropy }] of Object.entries<Detector>(DETECTORS)) {
    const values = entropy
      ? withoutIdentifiers(text, strings[ENTROPY_RULES.indexOf(entropy)]!.found)
      : rules.flatMap((rule) => lines.get(rule)?.values() ?? []);
    const kept = new Set(values.filter((value) => !isDropped(value)));
    if (kept.size > 0) found.set(name as DetectorName, kept);
  }
  return found;
}

/** What {@linkcode scanKeys} may be given. */
export interface ScanKeysOptions {
  /** The text's units, as `asciiUnits` gives them. */
  units?: Uint8Array;
  /** The search for the text's addresses, which is done on the way. */
  addresses?: AddressSearch;
}

/**
 * The values that the plugins find in a text and the heuristics keep.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scanKeys } from "./scan_keys.ts";
 *
 * const key = "6367c48dd193d56ea7b0baad25b19455";
 * assertEquals(scanKeys(`import os\nk = '${key}'`).get("HexHighEntropy"), new Set([key]));
 * assertEquals(scanKeys(`import os\nk = ${key}`).size, 0);
 * assertEquals(scanKeys(`k = ${key}`).get("HexHighEntropy"), new Set([key]));
 * ```
 */
export function scanKeys(
  text: string,
  { units = asciiUnits(text), addresses }: ScanKeysOptions = {},
): FoundKeys {
  const plain = universalNewlines(text);
  const ini = iniLines(plain);
  const read = ini === null || ini.length === 0 ? plain : ini.join("\n");
  if (read !== text) addresses?.addAll(); // which are the text's own
  const found = read === text ? scanLines(text, units, addresses) : scanLines(read, asciiUnits(read));
  if (found.size > 0) return found;
  const eager = iniLines(plain, { header: true });
  if (eager === null || eager.length === 0) return found;
  const lines = eager.join("\n");
  return scanLines(lines, asciiUnits(lines));
}
