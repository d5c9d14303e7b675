/**
 * A forget set cut into chunks that are forgotten one after the other, and which rows of earlier chunks are replayed with
 * a later one. Numbers of rows alone: nothing here knows a model or a text.
 *
 * Invariant: each row is in one chunk; rows that share a value are in the same one, directly or by rows between them.
 *
 * @module
 */
import { orderBySeed } from "../datasets/seeded_order.ts";

/** The orders in which rows are taken. */
export const CHUNK_ORDERS = ["given", "random", "hardest"] as const;

/** A name of {@linkcode CHUNK_ORDERS}. */
export type ChunkOrder = typeof CHUNK_ORDERS[number];

/** What is known of a row before any model is run. */
export interface ChunkRow {
  /** What tells its secrets' values apart: their fingerprints, or the values. */
  values: readonly string[];
  /** Its MA, for "hardest". */
  ma?: number;
  /** Its secret tokens, for "hardest". */
  mask_tokens?: number;
}

/** How to cut. */
export interface ChunkOptions {
  /** Rows of a chunk, about, at least 1. */
  rows: number;
  /** As the table has them; drawn by the seed; of highest MA first, of equal ones those of most secret tokens. */
  order: ChunkOrder;
  /** Of the random order. */
  seed: number;
}

/**
 * Cuts rows into chunks: in their order, each with all rows that share a value with it, until a chunk has so many rows.
 * More than that which belong together are a chunk of their own.
 *
 * @returns the chunks in their order, each with the numbers of its rows in the table's order
 * @throws {RangeError} for chunks of less than one row
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cutChunks } from "./cut_chunks.ts";
 *
 * const rows = ["a", "b", "c", "a", "d"].map((value) => ({ values: [value] }));
 * const options = { order: "given", seed: 1 } as const;
 * assertEquals(cutChunks(rows, { ...options, rows: 2 }), [[0, 3], [1, 2], [4]]);
 * assertEquals(cutChunks(rows, { ...options, rows: 1 }), [[0, 3], [1], [2], [4]]);
 * ```
 */
export function cutChunks(rows: readonly ChunkRow[], { rows: size, order, seed }: ChunkOptions): number[][] {
  if (!(size >= 1)) throw new RangeError(`Cannot cut chunks of ${size} rows: give 1 or more`);
  const together = rowsTogether(rows);
  const placed = new Set<number>();
  const chunks: number[][] = [];
  let open: number[] = [];
  const close = () => {
    if (open.length > 0) chunks.push(open.sort((a, b) => a - b));
    open = [];
  };
  for (const row of inOrder(rows, order, seed)) {
    if (placed.has(row)) continue;
    const group = together(row);
    for (const each of group) placed.add(each);
    if (group.length > size) {
      chunks.push([...group]);
      continue;
    }
    open.push(...group);
    if (open.length >= size) close();
  }
  close();
  return chunks;
}

/** Rows' numbers in the order in which they are taken. */
function inOrder(rows: readonly ChunkRow[], order: ChunkOrder, seed: number): number[] {
  const numbers = [...rows.keys()];
  if (order === "random") return orderBySeed(numbers, seed, (row) => `chunk row ${row}`);
  if (order === "given") return numbers;
  const of = (row: number) => rows[row]!;
  return numbers.sort((a, b) =>
    (of(b).ma ?? 0) - (of(a).ma ?? 0) || (of(b).mask_tokens ?? 0) - (of(a).mask_tokens ?? 0) || a - b
  );
}

/** Which rows go with one, itself among them, by the values that they share. */
function rowsTogether(rows: readonly ChunkRow[]): (row: number) => readonly number[] {
  const parents = [...rows.keys()];
  const rootOf = (row: number): number => {
    while (parents[row] !== row) row = parents[row] = parents[parents[row]!]!;
    return row;
  };
  const first = new Map<string, number>();
  rows.forEach(({ values }, row) => {
    for (const value of values) {
      const other = first.get(value);
      if (other === undefined) first.set(value, row);
      else parents[Math.max(rootOf(row), rootOf(other))] = Math.min(rootOf(row), rootOf(other));
    }
  });
  const groups = Map.groupBy(rows.keys(), rootOf);
  return (row) => groups.get(rootOf(row))!;
}

/**
 * The rows that are replayed with a chunk.
 *
 * @param earlier numbers of the rows of earlier chunks
 * @param options.count so many of them, or all where there are fewer
 * @param options.turn which chunk's turn it is: each draws others
 * @returns in the table's order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { replayedRows } from "./cut_chunks.ts";
 *
 * assertEquals(replayedRows([], { count: 8, seed: 1, turn: 1 }), []);
 * assertEquals(replayedRows([4, 2], { count: 8, seed: 1, turn: 2 }), [2, 4]);
 * ```
 */
export function replayedRows(
  earlier: readonly number[],
  { count, seed, turn }: { count: number; seed: number; turn: number },
): number[] {
  return orderBySeed(earlier, seed, (row) => `replay ${turn} ${row}`).slice(0, count).sort((a, b) => a - b);
}
