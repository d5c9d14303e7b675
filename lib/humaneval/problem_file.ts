/**
 * Files of problems: JSON lines, or one JSON array as MBPP's sanitized file is, packed by gzip or not.
 *
 * @module
 */
import { readRegularFile } from "../files/read_file.ts";
import { type Problem, readProblems } from "./problem.ts";

/** Larger files, packed or not, are none of problems: HumanEval+ has some 10 MB. */
const MAX_BYTES = 2 ** 28;

/** Options of {@linkcode readProblemFile}. */
export interface ProblemFileOptions {
  /** Larger files are refused, and what unpacks to more. Default 256 MiB. */
  maxBytes?: number;
}

/**
 * Reads problems in HumanEval's or MBPP's columns.
 *
 * @throws {SyntaxError} when a line is no JSON, or as `readProblems`; {RangeError} when the file is too large; {Error} when
 * it cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblemFile } from "./problem_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/mine.jsonl`;
 * const row = { task_id: 1, text: "One.", test_list: ["assert one() == 1"] };
 * await Deno.writeTextFile(path, JSON.stringify(row) + "\n");
 * assertEquals((await readProblemFile(path)).map(({ task_id }) => task_id), ["1"]);
 * ```
 */
export async function readProblemFile(path: string, options: ProblemFileOptions = {}): Promise<Problem[]> {
  return readProblems(await readProblemRows(path, options), path);
}

/**
 * The rows of a file of problems as they stand in it.
 *
 * @throws as {@linkcode readProblemFile}, but nothing of the columns
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblemRows } from "./problem_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/mine.jsonl`;
 * await Deno.writeTextFile(path, '{"task_id":1}\n\n{"task_id":2}\n');
 * assertEquals(await readProblemRows(path), [{ task_id: 1 }, { task_id: 2 }]);
 * ```
 */
export async function readProblemRows(
  path: string,
  { maxBytes = MAX_BYTES }: ProblemFileOptions = {},
): Promise<unknown[]> {
  const refuse = (what: string): never => {
    throw new SyntaxError(`Cannot read problems of "${path}": ${what}`);
  };
  const packed = await readRegularFile(path, { what: "problems", maxBytes });
  const isGzip = packed[0] === 0x1f && packed[1] === 0x8b;
  const bytes = isGzip
    ? await unpack(packed, maxBytes).catch(() => refuse("its gzip is damaged or cut"))
    : packed;
  if (bytes === null) {
    throw new RangeError(
      `Cannot read problems of "${path}": unpacked it has more than ${maxBytes} bytes: give fewer problems`,
    );
  }
  if (new TextDecoder().decode(bytes.subarray(0, 4)) === "PAR1") {
    refuse("it is Parquet: write its rows as JSON lines");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuse("it is not UTF-8");
  }
  return parseRows(text, refuse);
}

/** Null for what is too large. */
async function unpack(packed: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return await new Blob(chunks).bytes();
}

function parseRows(text: string, refuse: (what: string) => never): unknown[] {
  if (text.trimStart().startsWith("[")) {
    try {
      return JSON.parse(text);
    } catch { // the parser's message quotes the text
      refuse("it is a JSON array that is damaged or cut");
    }
  }
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line)];
    } catch {
      return refuse(`line ${i + 1} is not JSON`);
    }
  });
}
