/**
 * Whether a text is JSON, without an exception for each that is none (the dearest part of looking at many), and in linear
 * time. Python's `json.loads` takes NaN and Infinity too, and no whole number of more than 4,300 digits.
 *
 * @module
 */

const SPACES = " \t\n\r";
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const JSON_WORDS: readonly string[] = ["true", "false", "null"];
const PYTHON_WORDS: readonly string[] = [...JSON_WORDS, "NaN", "Infinity", "-Infinity"];
const MAX_DIGITS = 4300; // of sys.get_int_max_str_digits()
const QUOTE = 0x22, BACKSLASH = 0x5c, FIRST_ALLOWED = 0x20;

/** Where the string that opens at `start` ends, its quote included; -1 when it does not. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) return i + 1;
    if (code < FIRST_ALLOWED) return -1;
    if (code !== BACKSLASH) continue;
    const escape = text[++i];
    if (escape === undefined || !'"\\/bfnrtu'.includes(escape)) return -1;
    if (escape !== "u") continue;
    if (!/^[0-9a-fA-F]{4}$/.test(text.slice(i + 1, i + 5))) return -1;
    i += 4;
  }
  return -1;
}

/** Where the string, number or word at `start` ends; -1 when there is none. */
function scalarEnd(text: string, start: number, words: readonly string[]): number {
  if (text[start] === '"') return stringEnd(text, start);
  const word = words.find((word) => text.startsWith(word, start));
  if (word !== undefined) return start + word.length;
  NUMBER.lastIndex = start;
  const match = NUMBER.exec(text);
  if (match === null) return -1;
  const digits = match[0].length - (match[0].startsWith("-") ? 1 : 0);
  const isTooLong = words === PYTHON_WORDS && digits > MAX_DIGITS && !match[1] && !match[2];
  return isTooLong ? -1 : NUMBER.lastIndex;
}

/**
 * Whether `text` is one JSON value.
 *
 * @param options with `python`, by the rules of Python's `json.loads`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isJson } from "./python_json.ts";
 *
 * assertEquals(['{"a": [1, "b"]}', '{"a": NaN}', '{"a" 1}'].map((text) => isJson(text)), [true, false, false]);
 * assertEquals(isJson('{"a": NaN}', { python: true }), true);
 * ```
 */
export function isJson(text: string, { python = false }: { python?: boolean } = {}): boolean {
  const words = python ? PYTHON_WORDS : JSON_WORDS;
  const open: string[] = []; // the closing brackets that are to come
  let i = 0;
  const skipSpaces = (): string | undefined => {
    while (i < text.length && SPACES.includes(text[i]!)) i++;
    return text[i];
  };
  /** Goes past a key and its colon. */
  const readKey = (): boolean => {
    if (skipSpaces() !== '"' || (i = stringEnd(text, i)) < 0 || skipSpaces() !== ":") return false;
    i++;
    return true;
  };
  while (true) {
    const c = skipSpaces();
    if (c === "{" || c === "[") {
      i++;
      const close = c === "{" ? "}" : "]";
      if (skipSpaces() !== close) {
        open.push(close);
        if (c === "{" && !readKey()) return false;
        continue;
      }
      i++;
    } else if ((i = scalarEnd(text, i, words)) < 0) return false;
    // after a value: the brackets that close, then a comma and what follows it
    while (open.length > 0 && skipSpaces() === open.at(-1)) {
      open.pop();
      i++;
    }
    if (open.length === 0) return skipSpaces() === undefined;
    if (text[i++] !== "," || (open.at(-1) === "}" && !readKey())) return false;
  }
}
