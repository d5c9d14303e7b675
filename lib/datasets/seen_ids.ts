/**
 * The ids of a corpus' rows, each once: a set of names that only says whether one came before, at eight bytes and a bit
 * each: 64 bits of a hash, so among ten million names one in 400,000 runs would take two different ones for the same.
 *
 * @module
 */

const FIRST_SLOTS = 1024;
const FULL = 0.7;

/**
 * The names so far.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SeenIds } from "./seen_ids.ts";
 *
 * const seen = new SeenIds();
 * assertEquals([seen.add("a"), seen.add("b"), seen.add("a"), seen.size], [true, true, false, 2]);
 * ```
 */
export class SeenIds {
  #slots = new Uint32Array(2 * FIRST_SLOTS);
  #size = 0;

  /** How many different names were added. */
  get size(): number {
    return this.#size;
  }

  /** Adds a name; false when it was there. */
  add(name: string): boolean {
    const [low, high] = hash64(name);
    if (!this.#insert(low, high)) return false;
    this.#size++;
    if (this.#size > FULL * this.#slots.length / 2) this.#grow();
    return true;
  }

  #insert(low: number, high: number): boolean {
    const mask = this.#slots.length / 2 - 1;
    for (let slot = low & mask;; slot = (slot + 1) & mask) {
      const [a, b] = [this.#slots[2 * slot]!, this.#slots[2 * slot + 1]!];
      if (a === low && b === high) return false;
      if (a !== 0 || b !== 0) continue;
      this.#slots[2 * slot] = low;
      this.#slots[2 * slot + 1] = high;
      return true;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] !== 0 || old[i + 1] !== 0) this.#insert(old[i]!, old[i + 1]!);
    }
  }
}

/**
 * The ids of the rows of a corpus' tables, by the columns that they are made of, or the rows' numbers.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { RowIds } from "./seen_ids.ts";
 *
 * const ids = new RowIds(["doc_id"]);
 * assertEquals(ids.add({ doc_id: "a" }, { file: "a.csv", number: 0 }), "a");
 * const refuse = (doc_id: unknown) => () => ids.add({ doc_id }, { file: "a.csv", number: 1 });
 * assertThrows(refuse("a"), SyntaxError, "row 1 repeats the doc_id of an earlier row");
 * assertThrows(refuse(null), SyntaxError, "row 1 has no doc_id");
 * ```
 */
export class RowIds {
  readonly #seen = new SeenIds();
  readonly #names: readonly string[];

  /** @param names of the columns */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /**
   * The id of a row.
   *
   * @param place the table, and the row's number in the corpus
   * @throws {SyntaxError} If it has none, it came before, or it is a list or an object; no id is in the message.
   */
  add(
    row: { doc_id?: unknown; content?: unknown },
    { file, number }: { file: string; number: number },
  ): string {
    const what = this.#names.length === 1 ? this.#names[0] : `"${this.#names.join("/")}"`;
    const refuse = (found: string, remedy = "") =>
      new SyntaxError(`Cannot read corpus "${file}": row ${number} ${found}${remedy}`);
    const id = row.doc_id;
    const isUnread = row.content instanceof Error; // what stands for a row that was not read
    if (this.#names.length > 0 && (id === null || id === undefined) && !isUnread) {
      throw refuse(`has no ${what}`, ": give every row one, or name other ids by --id-column");
    }
    if (typeof id === "object" && id !== null) throw refuse(`has a ${what} that is a list or an object`);
    const name = String(id ?? number);
    if (this.#seen.add(name)) return name;
    throw refuse(
      `repeats the ${what} of an earlier row`,
      `: name other ids by --id-column, "#" for the rows' numbers`,
    );
  }
}

/** Two 32-bit hashes by the mixing of MurmurHash3 (public domain), never both 0, which means an empty slot. */
function hash64(text: string): [low: number, high: number] {
  let [a, b] = [0x9747b28c, 0x3c6ef372];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x85ebca6b);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0xc2b2ae35);
    b ^= b >>> 13;
  }
  return [finish(a ^ text.length), (finish(b ^ a) | 1) >>> 0];
}

function finish(value: number): number {
  value = Math.imul(value ^ value >>> 16, 0x85ebca6b);
  value = Math.imul(value ^ value >>> 13, 0xc2b2ae35);
  return (value ^ value >>> 16) >>> 0;
}
