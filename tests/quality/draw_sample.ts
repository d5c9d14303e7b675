/**
 * A sample of findings to be labelled by hand: drawn by a seed from distinct values, so that a value that stands in a
 * thousand vendored files counts once, and so that everyone who has the files draws the same.
 *
 * @module
 */
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";

/** What a scanner found. */
export interface Finding {
  /** The detector or rule. */
  rule: string;
  path: string;
  /** From 1. */
  line: number;
  /** The value itself, or its hash where a scanner tells no more. */
  value: string;
}

/** What a person says of a value: one written down (also one of tests), one that only marks a place, or none. */
export const LABELS = ["secret", "placeholder", "none"] as const;

/** One of {@linkcode LABELS}. */
export type Label = typeof LABELS[number];

/** The key is no secret: whoever has the files can make the fingerprints again. */
const KEY = new TextEncoder().encode("codescrub quality:sample");
const SHOWN = 16;

/** Names a value where it must not stand. */
export function fingerprintFinding({ value }: Pick<Finding, "value">): string {
  return fingerprintSecret(value, KEY).slice(0, SHOWN);
}

/** The first place of each value, by path and line, in the order of the fingerprints. */
export function distinctFindings(findings: readonly Finding[]): Map<string, Finding> {
  const sorted = findings.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line));
  const first = new Map<string, Finding>();
  for (const finding of sorted) {
    const fingerprint = fingerprintFinding(finding);
    if (!first.has(fingerprint)) first.set(fingerprint, finding);
  }
  return new Map([...first].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** So many of one file are drawn at most: a list of made-up accounts would fill the sample. */
const MOST_OF_A_FILE = 3;

/** So many of the distinct findings, at most three of a file, or all of these where there are fewer. */
export function drawSample(
  findings: readonly Finding[],
  { count, seed }: { count: number; seed: number },
): [string, Finding][] {
  const distinct = [...distinctFindings(findings)];
  new PythonRandom(seed).shuffle(distinct);
  const ofFile = new Map<string, number>();
  return distinct.filter(([, { path }]) => {
    const before = ofFile.get(path) ?? 0;
    ofFile.set(path, before + 1);
    return before < MOST_OF_A_FILE;
  }).slice(0, count);
}

/** Reads `fingerprint,label` lines. */
export function readLabels(text: string): Map<string, Label> {
  const labels = new Map<string, Label>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === "" || i === 0 && line === "fingerprint,label") continue;
    const [, fingerprint, label] = /^([\da-f]{16}),(\w+)$/.exec(line) ?? [];
    if (fingerprint === undefined || !LABELS.some((one) => one === label)) {
      throw new SyntaxError(`Cannot read labels in line ${i + 1}: expected FINGERPRINT,${LABELS.join("|")}`);
    }
    labels.set(fingerprint, label as Label);
  }
  return labels;
}

/** A share with the bounds that Wilson's score gives in 95 of 100 cases. */
export interface Share {
  share: number;
  low: number;
  high: number;
}

const Z = 1.96;

/** The share of hits among so many. */
export function wilsonShare(hits: number, count: number): Share {
  const share = hits / count;
  const middle = (share + Z * Z / (2 * count)) / (1 + Z * Z / count);
  const half = Z / (1 + Z * Z / count) * Math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count));
  return { share, low: middle - half, high: middle + half };
}
