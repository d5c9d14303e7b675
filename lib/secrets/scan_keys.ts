/**
 * What detect-secrets finds in a file named `*.txt`: first the file's values read as INI, else its plain lines; where
 * that yields nothing, its values read as INI under a made-up header. A value is kept when none of the heuristics
 * drops it. Gibberish and hashes are the caller's business.
 *
 * @module
 */
import { type Detector, type DetectorName, DETECTORS, type KeyRule } from "./api_key.ts";
import { type EntropyRule, highEntropyStrings } from "./entropy.ts";
import {
  idNameEnd,
  isNotAlphanumericString,
  isPotentialUuid,
  isSequentialString,
  isTemplatedSecret,
} from "./heuristics.ts";
import { iniLines } from "./ini_lines.ts";
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

/** What a rule yields from the lines that its trigger is found on; `folded` is the text with case folded. */
function findByRule(rule: KeyRule, text: string, folded: string, add: (value: string) => void): void {
  for (let from = 0; from < text.length;) {
    rule.trigger.lastIndex = from;
    const match = rule.trigger.exec(folded);
    if (match === null) return;
    const end = lineEnd(text, match.index);
    rule.find(stripEnd(text.slice(lineStart(text, match.index), end))).forEach(add);
    from = end + 1;
  }
}

/** Those of `values`, found in `line` from `idEnd` on, that occur before it too: the first occurrence decides. */
function occurringBefore(line: string, idEnd: number, values: string[]): string[] {
  const longest = values.reduce((length, value) => Math.max(length, value.length), 0);
  const places = occurrences(line.slice(0, idEnd - 1 + longest), values);
  return values.filter((_, i) => (places[i]![0] ?? Infinity) < idEnd);
}

/** The quoted strings of high entropy that are not likely identifiers. */
function findByEntropy(rule: EntropyRule, text: string, add: (value: string) => void): void {
  const spans = highEntropyStrings(text, rule);
  for (let i = 0; i < spans.length;) {
    const first = lineStart(text, spans[i]![0]);
    const end = lineEnd(text, spans[i]![0]);
    const line = text.slice(first, end);
    const idEnd = idNameEnd(line);
    const doubtful: string[] = [];
    for (; i < spans.length && spans[i]![0] < end; i++) {
      const [start, stop] = spans[i]!;
      if (start - first < idEnd) add(text.slice(start, stop));
      else doubtful.push(text.slice(start, stop));
    }
    if (doubtful.length > 0) occurringBefore(line, idEnd, doubtful).forEach(add);
  }
}

function scanLines(text: string): FoundKeys {
  const found: FoundKeys = new Map();
  const folded = foldCase(text);
  for (const name of Object.keys(DETECTORS) as DetectorName[]) {
    const detector: Detector = DETECTORS[name];
    const values = new Set<string>();
    const add = (value: string): void => {
      if (!isDropped(value)) values.add(value);
    };
    for (const rule of detector.rules) findByRule(rule, text, folded, add);
    if (detector.entropy !== undefined) findByEntropy(detector.entropy, text, add);
    if (values.size > 0) found.set(name, values);
  }
  return found;
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
export function scanKeys(text: string): FoundKeys {
  const plain = universalNewlines(text);
  const ini = iniLines(plain);
  const found = scanLines(ini === null || ini.length === 0 ? plain : ini.join("\n"));
  if (found.size > 0) return found;
  const eager = iniLines(plain, { header: true });
  return eager === null || eager.length === 0 ? found : scanLines(eager.join("\n"));
}
