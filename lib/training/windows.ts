/**
 * Training batches from a corpus: in every epoch the documents are shuffled, joined by the end-of-text token and cut
 * into windows of T tokens from a random offset, so that a text stands at other positions each time.
 *
 * A batch depends only on (seed, step): a resumed run sees what an uninterrupted one would have. Tokens are read where
 * they are needed, so that they may lie in a file (see token_file.ts); held are four bytes a document and a window.
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

/** Token ids of documents, wherever they lie. */
export interface TokenDocuments {
  /** How many documents. */
  readonly length: number;
  /** How many tokens one has. */
  lengthOf(document: number): number;
  /** Fills `into` with a document's tokens from `first` on. */
  read(document: number, first: number, into: Int32Array): void;
}

/** How many documents of a shuffled corpus lie between one place that is known and the next. */
const MARK_DOCUMENTS = 256;

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
  readonly #documents: TokenDocuments;
  readonly #options: WindowOptions;
  readonly #total: number;
  #epoch = -1;
  /** The documents as they are shuffled. */
  #order = new Uint32Array(0);
  /** Where every 256th of them begins. */
  #marks = new Float64Array(0);
  /** The windows as they are shuffled. */
  #windows = new Uint32Array(0);
  #offset = 0;

  /**
   * @param documents token ids of each
   * @throws {RangeError} when all together are shorter than one batch
   */
  constructor(documents: readonly Int32Array[] | TokenDocuments, options: WindowOptions) {
    this.#documents = "read" in documents ? documents : heldDocuments(documents);
    this.#options = options;
    this.#total = this.#documents.length;
    for (let i = 0; i < this.#documents.length; i++) this.#total += this.#documents.lengthOf(i);
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
      const begin = this.#offset + this.#windows[first + row]! * length;
      this.#fill(ids.subarray(row * length, (row + 1) * length), begin);
    }
    return ids;
  }

  #start(epoch: number): void {
    const { length, seed } = this.#options;
    const random = new PythonRandom(seed * 1_000_003 + epoch);
    const documents = this.#documents;
    this.#order = random.shuffle(countUp(documents.length));
    this.#marks = new Float64Array(Math.ceil(documents.length / MARK_DOCUMENTS));
    let position = 0;
    this.#order.forEach((document, i) => {
      if (i % MARK_DOCUMENTS === 0) this.#marks[i / MARK_DOCUMENTS] = position;
      position += documents.lengthOf(document) + 1;
    });
    this.#offset = random.randbelow(length);
    this.#windows = random.shuffle(countUp(Math.floor((this.#total - this.#offset) / length)));
    this.#epoch = epoch;
  }

  /** Fills `into` with what stands at `begin` of the shuffled and joined documents. */
  #fill(into: Int32Array, begin: number): void {
    const documents = this.#documents;
    let mark = 0;
    for (let above = this.#marks.length; above - mark > 1;) {
      const middle = Math.floor((mark + above) / 2);
      if (this.#marks[middle]! <= begin) mark = middle;
      else above = middle;
    }
    let i = mark * MARK_DOCUMENTS;
    let inner = begin - this.#marks[mark]!;
    for (; inner > documents.lengthOf(this.#order[i]!); i++) inner -= documents.lengthOf(this.#order[i]!) + 1;
    for (let filled = 0; filled < into.length; i++, inner = 0) {
      const document = this.#order[i]!;
      const count = Math.min(documents.lengthOf(document) - inner, into.length - filled);
      if (count > 0) documents.read(document, inner, into.subarray(filled, filled + count));
      filled += count;
      if (filled < into.length) into[filled++] = this.#options.endOfText;
    }
  }
}

/** Documents in memory. */
function heldDocuments(documents: readonly Int32Array[]): TokenDocuments {
  return {
    length: documents.length,
    lengthOf: (i) => documents[i]!.length,
    read: (i, first, into) => into.set(documents[i]!.subarray(first, first + into.length)),
  };
}

/** 0, 1, 2, ... */
function countUp(count: number): Uint32Array<ArrayBuffer> {
  const numbers = new Uint32Array(count);
  for (let i = 1; i < count; i++) numbers[i] = i;
  return numbers;
}
