/**
 * Patterns of paths, matched in time that grows with the pattern's length times the path's and no faster: what is tried
 * anew after a mismatch is the last star only, of a name's characters as of a path's folders, so no pattern can hang its
 * reader. Names are taken as git takes them, byte by byte: `?` is one byte, and a byte is one character here.
 *
 * Source: git's wildmatch.c with WM_PATHNAME; gitignore(5), which it follows but for `a**` + `/b`, where git takes the
 * stars for folders although a letter stands before them.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** A pattern, compiled, by the parts between its slashes; plain data that may be sent to a worker. */
export type Glob = readonly GlobPart[];

/** A name, or a pattern of one, or `FOLDERS`. */
type GlobPart = string | readonly NameToken[] | typeof FOLDERS;

/** A byte, `STAR`, `ANY` or one of several bytes. */
type NameToken = number | ByteSet;

interface ByteSet {
  /** The first and the last byte of each range. */
  ranges: string;
  negated: boolean;
}

const FOLDERS = null; // `**`, any number of them
const STAR = -1;
const ANY = -2;

const CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "09AZaz"],
  ["alpha", "AZaz"],
  ["blank", "  \t\t"],
  ["cntrl", "\0\x1f\x7f\x7f"],
  ["digit", "09"],
  ["graph", "!~"],
  ["lower", "az"],
  ["print", " ~"],
  ["punct", "!/:@[`{~"],
  ["space", "\t\n\r\r  "],
  ["upper", "AZ"],
  ["xdigit", "09AFaf"],
]);

/**
 * A text as its UTF-8 bytes, one a character.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { bytesOf } from "./glob.ts";
 *
 * assertEquals([bytesOf("a.py"), bytesOf("é")], ["a.py", "\xc3\xa9"]);
 * ```
 */
export function bytesOf(text: string): string {
  return /^[\0-\x7f]*$/.test(text) ? text : Buffer.from(text).toString("latin1");
}

/**
 * Compiles a pattern of bytes; null for one that matches nothing: its set has no end, or its last backslash no character.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compileGlob, matchesGlob } from "./glob.ts";
 *
 * assertEquals(matchesGlob(["src", "a", "b.py"], compileGlob("src/**" + "/*.py")!), true);
 * assertEquals(compileGlob("[a"), null);
 * ```
 */
export function compileGlob(pattern: string): Glob | null {
  const parts: GlobPart[] = [];
  for (let at = 0; at <= pattern.length;) {
    const afterStars = skipStars(pattern, at);
    const isWhole = afterStars === pattern.length || pattern[afterStars] === "/";
    if (afterStars - at > 1 && isWhole) {
      if (parts.at(-1) !== FOLDERS) parts.push(FOLDERS);
      if (afterStars === pattern.length) parts.push([STAR]); // at the end there must be something in the folders
      at = afterStars + 1;
      continue;
    }
    const name = compileName(pattern, at);
    if (!name) return null;
    parts.push(name.part);
    at = name.end + 1;
  }
  return parts;
}

/** The part of a pattern that begins at `from`, and where it ends. */
function compileName(pattern: string, from: number): { part: GlobPart; end: number } | null {
  const tokens: NameToken[] = [];
  let name = "";
  let at = from;
  while (at < pattern.length && pattern[at] !== "/") {
    if (pattern[at] === "*") {
      tokens.push(STAR);
      at = skipStars(pattern, at);
    } else if (pattern[at] === "?") {
      tokens.push(ANY);
      at++;
    } else if (pattern[at] === "[") {
      const found = compileSet(pattern, at + 1);
      if (!found) return null;
      tokens.push(found.set);
      at = found.end;
    } else {
      if (pattern[at] === "\\" && ++at === pattern.length) return null;
      if (pattern[at] === "/") break; // "\/" is a slash
      name += pattern[at];
      tokens.push(pattern.charCodeAt(at++));
    }
  }
  return { part: name.length === tokens.length ? name : tokens, end: at };
}

function skipStars(pattern: string, from: number): number {
  let at = from;
  while (pattern[at] === "*") at++;
  return at;
}

/** The set whose bracket opened before `from`, and where it ends; null without an end or with an unknown class. */
function compileSet(pattern: string, from: number): { set: ByteSet; end: number } | null {
  const negated = pattern[from] === "!" || pattern[from] === "^";
  const first = negated ? from + 1 : from;
  let [ranges, previous, at, close] = ["", "", first, 0];
  do {
    let byte = pattern[at];
    if (byte === "-" && previous !== "" && at + 1 < pattern.length && pattern[at + 1] !== "]") {
      if (pattern[++at] === "\\") at++;
      ranges += previous + (pattern[at] ?? "");
      byte = "";
    } else if (byte === "[" && pattern[at + 1] === ":") {
      if (close < at + 2) close = pattern.indexOf("]", at + 2); // looked for once, however many brackets open
      if (close < 0) return null;
      if (close > at + 2 && pattern[close - 1] === ":") {
        const bytes = CLASSES.get(pattern.slice(at + 2, close - 1));
        if (bytes === undefined) return null;
        ranges += bytes;
        [at, byte] = [close, ""];
      } else ranges += "[[";
    } else {
      if (byte === "\\") byte = pattern[++at];
      ranges += byte === undefined ? "" : byte + byte;
    }
    if (at >= pattern.length) return null;
    previous = byte ?? "";
    at++;
  } while (pattern[at] !== "]");
  return { set: { ranges, negated }, end: at + 1 };
}

/**
 * Whether the names of a path, from the one with the number `first` on, match a pattern.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compileGlob, matchesGlob } from "./glob.ts";
 *
 * assertEquals(matchesGlob(["src", "a.py"], compileGlob("*.py")!), false);
 * assertEquals(matchesGlob(["src", "a.py"], compileGlob("*.py")!, 1), true);
 * ```
 */
export function matchesGlob(names: readonly string[], glob: Glob, first = 0): boolean {
  const [only] = glob;
  if (glob.length === 1 && only) return names.length === first + 1 && matchesName(names[first]!, only); // most are
  return matchesStars(
    { items: names.length - first, tokens: glob.length },
    (t) => glob[t] === FOLDERS,
    (t, i) => matchesName(names[first + i]!, glob[t]!),
  );
}

function matchesName(name: string, part: NonNullable<GlobPart>): boolean {
  if (typeof part === "string") return name === part;
  return matchesStars(
    { items: name.length, tokens: part.length },
    (t) => part[t] === STAR,
    (t, i) => matchesByte(name.charCodeAt(i), part[t]!),
  );
}

function matchesByte(byte: number, token: NameToken): boolean {
  if (typeof token === "number") return token === byte || token === ANY;
  const { ranges, negated } = token;
  for (let i = 0; i < ranges.length; i += 2) {
    if (byte >= ranges.charCodeAt(i) && byte <= ranges.charCodeAt(i + 1)) return !negated;
  }
  return negated;
}

/**
 * Whether items match tokens, of which some stand for any number of items. A star takes as few as it can; after a
 * mismatch the last one takes one more. Earlier ones need not: what they could give up, the last can take.
 */
function matchesStars(
  { items, tokens }: { items: number; tokens: number },
  isStar: (token: number) => boolean,
  accepts: (token: number, item: number) => boolean,
): boolean {
  let [item, token, star, taken] = [0, 0, -1, 0];
  while (item < items) {
    if (token < tokens && isStar(token)) [star, taken] = [token++, item];
    else if (token < tokens && accepts(token, item)) [token, item] = [token + 1, item + 1];
    else if (star >= 0) [token, item] = [star + 1, ++taken];
    else return false;
  }
  while (token < tokens && isStar(token)) token++;
  return token === tokens;
}
