/**
 * Which regular expressions of a tokenizer.json are safe to run. The native library's engine backtracks: it counts its
 * steps, and where ten million are not enough it ends the process. So an expression is accepted only if no text makes it
 * go back over what it has read:
 *
 * - it is made of characters, classes, groups of fixed length, `(?!x)`, `(?=x)`, `\\A`, `\\z` and the repetitions `? * + {n,m}`;
 * - in a branch, nothing that must match stands behind a repetition without a bound, and what stands behind bounded
 *   ones can begin in at most 64 ways;
 * - no branch matches the empty text.
 *
 * The branches of GPT-2's, Llama 3's, Qwen's, DeepSeek's and GPT-4o's expressions that break the second rule are known
 * (white space before a line's end, capitals before small letters) and fail once a run at most, as another branch takes
 * what they gave up; they are accepted beside that branch.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";

const MAX_LENGTH = 4096;
const MAX_WAYS = 64;
const MAX_DEPTH = 3;

const CAPITALS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const SMALL = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const SIGN = "[^\\r\\n\\p{L}\\p{N}]?";
const isBlanks = (branch: string) => branch === "\\s+" || branch === "\\s";
/** Beginnings of known branches, and what another branch must be that takes what they give up. */
const KNOWN: readonly { branch: RegExp; other: (branch: string) => boolean }[] = [
  { branch: exactly("\\s+(?!\\S)"), other: () => true }, // it gives up one character only
  { branch: exactly("\\s*[\\r\\n]+"), other: isBlanks },
  { branch: exactly("\\s*[\\r\\n]"), other: isBlanks },
  {
    branch: new RegExp(`^${RegExp.escape(`${SIGN}${CAPITALS}*${SMALL}+`)}(?:\\(\\?i:[^()]*\\)\\?)?$`),
    other: (branch) => branch.startsWith(`${SIGN}${CAPITALS}+`),
  },
];

function exactly(branch: string): RegExp {
  return new RegExp(`^${RegExp.escape(branch)}$`);
}

/** A part of a branch. */
interface Part {
  /** Whether it may fail where what stands before it has matched. */
  canFail: boolean;
  /** Whether it takes at least one character. */
  takes: boolean;
  /** The number of ways in which it may match at one place; Infinity for a repetition without a bound. */
  ways: number;
}

/** Why an expression is refused. */
class Refusal extends Error {}

/**
 * Why an expression is not accepted; undefined if it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(checkPattern("'s| ?\\p{L}+| ?\\p{N}{1,3}|\\s+(?!\\S)|\\s+"), undefined);
 * assertEquals(checkPattern("(a+)+$"), "it has a repetition without a bound in a group");
 * assertEquals(checkPattern("a*b"), "something must match behind a repetition without a bound");
 * ```
 */
export function checkPattern(source: string): string | undefined {
  try {
    if (source.length > MAX_LENGTH) throw new Refusal(`it has more than ${MAX_LENGTH} characters`);
    const reader = new PatternReader(source);
    const branches = reader.branches(0);
    for (const { text, parts } of branches) {
      if (!parts.some(({ takes }) => takes)) throw new Refusal("a branch of it matches the empty text");
      const known = KNOWN.find(({ branch }) => branch.test(text));
      if (known && branches.some((other) => known.other(other.text))) continue;
      checkWays(parts);
    }
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return reasonOf(error);
    throw error;
  }
}

/** @throws {Refusal} where parts that must match can begin in too many ways */
function checkWays(parts: readonly Part[]): void {
  const last = parts.findLastIndex(({ canFail }) => canFail);
  const ways = waysOf(parts.slice(0, last));
  if (ways === Infinity) throw new Refusal("something must match behind a repetition without a bound");
  refuseMany(ways);
}

function waysOf(parts: readonly Part[]): number {
  return parts.reduce((product, { ways }) => product * ways, 1);
}

function refuseMany(ways: number): void {
  if (ways <= MAX_WAYS) return;
  throw new Refusal(`its parts fit together in ${ways} ways, at most ${MAX_WAYS} are allowed`);
}

/** Takes an expression apart. */
class PatternReader {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  /** Branches up to the end, or the end of a group; line breaks in their texts are escaped. */
  branches(depth: number): { text: string; parts: Part[] }[] {
    const branches: { text: string; parts: Part[] }[] = [];
    do {
      const start = this.#at;
      const parts: Part[] = [];
      while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at]!)) {
        parts.push(this.#part(depth));
      }
      const text = this.#source.slice(start, this.#at).replaceAll("\r", "\\r").replaceAll("\n", "\\n");
      branches.push({ text, parts });
    } while (this.#take(/\|/y));
    const isOpen = depth > 0;
    if (isOpen !== (this.#take(/\)/y) !== undefined)) throw new Refusal("its parentheses do not match");
    if (!isOpen && this.#at < this.#source.length) throw new Refusal("its parentheses do not match");
    return branches;
  }

  #take(token: RegExp): string | undefined {
    token.lastIndex = this.#at;
    const found = token.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #part(depth: number): Part {
    if (this.#take(/\(\?[!=]/y)) return this.#lookAhead();
    if (this.#take(/\\[Az]/y)) return { canFail: true, takes: false, ways: 1 };
    if (this.#take(/\((?:\?i?:)?(?!\?)/y)) return this.#group(depth);
    this.#atom();
    return this.#repeated();
  }

  /** One character or class. */
  #atom(): void {
    const escape = /\\(?:[sSdDwWrntfv]|[pP]\{\^?[A-Za-z_ ]+\}|[^A-Za-z0-9])/;
    const inClass = new RegExp(`(?:${escape.source}|(?!&&)[^\\\\[\\]])`);
    const character = /[^\\[\](){}|?*+^$]/u;
    const tokens = [escape, new RegExp(`\\[\\^?${inClass.source}+\\]`), character];
    if (tokens.some((token) => this.#take(new RegExp(token, "y")) !== undefined)) return;
    throw new Refusal(`it has something else than characters, classes and groups at ${this.#at}`);
  }

  #repeated(): Part {
    const sign = this.#take(/[?*+][?+]?|\{\d{1,3}(?:,\d{0,3})?\}/y);
    if (this.#at < this.#source.length && /[?*+{]/.test(this.#source[this.#at]!)) {
      throw new Refusal("it repeats a repetition");
    }
    if (sign === undefined) return { canFail: true, takes: true, ways: 1 };
    if (sign[0] === "?") return { canFail: false, takes: false, ways: 2 };
    if (sign[0] === "*") return { canFail: false, takes: false, ways: Infinity };
    if (sign[0] === "+") return { canFail: true, takes: true, ways: Infinity };
    const [least, most = least] = sign.slice(1, -1).split(",").map((n) => n === "" ? Infinity : Number(n));
    return { canFail: least! > 0, takes: least! > 0, ways: most! - least! + 1 };
  }

  /** What follows must be one character or class, or must not. */
  #lookAhead(): Part {
    this.#atom();
    if (!this.#take(/\)/y)) throw new Refusal("it looks ahead to more than a character");
    return { canFail: true, takes: false, ways: 1 };
  }

  /** A group of branches of some lengths, once or not at all. */
  #group(depth: number): Part {
    if (depth === MAX_DEPTH) throw new Refusal(`its groups are more than ${MAX_DEPTH} deep`);
    const branches = this.branches(depth + 1);
    const ways = branches.reduce((sum, { parts }) => sum + waysOf(parts), 0);
    if (ways === Infinity) throw new Refusal("it has a repetition without a bound in a group");
    refuseMany(ways);
    const takes = branches.every(({ parts }) => parts.some((part) => part.takes));
    const isOptional = this.#take(/\?/y) !== undefined;
    if (this.#at < this.#source.length && /[?*+{]/.test(this.#source[this.#at]!)) {
      throw new Refusal("it repeats a group");
    }
    return { canFail: !isOptional, takes: takes && !isOptional, ways: ways + (isOptional ? 1 : 0) };
  }
}
