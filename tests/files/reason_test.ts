import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import pl from "nodejs-polars";
import { Tokenizer as NativeTokenizer } from "tokenizers";
import { fileReasonOf, framesOf, oneLine, reasonOf } from "../../lib/files/reason.ts";

Deno.test("oneLine() shows whatever was thrown", () => {
  assertEquals(oneLine(new Error("a\r\n  b\n\n")), "a b");
  assertEquals(oneLine(new TypeError("")), "TypeError");
  assertEquals(oneLine("text"), "text");
  assertEquals(oneLine("\x1b[2Jgone\0"), "?[2Jgone?");
});

Deno.test("reasonOf() says what went wrong first where freeing what was held did too, and shows no text of either", () => {
  const suppressed = new SuppressedError(failed(() => JSON.parse(VALUE)), failed(() => JSON.parse(VALUE)));
  assertEquals(reasonOf(suppressed), "an unexpected character");
  assertEquals(Deno.inspect(suppressed).includes(VALUE), false);
});

function failed(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** A made-up value, assembled here so that no scanner takes it for one that is in use. */
const VALUE = ["npm", "aB3xK9qLm2Zw7RtYuP5sD8fGh4Jk1VbN"].join("_");

/** What libraries say of broken input that holds the value, and what is passed on. */
const FOREIGN: [what: string, run: () => unknown, said: string | RegExp][] = [
  ["JSON cut in a text", () => JSON.parse(`{"a": "${VALUE}`), /^a text has no end at line 1, column \d+$/],
  ["JSON without quotes", () => JSON.parse(`{"a": ${VALUE}}`), "an unexpected character"],
  ["no JSON", () => JSON.parse(VALUE), "an unexpected character"],
  ["JSON cut", () => JSON.parse("{"), /^a key is missing at line 1, column 2$|^it ends too early$/],
  ["JSON with more behind", () => JSON.parse(`{} ${VALUE}`), "an unexpected character at line 1, column 4"],
  [
    "a CSV without its last quote",
    () => pl.readCSV(`a,b\n1,"${VALUE}\n`, { inferSchemaLength: 9 }),
    "a quote is not closed or stands within a cell in column 2",
  ],
  [
    "a CSV with a word for a number",
    () => pl.readCSV(`a\n1\n${VALUE}\n`, { dtypes: { a: pl.Int64 } }),
    "a cell is not of its column's type in column 1",
  ],
  ["no Parquet", () => pl.readParquet(Buffer.from(VALUE)), "it is damaged, cut or no Parquet"],
  [
    "a column that is not there",
    () => pl.DataFrame({ [VALUE]: [1] }).select("b"),
    /^it failed in an unexpected way/,
  ],
  [
    "columns of two lengths",
    () => pl.DataFrame({ a: [1], [VALUE]: [1, 2] }),
    "its columns are not of one length",
  ],
  [
    "a tokenizer with a wrong token",
    () => NativeTokenizer.fromString(`{"version":"1.0","added_tokens":["${VALUE}"],"model":{}}`),
    /^a value is of the wrong kind at line 1, column \d+$/,
  ],
  [
    "a tokenizer of another version",
    () => NativeTokenizer.fromString(`{"version":"${VALUE}"}`),
    /^its version is unknown at line 1, column \d+$/,
  ],
  [
    "a mistake with a key",
    () => (undefined as unknown as Record<string, string>)[VALUE],
    /unexpected way \(TypeError\)$/,
  ],
  ["a mistake with a value", () => "x" in (VALUE as unknown as object), /unexpected way \(TypeError\)$/],
  [
    "a text where an entry should be",
    () => Object.fromEntries([VALUE as never]),
    /unexpected way \(TypeError\)$/,
  ],
  ["a text where a number should be", () => BigInt(VALUE), /unexpected way \(SyntaxError\)$/],
  ["a pattern", () => new RegExp(`(${VALUE}`), "a pattern is broken"],
  ["an address", () => new URL(VALUE), /unexpected way \(TypeError\)$/],
];

Deno.test("reasonOf() passes the kind and the place of what libraries say, never what they quote", () => {
  for (const [what, run, said] of FOREIGN) {
    const cause = assertThrows(run, Error);
    const reason = reasonOf(cause);
    if (typeof said === "string") assertEquals(reason, said, what);
    else assertMatch(reason, said, what);
    const wrapped = new Error("Cannot go on", { cause });
    assert(!Deno.inspect(wrapped).includes(VALUE.slice(4, 13)), `${what}: the cause still shows it`);
    assertEquals(reasonOf(cause), reason, `${what}: twice`);
    assertEquals(reasonOf(structuredClone(cause)), reason, `${what}: from a worker`);
  }
});

Deno.test("reasonOf() passes our own words and the system's, and cuts long ones", async () => {
  assertEquals(reasonOf(new SyntaxError(`it holds "${VALUE}"`)), `it holds "${VALUE}"`); // the CLI's gate looks at these
  assertEquals(reasonOf("it ends at byte 9"), "it ends at byte 9");
  const missing = await assertRejects(() => Deno.readFile("/nowhere/a"), Deno.errors.NotFound);
  assertEquals(reasonOf(missing), missing.message);
  assertEquals(fileReasonOf(missing), "no such file");
  const node = assertThrows(() => readFileSync("/nowhere/a"), Error);
  assertEquals([reasonOf(node).startsWith("ENOENT"), reasonOf(node).endsWith("'/nowhere/a'")], [true, true]);
  assertEquals(reasonOf(new Error("a".repeat(400))), `${"a".repeat(300)}...`);
});

Deno.test("reasonOf() knows our errors where no stack is kept, as in notebooks", () => {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    assertEquals(reasonOf(new RangeError("Cannot count row 3: it is 7")), "Cannot count row 3: it is 7");
    assertEquals(reasonOf(assertThrows(() => JSON.parse(VALUE), Error)), "an unexpected character");
    const mistake = assertThrows(() => (undefined as unknown as Record<string, string>)[VALUE], Error);
    assertMatch(reasonOf(mistake), /unexpected way/);
  } finally {
    Error.stackTraceLimit = limit;
  }
});

Deno.test("framesOf() takes no line of a message for a frame", () => {
  const error = new Error(`Cannot read:\n    at ${VALUE} (file:///a.ts:1:1)`);
  const frames = framesOf(error);
  assert(frames.length > 0 && !frames.join().includes(VALUE));
});

/** Where a message of someone else may be looked at, and why. */
const READERS: { [path: string]: string } = {
  "lib/files/reason.ts": "the gate itself",
  "lib/hub/hub_error.ts": "what fetch says of a connection, by patterns",
  "lib/collection/github_error.ts": "what fetch says of a connection, by patterns",
  "lib/collection/crates_registry.ts":
    "what fetch says of a connection, by patterns; whether an error is our own",
  "lib/cli/options.ts": "our own reader's words",
  "lib/datasets/tables.ts": "whether an error is our own",
  "lib/datasets/stream_table.ts": "whether an error is our own",
};

Deno.test("no file of lib/ passes on what another error says but by reason.ts", async () => {
  const strays: string[] = [];
  for await (const path of sourcesBelow("lib")) {
    const code = (await Deno.readTextFile(path)).replace(/^\s*\/?\*.*$/gm, "");
    const found =
      /\b(cause|error|event|e)( as \w+)?\)?\.(message|stack)\b|String\((cause|error|reason)\)|\$\{(cause|error)\}/;
    if (found.test(code) && READERS[path] === undefined) strays.push(path);
  }
  assertEquals(strays, []);
});

async function* sourcesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* sourcesBelow(`${folder}/${name}`);
    else if (name.endsWith(".ts")) yield `${folder}/${name}`;
  }
}
