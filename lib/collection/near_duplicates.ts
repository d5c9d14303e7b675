/**
 * Texts that are nearly the same as an earlier one: candidates by MinHash and bands, each compared by the definition, so
 * that nothing below the threshold is taken for alike. In memory there are some 500 bytes a kept text; its shingles, four
 * bytes a word, lie in a file.
 *
 * @module
 */
import { notWritten } from "../files/write_file.ts";
import { HashChains } from "./hash_chains.ts";
import { bandsFor, MinHash } from "./min_hash.ts";
import { jaccard, shinglesOf } from "./shingles.ts";

/** An earlier text, and how alike it is. */
export interface NearDuplicate {
  /** Its number. */
  of: number;
  /** The Jaccard index. */
  similarity: number;
}

/**
 * The kept texts so far; `using` closes its file, which is the caller's to remove.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NearDuplicates } from "./near_duplicates.ts";
 *
 * using texts = new NearDuplicates(0.7, await Deno.makeTempFile());
 * const words = Array.from({ length: 100 }, (_, i) => `w${i}`);
 * assertEquals(texts.add(words.join(" "), 0), null);
 * assertEquals(texts.add(words.toReversed().join(" "), 1), null);
 * assertEquals(texts.add(words.with(99, "end").join(" "), 2), { of: 0, similarity: 95 / 97 });
 * ```
 */
export class NearDuplicates implements Disposable {
  readonly #threshold: number;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #minHash: MinHash;
  readonly #chains: readonly HashChains[];
  /** Where the shingles of each kept text end in the file, in numbers of them. */
  #ends = new Float64Array(1024);
  /** The number of each. */
  #numbers = new Uint32Array(1024);
  /** By which text each was last compared. */
  #compared = new Uint32Array(1024);
  #kept = 0;
  #asked = 0;
  #buffer = new Uint32Array(1024);
  /** Pairs that were compared. */
  comparisons = 0;

  /** @param threshold in (0, 1] @param path of a file for shingles, which is emptied */
  constructor(threshold: number, path: string) {
    this.#threshold = threshold;
    this.#path = path;
    const bands = bandsFor(threshold);
    this.#minHash = new MinHash(bands);
    this.#chains = Array.from({ length: bands.bands }, () => new HashChains());
    this.#file = Deno.openSync(path, { read: true, write: true, create: true, truncate: true });
  }

  /**
   * Keeps a text, unless it is nearly the same as one that was kept, which is given. A text without words is like none.
   *
   * @param number of the text @throws {Error} when the file cannot be written
   */
  add(text: string, number: number): NearDuplicate | null {
    const shingles = shinglesOf(text);
    if (shingles.length === 0) return null;
    const keys = this.#minHash.keysOf(shingles);
    const found = this.#find(shingles, keys);
    if (found === null) this.#keep(shingles, keys, number);
    return found;
  }

  #find(shingles: Uint32Array, keys: Uint32Array): NearDuplicate | null {
    let found: NearDuplicate | null = null;
    this.#asked++;
    const least = this.#threshold * shingles.length;
    for (let band = 0; band < keys.length && found === null; band++) {
      this.#chains[band]!.find(keys[band]!, (of) => {
        if (this.#compared[of] === this.#asked) return;
        this.#compared[of] = this.#asked;
        const size = this.#ends[of]! - this.#startOf(of);
        if (size < least || shingles.length < this.#threshold * size) return; // no index is above that of the sizes
        this.comparisons++;
        const similarity = jaccard(shingles, this.#read(of, size));
        if (similarity < this.#threshold) return;
        found = { of: this.#numbers[of]!, similarity };
        return "stop";
      });
    }
    return found;
  }

  #keep(shingles: Uint32Array, keys: Uint32Array, number: number): void {
    const of = this.#kept++;
    if (of === this.#ends.length) {
      this.#ends = grown(this.#ends, new Float64Array(2 * of));
      this.#compared = grown(this.#compared, new Uint32Array(2 * of));
      this.#numbers = grown(this.#numbers, new Uint32Array(2 * of));
    }
    const start = this.#startOf(of);
    this.#ends[of] = start + shingles.length;
    this.#numbers[of] = number;
    for (const [band, chains] of this.#chains.entries()) chains.add(keys[band]!);
    const bytes = new Uint8Array(shingles.buffer, shingles.byteOffset, shingles.byteLength);
    try {
      this.#file.seekSync(4 * start, Deno.SeekMode.Start);
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (cause) {
      throw notWritten(this.#path, cause);
    }
  }

  #startOf(of: number): number {
    return of === 0 ? 0 : this.#ends[of - 1]!;
  }

  #read(of: number, size: number): Uint32Array {
    if (this.#buffer.length < size) this.#buffer = new Uint32Array(2 * size);
    const bytes = new Uint8Array(this.#buffer.buffer, 0, 4 * size);
    this.#file.seekSync(4 * this.#startOf(of), Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const count = this.#file.readSync(bytes.subarray(at));
      if (count === null) throw new Error(`Cannot read "${this.#path}": it was cut meanwhile: run it again`);
      at += count;
    }
    return this.#buffer.subarray(0, size);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function grown<A extends Float64Array | Uint32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
