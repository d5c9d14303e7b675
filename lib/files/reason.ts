/**
 * Why something failed, for a message of one line. It is the gate for what libraries say: parsers quote the cells, keys
 * and lines that they read, and those may be secrets. What the system says of files and our own errors say passes; of
 * all else only its kind and its place do, in words of this file, and the error itself loses its text, so that nothing
 * shows it later as a cause.
 *
 * @module
 */

const LONGEST = 300;

/** What libraries say, and its kind; without words of our own the found words pass, which no file has a part in. */
const KINDS: readonly (readonly [RegExp, string?])[] = [
  [/^Unexpected end of JSON|^EOF while parsing/, "it ends too early"],
  [/^Unterminated string in JSON/, "a text has no end"],
  [/^Bad control character|^control character/, "a text holds a control character"],
  [/^Bad (escaped|Unicode)|^invalid (escape|unicode)|lone leading surrogate/, "a text holds a bad escape"],
  [/^Expected (double-quoted )?property name|^key must be/, "a key is missing"],
  [/ JSON\b|^expected (value|ident|[`,:\]}])|^trailing (char|comma)/, "an unexpected character"],
  [/^invalid (type|value|length)/, "a value is of the wrong kind"],
  [/^unknown (variant|field)/, "a name is unknown"],
  [/^duplicate (field|entry)/, "a name stands twice"],
  [/^missing field `\w+`/],
  [/^data did not match any variant of untagged enum \w+/],
  [/(?<=^error parsing regexp: )[^:`]+/], // RE2's, without the expression
  [/^Oniguruma error|^Invalid regular expression/, "a pattern is broken"],
  [/out of vocabulary/, "a merge names a token that is not in the vocabulary"],
  [/^Unknown tokenizer version/, "its version is unknown"],
  [/^could not parse `"/, "a quote is not closed or stands within a cell"],
  [/^could not parse/, "a cell is not of its column's type"],
  [/more fields than/, "a row has more cells than the header"],
  [/CSV malformed|quot(e|ing)/i, "a quote is not closed or stands within a cell"],
  [
    /must supply either a path or body|out ?of ?spec|PAR1|thrift|parquet/i,
    "it is damaged, cut or no Parquet",
  ],
  [/^conversion from|schema|dtype/i, "a column is of the wrong type"],
  [/^lengths don't match/, "its columns are not of one length"],
  [/^duplicate/, "two columns have one name"],
  [/^(corrupt|invalid) (gzip|deflate)|unexpected end of file|whole buffer/i, "it is damaged or cut"],
  [/encoded data is not valid|not valid utf-?8/i, "it is not UTF-8"],
  [/^Invalid string length|longer than 0x/, "it is too long for one text"],
  [/allocation failed|out of memory/i, "there is not enough memory"],
  [/^Maximum call stack/, "it is nested too deeply"],
  [/^error sending request|^client error/, "the network cannot be reached"],
  [/^Signal timed out/, "it took too long"],
  [/^[A-Z][a-z ]+ \(os error \d+\)/],
  [/^(Could not open library|Failed to register symbol).*/s], // the loader's: paths and symbols
];

/** Where in a file a library stopped: in the forms of JSON.parse, of serde, of Polars. */
const PLACES: readonly (readonly [RegExp, string])[] = [
  [/\bline (\d+),? column (\d+)/, " at line $1, column $2"],
  [/\bcolumn number (\d+)/, " in column $1"],
  [/\bat position (\d+)/, " at character $1"],
];

/** What {@linkcode withoutText} has put there. */
const PASSED = new RegExp(
  `^(${KINDS.map(([, kind]) => kind).filter(Boolean).join("|")}|it failed in an unexpected way \\(\\w+\\))` +
    "( (at line \\d+, column \\d+|in column \\d+|at character \\d+))?$",
);

/** What the JavaScript engine says of a mistake in our own code, which quotes keys and values too. */
const ENGINE = new RegExp(
  "^Cannot ((read|set) propert|(create|delete|redefine|define|add|destructure) propert|assign to read|use 'in'|" +
    "convert \\S+ to|mix BigInt|access '|destructure '|read private)| is not (a function|a constructor|(async )?iterable|defined|an (entry )?object)\\b|" +
    "^Iterator value|^Invalid (array|typed|date|time|code point|count)|^Assignment to constant|^Class constructor",
);

const HOME = new URL("../..", import.meta.url).href;

/**
 * The message of what was thrown, or a text, in one line without control characters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { oneLine } from "./reason.ts";
 *
 * assertEquals(oneLine(new Error("Cannot read:\n  no such file\n")), "Cannot read: no such file");
 * ```
 */
export function oneLine(cause: unknown): string {
  const first = firstThrown(cause);
  const message = first instanceof Error ? first.message || first.name : String(first);
  return message.trim().replace(/\s+/g, " ").replace(/\p{C}/gu, "?");
}

/**
 * What went wrong first, where freeing what was held went wrong too: `using` then throws a `SuppressedError` of both, whose
 * own message says neither.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { firstThrown } from "./reason.ts";
 *
 * const both = new SuppressedError(new Error("Cannot remove a"), new Error("Cannot write b"));
 * assertEquals((firstThrown(both) as Error).message, "Cannot write b");
 * ```
 */
export function firstThrown(cause: unknown): unknown {
  let first = cause;
  while (first instanceof SuppressedError) first = first.suppressed;
  return first;
}

/**
 * Whether an error is one of ours, or what the system says of a file: its words hold no text that was read. Ours are
 * known by where they were made; what native code throws looks as if made by its caller, but has a code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPlainError } from "./reason.ts";
 *
 * assertEquals(isPlainError(new RangeError("Cannot count row 3: it is 7")), true);
 * assertEquals(isPlainError(new Deno.errors.NotFound("os error 2")), true);
 * try {
 *   JSON.parse("{'key'}");
 * } catch (error) {
 *   assertEquals(isPlainError(error as Error), false);
 * }
 * ```
 */
export function isPlainError(error: Error): boolean {
  if (Object.values(Deno.errors).some((kind) => error instanceof kind)) return true;
  const code = Object.getOwnPropertyDescriptor(error, "code")?.value;
  if (typeof code === "string" && /^E[A-Z0-9]+$/.test(code)) return true;
  if (PASSED.test(error.message)) return true;
  const isNative = code !== undefined && /^(Error|TypeError|RangeError)$/.test(error.constructor.name);
  if (isNative || ENGINE.test(error.message)) return false;
  const [first] = framesOf(error);
  if (first === undefined) return /^(Cannot|Unknown|Missing) /.test(error.message); // notebooks keep no stacks
  const place = first.replace(/^\s+at /, "");
  const from = place.startsWith(HOME) ? 0 : place.indexOf(`(${HOME}`) + 1 || place.indexOf(` ${HOME}`) + 1;
  return place.startsWith(HOME, from) &&
    /^(lib\/|tests\/|notebooks\/|data\/|mod\.ts)/.test(place.slice(from + HOME.length));
}

/**
 * Where an error was thrown: the lines of its stack, without its message.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { framesOf } from "./reason.ts";
 *
 * const frames = framesOf(new Error("Cannot read:\n    at no place"));
 * assertEquals(frames.some((line) => line.includes("no place")), false);
 * ```
 */
export function framesOf(error: Error): string[] {
  const { stack = "", message } = error;
  const at = message === "" ? -1 : stack.indexOf(message);
  const lines = (at < 0 ? stack : stack.slice(at + message.length)).split("\n");
  return lines.filter((line) => /^\s+at \S/.test(line) && /:\d+:\d+\)?$|<anonymous>\)?$/.test(line));
}

/**
 * What was thrown, safe to be shown or kept as a cause: a foreign error's message, and that of its causes, becomes its
 * kind and place. The error itself is changed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutText } from "./reason.ts";
 *
 * try {
 *   JSON.parse('{"key": hunter2}');
 * } catch (error) {
 *   assertEquals((withoutText(error) as Error).message, "an unexpected character");
 *   assertEquals(Deno.inspect(error).includes("hunter2"), false);
 * }
 * ```
 */
export function withoutText<T>(cause: T): T {
  if (cause instanceof SuppressedError) [cause.error, cause.suppressed].forEach(withoutText);
  for (
    let error: unknown = cause, depth = 0;
    error instanceof Error && depth < 9;
    error = error.cause, depth++
  ) {
    if (isPlainError(error)) continue;
    const frames = framesOf(error);
    const message = foreignReason(error);
    for (
      const [name, value] of Object.entries({
        message,
        stack: [`${nameOf(error)}: ${message}`, ...frames].join("\n"),
      })
    ) {
      Object.defineProperty(error, name, { value, configurable: true, writable: true });
    }
  }
  return cause;
}

function foreignReason(error: Error): string {
  const { message } = error;
  for (const [pattern, kind] of KINDS) {
    const found = pattern.exec(message)?.[0];
    if (found === undefined) continue;
    const [place, form] = PLACES.find(([place]) => place.test(message)) ?? [/^/, ""];
    return (kind ?? found) + (place.exec(message)?.[0] ?? "").replace(place, form);
  }
  return `it failed in an unexpected way (${nameOf(error)})`;
}

function nameOf({ name }: Error): string {
  return /^\w{1,40}$/.test(name) ? name : "Error";
}

/**
 * Why something failed, in one line of at most 300 characters: the message of one of our errors, of the system's, or a
 * text of ours; of any other error its kind and place. See {@linkcode withoutText}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reasonOf } from "./reason.ts";
 *
 * assertEquals(reasonOf(new SyntaxError("it holds\n NUL bytes")), "it holds NUL bytes");
 * try {
 *   JSON.parse('{"key": "hunter2');
 * } catch (error) {
 *   assertEquals(reasonOf(error), "a text has no end at line 1, column 17");
 * }
 * ```
 */
export function reasonOf(cause: unknown): string {
  const line = oneLine(withoutText(cause));
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}

/**
 * Why a file could not be read, in one line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fileReasonOf } from "./reason.ts";
 *
 * assertEquals(fileReasonOf(new Deno.errors.NotFound("os error 2")), "no such file");
 * ```
 */
export function fileReasonOf(cause: unknown): string {
  return cause instanceof Deno.errors.NotFound ? "no such file" : reasonOf(cause);
}
