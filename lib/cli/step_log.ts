/**
 * The numbers of each step of a training or of unlearning, a line as soon as the step is taken: what a run that was killed
 * had come to stands there.
 *
 * Invariant: a step has one line. A run that goes on from a checkpoint, or begins anew with fewer rows at once, takes steps
 * again that it had taken after that: its lines then take the place of those from there on.
 *
 * @module
 */
import { openAppended } from "../files/append_file.ts";
import { notWritten } from "../files/write_file.ts";

/** The file's name, in a run's folder. */
export const STEP_FILE = "metrics.jsonl";

/** Sides of a step, in the order of their lines. */
const SIDES = ["forget", "retain"] as const;

/** What a line says: where it stands, and numbers. */
export interface StepLine {
  /** The turn of a chunk, from 1. Default: nothing is cut. */
  turn?: number;
  /** The optimizer's updates, from 1. */
  step: number;
  /** Which set; two sides of one update have a line each. Default: there are no sides. */
  side?: typeof SIDES[number];
  /** What was measured, or named; null is none. */
  [name: string]: unknown;
}

/** Fewer digits than this tell nothing of a float32. */
const DIGITS = 9;

/**
 * The log; `using` closes its file, which is made by the first line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { StepLog } from "./step_log.ts";
 *
 * const path = `${await Deno.makeTempDir()}/metrics.jsonl`;
 * {
 *   using log = new StepLog(path);
 *   for (const [i, loss] of [3, 2.5, 2.25].entries()) await log.append({ step: i + 1, loss });
 * } // killed here, and its checkpoint is of step 1
 * using log = new StepLog(path);
 * await log.append({ step: 2, loss: 2.5 });
 * assertEquals(await Deno.readTextFile(path), '{"step":1,"loss":3}\n{"step":2,"loss":2.5}\n');
 * ```
 */
export class StepLog implements Disposable {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  #last: Place | undefined;

  /** @param path in the run's folder */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Adds a line, in the place of those that are there of this step and of later ones.
   *
   * @throws {Error} when the file cannot be written
   */
  async append(line: StepLine): Promise<void> {
    const place = placeOf(line);
    if (!this.#file || !this.#last || !isBefore(this.#last, place)) await this.#openBefore(place);
    const bytes = new TextEncoder().encode(JSON.stringify(line, rounded) + "\n");
    try {
      for (let at = 0; at < bytes.length;) at += await this.#file!.write(bytes.subarray(at));
    } catch (cause) {
      throw notWritten(this.#path, cause);
    }
    this.#last = place;
  }

  /** Opens the file behind its lines of earlier steps. */
  async #openBefore(place: Place): Promise<void> {
    this[Symbol.dispose]();
    this.#file = await openAppended(this.#path, await bytesBefore(this.#path, place));
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Turn, step and side: of lines one after the other each is above the last. */
type Place = readonly [number, number, number];

function placeOf({ turn = 0, step, side }: Pick<StepLine, "turn" | "step" | "side">): Place {
  return [turn, step, side === undefined ? 0 : SIDES.indexOf(side)];
}

function isBefore(one: Place, other: Place): boolean {
  const at = one.findIndex((value, i) => value !== other[i]);
  return at >= 0 && one[at]! < other[at]!;
}

/** Bytes of the whole lines at a file's beginning that are of steps before a place. */
async function bytesBefore(path: string, place: Place): Promise<number> {
  let text: Uint8Array;
  try {
    text = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
  const decoder = new TextDecoder();
  let bytes = 0;
  for (let end; (end = text.indexOf(10, bytes)) >= 0; bytes = end + 1) {
    if (!isBefore(readPlace(decoder.decode(text.subarray(bytes, end))), place)) break;
  }
  return bytes;
}

/** Of a line that is none, a place after all. */
function readPlace(line: string): Place {
  try {
    const { turn, step, side } = JSON.parse(line) as StepLine;
    return placeOf({ turn, step, side });
  } catch {
    return [Infinity, Infinity, Infinity];
  }
}

function rounded(_name: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null;
}
