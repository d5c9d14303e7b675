/**
 * Where the first match of an expression ends, by one bit for each instruction that takes a character: those that may have
 * taken the last one. A step is some operations on words for all of them at once, so that counted repetitions, whose sets
 * hardly ever come again in a hostile text, take no time to be told apart. Which match it is, of several that end there
 * or later, is left to linear_matcher.ts.
 *
 * Source: G. Navarro, M. Raffinot, "Fast and Simple Character Classes and Bounded Gaps Pattern Matching" (2003).
 *
 * @module
 */
import {
  assertionsAt,
  type Instruction,
  KIND,
  kindOf,
  OP,
  runeBefore,
  type RuneClasses,
} from "./re2_program.ts";

const { ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, MATCH, NOP, RUNE } = OP;
const { EDGE } = KIND;

const BITS = 32;
/** Words of a set; an expression that needs more is not scanned. */
const MOST_WORDS = 64;

/** Bits by word, of the words that have any. */
interface SparseBits {
  words: Int32Array;
  masks: Int32Array;
}

/** What follows the bits of a set before a character of some class, behind one of some kind. */
interface Table {
  /** Those after which the next bit may come. */
  shift: Int32Array;
  /** Of other bits: any of `from` leads to all of `to`. */
  groups: { from: SparseBits; to: SparseBits }[];
  /** Those after which a match ends. */
  last: SparseBits;
  /** Those that a match may begin with. */
  first: Int32Array;
  /** Of all these, only those that take the character. */
  takes: Int32Array;
}

/** The end of the first match to end, and where a match that ends there or later may begin. */
export interface FirstEnd {
  end: number;
  from: number;
}

function sparse(bits: Iterable<number>): SparseBits {
  const masks = new Map<number, number>();
  for (const bit of bits) masks.set(bit >>> 5, (masks.get(bit >>> 5) ?? 0) | 1 << (bit & 31));
  return { words: Int32Array.from(masks.keys()), masks: Int32Array.from(masks.values()) };
}

function dense(bits: Iterable<number>, words: number): Int32Array {
  const set = new Int32Array(words);
  for (const bit of bits) set[bit >>> 5]! |= 1 << (bit & 31);
  return set;
}

/**
 * Finds where the first match ends. The expression must not match nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RE2JS } from "../npm/re2js.ts";
 * import { BitScanner } from "./bit_scanner.ts";
 * import { RuneClasses } from "./re2_program.ts";
 *
 * const { inst, start } = RE2JS.compile("k=[a-z]{2,5};").re2Input.prog;
 * const scanner = new BitScanner(inst, { start, classes: new RuneClasses(inst) });
 * assertEquals(scanner.find("k=a; k=abc; k=abcd;", 0), { end: 11, from: 5 });
 * assertEquals(scanner.find("k=a; k=abc", 0), null);
 * ```
 */
export class BitScanner {
  /** Whether the expression is small enough. */
  readonly isUsable: boolean;
  readonly #program: readonly Instruction[];
  readonly #start: number;
  readonly #classes: RuneClasses;
  /** The instructions that take a character, by bit, and back. */
  readonly #pcs: number[];
  readonly #bits = new Map<number, number>();
  readonly #words: number;
  /** By kind of the character before, and class of that behind. */
  readonly #tables: (Table | undefined)[][] = [[], [], [], []];

  constructor(program: readonly Instruction[], { start, classes }: { start: number; classes: RuneClasses }) {
    [this.#program, this.#start, this.#classes] = [program, start, classes];
    this.#pcs = program.flatMap(({ op }, pc) => op >= RUNE ? [pc] : []);
    this.#pcs.forEach((pc, bit) => this.#bits.set(pc, bit));
    this.#words = Math.ceil(this.#pcs.length / BITS);
    this.isUsable = this.#words <= MOST_WORDS;
  }

  /** The first end at or behind `from`, of a match that begins there or behind; null where there is none. */
  find(text: string, from: number): FirstEnd | null {
    let kind: number = from === 0 ? EDGE : kindOf(runeBefore(text, from));
    let [set, next] = [new Int32Array(this.#words), new Int32Array(this.#words)];
    for (let at = from;;) {
      const rune = at < text.length ? text.codePointAt(at)! : -1;
      const number = rune < 0 ? 0 : this.#classes.of(rune);
      const table = this.#tables[kind]![number] ??= this.#makeTable(kind, number);
      if (isAny(set, table.last)) return { end: at, from: this.#earliest(text, { from, end: at, set }) };
      if (rune < 0) return null;
      advance(set, next, table);
      [set, next] = [next, set];
      kind = kindOf(rune);
      at += rune > 0xffff ? 2 : 1;
    }
  }

  /** What an instruction leads to without a character: bits, and whether a match. */
  #closure(first: number, assertions: number): { bits: number[]; isMatch: boolean } {
    const seen = new Set([first]);
    const bits: number[] = [];
    let isMatch = false;
    for (const pc of seen) {
      const { op, out, arg } = this.#program[pc]!;
      if (op === MATCH) isMatch = true;
      else if (op >= RUNE) bits.push(this.#bits.get(pc)!);
      else if (op === ALT || op === ALT_MATCH) seen.add(out).add(arg);
      else if (op === CAPTURE || op === NOP || op === EMPTY_WIDTH && (arg & ~assertions) === 0) seen.add(out);
    }
    return { bits: bits.sort((a, b) => a - b), isMatch };
  }

  #makeTable(before: number, number: number): Table {
    const assertions = assertionsAt(before, number === 0 ? EDGE : kindOf(this.#classes.runes[number]!));
    const taken = this.#pcs.map((pc) => this.#classes.takes[number]![pc] === 1);
    const [shift, last] = [[] as number[], [] as number[]];
    const groups = new Map<string, { from: number[]; to: number[] }>();
    this.#pcs.forEach((pc, bit) => {
      const closure = this.#closure(this.#program[pc]!.out, assertions);
      if (closure.isMatch) last.push(bit);
      const bits = closure.bits.filter((one) => taken[one]);
      if (bits.includes(bit + 1)) shift.push(bit);
      const to = bits.filter((one) => one !== bit + 1);
      if (to.length === 0) return;
      const group = groups.get(to.join());
      if (group) group.from.push(bit);
      else groups.set(to.join(), { from: [bit], to });
    });
    const first = this.#closure(this.#start, assertions).bits.filter((bit) => taken[bit]);
    return {
      shift: dense(shift, this.#words),
      groups: Array.from(groups.values(), ({ from, to }) => ({ from: sparse(from), to: sparse(to) })),
      last: sparse(last),
      first: dense(first, this.#words),
      takes: dense(taken.flatMap((isTaken, bit) => isTaken ? [bit] : []), this.#words),
    };
  }

  /** Where the earliest begins of what may have taken all characters up to `end`, which `set` tells. */
  #earliest(
    text: string,
    { from, end, set }: { from: number; end: number; set: Int32Array<ArrayBuffer> },
  ): number {
    let before = new Int32Array(this.#words);
    let earliest = end;
    let rune = runeBefore(text, end);
    for (let at = end - unitsOf(rune);; at -= unitsOf(rune)) {
      const last = at === 0 ? -1 : runeBefore(text, at);
      const [kind, number] = [last < 0 ? EDGE : kindOf(last), this.#classes.of(rune)];
      const table = this.#tables[kind]![number] ??= this.#makeTable(kind, number);
      if (isAnyOf(set, table.first)) earliest = at;
      if (at <= from) return earliest;
      rune = last;
      retreat(set, before, table, this.#takesOf(rune));
      [set, before] = [before, set];
      if (!isAnyOf(set, set)) return earliest;
    }
  }

  #takesOf(rune: number): Int32Array {
    const [kind, number] = [EDGE, this.#classes.of(rune)];
    return (this.#tables[kind]![number] ??= this.#makeTable(kind, number)).takes;
  }
}

function unitsOf(rune: number): number {
  return rune > 0xffff ? 2 : 1;
}

function isAnyOf(set: Int32Array, others: Int32Array): boolean {
  for (let word = 0; word < set.length; word++) if ((set[word]! & others[word]!) !== 0) return true;
  return false;
}

function isAny(set: Int32Array, { words, masks }: SparseBits): boolean {
  for (let i = 0; i < words.length; i++) if ((set[words[i]!]! & masks[i]!) !== 0) return true;
  return false;
}

/** One character's step. */
function advance(set: Int32Array, next: Int32Array, { shift, groups, first }: Table): void {
  let carry = 0;
  for (let word = 0; word < set.length; word++) {
    const moved = set[word]! & shift[word]!;
    next[word] = first[word]! | moved << 1 | carry;
    carry = moved >>> 31;
  }
  for (let i = 0; i < groups.length; i++) {
    const { from, to: { words, masks } } = groups[i]!;
    if (!isAny(set, from)) continue;
    for (let j = 0; j < words.length; j++) next[words[j]!]! |= masks[j]!;
  }
}

/** One character's step back, to those that may have taken the one before. */
function retreat(set: Int32Array, before: Int32Array, { shift, groups }: Table, takes: Int32Array): void {
  let carry = 0;
  for (let word = set.length - 1; word >= 0; word--) {
    const bits = set[word]!;
    before[word] = (bits >>> 1 | carry) & shift[word]!;
    carry = bits << 31;
  }
  for (let i = 0; i < groups.length; i++) {
    const { from: { words, masks }, to } = groups[i]!;
    if (!isAny(set, to)) continue;
    for (let j = 0; j < words.length; j++) before[words[j]!]! |= masks[j]!;
  }
  for (let word = 0; word < before.length; word++) before[word]! &= takes[word]!;
}
