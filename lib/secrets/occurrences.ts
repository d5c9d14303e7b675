/**
 * Where each of many values stands in one text. A value at a time is right for the few keys of usual code; a line of
 * data with thousands of them would take time in the product of both, so there all values are looked for at once by
 * rolling hashes: at each place that begins like some value, one look-up for each length of such values.
 *
 * @module
 */

const FEW = 32;
const PREFIX = 4;
const BASE = 0x01000193; // odd, so that it has an inverse modulo 2^32

/** Occurrences of one value, not overlapping, as Python's repeated `index` finds them. */
function searchOne(text: string, value: string): number[] {
  const starts: number[] = [];
  if (value === "") return starts;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) starts.push(at);
  return starts;
}

/** The hash of the first `length` units of `text`. */
function hashOf(text: string, length: number): number {
  let hash = 0;
  for (let i = 0; i < length; i++) hash = (Math.imul(hash, BASE) + text.charCodeAt(i) + 1) >>> 0;
  return hash;
}

/** Hashes of all substrings of a text in constant time each. */
class RollingHash {
  readonly #sums: Uint32Array;
  readonly #powers: Uint32Array;

  constructor(text: string) {
    this.#sums = new Uint32Array(text.length + 1);
    this.#powers = new Uint32Array(text.length + 1).fill(1);
    for (let i = 0; i < text.length; i++) {
      this.#sums[i + 1] = Math.imul(this.#sums[i]!, BASE) + text.charCodeAt(i) + 1;
      this.#powers[i + 1] = Math.imul(this.#powers[i]!, BASE);
    }
  }

  at(start: number, length: number): number {
    return (this.#sums[start + length]! - Math.imul(this.#sums[start]!, this.#powers[length]!)) >>> 0;
  }
}

function setDefault<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}

/** The values by the hash of their beginning, then by length, then by hash. */
type Index = Map<number, Map<number, Map<number, number[]>>>;

function indexValues(values: string[], longest: number): Index {
  const index: Index = new Map();
  values.forEach((value, id) => {
    if (value.length < PREFIX || value.length > longest) return;
    const lengths = setDefault(index, hashOf(value, PREFIX), () => new Map<number, Map<number, number[]>>());
    const hashes = setDefault(lengths, value.length, () => new Map<number, number[]>());
    setDefault(hashes, hashOf(value, value.length), () => []).push(id);
  });
  return index;
}

function searchAll(text: string, values: string[]): number[][] {
  const found = values.map((value): number[] => value.length < PREFIX ? searchOne(text, value) : []);
  const index = indexValues(values, text.length);
  const hash = new RollingHash(text);
  for (let start = 0; start + PREFIX <= text.length; start++) {
    const lengths = index.get(hash.at(start, PREFIX));
    if (lengths === undefined) continue;
    for (const [length, hashes] of lengths) {
      if (start + length > text.length) continue;
      for (const id of hashes.get(hash.at(start, length)) ?? []) {
        const starts = found[id]!;
        const free = starts.length === 0 || starts.at(-1)! + length <= start;
        if (free && text.startsWith(values[id]!, start)) starts.push(start);
      }
    }
  }
  return found;
}

/**
 * The places of each of `values` in `text`, in order; those of one value do not overlap.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { occurrences } from "./occurrences.ts";
 *
 * assertEquals(occurrences("aaa ab a", ["aa", "ab", "b c"]), [[0], [4], []]);
 * ```
 */
export function occurrences(text: string, values: string[]): number[][] {
  return values.length <= FEW ? values.map((value) => searchOne(text, value)) : searchAll(text, values);
}
