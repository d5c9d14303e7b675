/**
 * How continuations are dealt into grids, so that rows of one text stand together, share its cache in one product, and
 * are through after about as many steps.
 *
 * @module
 */

/** A continuation to decode. */
export interface DecodeStart {
  /** Which text. */
  text: number;
  /** The position of the first decoded token. */
  position: number;
  /** That token. */
  token: number;
  /** Decode up to this position, exclusive. */
  until: number;
}

/** A continuation and where its tokens go. */
export interface Branch {
  /** What to decode. */
  start: DecodeStart;
  /** Its tokens, as many as are wanted. */
  result: Int32Array;
}

/** Branches that are decoded together: `rowsPerText` of each text, text by text; null where a text has fewer. */
export interface Grid {
  /** The texts; the first again where a power of two is not reached. */
  texts: number[];
  /** Rows of each text. */
  rowsPerText: number;
  /** Text by text. */
  branches: (Branch | null)[];
}

/**
 * Deals branches into grids of at most `rows` rows, those with the most to decode together. Texts and rows of a grid are
 * powers of two, so that few shapes are captured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toGrids } from "./branch_grids.ts";
 *
 * const start = { text: 7, position: 3, token: 0, until: 5 };
 * const [grid] = toGrids([{ start, result: new Int32Array(2) }], 8);
 * assertEquals([grid?.texts, grid?.rowsPerText], [[7], 1]);
 * ```
 */
export function toGrids(branches: readonly Branch[], rows: number): Grid[] {
  const queues = new Map<number, Branch[]>();
  for (const branch of branches) {
    queues.set(branch.start.text, [...queues.get(branch.start.text) ?? [], branch]);
  }
  for (const queue of queues.values()) queue.sort((a, b) => a.result.length - b.result.length);
  const grids: Grid[] = [];
  while (queues.size > 0) {
    const active = [...queues].slice(0, rows);
    const size = powerOfTwo(active.length);
    const rowsPerText = Math.max(
      1,
      Math.min(powerOfTwo(Math.max(...active.map(([, queue]) => queue.length))), Math.floor(rows / size)),
    );
    const grid: Grid = { texts: [], rowsPerText, branches: [] };
    for (const [text, queue] of active) {
      const taken = queue.splice(-rowsPerText);
      grid.texts.push(text);
      for (let row = 0; row < rowsPerText; row++) grid.branches.push(taken[row] ?? null);
      if (queue.length === 0) queues.delete(text);
    }
    while (grid.texts.length < size) {
      grid.texts.push(grid.texts[0]!);
      for (let row = 0; row < rowsPerText; row++) grid.branches.push(null);
    }
    grids.push(grid);
  }
  return grids;
}

function powerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}
