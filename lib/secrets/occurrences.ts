/**
 * Where each of many values stands in one text. A value at a time is right for the few keys of usual code; a line of
 * data with thousands of them would take time in the product of both, so there all values are looked for in one walk
 * over the text (Aho and Corasick, 1975): linear in text, values and what is found, whatever the values have in common.
 *
 * @module
 */

const FEW = 32;
/** Units of values that are looked for in one walk: what bounds the memory, 23 bytes each. */
const WALK_UNITS = 4_000_000;

/** Occurrences of one value, not overlapping, as Python's repeated `index` finds them. */
function searchOne(text: string, value: string): number[] {
  const starts: number[] = [];
  if (value === "") return starts;
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + value.length)) starts.push(at);
  return starts;
}

/** The beginnings of values as nodes, 0 the empty one; each knows the longest other that it ends with. */
class Beginnings {
  readonly #lengths: Int32Array;
  readonly #parents: Int32Array;
  readonly #last: Uint16Array;
  /** A node's first longer one is the next node; the others stand in a map, for nodes that are marked. */
  readonly #isFork: Uint8Array;
  readonly #forks = new Map<number, number>();
  readonly #shorter: Int32Array;
  /** The longest proper end of a node that is a value; 0 for none. */
  readonly #shorterValue: Int32Array;
  /** The number, in `#starts`, of the value that a node is, by node; 0 for none. */
  readonly #values: Int32Array;
  readonly #starts: number[][] = [[]];
  #count = 1;

  /** @param units of all values together, at most */
  constructor(units: number) {
    const create = () => new Int32Array(units + 2);
    [this.#lengths, this.#parents, this.#values] = [create(), create(), create()];
    [this.#shorter, this.#shorterValue] = [create(), create()];
    this.#last = new Uint16Array(units + 2);
    this.#isFork = new Uint8Array(units + 2);
  }

  /** A node and one unit more; 0 where no value begins so. */
  #longer(node: number, unit: number): number {
    const next = node + 1;
    if (this.#last[next] === unit && this.#parents[next] === node && next < this.#count) return next;
    return this.#isFork[node] === 1 ? this.#forks.get(node * 0x10000 + unit) ?? 0 : 0;
  }

  /** Adds a value; returns the places that will be found, the same list for equal values. */
  add(value: string): number[] {
    let node = 0;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      let next = this.#longer(node, unit);
      if (next === 0) {
        next = this.#count++;
        this.#lengths[next] = i + 1;
        this.#parents[next] = node;
        this.#last[next] = unit;
        if (next !== node + 1) {
          this.#isFork[node] = 1;
          this.#forks.set(node * 0x10000 + unit, next);
        }
      }
      node = next;
    }
    if (this.#values[node] === 0) this.#values[node] = this.#starts.push([]) - 1;
    return this.#starts[this.#values[node]!]!;
  }

  /** The longest node that `node` and a unit end with. */
  #step(node: number, unit: number): number {
    while (true) {
      const next = this.#longer(node, unit);
      if (next !== 0 || node === 0) return next;
      node = this.#shorter[node]!;
    }
  }

  /** All nodes but the empty one, shorter ones first. */
  #byLength(): Int32Array {
    const ends = new Int32Array(
      this.#lengths.subarray(1, this.#count).reduce((a, b) => Math.max(a, b), 0) + 2,
    );
    for (let node = 1; node < this.#count; node++) ends[this.#lengths[node]! + 1]!++;
    for (let length = 1; length < ends.length; length++) ends[length]! += ends[length - 1]!;
    const nodes = new Int32Array(this.#count - 1);
    for (let node = 1; node < this.#count; node++) nodes[ends[this.#lengths[node]!]!++] = node;
    return nodes;
  }

  /** Finds all values in a text; each list then has the places of its value that do not overlap. */
  search(text: string): void {
    for (const node of this.#byLength()) {
      const parent = this.#parents[node]!;
      const shorter = parent === 0 ? 0 : this.#step(this.#shorter[parent]!, this.#last[node]!);
      this.#shorter[node] = shorter;
      this.#shorterValue[node] = this.#values[shorter] !== 0 ? shorter : this.#shorterValue[shorter]!;
    }
    let node = 0;
    for (let i = 0; i < text.length; i++) {
      node = this.#step(node, text.charCodeAt(i));
      let found = this.#values[node] !== 0 ? node : this.#shorterValue[node]!;
      for (; found !== 0; found = this.#shorterValue[found]!) {
        const length = this.#lengths[found]!, starts = this.#starts[this.#values[found]!]!;
        const start = i + 1 - length;
        if (starts.length === 0 || starts.at(-1)! + length <= start) starts.push(start);
      }
    }
  }
}

function searchAll(text: string, values: string[]): number[][] {
  const found: number[][] = [];
  for (let i = 0; i < values.length;) {
    let units = 0, end = i;
    while (end < values.length && (end === i || units + values[end]!.length <= WALK_UNITS)) {
      units += values[end++]!.length;
    }
    const beginnings = new Beginnings(units);
    for (; i < end; i++) found.push(values[i] === "" ? [] : beginnings.add(values[i]!));
    beginnings.search(text);
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
