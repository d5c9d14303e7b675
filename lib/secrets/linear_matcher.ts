/**
 * Where an expression of RE2 matches, by two automata that are made as they are needed: one runs forward and tells where the
 * leftmost match ends, the other runs back from there and tells where it begins. Each takes one step a character, whatever
 * the expression and the text. The expression's program is RE2JS's; what its own search finds is found here.
 *
 * Source: R. Cox, "Regular Expression Matching in the Wild" (2010).
 *
 * @module
 */
import { RE2JS } from "../npm/re2js.ts";
import { BitScanner } from "./bit_scanner.ts";
import { GroupSearch } from "./group_search.ts";
import { OrderedSearch } from "./ordered_search.ts";
import {
  assertionsAt,
  EVERY_ASSERTION,
  type Instruction,
  KIND,
  kindOf,
  OP,
  runeBefore,
  RuneClasses,
} from "./re2_program.ts";

const { ALT, ALT_MATCH, CAPTURE, EMPTY_WIDTH, FAIL, MATCH, NOP, RUNE } = OP;
const { EDGE } = KIND;

const [NONE, TOO_MANY] = [-1, -2] as const;
const MAX_STATES = 4000;
/** A text that makes more new states than so many, and than one in so many characters, is searched by bits for a while. */
const [MANY_NEW, RARE_NEW, WHILE] = [1000, 32, 2 ** 16] as const;

/** A state: what may go on from here, in order, and what stood before (or behind, running back). */
interface State {
  pcs: readonly number[];
  kind: number;
  /** Whether a match may still begin. */
  isOpen: boolean;
  /** The next state by class of character; none where it is not known yet. */
  next: (Step | undefined)[];
}

/** A step: whether a match ends (begins, running back) before the character, and the state behind it. */
interface Step {
  isMatch: boolean;
  state: State | null;
}

/**
 * Finds an expression's matches.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { LinearMatcher } from "./linear_matcher.ts";
 *
 * const matcher = new LinearMatcher("k=\\w+|k");
 * assertEquals([...matcher.findAll("a k=bc, k")], [[2, 6], [8, 9]]);
 * ```
 */
export class LinearMatcher {
  readonly #plain: RE2JS;
  readonly #program: readonly Instruction[];
  readonly #start: number;
  /** The instructions that lead to each. */
  readonly #before: number[][];
  readonly #classes: RuneClasses;
  readonly #scanner: BitScanner;
  readonly #ordered: OrderedSearch;
  readonly #groups: GroupSearch;
  /** States made in this text, since it was last searched by bits. */
  #made = 0;
  /** When an instruction was last seen, by the number of the walk. */
  readonly #seen: Uint32Array;
  #walk = 0;
  readonly #states = [new Map<string, State>(), new Map<string, State>()] as const;
  readonly #isPlain: boolean;

  /** @throws {Error} If RE2 refuses the expression. */
  constructor(expression: string) {
    this.#plain = RE2JS.compile(expression);
    const { inst, start } = this.#plain.re2Input.prog as { inst: Instruction[]; start: number };
    [this.#program, this.#start] = [inst, start];
    this.#classes = new RuneClasses(inst);
    this.#scanner = new BitScanner(inst, { start, classes: this.#classes });
    this.#ordered = new OrderedSearch(inst, { start, classes: this.#classes });
    this.#groups = new GroupSearch(inst, { start, classes: this.#classes });
    this.#before = inst.map(() => []);
    this.#seen = new Uint32Array(inst.length);
    inst.forEach(({ op, out, arg }, pc) => {
      if (op === MATCH || op === FAIL) return;
      this.#before[out]!.push(pc);
      if (op === ALT || op === ALT_MATCH) this.#before[arg]!.push(pc);
    });
    const known = new Set<number>(Object.values(OP));
    // what may be empty has rules of its own
    this.#isPlain = inst.some(({ op }) => !known.has(op)) ||
      [0, EVERY_ASSERTION].some((assertions) => this.#follow([start], assertions).isMatch);
  }

  /** Whether anything matches. */
  test(text: string): boolean {
    if (this.#isPlain) return this.#plain.test(text);
    this.#made = 0;
    const end = this.#findEnd(text, 0, 0);
    return end === TOO_MANY ? this.#scanner.find(text, 0) !== null : end !== NONE;
  }

  /**
   * Start and end of the first match and of each of its groups, -1 for one that took no part; null where nothing matches.
   */
  groups(text: string): number[] | null {
    if (!this.#isPlain && this.#groups.takes(text)) return this.#groups.find(text);
    const matcher = this.#plain.matcher(text);
    if (!matcher.find()) return null;
    return Array.from({ length: 1 + matcher.groupCount() }, (_, i) => [matcher.start(i), matcher.end(i)])
      .flat();
  }

  /** The matches, which do not overlap, in order. */
  *findAll(text: string): Generator<[start: number, end: number]> {
    if (this.#isPlain) {
      const matcher = this.#plain.matcher(text);
      while (matcher.find()) yield [matcher.start(), matcher.end()];
      return;
    }
    let [from, first] = [0, 0];
    this.#made = 0;
    for (;;) {
      const end = this.#findEnd(text, from, first);
      if (end === NONE) return;
      if (end !== TOO_MANY) {
        yield [this.#findStart(text, from, end), end];
        from = end;
        continue;
      }
      const until = from + WHILE;
      do {
        const match = this.#findByBits(text, from);
        if (match === null) return;
        yield match;
        from = match[1];
      } while (from < until);
      [first, this.#made] = [from, 0];
    }
  }

  #findByBits(text: string, from: number): [start: number, end: number] | null {
    const first = this.#scanner.find(text, from);
    // mostly what begins first matches
    return first && (this.#ordered.find(text, first.from, first.from + 1) ??
      this.#ordered.find(text, first.from, first.end));
  }

  #stateOf(isBack: boolean, pcs: readonly number[], kind: number, isOpen: boolean): State | null {
    if (pcs.length === 0 && !isOpen) return null;
    const states = this.#states[isBack ? 1 : 0];
    const key = `${kind}${isOpen ? "+" : "-"}${
      this.#program.length < 2 ** 16 ? String.fromCharCode(...pcs) : pcs.join()
    }`;
    let state = states.get(key);
    if (state === undefined) {
      if (states.size >= MAX_STATES) states.clear(); // those in use stay with what leads to them
      states.set(key, state = { pcs, kind, isOpen, next: [] });
      this.#made++;
    }
    return state;
  }

  #nextWalk(): number {
    return this.#walk = (this.#walk + 1) >>> 0;
  }

  /** The characters that may come next, those preferred first, up to a match. */
  #follow(from: readonly number[], assertions: number): { pcs: number[]; isMatch: boolean } {
    const pcs: number[] = [];
    const [seen, walk] = [this.#seen, this.#nextWalk()];
    const stack: number[] = [];
    for (const first of from) {
      stack.push(first);
      while (stack.length > 0) {
        const pc = stack.pop()!;
        if (seen[pc] === walk) continue;
        seen[pc] = walk;
        const { op, out, arg } = this.#program[pc]!;
        if (op === MATCH) return { pcs, isMatch: true };
        if (op >= RUNE) pcs.push(pc);
        else if (op === ALT || op === ALT_MATCH) stack.push(arg, out);
        else if (op === CAPTURE || op === NOP || op === EMPTY_WIDTH && (arg & ~assertions) === 0) {
          stack.push(out);
        }
      }
    }
    return { pcs, isMatch: false };
  }

  #stepForward({ pcs, kind, isOpen }: State, number: number): Step {
    const rune = this.#classes.runes[number]!;
    const next = number === 0 ? EDGE : kindOf(rune);
    const reached = this.#follow(isOpen ? [...pcs, this.#start] : pcs, assertionsAt(kind, next));
    if (number === 0) return { isMatch: reached.isMatch, state: null };
    const [after, takes, seen, walk] = [
      [] as number[],
      this.#classes.takes[number]!,
      this.#seen,
      this.#nextWalk(),
    ];
    for (const pc of reached.pcs) {
      const { out } = this.#program[pc]!;
      if (takes[pc] === 0 || seen[out] === walk) continue;
      seen[out] = walk;
      after.push(out);
    }
    const state = this.#stateOf(false, after, next, isOpen && !reached.isMatch);
    return { isMatch: reached.isMatch, state };
  }

  /** Where the leftmost match ends; states made since `first` are counted. */
  #findEnd(text: string, from: number, first: number): number {
    let state: State | null = this.#stateOf(false, [], this.#kindBefore(text, from), true);
    let found: number = NONE;
    for (let at = from; state !== null;) {
      const rune = at < text.length ? text.codePointAt(at)! : -1;
      const number = rune < 0 ? 0 : this.#classes.of(rune);
      let step: Step | undefined = state.next[number];
      if (step === undefined) {
        const most = MANY_NEW + (at - first) / RARE_NEW;
        if (this.#made > most && this.#scanner.isUsable) return TOO_MANY;
        step = state.next[number] = this.#stepForward(state, number);
      }
      if (step.isMatch) found = at;
      if (rune < 0) break;
      state = step.state;
      at += rune > 0xffff ? 2 : 1;
    }
    return found;
  }

  /** All that leads to some instructions without a character. */
  #lead(to: readonly number[], assertions: number): Set<number> {
    const reached = new Set(to);
    for (const pc of reached) {
      for (const before of this.#before[pc]!) {
        const { op, arg } = this.#program[before]!;
        if (op >= RUNE || op === EMPTY_WIDTH && (arg & ~assertions) !== 0) continue;
        reached.add(before);
      }
    }
    return reached;
  }

  #stepBack({ pcs, kind }: State, number: number): Step {
    const rune = this.#classes.runes[number]!;
    const before = number === 0 ? EDGE : kindOf(rune);
    const reached = this.#lead(pcs, assertionsAt(before, kind));
    const isMatch = reached.has(this.#start);
    if (number === 0) return { isMatch, state: null };
    const next = new Set<number>();
    for (const pc of reached) {
      for (const one of this.#before[pc]!) {
        if (this.#classes.takes[number]![one] === 1) next.add(one);
      }
    }
    return { isMatch, state: this.#stateOf(true, [...next].sort((a, b) => a - b), before, false) };
  }

  #findStart(text: string, from: number, end: number): number {
    const last = this.#program.flatMap(({ op }, pc) => op === MATCH ? [pc] : []);
    let state = this.#stateOf(true, last, end < text.length ? kindOf(text.codePointAt(end)!) : EDGE, false);
    let found = end;
    for (let at = end; state !== null;) {
      const rune = at > 0 ? runeBefore(text, at) : -1;
      const number = rune < 0 ? 0 : this.#classes.of(rune);
      const step: Step = state.next[number] ??= this.#stepBack(state, number);
      if (step.isMatch) found = at;
      if (at <= from) break;
      state = step.state;
      at -= rune > 0xffff ? 2 : 1;
    }
    return found;
  }

  #kindBefore(text: string, at: number): number {
    return at === 0 ? EDGE : kindOf(runeBefore(text, at));
  }
}
