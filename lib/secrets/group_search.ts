/**
 * The groups of an expression's first match, by backtracking that visits no instruction twice at one place: time and memory
 * are bounded by instructions times places, and a text that was found to match is mostly read once.
 *
 * Source: R. Cox, "Regular Expression Matching in the Wild" (2010), its bit-state backtracker.
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
const BITS = 32;
/** Instructions times places: 4 MB of bits. */
const MOST_BITS = 2 ** 25;

/**
 * Finds groups; for texts that are not too long for it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RE2JS } from "../npm/re2js.ts";
 * import { GroupSearch } from "./group_search.ts";
 * import { RuneClasses } from "./re2_program.ts";
 *
 * const { inst, start } = RE2JS.compile("(k)=(\\w+?)(;)?").re2Input.prog;
 * const search = new GroupSearch(inst, { start, classes: new RuneClasses(inst) });
 * assertEquals(search.find("a k=bc;"), [2, 5, 2, 3, 4, 5, -1, -1]);
 * assertEquals(search.find("k="), null);
 * ```
 */
export class GroupSearch {
  readonly #program: readonly Instruction[];
  readonly #start: number;
  readonly #classes: RuneClasses;
  /** Of all groups, two each. */
  readonly #boundaries: number;

  constructor(program: readonly Instruction[], { start, classes }: { start: number; classes: RuneClasses }) {
    [this.#program, this.#start, this.#classes] = [program, start, classes];
    this.#boundaries = program.reduce(
      (most, { op, arg }) => op === CAPTURE ? Math.max(most, arg + 1) : most,
      2,
    );
  }

  /** Whether a text is short enough. */
  takes({ length }: string): boolean {
    return this.#program.length * (length + 1) <= MOST_BITS;
  }

  /** Start and end of the first match and of each group, -1 for one that took no part; null where nothing matches. */
  find(text: string): number[] | null {
    const visited = new Uint32Array(Math.ceil(this.#program.length * (text.length + 1) / BITS));
    const groups = new Array<number>(this.#boundaries);
    for (let from = 0; from <= text.length; from += (text.codePointAt(from) ?? 0) > 0xffff ? 2 : 1) {
      groups.fill(-1);
      groups[0] = from;
      if (this.#matchAt(text, { visited, groups })) return groups;
    }
    return null;
  }

  /** The match that begins where `groups` says. */
  #matchAt(text: string, { visited, groups }: { visited: Uint32Array; groups: number[] }): boolean {
    const [program, classes, places] = [this.#program, this.#classes, text.length + 1];
    const left = [this.#start, groups[0]!]; // to be tried: instruction and place; or a boundary to put back: -1 - its number
    while (left.length > 0) {
      let at = left.pop()!;
      let pc = left.pop()!;
      if (pc < 0) {
        groups[-1 - pc] = at;
        continue;
      }
      for (let isAlive = true; isAlive;) {
        const bit = pc * places + at;
        if ((visited[bit >>> 5]! & 1 << (bit & 31)) !== 0) break;
        visited[bit >>> 5]! |= 1 << (bit & 31);
        const { op, out, arg } = program[pc]!;
        if (op >= RUNE) {
          const rune = at < text.length ? text.codePointAt(at)! : -1;
          isAlive = rune >= 0 && classes.takes[classes.of(rune)]![pc] === 1;
          at += rune > 0xffff ? 2 : 1;
        } else if (op === ALT || op === ALT_MATCH) {
          left.push(arg, at);
        } else if (op === CAPTURE) {
          left.push(-1 - arg, groups[arg]!);
          groups[arg] = at;
        } else if (op === EMPTY_WIDTH) {
          isAlive = (arg & ~this.#assertionsAt(text, at)) === 0;
        } else if (op === MATCH) {
          groups[1] = at;
          return true;
        } else {
          isAlive = op === NOP;
        }
        pc = out;
      }
    }
    return false;
  }

  #assertionsAt(text: string, at: number): number {
    const before = at === 0 ? KIND.EDGE : kindOf(runeBefore(text, at));
    return assertionsAt(before, at < text.length ? kindOf(text.codePointAt(at)!) : KIND.EDGE);
  }
}
