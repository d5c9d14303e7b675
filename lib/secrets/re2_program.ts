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

/** The numbers of the operations. */
export const [ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, FAIL, MATCH, NOP] = [1, 2, 3, 4, 5, 6, 7] as const;
/** Those that take a character: this and larger ones. */
export const [RUNE, RUNE_1, RUNE_ANY, RUNE_ANY_NOT_NEWLINE] = [8, 9, 10, 11] as const;

const [BEGIN_LINE, END_LINE, BEGIN_TEXT, END_TEXT, WORD_BOUNDARY, NO_WORD_BOUNDARY] = [1, 2, 4, 8, 16, 32];
/** All assertions. */
export const EVERY_ASSERTION = BEGIN_LINE | END_LINE | BEGIN_TEXT | END_TEXT | WORD_BOUNDARY |
  NO_WORD_BOUNDARY;

const NEWLINE = 10;
/** What a character is to an assertion; the first is the beginning or end of the text. */
export const [EDGE, LINE, WORD, OTHER] = [0, 1, 2, 3] as const;
const ASCII = 128;
const MOST_CLASSED = 2 ** 16;

/**
 * What a character is to an assertion.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { kindOf, LINE, OTHER, WORD } from "./re2_program.ts";
 *
 * assertEquals([..."a\n-"].map((c) => kindOf(c.codePointAt(0)!)), [WORD, LINE, OTHER]);
 * ```
 */
export function kindOf(rune: number): number {
  if (rune === NEWLINE) return LINE;
  const isWord = rune >= 48 && rune <= 57 || rune >= 65 && rune <= 90 || rune === 95 ||
    rune >= 97 && rune <= 122;
  return isWord ? WORD : OTHER;
}

/**
 * The assertions that hold between two characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { assertionsAt, EDGE, OTHER } from "./re2_program.ts";
 *
 * assertEquals(assertionsAt(EDGE, OTHER), 1 | 4 | 32); // of a line and the text the beginning, and no word's
 * ```
 */
export function assertionsAt(before: number, after: number): number {
  return (before === EDGE ? BEGIN_TEXT | BEGIN_LINE : before === LINE ? BEGIN_LINE : 0) |
    (after === EDGE ? END_TEXT | END_LINE : after === LINE ? END_LINE : 0) |
    ((before === WORD) !== (after === WORD) ? WORD_BOUNDARY : NO_WORD_BOUNDARY);
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
  if (instruction.op < RUNE || instruction.op === RUNE_ANY) return instruction.op === RUNE_ANY;
  return instruction.op === RUNE_ANY_NOT_NEWLINE ? rune !== NEWLINE : instruction.matchRune(rune);
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
