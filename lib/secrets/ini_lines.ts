/**
 * The INI reading that detect-secrets gives every file before it looks at plain lines: Python's configparser with its
 * defaults (interpolation on, strict) and keys as they are spelled, each value then put as `key = "value"`.
 * The search for a value's line is kept with its quirks, since it decides which values are seen at all: a key followed
 * by a tab, or a value changed by interpolation, is not found, and the values after it are lost too.
 *
 * @module
 */
import { isPythonSpace, splitLines, strip, stripEnd } from "./python_text.ts";

type Section = Map<string, string>;

interface IniFile {
  defaults: Section;
  sections: Map<string, Section>;
}

const MAX_DEPTH = 10; // configparser's
const MAX_STEPS = 100_000; // ours: ten levels of references could otherwise grow without bound
const ALLOWLIST = /^[ \t]*[#;] *pragma: ?allowlist[ -]nextline[ -]secret/;
const SEPARATORS = " :=";

/** Values being read, as lists of lines, under the section that holds them. */
class IniReader {
  readonly #lists = new Map<string, Map<string, string[]>>();
  readonly #defaults = new Map<string, string[]>();
  #options: Map<string, string[]> | null = null;
  #value: string[] | null = null;
  #indent = 0;

  /** Reads one line; false when no configuration file can hold it there. */
  add(line: string): boolean {
    const value = strip(line);
    if (value.startsWith("#") || value.startsWith(";")) return true;
    if (value === "") {
      this.#value?.push("");
      return true;
    }
    let indent = 0;
    while (isPythonSpace(line, indent)) indent++;
    if (this.#value !== null && indent > this.#indent) {
      this.#value.push(value);
      return true;
    }
    this.#indent = indent;
    const bracket = value.startsWith("[") ? value.lastIndexOf("]") : -1;
    return bracket >= 2 ? this.#openSection(value.slice(1, bracket)) : this.#addOption(value);
  }

  #openSection(name: string): boolean {
    this.#value = null;
    if (name === "DEFAULT") {
      this.#options = this.#defaults;
      return true;
    }
    if (this.#lists.has(name)) return false;
    this.#options = new Map();
    this.#lists.set(name, this.#options);
    return true;
  }

  #addOption(line: string): boolean {
    const at = line.search(/[=:]/);
    if (this.#options === null || at <= 0) return false;
    const name = stripEnd(line.slice(0, at));
    if (name === "" || this.#options.has(name)) return false;
    this.#value = [strip(line.slice(at + 1))];
    this.#options.set(name, this.#value);
    return true;
  }

  /** What was read; null without a section. */
  finish(): IniFile | null {
    if (this.#lists.size === 0) return null;
    const join = (options: Map<string, string[]>): Section =>
      new Map([...options].map(([name, lines]) => [name, stripEnd(lines.join("\n"))]));
    const sections = new Map([...this.#lists].map(([name, options]) => [name, join(options)]));
    return { defaults: join(this.#defaults), sections };
  }
}

/** `value` with `%%` and `%(name)s` resolved; null where configparser gives an error. */
function interpolate(value: string, values: Section, budget: { steps: number }, depth = 1): string | null {
  if (!value.includes("%")) return value;
  if (depth > MAX_DEPTH || budget.steps < 0) return null;
  let result = "";
  let from = 0;
  for (let at = value.indexOf("%"); at >= 0; at = value.indexOf("%", from)) {
    result += value.slice(from, at);
    if (--budget.steps < 0) return null;
    if (value[at + 1] === "%") {
      result += "%";
      from = at + 2;
      continue;
    }
    const close = value[at + 1] === "(" ? value.indexOf(")", at) : -1;
    if (close <= at + 2 || value[close + 1] !== "s") return null;
    const referred = values.get(value.slice(at + 2, close));
    if (referred === undefined) return null;
    const resolved = interpolate(referred, values, budget, depth + 1);
    if (resolved === null) return null;
    budget.steps -= resolved.length >> 6; // long texts count as many steps
    result += resolved;
    from = close + 2;
  }
  return result + value.slice(from);
}

/** The lines of a file, handed out from the first that no value has used yet. */
class LineCursor {
  readonly #lines: string[];
  #next = 0;

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  /** Whether no line is left, so that no value can be found any more. */
  get done(): boolean {
    return this.#next >= this.#lines.length;
  }

  /** The parts of the value of `key` that are found in the lines, and the allowing comments passed on the way. */
  take(key: string, values: string[]): string[] {
    const found: string[] = [];
    let index = 0;
    for (let i = this.#next; i < this.#lines.length; i++) {
      const line = this.#lines[i]!;
      if (ALLOWLIST.test(line)) {
        found.push(line);
      } else if (line === "" || line.startsWith("#") || line.startsWith(";")) {
        continue;
      } else if (index === 0) {
        if (startsWithOption(line, key, values[0]!)) found.push(values[index++]!);
      } else if (index === values.length) {
        this.#next = i;
        return found;
      } else {
        found.push(values[index++]!);
      }
    }
    this.#next = this.#lines.length;
    return found;
  }
}

/** Whether `line` is `key`, at least one blank, colon or equals sign, then `value`. */
function startsWithOption(line: string, key: string, value: string): boolean {
  if (!line.startsWith(key)) return false;
  let run = key.length;
  while (run < line.length && SEPARATORS.includes(line[run]!)) run++;
  if (run === key.length) return false;
  let own = 0;
  while (own < value.length && SEPARATORS.includes(value[own]!)) own++;
  // A value of separators only may start anywhere in the run; any other has one place where it can.
  if (own === value.length) return line.slice(key.length + 1, run).includes(value);
  return run - own > key.length && line.startsWith(value, run - own);
}

function quoteValue(key: string, value: string): string {
  const first = value[0];
  if ((first === "'" || first === '"') && value.at(-1) === first) value = value.slice(1, -1);
  return `${key} = "${value.replaceAll('"', '\\"')}"`;
}

/** What a text holds as INI; most are none by their first lines. */
function readIni(text: string, header: boolean): IniFile | null {
  const reader = new IniReader();
  if (header) reader.add("[global]");
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at);
    if (!reader.add(end < 0 ? text.slice(at) : text.slice(at, end))) return null;
    at = end < 0 ? text.length : end + 1;
  }
  return reader.finish();
}

/**
 * The values of a text read as an INI file, each as a line `key = "value"`; null when the text is none.
 *
 * @param text A text whose lines end with `\n`.
 * @param options With `header`, the text is read as if it began with `[global]`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { iniLines } from "./ini_lines.ts";
 *
 * assertEquals(iniLines("[s]\nkey: 'a'\n  b"), ['key = "a"', 'key = "b"']);
 * assertEquals(iniLines("key = a"), null);
 * assertEquals(iniLines("key = a", { header: true }), ['key = "a"']);
 * ```
 */
export function iniLines(text: string, options: { header?: boolean } = {}): string[] | null {
  const file = readIni(text, options.header ?? false);
  if (file === null) return null;
  const cursor = new LineCursor(text.split("\n").map(strip));
  const found: string[] = [];
  const budget = { steps: MAX_STEPS + text.length };
  for (const section of [new Map<string, string>(), ...file.sections.values()]) {
    // Without references no later value can fail either.
    if (cursor.done && !text.includes("%")) break;
    const values: Section = new Map([...file.defaults, ...section]);
    budget.steps -= values.size;
    for (const [key, raw] of values) {
      const value = interpolate(raw, values, budget);
      if (value === null) return null;
      const [first, ...rest] = splitLines(value);
      if (first === undefined) continue;
      for (const part of cursor.take(key, [first, ...rest.filter((line) => line !== "")])) {
        if (part !== "") found.push(ALLOWLIST.test(part) ? part : quoteValue(key, part));
      }
    }
  }
  return found;
}
