/**
 * Which of many rules a text has anything for, by one walk over it: each rule's expression gives the few beginnings that
 * its matches can have (`gh[pousr]_` those from `ghp_` to `ghr_`), and the walk stops only where two characters begin one
 * of them. It takes the time of one plain loop, where a search for each rule would take some sixty times that.
 *
 * @module
 */
import { NOT_ASCII } from "./ascii_units.ts";

/** What a match can begin with: the characters that may stand at each place. */
type Beginning = string[];

/** A beginning that is being read; a closed one is followed by what has no fixed place. */
interface Reading {
  sets: Beginning;
  isClosed: boolean;
}

const MAX_LENGTH = 40;
/** How many beginnings are looked at whole, and how many characters of each of more: most are equal up to there. */
const [FEW, FEW_LENGTH] = [8, 7];
const ALL = String.fromCharCode(...Array.from({ length: 128 }, (_, code) => code));
const OTHER = String.fromCharCode(NOT_ASCII);
const DIGITS = "0123456789";
const IN_CLASS = /\\(?:p\{Nd\}|d|[^\w\s])|[^\\\]]/uy;
const OUTSIDE = /\\(?:p\{Nd\}|d|[^\w\s])|[^\\^$.*+?()[\]{}|]/uy;

/** Reads the part of regular expressions that triggers are written in. */
class BeginningReader {
  readonly #source: string;
  readonly #anyCase: boolean;
  #at = 0;

  constructor({ source, flags }: RegExp) {
    this.#source = source;
    this.#anyCase = flags.includes("i");
  }

  /** The beginnings of what the expression can match. */
  read(): Beginning[] {
    const all = this.#alternatives();
    if (this.#at < this.#source.length) this.#fail();
    const length = all.length > FEW ? FEW_LENGTH : MAX_LENGTH;
    const byKey = new Map(all.map(({ sets }) => [sets.slice(0, length).join("\n\n"), sets.slice(0, length)]));
    const beginnings = [...byKey.values()];
    if (beginnings.some(({ length }) => length === 0)) this.#fail();
    return beginnings;
  }

  #alternatives(): Reading[] {
    const all = this.#sequence();
    while (this.#source[this.#at] === "|") {
      this.#at++;
      all.push(...this.#sequence());
    }
    return all;
  }

  #sequence(): Reading[] {
    let all: Reading[] = [{ sets: [], isClosed: false }];
    while (this.#at < this.#source.length && !"|)".includes(this.#source[this.#at]!)) {
      const next = this.#quantified(this.#atom());
      all = all.flatMap((one) =>
        one.isClosed || one.sets.length >= MAX_LENGTH
          ? [one]
          : next.map(({ sets, isClosed }) => ({ sets: [...one.sets, ...sets], isClosed }))
      );
    }
    return all;
  }

  #atom(): Reading[] {
    const rest = this.#source.slice(this.#at);
    const group = /^\((\?(?::|=|!|<=|<!))?/.exec(rest);
    if (group) {
      this.#at += group[0].length;
      const inner = this.#alternatives();
      if (this.#source[this.#at++] !== ")") this.#fail();
      return group[1] === undefined || group[1] === "?:" ? inner : [{ sets: [], isClosed: false }];
    }
    const set = rest.startsWith("[") ? this.#class() : this.#character();
    return [{ sets: [set], isClosed: false }];
  }

  #class(): string {
    this.#at++;
    if (this.#source[this.#at] === "^") this.#fail();
    let set = "";
    while (this.#source[this.#at] !== "]") {
      const first = this.#character({ isInClass: true });
      if (this.#source[this.#at] !== "-" || this.#source[this.#at + 1] === "]") {
        set += first;
        continue;
      }
      this.#at++;
      const [from, to] = [first, this.#character({ isInClass: true })].map((one) => one.charCodeAt(0));
      for (let code = from!; code <= to!; code++) set += this.#cases(String.fromCharCode(code));
    }
    this.#at++;
    return set;
  }

  /** One character, or a class that has a name, as the characters that it may be. */
  #character({ isInClass = false } = {}): string {
    const pattern = isInClass ? IN_CLASS : OUTSIDE;
    pattern.lastIndex = this.#at;
    const [match] = pattern.exec(this.#source) ?? this.#fail();
    this.#at += match.length;
    if (match === "\\d") return DIGITS;
    if (match.startsWith("\\p")) return DIGITS + OTHER;
    return this.#cases(match.at(-1)!);
  }

  #cases(character: string): string {
    if (character.charCodeAt(0) > 127) return OTHER;
    const [lower, upper] = [character.toLowerCase(), character.toUpperCase()];
    return this.#anyCase && lower !== upper ? lower + upper : character;
  }

  #quantified(atom: Reading[]): Reading[] {
    const quantifier = /^(?:[?*+]|\{(\d+)(,\d*)?\})/.exec(this.#source.slice(this.#at));
    if (quantifier === null) return atom;
    this.#at += quantifier[0].length;
    const none: Reading = { sets: [], isClosed: quantifier[0] !== "?" };
    if (quantifier[0] === "?") return [...atom, none];
    if (quantifier[0] === "*") return [none];
    const count = Number(quantifier[1] ?? 1);
    const isExact = quantifier[1] !== undefined && quantifier[2] === undefined;
    if (count === 0 || atom.length > 1 || atom[0]!.isClosed) return [none];
    const sets = Array.from({ length: count }, () => atom[0]!.sets).flat();
    return [{ sets, isClosed: !isExact }];
  }

  #fail(): never {
    throw new RangeError(`Cannot tell the beginnings of /${this.#source}/: unknown at ${this.#at}`);
  }
}

/** A beginning of one of the expressions. */
interface Mark {
  expression: number;
  length: number;
  /** A number for each place and character: 1 where the character may stand there. */
  members: Uint8Array;
  /** The place of the two characters by which it is found. */
  pair: number;
  /** The other places, those first that few characters may stand at. */
  others: number[];
}

const CODES = 128;

/** Characters of source code, the most frequent first: only the speed depends on it. */
const FREQUENT = " etsranoicldpum.f_h,()g'y=\"bv-:x0k;w/1jqz";

/** About how often one of some characters stands at a place. */
function frequency(set: string): number {
  return Array.from(set, (c) => 1 / (1 + (FREQUENT.indexOf(c) + 1 || FREQUENT.length)))
    .reduce((sum, share) => sum + share, 0);
}

function markOf(expression: number, sets: Beginning): Mark {
  const members = new Uint8Array(sets.length * CODES);
  sets.forEach((set, place) => {
    for (const c of set) members[place * CODES + c.charCodeAt(0)] = 1;
  });
  const shares = sets.map(frequency);
  const both = shares.map((share, place) => share * (shares[place + 1] ?? Infinity));
  const pair = Math.max(0, both.indexOf(Math.min(...both.slice(0, -1))));
  const others = sets.map((_, place) => place).filter((place) => place !== pair && place !== pair + 1)
    .sort((a, b) => sets[a]!.length - sets[b]!.length || b - a);
  return { expression, length: sets.length, members, pair, others };
}

/**
 * Finds where matches of expressions may begin.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { asciiUnits } from "./ascii_units.ts";
 * import { MarkFinder } from "./marks.ts";
 *
 * const found: [number, number][] = [];
 * const finder = new MarkFinder([/gh[ps]_/, /key(?:=|:)/i]);
 * finder.walk(asciiUnits("ghs_ KEY:"), (expression, at) => void found.push([expression, at]));
 * assertEquals(found, [[0, 0], [1, 5]]);
 * ```
 */
export class MarkFinder {
  /** The number of the marks that are found by two characters, by these two; 0 for none. */
  readonly #heads = new Uint16Array(CODES * CODES);
  readonly #marks: Mark[][] = [[]];

  /**
   * @param expressions of literal characters, classes, groups, alternatives and quantifiers
   * @throws {RangeError} If one has anything else, or may begin with anything.
   */
  constructor(expressions: readonly RegExp[]) {
    const byHead = new Map<number, Mark[]>();
    for (const [expression, regex] of expressions.entries()) {
      for (const sets of new BeginningReader(regex).read()) {
        const mark = markOf(expression, sets);
        for (const first of sets[mark.pair]!) {
          for (const second of sets[mark.pair + 1] ?? ALL) {
            const head = first.charCodeAt(0) * CODES + second.charCodeAt(0);
            byHead.set(head, [...byHead.get(head) ?? [], mark]);
          }
        }
      }
    }
    const known = new Map<string, number>();
    const numbers = new Map<Mark, number>();
    for (const [head, marks] of byHead) {
      const key = marks.map((mark) => numbers.get(mark) ?? numbers.set(mark, numbers.size).get(mark)).join();
      if (!known.has(key)) known.set(key, this.#marks.push(marks) - 1);
      this.#heads[head] = known.get(key)!;
    }
    if (this.#marks.length > 2 ** 16) {
      throw new RangeError(`Cannot look for marks: ${this.#marks.length} kinds`);
    }
  }

  /** Tells the expressions that may match and where, those of a line before those of the next. */
  walk(units: Uint8Array, visit: (expression: number, at: number) => void): void {
    const heads = this.#heads;
    const last = units.length - 1;
    let code = units[0]!;
    for (let at = 0; at < last; at++) {
      const next = units[at + 1]!;
      const head = heads[code * CODES + next]!;
      code = next;
      if (head !== 0) this.#visit(units, at, head, visit);
    }
    if (last >= 0) this.#visit(units, last, heads[units[last]! * CODES]!, visit);
  }

  #visit(units: Uint8Array, at: number, head: number, visit: (expression: number, at: number) => void): void {
    for (const { expression, length, members, pair, others } of this.#marks[head]!) {
      const start = at - pair;
      if (start < 0 || start + length > units.length) continue;
      let i = 0;
      while (i < others.length && members[others[i]! * CODES + units[start + others[i]!]!] === 1) i++;
      if (i === others.length) visit(expression, start);
    }
  }
}
