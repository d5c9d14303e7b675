/**
 * The findings of a scan as SARIF 2.1.0, which GitHub's and VS Code's viewers open. No value stands in it, but its kind,
 * its length and of a long one its first two characters; equal values have equal fingerprints, by the user's key.
 *
 * Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub's page "SARIF support for code
 * scanning" for `security-severity` and `primaryLocationLineHash`.
 *
 * @module
 */
import { describeDetector, describeOrigin, gravityOf, type ScanFinding } from "./scan_finding.ts";

/** What a scan was, beside its findings. */
export interface SarifOptions {
  /** The program's version. */
  version: string;
  /** What a document's path begins with, seen from where the viewer's paths start; with "/" at its end, or empty. */
  prefix?: string;
  /** What else is to be known of the scan, by name. */
  properties?: { readonly [name: string]: unknown };
}

const SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/**
 * The text of a SARIF file, piece by piece: findings are not held.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sarifText } from "./sarif.ts";
 *
 * const text = (await Array.fromAsync(sarifText([], { version: "1.0.0" }))).join("");
 * const { runs, version } = JSON.parse(text);
 * assertEquals([version, runs[0].results], ["2.1.0", []]);
 * ```
 */
export async function* sarifText(
  findings: AsyncIterable<ScanFinding> | Iterable<ScanFinding>,
  { version, prefix = "", properties = {} }: SarifOptions,
): AsyncGenerator<string> {
  const rules = new Map<string, { index: number; tag: string }>();
  yield `{\n"$schema": ${JSON.stringify(SCHEMA)},\n"version": "2.1.0",\n"runs": [{\n` +
    `"columnKind": "unicodeCodePoints",\n"results": [`;
  let count = 0;
  const copies = new Map<string, number>(); // of a value in the document at hand
  let document: string | undefined;
  for await (const finding of findings) {
    if (finding.doc_id !== document) {
      document = finding.doc_id;
      copies.clear();
    }
    const { detector, tag, fingerprint } = finding;
    if (!rules.has(detector)) rules.set(detector, { index: rules.size, tag });
    const copy = (copies.get(fingerprint) ?? 0) + 1;
    copies.set(fingerprint, copy);
    const result = resultOf(finding, { rule: rules.get(detector)!.index, copy, prefix });
    yield `${count++ === 0 ? "" : ","}\n${JSON.stringify(result)}`;
  }
  const driver = {
    name: "CodeScrub",
    semanticVersion: version,
    version,
    rules: Array.from(rules, ([id, { tag }]) => ruleOf(id, tag)),
  };
  const invocation = { executionSuccessful: true };
  yield `\n],\n"tool": ${JSON.stringify({ driver })},\n"invocations": ${JSON.stringify([invocation])},\n` +
    `"properties": ${JSON.stringify(properties)}\n}]\n}\n`;
}

function ruleOf(id: string, tag: string) {
  const { level, severity, advice } = gravityOf(tag);
  const description = describeDetector(id, tag);
  return {
    id,
    shortDescription: { text: description },
    fullDescription: { text: `${description}. ${advice}` },
    help: { text: advice },
    defaultConfiguration: { level },
    properties: { tags: ["security", "secret", tag], precision: "high", "security-severity": severity },
  };
}

function resultOf(
  finding: ScanFinding,
  { rule, copy, prefix }: { rule: number; copy: number; prefix: string },
) {
  const { detector, tag, fingerprint, description, cell, commit } = finding;
  const origin = describeOrigin(finding);
  const name = cell === null
    ? []
    : [{ name: `cell ${cell}`, fullyQualifiedName: `cell ${cell}`, kind: "element" }];
  return {
    ruleId: detector,
    ruleIndex: rule,
    level: gravityOf(tag).level,
    message: { text: `${description}, found by ${detector}${origin === "" ? "" : ` (${origin})`}` },
    locations: [{
      physicalLocation: {
        artifactLocation: { uri: uriOf(prefix + (finding.path ?? finding.doc_id)), uriBaseId: "%SRCROOT%" },
        region: {
          startLine: finding.line,
          startColumn: finding.column,
          endLine: finding.end_line,
          endColumn: finding.end_column,
        },
      },
      ...(name.length > 0 && { logicalLocations: name }),
    }],
    partialFingerprints: {
      "codescrubValue/v1": fingerprint,
      primaryLocationLineHash: `${fingerprint.slice(0, 16)}:${copy}`,
    },
    properties: { tag, ...(commit !== null && { commit }) },
  };
}

/** A relative URI of a path, whatever characters it has. */
function uriOf(path: string): string {
  const parts = path.toWellFormed().split("/").map((part) => encodeURIComponent(part));
  return parts.join("/") || "%20";
}
