/**
 * What `collect` says of what it collected.
 *
 * @module
 */
import { SOURCE_COLUMNS } from "../datasets/collection_columns.ts";
import { writeRows } from "../datasets/row_table.ts";
import type { SourceOutcome } from "./collect_sources.ts";

/** Counts of a collection. */
export interface CollectedSummary {
  sources: number;
  /** Sources without a document, by reason. */
  failed: { [reason: string]: number };
  documents: number;
  /** Files that were left out, by reason. */
  skipped: { [reason: string]: number };
}

/**
 * Counts outcomes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { summarizeCollected } from "./collect_report.ts";
 *
 * const about = { repo: "a", version: null, created: null, licence: null, documents: 0 };
 * const { failed, skipped } = summarizeCollected([{ ...about, skipped: { link: 2 }, reason: "empty" }]);
 * assertEquals([failed, skipped], [{ empty: 1 }, { link: 2 }]);
 * ```
 */
export function summarizeCollected(outcomes: readonly SourceOutcome[]): CollectedSummary {
  const summary: CollectedSummary = { sources: outcomes.length, failed: {}, documents: 0, skipped: {} };
  for (const { documents, skipped, reason } of outcomes) {
    summary.documents += documents;
    if (reason !== null) summary.failed[reason] = (summary.failed[reason] ?? 0) + 1;
    for (const [why, count] of Object.entries(skipped)) {
      summary.skipped[why] = (summary.skipped[why] ?? 0) + count;
    }
  }
  return summary;
}

/**
 * Counts in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeCollected } from "./collect_report.ts";
 *
 * const summary = { sources: 3, failed: { "not found": 1 }, documents: 7, skipped: { "too short": 4, link: 1 } };
 * assertEquals(describeCollected(summary), "7 documents of 3 sources; sources left out: 1 not found; files left out: 4 too short, 1 link");
 * ```
 */
export function describeCollected({ sources, failed, documents, skipped }: CollectedSummary): string {
  const list = (counts: { [reason: string]: number }) =>
    Object.entries(counts).sort(([, a], [, b]) => b - a).map(([reason, count]) => `${count} ${reason}`).join(
      ", ",
    );
  const parts = [`${documents} documents of ${sources} sources`];
  if (Object.keys(failed).length > 0) parts.push(`sources left out: ${list(failed)}`);
  if (Object.keys(skipped).length > 0) parts.push(`files left out: ${list(skipped)}`);
  return parts.join("; ");
}

/**
 * Writes what became of each source.
 *
 * @throws {Error} If it cannot be written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeSources } from "./collect_report.ts";
 *
 * const path = `${await Deno.makeTempDir()}/sources.csv`;
 * await writeSources(path, []);
 * assertEquals((await Deno.readTextFile(path)).startsWith("repo,version"), true);
 * ```
 */
export async function writeSources(path: string, outcomes: readonly SourceOutcome[]): Promise<void> {
  const rows = outcomes.map(({ skipped, ...outcome }) => ({
    ...outcome,
    skipped: Object.values(skipped).reduce((sum, count) => sum + count, 0),
  }));
  await writeRows(path, rows, SOURCE_COLUMNS);
}
