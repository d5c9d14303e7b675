/**
 * What `detect` counts, for one piece of a corpus, for several, and for people.
 *
 * @module
 */
import type { SkippedDocument } from "../datasets/corpus_piece.ts";
import { formatTable } from "./console.ts";

type Counts = { [name: string]: number };

/** What was found in a piece, or in several. */
export interface PieceCounts {
  /** Texts that were searched. */
  documents: number;
  documents_with_secrets: number;
  spans: number;
  tags: Counts;
  detectors: Counts;
  /** What was not searched. */
  skipped: SkippedDocument[];
  /** What was found and left out, by what for; none where nothing was. */
  left_out?: Counts;
  replaced_surrogates: number;
}

/**
 * The counts of several pieces together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addCounts } from "./detect_counts.ts";
 *
 * assertEquals(addCounts([]).documents, 0);
 * ```
 */
export function addCounts(all: readonly PieceCounts[]): PieceCounts {
  const sum = (pick: (counts: PieceCounts) => number) =>
    all.reduce((total, counts) => total + pick(counts), 0);
  const merged = (pick: (counts: PieceCounts) => Counts): Counts => {
    const total: Counts = {};
    for (const [name, count] of all.flatMap((counts) => Object.entries(pick(counts)))) {
      total[name] = (total[name] ?? 0) + count;
    }
    return Object.fromEntries(Object.entries(total).sort(([a], [b]) => a < b ? -1 : 1));
  };
  const leftOut = merged(({ left_out }) => left_out ?? {});
  return {
    documents: sum(({ documents }) => documents),
    documents_with_secrets: sum(({ documents_with_secrets }) => documents_with_secrets),
    spans: sum(({ spans }) => spans),
    tags: merged(({ tags }) => tags),
    detectors: merged(({ detectors }) => detectors),
    skipped: all.flatMap(({ skipped }) => skipped),
    ...(Object.keys(leftOut).length > 0 && { left_out: leftOut }),
    replaced_surrogates: sum(({ replaced_surrogates }) => replaced_surrogates),
  };
}

/**
 * Counts for a summary: what was skipped by its reason.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addCounts, summarizeCounts } from "./detect_counts.ts";
 *
 * const skipped = [{ path: "a.bin", reason: "binary" }, { path: "b.bin", reason: "binary" }];
 * assertEquals(summarizeCounts({ ...addCounts([]), skipped }).skipped, { binary: 2 });
 * ```
 */
export function summarizeCounts({ skipped, ...counts }: PieceCounts) {
  const reasons: Counts = {};
  for (const { reason } of skipped) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    ...counts,
    skipped: Object.fromEntries(Object.entries(reasons).sort(([a], [b]) => a < b ? -1 : 1)),
  };
}

/**
 * A summary for a terminal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addCounts, describeCounts, summarizeCounts } from "./detect_counts.ts";
 *
 * const summary = { ...summarizeCounts(addCounts([])), values: 0 };
 * assertEquals(describeCounts(summary, ["a.csv"]), "0 spans of 0 values in 0 of 0 documents\nwritten: a.csv");
 * ```
 */
export function describeCounts(
  summary: ReturnType<typeof summarizeCounts> & { values: number },
  written: readonly string[],
): string {
  const { documents, documents_with_secrets, spans, values, detectors, skipped, left_out = {} } = summary;
  const table = formatTable(["detector", "spans"], Object.entries(detectors));
  const list = (counts: Counts) =>
    Object.entries(counts).map(([reason, count]) => `${count} ${reason}`).join(", ");
  return [
    ...(spans > 0 ? [table, ""] : []),
    `${spans} spans of ${values} values in ${documents_with_secrets} of ${documents} documents`,
    ...(list(left_out) ? [`found and left out: ${list(left_out)}`] : []),
    ...(list(skipped) ? [`skipped: ${list(skipped)}`] : []),
    ...written.map((path) => `written: ${path}`),
  ].join("\n");
}
