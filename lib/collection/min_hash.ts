/**
 * MinHash (Broder, 1997) with bands (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4): short signatures
 * of sets by which alike ones are found without comparing all pairs.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";
import { mix } from "./token_hashes.ts";

/** How a signature is divided: two sets are compared where all numbers of a band are equal. */
export interface Bands {
  /** How many. */
  bands: number;
  /** Numbers of each. */
  rows: number;
}

/** Numbers of a signature, at most; as BigCode takes. */
const NUMBERS = 256;
/** The share of pairs exactly as alike as the threshold that may be missed. */
const MISSED = 0.01;

/**
 * The bands for a threshold: as few pairs below it are compared as 256 numbers allow while 99 of 100 pairs at the
 * threshold are, and more of those above it.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { bandsFor, shareFound } from "./min_hash.ts";
 *
 * const bands = bandsFor(0.7);
 * assertEquals(bands, { bands: 42, rows: 6 });
 * assert(shareFound(0.7, bands) > 0.99 && shareFound(0.8, bands) > 0.9999 && shareFound(0.3, bands) < 0.04);
 * ```
 */
export function bandsFor(threshold: number): Bands {
  let best = { bands: NUMBERS, rows: 1 };
  for (let rows = 2; rows <= NUMBERS; rows++) {
    const bands = { bands: Math.floor(NUMBERS / rows), rows };
    if (shareFound(threshold, bands) >= 1 - MISSED) best = bands;
  }
  return best;
}

/**
 * The share of pairs of a Jaccard index that have a band in common.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shareFound } from "./min_hash.ts";
 *
 * assertEquals(shareFound(0.5, { bands: 2, rows: 1 }), 0.75);
 * ```
 */
export function shareFound(index: number, { bands, rows }: Bands): number {
  return 1 - (1 - index ** rows) ** bands;
}

/**
 * Signatures of sets, divided into bands.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { MinHash } from "./min_hash.ts";
 *
 * const minHash = new MinHash({ bands: 4, rows: 2 });
 * const keys = minHash.keysOf(Uint32Array.of(1, 2, 3)).slice();
 * assertEquals(minHash.keysOf(Uint32Array.of(3, 1, 2)), keys);
 * assertNotEquals(minHash.keysOf(Uint32Array.of(7, 8, 9)), keys);
 * ```
 */
export class MinHash {
  readonly #bands: Bands;
  readonly #masks: Int32Array;
  readonly #factors: Int32Array;
  readonly #keys: Uint32Array;

  /** The functions are always the same: what is found does not depend on a seed. */
  constructor(bands: Bands) {
    this.#bands = bands;
    const random = new PythonRandom(bands.rows);
    const draw = () => random.randbelow(2 ** 32) | 0;
    this.#masks = Int32Array.from({ length: bands.bands * bands.rows }, draw);
    this.#factors = this.#masks.map(() => draw() | 1);
    this.#keys = new Uint32Array(bands.bands);
  }

  /** A key for each band of a set's signature; until it is asked again. @param set of well mixed numbers, not empty */
  keysOf(set: Uint32Array): Uint32Array {
    const { bands, rows } = this.#bands;
    for (let band = 0, i = 0; band < bands; band++) {
      let key = band;
      for (let row = 0; row < rows; row++, i++) {
        const [mask, factor] = [this.#masks[i]!, this.#factors[i]!];
        let least = 0x7fffffff;
        for (let k = 0; k < set.length; k++) {
          let hash = Math.imul(set[k]! ^ mask, factor);
          hash = Math.imul(hash ^ hash >>> 15, factor);
          if (hash < least) least = hash;
        }
        key = mix(Math.imul(key, 31) + least);
      }
      this.#keys[band] = key;
    }
    return this.#keys;
  }
}
