/**
 * The leftmost match of an expression, of several the one that it prefers, by all ways to match at once, in their order: each
 * step is some work for each of them, and none is remembered. It is for texts whose sets of ways hardly ever come again;
 * linear_matcher.ts remembers them for others.
 *
 * Source: R. Cox, "Regular Expression Matching: the Virtual Machine Approach" (2009), Pike's machine.
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

/** What an instruction leads to: those that take the next character, in order, up to a match. */
interface Closure {
  list: Int32Array;
  isMatch: boolean;
}

/**
 * Searches for an expression that does not match nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RE2JS } from "../npm/re2js.ts";
 * import { OrderedSearch } from "./ordered_search.ts";
 * import { RuneClasses } from "./re2_program.ts";
 *
 * const { inst, start } = RE2JS.compile("a{2,3}?|a+b").re2Input.prog;
 * const search = new OrderedSearch(inst, { start, classes: new RuneClasses(inst) });
 * assertEquals(search.find("-aaab", 0), [1, 3]);
 * assertEquals(search.find("-a-", 0), null);
 * ```
 */
export class OrderedSearch {
  readonly #program: readonly Instruction[];
  readonly #start: number;
  readonly #classes: RuneClasses;
  readonly #outs: Int32Array;
  /** By kind of the character before, class of that behind, and instruction. */
  readonly #closures: (Closure | undefined)[][][] = [[], [], [], []];
  /** When an instruction was last listed, by the number of the step. */
  readonly #seen: Uint32Array;
  #step = 0;
  /** The ways before and behind a character: instructions that took the one before it, and where each began. */
  #pcs: Int32Array;
  #begins: Float64Array;
  #nextPcs: Int32Array;
  #nextBegins: Float64Array;

  constructor(program: readonly Instruction[], { start, classes }: { start: number; classes: RuneClasses }) {
    [this.#program, this.#start, this.#classes] = [program, start, classes];
    this.#outs = Int32Array.from(program, ({ out }) => out);
    this.#seen = new Uint32Array(program.length);
    [this.#pcs, this.#nextPcs] = [new Int32Array(program.length), new Int32Array(program.length)];
    [this.#begins, this.#nextBegins] = [new Float64Array(program.length), new Float64Array(program.length)];
  }

  /** The first match that begins at or behind `from`, and before `until`. */
  find(text: string, from: number, until = Infinity): [start: number, end: number] | null {
    const [outs, seen] = [this.#outs, this.#seen];
    let [pcs, begins, nextPcs, nextBegins] = [this.#pcs, this.#begins, this.#nextPcs, this.#nextBegins];
    let [count, found]: [number, [number, number] | null] = [0, null];
    let kind: number = from === 0 ? EDGE : kindOf(runeBefore(text, from));
    for (let at = from; count > 0 || found === null && at < until;) {
      const rune = at < text.length ? text.codePointAt(at)! : -1;
      const number = rune < 0 ? 0 : this.#classes.of(rune);
      const closures = this.#closures[kind]![number] ??= [];
      const step = this.#nextStep();
      let next = 0;
      const ways = found === null && at < until ? count + 1 : count; // last, a match may begin here
      for (let way = 0; way < ways; way++) {
        const pc = way === count ? this.#start : outs[pcs[way]!]!;
        const begin = way === count ? at : begins[way]!;
        const { list, isMatch } = closures[pc] ??= this.#closure(pc, kind, number);
        for (let i = 0; i < list.length; i++) {
          const one = list[i]!;
          if (seen[one] === step) continue;
          seen[one] = step;
          nextPcs[next] = one;
          nextBegins[next++] = begin;
        }
        if (!isMatch) continue;
        found = [begin, at];
        break; // those behind are preferred less
      }
      if (rune < 0) break;
      [pcs, nextPcs, begins, nextBegins, count] = [nextPcs, pcs, nextBegins, begins, next];
      kind = kindOf(rune);
      at += rune > 0xffff ? 2 : 1;
    }
    return found;
  }

  #nextStep(): number {
    this.#step = (this.#step + 1) >>> 0;
    if (this.#step === 0) this.#seen.fill(this.#step++); // after four thousand million
    return this.#step;
  }

  #closure(first: number, before: number, number: number): Closure {
    const assertions = assertionsAt(before, number === 0 ? EDGE : kindOf(this.#classes.runes[number]!));
    const takes = this.#classes.takes[number]!;
    const seen = new Set<number>();
    const [list, stack] = [[] as number[], [first]];
    let isMatch = false;
    while (stack.length > 0 && !isMatch) {
      const pc = stack.pop()!;
      if (seen.has(pc)) continue;
      seen.add(pc);
      const { op, out, arg } = this.#program[pc]!;
      if (op === MATCH) isMatch = true;
      else if (op >= RUNE) list.push(...takes[pc] === 1 ? [pc] : []);
      else if (op === ALT || op === ALT_MATCH) stack.push(arg, out);
      else if (op === CAPTURE || op === NOP || op === EMPTY_WIDTH && (arg & ~assertions) === 0) {
        stack.push(out);
      }
    }
    return { list: Int32Array.from(list), isMatch };
  }
}
