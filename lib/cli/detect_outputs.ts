/**
 * What `detect` writes of its parts: the table, the files that show findings to people and to other programs, and the
 * places on the terminal. All of them come from the same rows; none but a table that asks for it holds a value.
 *
 * @module
 */
import { relative, sep as SEPARATOR } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { assembleParts } from "../datasets/assemble_parts.ts";
import { SKIPPED_COLUMNS } from "../datasets/columns.ts";
import { FINDING_COLUMNS } from "../datasets/finding_columns.ts";
import { readRows, writeRows } from "../datasets/row_table.ts";
import { secretTable } from "../datasets/secret_table.ts";
import { writeTable } from "../datasets/tables.ts";
import { privateIf, writeBy, writeFileAtomic } from "../files/write_file.ts";
import type { SkippedDocument } from "../datasets/corpus_piece.ts";
import { sarifText } from "../report/sarif.ts";
import { describeOrigin, type ScanFinding } from "../report/scan_finding.ts";
import { renderScanPage, SHOWN_FINDINGS } from "../report/scan_page.ts";
import { visibleCharacter } from "../secrets/fingerprint.ts";
import type { summarizeCounts } from "./detect_counts.ts";
import { gateMessage } from "./message_gate.ts";

/** Where to write, and what all of it has in common. */
export interface DetectOutputs {
  out?: string | undefined;
  sarif?: string | undefined;
  html?: string | undefined;
  skipped?: string | undefined;
  reveal: boolean;
  places: boolean;
  /** Whether rows have their documents' numbers. */
  numbered: boolean;
}

/** What was found. */
export interface DetectResult {
  /** The parts' tables, in order. */
  parts: readonly string[];
  skipped: readonly SkippedDocument[];
  summary: ReturnType<typeof summarizeCounts> & { values: number };
  /** The corpus, as a person knows it. */
  title: string;
  /** What paths begin with, seen from where the user stands. */
  prefix: string;
  /** Which key fingerprints are by. */
  key: string;
  /** What a person should know of the corpus. */
  notes: readonly string[];
}

/**
 * Writes all outputs, each in one step.
 *
 * @throws {Error} as `writeFileAtomic`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addCounts, summarizeCounts } from "./detect_counts.ts";
 * import { writeDetected } from "./detect_outputs.ts";
 *
 * const sarif = `${await Deno.makeTempDir()}/a.sarif`;
 * const summary = { ...summarizeCounts(addCounts([])), values: 0 };
 * const result = { parts: [], skipped: [], summary, title: "src", prefix: "", key: "", notes: [] };
 * await writeDetected({ sarif, reveal: false, places: true, numbered: false }, result);
 * assertEquals(JSON.parse(await Deno.readTextFile(sarif)).runs[0].results, []);
 * ```
 */
export async function writeDetected(
  { out, sarif, html, skipped, reveal, places, numbered }: DetectOutputs,
  result: DetectResult,
): Promise<void> {
  const { parts, summary, title, prefix, notes, key } = result;
  if (out !== undefined && parts.length > 0) await assembleParts(parts, out, privateIf(reveal));
  else if (out !== undefined) {
    const empty = secretTable([], { reveal, places, ...(numbered && { numbers: [] }) });
    await writeTable(empty, out, privateIf(reveal));
  }
  if (sarif !== undefined) {
    const { left_out: leftOut = {}, skipped } = summary;
    await writeSarif(sarif, { parts, prefix, properties: { key, leftOut, skipped, notes } });
  }
  if (html !== undefined) {
    const findings = await firstFindings(parts, SHOWN_FINDINGS);
    const { documents, documents_with_secrets: documentsWithSecrets, left_out: leftOut = {} } = summary;
    const page = renderScanPage({
      ...summary,
      ...{
        title,
        version: `CodeScrub ${deno.version}`,
        findings,
        documents,
        documentsWithSecrets,
        leftOut,
        notes,
      },
    });
    await writeFileAtomic(html, page);
  }
  await writeSkipped(skipped, result.skipped);
}

/** What a SARIF file is made of. */
export interface SarifOutput {
  /** Tables of findings with their places, in order. */
  parts: readonly string[];
  /** What paths begin with, seen from the repository's root. */
  prefix: string;
  properties: Record<string, unknown>;
}

/**
 * Writes findings as SARIF, in one step; a part's are in memory at a time.
 *
 * @throws {Error} as `writeFileAtomic`, and as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeSarif } from "./detect_outputs.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.sarif`;
 * await writeSarif(path, { parts: [], prefix: "", properties: {} });
 * assertEquals(JSON.parse(await Deno.readTextFile(path)).version, "2.1.0");
 * ```
 */
export async function writeSarif(
  sarif: string,
  { parts, prefix, properties }: SarifOutput,
): Promise<void> {
  const text = sarifText(findingsOf(parts), { version: deno.version, prefix, properties });
  await writeBy(sarif, async (path) => {
    using file = await Deno.open(path, { write: true, truncate: true });
    for await (const piece of text) await writeWhole(file, piece);
  });
}

/**
 * Writes the table of what was not searched, where one was asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeSkipped } from "./detect_outputs.ts";
 *
 * const path = `${await Deno.makeTempDir()}/skipped.csv`;
 * await writeSkipped(path, [{ path: "a.bin", reason: "binary" }]);
 * assertEquals(await Deno.readTextFile(path), "path,reason\na.bin,binary\n");
 * ```
 */
export async function writeSkipped(
  path: string | undefined,
  skipped: readonly SkippedDocument[],
): Promise<void> {
  if (path !== undefined) await writeRows(path, [...skipped], SKIPPED_COLUMNS);
}

async function writeWhole(file: Deno.FsFile, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

async function* findingsOf(parts: readonly string[]): AsyncGenerator<ScanFinding> {
  for (const part of parts) yield* await readRows(part, FINDING_COLUMNS);
}

async function firstFindings(parts: readonly string[], most: number): Promise<ScanFinding[]> {
  const findings: ScanFinding[] = [];
  for (const part of parts) {
    if (findings.length >= most) break;
    findings.push(...await readRows(part, FINDING_COLUMNS));
  }
  return findings.slice(0, most);
}

const LISTED = 50;

/** How places are named. */
export interface ListOptions {
  /** How many there are. */
  all: number;
  /** What paths begin with; null where documents are rows, whose ids may be anything: they are shown as far as messages do. */
  prefix: string | null;
}

/**
 * The first places as lines for a terminal, on which no name can write anything but itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listPlaces } from "./detect_outputs.ts";
 *
 * assertEquals(await listPlaces([], { all: 0, prefix: "" }), []);
 * ```
 */
export async function listPlaces(parts: readonly string[], { all, prefix }: ListOptions): Promise<string[]> {
  const lines = (await firstFindings(parts, LISTED)).map((finding) => {
    const origin = describeOrigin(finding);
    const name = prefix === null
      ? gateMessage(`"${finding.doc_id}"`, [])
      : prefix + (finding.path ?? finding.doc_id);
    return Array.from(
      `${name}:${finding.line}:${finding.column}: ${finding.description}, by ${finding.detector}` +
        (origin === "" ? "" : ` (${origin})`),
      (c) => c === " " ? c : visibleCharacter(c),
    ).join("");
  });
  return [...lines, ...(all > lines.length ? [`... and ${all - lines.length} more`] : [])];
}

/**
 * What the paths of a folder's documents begin with, seen from where the user stands; empty where it lies elsewhere.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pathPrefix } from "./detect_outputs.ts";
 *
 * assertEquals(["/a/src", "/a", "/b"].map((root) => pathPrefix(root, "/a")), ["src/", "", ""]);
 * ```
 */
export function pathPrefix(root: string, cwd: string): string {
  const path = relative(cwd, root).replaceAll(SEPARATOR, "/");
  return path === "" || path.startsWith("..") ? "" : `${path}/`;
}
