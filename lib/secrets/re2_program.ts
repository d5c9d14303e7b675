/**
 * RE2JS's program of an expression, as the automata of linear_matcher.ts and bit_scanner.ts read it: its instructions, what
 * its assertions ask for, and the classes of characters that no instruction tells apart.
 *
 * @module
 */

/** An instruction. */
export interface Instruction {
  op: number;
  out: number;
  arg: number;
  matchRune(rune: number): boolean;
}

/** The numbers of the operations; `RUNE` and larger ones take a character. */
export const OP = {
  ALT: 1,
  ALT_MATCH: 2,
  CAPTURE: 3,
  EMPTY_WIDTH: 4,
  FAIL: 5,
  MATCH: 6,
  NOP: 7,
  RUNE: 8,
  RUNE_1: 9,
  RUNE_ANY: 10,
  RUNE_ANY_NOT_NEWLINE: 11,
} as const;

const [BEGIN_LINE, END_LINE, BEGIN_TEXT, END_TEXT, WORD_BOUNDARY, NO_WORD_BOUNDARY] = [1, 2, 4, 8, 16, 32];
/** All assertions. */
export const EVERY_ASSERTION = BEGIN_LINE | END_LINE | BEGIN_TEXT | END_TEXT | WORD_BOUNDARY |
  NO_WORD_BOUNDARY;

const NEWLINE = 10;
/** What a character is to an assertion; `KIND.EDGE` is the beginning or end of the text. */
export const KIND = { EDGE: 0, LINE: 1, WORD: 2, OTHER: 3 } as const;
const ASCII = 128;
const MOST_CLASSED = 2 ** 16;

/**
 * What a character is to an assertion.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { KIND, kindOf } from "./re2_program.ts";
 *
 * assertEquals([..."a\n-"].map((c) => kindOf(c.codePointAt(0)!)), [KIND.WORD, KIND.LINE, KIND.OTHER]);
 * ```
 */
export function kindOf(rune: number): number {
  if (rune === NEWLINE) return KIND.LINE;
  const isWord = rune >= 48 && rune <= 57 || rune >= 65 && rune <= 90 || rune === 95 ||
    rune >= 97 && rune <= 122;
  return isWord ? KIND.WORD : KIND.OTHER;
}

/**
 * The assertions that hold between two characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { assertionsAt, KIND } from "./re2_program.ts";
 *
 * assertEquals(assertionsAt(KIND.EDGE, KIND.OTHER), 1 | 4 | 32); // of a line and the text the beginning, and no word's
 * ```
 */
export function assertionsAt(before: number, after: number): number {
  return (before === KIND.EDGE ? BEGIN_TEXT | BEGIN_LINE : before === KIND.LINE ? BEGIN_LINE : 0) |
    (after === KIND.EDGE ? END_TEXT | END_LINE : after === KIND.LINE ? END_LINE : 0) |
    ((before === KIND.WORD) !== (after === KIND.WORD) ? WORD_BOUNDARY : NO_WORD_BOUNDARY);
}

/**
 * The character that ends at a place.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runeBefore } from "./re2_program.ts";
 *
 * assertEquals([runeBefore("a😀", 1), runeBefore("a😀", 3)], [97, 0x1f600]);
 * ```
 */
export function runeBefore(text: string, at: number): number {
  const isPair = at > 1 && (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00 &&
    (text.charCodeAt(at - 2) & 0xfc00) === 0xd800;
  return isPair ? text.codePointAt(at - 2)! : text.charCodeAt(at - 1);
}

function isTaken(instruction: Instruction, rune: number): boolean {
  if (instruction.op < OP.RUNE || instruction.op === OP.RUNE_ANY) return instruction.op === OP.RUNE_ANY;
  return instruction.op === OP.RUNE_ANY_NOT_NEWLINE ? rune !== NEWLINE : instruction.matchRune(rune);
}

/**
 * Classes of characters that no instruction tells apart, by numbers from 1; they are made as characters come.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RE2JS } from "../npm/re2js.ts";
 * import { RuneClasses } from "./re2_program.ts";
 *
 * const classes = new RuneClasses(RE2JS.compile("[ab]c").re2Input.prog.inst);
 * assertEquals([..."abcd"].map((c) => classes.of(c.codePointAt(0)!)), [1, 1, 2, 3]);
 * ```
 */
export class RuneClasses {
  /** One character of each class; none of the first, which stands for the end of the text. */
  readonly runes: number[] = [-1];
  /** For each class, 1 for the instructions that take it. */
  readonly takes: Uint8Array[] = [new Uint8Array(0)];
  readonly #program: readonly Instruction[];
  readonly #ofAscii = new Int16Array(ASCII);
  readonly #ofOthers = new Map<number, number>();
  readonly #ofKey = new Map<string, number>();

  constructor(program: readonly Instruction[]) {
    this.#program = program;
  }

  /** The class of a character. */
  of(rune: number): number {
    const known = rune < ASCII ? this.#ofAscii[rune]! : this.#ofOthers.get(rune) ?? 0;
    return known !== 0 ? known : this.#add(rune);
  }

  #add(rune: number): number {
    const takes = Uint8Array.from(this.#program, (one) => isTaken(one, rune) ? 1 : 0);
    const key = `${kindOf(rune)} ${takes.join("")}`;
    let number = this.#ofKey.get(key);
    if (number === undefined) {
      this.#ofKey.set(key, number = this.runes.push(rune) - 1);
      this.takes.push(takes);
    }
    if (rune < ASCII) this.#ofAscii[rune] = number;
    else if (this.#ofOthers.size < MOST_CLASSED) this.#ofOthers.set(rune, number);
    return number;
  }
}
