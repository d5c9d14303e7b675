/**
 * How continuations are dealt into batches, so that rows of one text stand together, share its cache in one product, and
 * are through after about as many steps.
 *
 * @module
 */
import { powerOfTwo } from "./batch_sizes.ts";

/** A continuation to decode. */
export interface DecodeStart {
  /** Which text. */
  text: number;
  /** The position of the first decoded token. */
  position: number;
  /** The first decoded token. */
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

/** Branches that are decoded together: `rowsPerText` of each text, text by text; null where there are fewer. */
export interface DecodeBatch {
  /** The texts; one may stand here several times, and the first does where a power of two is not reached. */
  texts: number[];
  /** Rows of each text. */
  rowsPerText: number;
  /** Text by text. */
  branches: (Branch | null)[];
}

/** What attention to one text's cache costs in a step, in rows: measured at 128 positions and the embedded model's size. */
const COST_OF_TEXT = 0.5;

/**
 * Deals branches into batches of at most `rows` rows, those with the most to decode together. Rows a text is the power of
 * two that makes the least work: few rows leave few idle, many share a text's cache. The numbers of texts are powers of
 * two as well, so that few shapes are captured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { toDecodeBatches } from "./decode_batches.ts";
 *
 * const start = { text: 7, position: 3, token: 0, until: 5 };
 * const [batch] = toDecodeBatches([{ start, result: new Int32Array(2) }], 8);
 * assertEquals([batch?.texts, batch?.rowsPerText], [[7], 1]);
 * ```
 */
export function toDecodeBatches(branches: readonly Branch[], rows: number): DecodeBatch[] {
  const queues = new Map<number, Branch[]>();
  for (const branch of branches) {
    const queue = queues.get(branch.start.text);
    if (queue) queue.push(branch);
    else queues.set(branch.start.text, [branch]);
  }
  for (const queue of queues.values()) queue.sort((a, b) => b.result.length - a.result.length);
  let best: DecodeBatch[] = [];
  let least = Infinity;
  for (let rowsPerText = 1; rowsPerText <= rows; rowsPerText *= 2) {
    const batches = deal([...queues.values()], { rowsPerText, rows });
    const cost = batches.reduce((sum, batch) => sum + costOf(batch), 0);
    if (cost < least) [best, least] = [batches, cost];
  }
  return best;
}

/** Cuts each text's branches, longest first, into strips of `rowsPerText`, and fills batches with the longest strips. */
function deal(
  queues: readonly (readonly Branch[])[],
  { rowsPerText, rows }: { rowsPerText: number; rows: number },
): DecodeBatch[] {
  const strips = queues.flatMap((queue) =>
    Array.from(
      { length: Math.ceil(queue.length / rowsPerText) },
      (_, i) => queue.slice(i * rowsPerText, (i + 1) * rowsPerText),
    )
  ).sort((a, b) => b[0]!.result.length - a[0]!.result.length);
  const most = Math.floor(rows / rowsPerText);
  const batches: DecodeBatch[] = [];
  for (let first = 0; first < strips.length; first += most) {
    const taken = strips.slice(first, first + most);
    const size = Math.min(most, powerOfTwo(taken.length));
    batches.push({
      texts: Array.from({ length: size }, (_, i) => (taken[i] ?? taken[0]!)[0]!.start.text),
      rowsPerText,
      branches: Array.from(
        { length: size * rowsPerText },
        (_, i) => taken[Math.floor(i / rowsPerText)]?.[i % rowsPerText] ?? null,
      ),
    });
  }
  return batches;
}

function costOf({ texts, branches }: DecodeBatch): number {
  return (branches[0]!.result.length - 1) * (branches.length + COST_OF_TEXT * texts.length);
}
