/**
 * The chunks of `unlearn --chunk-rows`: how the forget set is cut, what the largest one is, what of it `--plan` and the result
 * say, and the tables that are written of them.
 *
 * @module
 */
import { CHUNK_COLUMNS, CHUNK_EPOCH_COLUMNS } from "../datasets/chunk_columns.ts";
import { type FORGET_COLUMNS, HISTORY_COLUMNS, NORM_COLUMNS, WRITTEN_COLUMNS } from "../datasets/columns.ts";
import { THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import { type RowOf, writeRows } from "../datasets/row_table.ts";
import type { ChunkDrift } from "../unlearning/chunk_drift.ts";
import type { ChunkedResult, Chunking } from "../unlearning/chunk_options.ts";
import { cutChunks } from "../unlearning/cut_chunks.ts";
import type { UnlearnResult } from "../unlearning/unlearn.ts";
import { chunkRowsOf, type ResolvedChunks } from "./chunk_options.ts";
import type { RunFolder } from "./run_folder.ts";

/** The tables of a run by chunks. */
export const CHUNK_FILES = ["chunks.parquet", "chunk_epochs.parquet"] as const;

type ForgetRow = RowOf<typeof FORGET_COLUMNS>;

/** How a forget set is cut. */
export interface CutSet {
  /** How it is gone through. */
  chunking: Chunking;
  /** The chunks of the first pass, by the numbers of their rows. */
  chunks: readonly (readonly number[])[];
  /** How many have more rows than they should, as some values stand in several. */
  larger: number;
  /** The rows that take most: those of the chunk that has most, and as many others as are replayed with it. */
  largest: readonly ForgetRow[];
}

/**
 * Cuts a forget set.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chunksOf } from "./chunks.ts";
 *
 * const row = { doc_id: "a", window: 0, ma: 1, mask_tokens: 8 };
 * const rows = [1, 2, 3].map((start) => ({ ...row, spans: `[["KEY",${start},9]]` }));
 * const options = { chunkRows: 2, chunkOrder: "given", replay: 0.5, chunkPasses: 2, chunkSample: 64 } as const;
 * const { chunks, chunking, largest } = chunksOf(rows, options, 42);
 * assertEquals([chunks, chunking.replay, largest.length], [[[0, 1], [2]], 1, 3]);
 * ```
 */
export function chunksOf(
  rows: readonly ForgetRow[],
  { chunkRows, chunkOrder: order, replay, chunkPasses: passes, chunkSample: sample }: ResolvedChunks,
  seed: number,
): CutSet {
  const known = chunkRowsOf(rows);
  const cut = (numbers: readonly number[]) =>
    cutChunks(numbers.map((row) => known[row]!), { rows: chunkRows, order, seed })
      .map((chunk) => chunk.map((i) => numbers[i]!));
  const chunks = cut([...rows.keys()]);
  const most = new Set(chunks.toSorted((a, b) => b.length - a.length)[0]);
  const replayed = Math.round(replay * chunkRows);
  const others = [...rows.keys()].filter((row) => !most.has(row)).slice(0, replayed);
  return {
    chunking: { cut, replay: replayed, passes, sample },
    chunks,
    larger: chunks.filter(({ length }) => length > chunkRows).length,
    largest: [...most, ...others].map((row) => rows[row]!),
  };
}

/** What a result says of its chunks. */
export interface ChunkSummary {
  /** How many there were in the first pass. */
  count: number;
  /** The rows of the largest. */
  largest: number;
  /** How many had more rows than they should. */
  larger: number;
  /** Rows that were replayed with each, at most. */
  replayed: number;
  /** Passes that were made. */
  passes: number;
  /** How many turns ended how, all passes. */
  ended: { [status: string]: number };
  /** How many secrets of the whole set were above their thresholds after each pass. */
  above: number[];
}

/**
 * What a result says of its chunks.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeChunks } from "./chunks.ts";
 *
 * const cut = { chunks: [[0, 1], [2]], larger: 0, chunking: { replay: 1 } } as never;
 * const drift = [{ part: "this", pass: 1, status: "reached" }, { part: "all", pass: 1, above: 2 }] as never;
 * const { count, ended, above } = describeChunks(cut, drift);
 * assertEquals([count, ended, above], [2, { reached: 1 }, [2]]);
 * ```
 */
export function describeChunks(
  { chunks, larger, chunking }: Pick<CutSet, "chunks" | "larger" | "chunking">,
  drift: readonly ChunkDrift[],
): ChunkSummary {
  const turns = drift.filter(({ part }) => part === "this");
  const all = drift.filter(({ part, pass }) => part === "all" && pass > 0);
  const byStatus = Map.groupBy(turns, ({ status }) => status!);
  return {
    ...{ count: chunks.length, largest: Math.max(...chunks.map(({ length }) => length)), larger },
    ...{ replayed: chunking.replay, passes: Math.max(0, ...turns.map(({ pass }) => pass)) },
    ended: Object.fromEntries([...byStatus].map(([status, { length }]) => [status, length])),
    above: all.map(({ above }) => above!),
  };
}

/** What is measured of the weights as they were written. */
export type WrittenScores = Readonly<Record<ThresholdMetric | "retain_ma", number | null>>;

/**
 * Writes what a run's history is: the whole set's, and that of the chunks where there are some.
 *
 * @param written beside the numbers of the epoch whose weights were written, what their file scores: rounding tells them apart
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeHistories } from "./chunks.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const run = { path: (name: string) => Promise.resolve(`${folder}/${name}`) };
 * const written = { ma: 0.5, el_3: 0, el_5: 0, el_10: 0, retain_ma: null };
 * await writeHistories(run, { status: "reached", epoch: 0, history: [], notes: [], drift: [], epochs: [] }, written);
 * const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
 * assertEquals(names, ["chunk_epochs.parquet", "chunks.parquet", "history.parquet"]);
 * ```
 */
export async function writeHistories(
  run: Pick<RunFolder, "path">,
  { history, epoch: kept, drift, epochs }: UnlearnResult & Partial<ChunkedResult>,
  written: WrittenScores,
): Promise<void> {
  const rows = history.map((row) => ({ ...row, ...writtenCells(row.epoch === kept ? written : null) }));
  const columns = { ...HISTORY_COLUMNS, ...NORM_COLUMNS, ...WRITTEN_COLUMNS };
  await writeRows(await run.path("history.parquet"), rows, columns);
  if (!drift || !epochs) return;
  const [turns, each] = CHUNK_FILES;
  await writeRows(await run.path(turns), drift, CHUNK_COLUMNS);
  await writeRows(await run.path(each), epochs, CHUNK_EPOCH_COLUMNS);
}

function writtenCells(written: WrittenScores | null): RowOf<typeof WRITTEN_COLUMNS> {
  const names = [...THRESHOLD_METRICS, "retain_ma"] as const;
  const cells = names.map((name) => [`${name}_written`, written?.[name] ?? null]);
  return Object.fromEntries(cells) as RowOf<typeof WRITTEN_COLUMNS>;
}
