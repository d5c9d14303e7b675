/**
 * Training batches from a corpus: in every epoch the documents are shuffled, joined by the end-of-text token and cut
 * into windows of T tokens from a random offset, so that a text stands at other positions each time.
 *
 * A batch depends only on (seed, step): a resumed run sees what an uninterrupted one would have.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";

/** How to cut. */
export interface WindowOptions {
  /** B */
  batch: number;
  /** T */
  length: number;
  /** Shuffles documents and windows. */
  seed: number;
  /** Joins documents. */
  endOfText: number;
}

/**
 * Training batches by step; see the module's comment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const documents = [Int32Array.from([1, 2, 3, 4]), Int32Array.from([5, 6, 7, 8])];
 * const windows = new Windows(documents, { batch: 1, length: 4, seed: 1, endOfText: 0 });
 * assertEquals([windows.stepsPerEpoch, windows.batch(0).length], [1, 4]);
 * assertEquals(windows.batch(7), windows.batch(7));
 * ```
 */
export class Windows {
  readonly #documents: readonly Int32Array[];
  readonly #options: WindowOptions;
  readonly #total: number;
  #epoch = -1;
  #stream = new Int32Array(0);
  #order: number[] = [];

  /**
   * @param documents token ids of each
   * @throws {RangeError} when all together are shorter than one batch
   */
  constructor(documents: readonly Int32Array[], options: WindowOptions) {
    this.#documents = documents;
    this.#options = options;
    this.#total = documents.reduce((sum, ids) => sum + ids.length + 1, 0);
    if (this.stepsPerEpoch < 1) {
      const needed = (options.batch + 1) * options.length;
      throw new RangeError(`Cannot train on ${this.#total} tokens: a step needs at least ${needed}`);
    }
  }

  /** Steps in which every token is seen about once. */
  get stepsPerEpoch(): number {
    const { batch, length } = this.#options;
    return Math.floor((Math.floor(this.#total / length) - 1) / batch);
  }

  /** The ids of one step, [B T] row by row. */
  batch(step: number): Int32Array {
    const { batch, length } = this.#options;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#epoch) this.#start(epoch);
    const ids = new Int32Array(batch * length);
    const first = (step % this.stepsPerEpoch) * batch;
    for (let row = 0; row < batch; row++) {
      const begin = this.#order[first + row]!;
      ids.set(this.#stream.subarray(begin, begin + length), row * length);
    }
    return ids;
  }

  #start(epoch: number): void {
    const { length, seed, endOfText } = this.#options;
    const random = new PythonRandom(seed * 1_000_003 + epoch);
    const documents = [...this.#documents];
    random.shuffle(documents);
    this.#stream = new Int32Array(this.#total);
    let position = 0;
    for (const ids of documents) {
      this.#stream.set(ids, position);
      position += ids.length;
      this.#stream[position++] = endOfText;
    }
    const offset = random.randbelow(length);
    const count = Math.floor((this.#total - offset) / length);
    this.#order = Array.from({ length: count }, (_, i) => offset + i * length);
    random.shuffle(this.#order);
    this.#epoch = epoch;
  }
}
