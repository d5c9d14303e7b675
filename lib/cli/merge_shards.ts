/**
 * What the shards of a command make together: their rows in the order of one process, or what one process chooses of all
 * rows, as the thresholds of all texts' scores. The records beside the shards say which command it was, and that all of
 * them ran it alike.
 *
 * @module
 */
import { assembleParts } from "../datasets/assemble_parts.ts";
import { RETAIN_COLUMNS } from "../datasets/columns.ts";
import { writeRows } from "../datasets/row_table.ts";
import { describeDifferences } from "../files/settings.ts";
import { privateIf } from "../files/write_file.ts";
import type { Json } from "./command.ts";
import { fileRecord } from "./run_files.ts";
import type { RunRecord } from "./run_record.ts";

/** The whole table, as far as it is known before it is written. */
export interface MergedShards {
  /** Rows of the whole. */
  rows: number;
  write: (out: string) => Promise<void>;
}

/**
 * The whole of what some shards hold.
 *
 * @param shards their files, checked to be of one kind
 * @param rows of all of them
 * @throws {Error} If they were made by different settings, or of different inputs; as `thresholds` and `retain`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mergeShards } from "./merge_shards.ts";
 *
 * const [a, b, out] = ["a", "b", "out"].map((name) => `${Deno.makeTempDirSync()}/${name}.csv`);
 * await Deno.writeTextFile(a!, "doc_id,row\nx,1\n");
 * await Deno.writeTextFile(b!, "doc_id,row\ny,0\n");
 * await (await mergeShards([a!, b!], 2)).write(out!);
 * assertEquals(await Deno.readTextFile(out!), "doc_id\ny\nx\n");
 * ```
 */
export async function mergeShards(shards: readonly string[], rows: number): Promise<MergedShards> {
  const records = await recordsOf(shards);
  const [first] = records;
  if (first?.command === "thresholds") {
    const { THRESHOLD_TABLE_COLUMNS, thresholdTable } = await import("./threshold_table.ts");
    const { runs, seed, maxTexts, error } = first.settings as { [name: string]: number };
    const { rows } = await thresholdTable(shards, { runs: runs!, seed: seed!, maxTexts, error });
    return { rows: rows.length, write: (out) => writeRows(out, rows, THRESHOLD_TABLE_COLUMNS) };
  }
  if (first?.command === "retain") {
    const { chooseFromTables } = await import("./retain_texts.ts");
    const { k, seed, minBleu, any } = first.settings as { [name: string]: number } & { any: boolean };
    const tooShort = tooShortOf(records);
    const set = await chooseFromTables(shards, { k, seed: seed!, minBleu: any ? null : minBleu!, tooShort });
    return { rows: set.length, write: (out) => writeRows(out, set, RETAIN_COLUMNS) };
  }
  const isPrivate = shards.some((path) => ((Deno.statSync(path).mode ?? 0) & 0o077) === 0); // made with --reveal
  return { rows, write: (out) => assembleParts(shards, out, { sortBy: "row", ...privateIf(isPrivate) }) };
}

/** Texts that were too short to be tried. Where a sample is tried, each shard has counted those of all the corpus. */
function tooShortOf(records: readonly RunRecord[]): number {
  const counts = records.map(({ summary }) => Number(summary?.too_short ?? 0));
  return records[0]?.settings.maxTexts === undefined
    ? counts.reduce((sum, count) => sum + count, 0)
    : counts[0]!;
}

/** The records of those shards that have one. */
async function recordsOf(shards: readonly string[]): Promise<RunRecord[]> {
  const records: RunRecord[] = [];
  for (const path of shards) {
    const record = await fileRecord(path);
    if (!record) continue;
    checkAlike(path, record, records[0]);
    records.push(record);
  }
  return records;
}

/**
 * Refuses a shard that was run otherwise, or on other content, than the first.
 *
 * @param path the shard's @param first undefined where there is none before it
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkAlike } from "./merge_shards.ts";
 * import type { RunRecord } from "./run_record.ts";
 *
 * const [first, own] = [1, 2].map((seed) => ({ command: "probe", settings: { seed }, inputs: {} }) as unknown as RunRecord);
 * assertThrows(() => checkAlike("b", own!, first), Error, 'Cannot merge "b" with the shards before it: "seed" was 1, is 2');
 * ```
 */
export function checkAlike(path: string, record: RunRecord, first: RunRecord = record): void {
  const found = describeDifferences(settingsOf(first), settingsOf(record));
  if (found.length === 0) return;
  throw new Error(`Cannot merge "${path}" with the shards before it: ${found.join("; ")}: run it again`);
}

/** What must be equal in all shards. */
function settingsOf({ command, settings, inputs }: RunRecord): { [name: string]: Json } {
  const { shard: _, ...others } = settings;
  return {
    command,
    ...others,
    ...Object.fromEntries(Object.entries(inputs).map(([name, content]) => [`content of ${name}`, content])),
  };
}
