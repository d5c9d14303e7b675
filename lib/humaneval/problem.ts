/**
 * Problems whose solutions are judged by running them: HumanEval's rows (Chen et al., 2021; HumanEval+ has the same) and
 * MBPP's (Austin et al., 2021), and the program of which a solution is judged.
 *
 * @module
 */
import { strip, stripEnd } from "../secrets/python_text.ts";

/** A problem, whichever it comes from. */
export interface Problem {
  /** Its name. */
  task_id: string;
  /** What a model is asked to go on with; HumanEval's without white space at its ends, MBPP's with a line break there. */
  prompt: string;
  /** What stands before the tests of a program: `prompt` where a solution goes on with it. */
  preamble: string;
  /** What is run after a solution. */
  tests: string;
  /** A solution that passes, as a completion; null where none is known. */
  solution: string | null;
  /** Strings that end a completion: {@linkcode HUMANEVAL_STOPS} or {@linkcode MBPP_STOPS}. */
  stops: readonly string[];
}

/** Where a completion of HumanEval ends: bigcode-evaluation-harness's stop strings, the last of them StarCoder's. */
export const HUMANEVAL_STOPS: readonly string[] = [
  ...["\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```"],
  "<file_sep>",
];

/** Where a completion of MBPP ends: bigcode-evaluation-harness's stop strings. */
export const MBPP_STOPS: readonly string[] = [
  ...["\nclass", "\nassert", '\n"""', "\nprint", "\nif", "\n<|/", "\n```"],
];

/** How many of MBPP's tests a prompt shows. */
const SHOWN_TESTS = 3;

type Row = Readonly<Record<string, unknown>>;

/**
 * The problems of rows, which are all HumanEval's or all MBPP's.
 *
 * @param rows as they were read from JSON lines @param name the file's, for errors
 * @throws {SyntaxError} when there is none, one lacks what it needs, or two have one name
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "./problem.ts";
 *
 * const row = { task_id: "T/0", prompt: "def one():\n", entry_point: "one", test: "def check(f):\n    assert f() == 1" };
 * const [problem] = readProblems([row], "mine.jsonl");
 * assertEquals([problem!.prompt, problem!.tests.endsWith("check(one)")], ["def one():", true]);
 * ```
 */
export function readProblems(rows: readonly unknown[], name: string): Problem[] {
  const refuse = (what: string): never => {
    throw new SyntaxError(`Cannot read problems of "${name}": ${what}`);
  };
  if (rows.length === 0) refuse("it has no rows");
  const known = new Map<string, number>();
  let stops: readonly string[] | undefined;
  return rows.map((row, i) => {
    if (typeof row !== "object" || row === null || Array.isArray(row)) {
      return refuse(`row ${i + 1} is no object`);
    }
    const problem = problemOf(row as Row, (what) => refuse(`row ${i + 1} ${what}`));
    const before = known.get(problem.task_id);
    if (before !== undefined) refuse(`rows ${before + 1} and ${i + 1} are both "${problem.task_id}"`);
    known.set(problem.task_id, i);
    stops ??= problem.stops;
    if (problem.stops !== stops) refuse(`row ${i + 1} is of the other kind than those before it`);
    return problem;
  });
}

function problemOf(row: Row, refuse: (what: string) => never): Problem {
  const text = (column: string): string => {
    const value = row[column];
    if (value === undefined || value === null || value === "") return refuse(`has no ${column}`);
    return typeof value === "string" ? value : refuse(`has a ${column} that is no text`);
  };
  const id = row.task_id;
  if ((typeof id !== "string" || id === "") && !Number.isSafeInteger(id)) return refuse("has no task_id");
  const task_id = String(id);
  if (row.test_list !== undefined) return mbppProblem(task_id, row, { text, refuse });
  const whole = text("prompt");
  const prompt = strip(whole);
  const lost = whole.slice(stripEnd(whole).length); // a solution begins with it
  const tests = `${text("test")}\ncheck(${text("entry_point")})`;
  const solution = row.canonical_solution;
  return {
    ...{ task_id, prompt, preamble: prompt, tests, stops: HUMANEVAL_STOPS },
    solution: typeof solution === "string" ? lost + solution : null,
  };
}

/**
 * The task and three tests as a string's lines, as bigcode-evaluation-harness has it with one test; it leaves the set-up
 * out, without which some problems cannot be solved. Tests need no prompt.
 */
function mbppProblem(
  task_id: string,
  row: Row,
  { text, refuse }: { text: (column: string) => string; refuse: (what: string) => never },
): Problem {
  const texts = (column: string): string[] => {
    const value = row[column] ?? [];
    const isTexts = Array.isArray(value) && value.every((each) => typeof each === "string");
    return isTexts ? value : refuse(`has a ${column} that is no list of texts`);
  };
  const tests = texts("test_list");
  if (tests.length === 0) refuse("has an empty test_list");
  const setUp = [
    ...texts("test_imports"),
    ...typeof row.test_setup_code === "string" ? [row.test_setup_code] : [],
  ];
  const task = row.text === undefined ? text("prompt") : text("text");
  return {
    task_id,
    prompt: `"""\n${task}\n${tests.slice(0, SHOWN_TESTS).join("\n")}\n"""\n`,
    preamble: "",
    tests: [...setUp.filter((line) => line !== ""), ...tests].join("\n"),
    solution: typeof row.code === "string" ? row.code : null,
    stops: MBPP_STOPS,
  };
}

/**
 * A completion up to its first stop string.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cutAtStop, HUMANEVAL_STOPS } from "./problem.ts";
 *
 * assertEquals(cutAtStop("    return 1\n\ndef two():\n", HUMANEVAL_STOPS), "    return 1\n");
 * assertEquals(cutAtStop("    return 1", ["1"]), "    return ");
 * ```
 */
export function cutAtStop(completion: string, stops: readonly string[]): string {
  const ends = stops.map((stop) => completion.indexOf(stop)).filter((at) => at >= 0);
  return completion.slice(0, Math.min(completion.length, ...ends));
}

/**
 * The completion in a text that a model wrote: what follows the prompt by characters, as Python counts them, up to the
 * first stop string. A tokenizer may spell the prompt otherwise; it is as long then as it was, as in the reference.
 *
 * @param text prompt and what was written, decoded at once @param endOfText texts of tokens that end it too
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { completionOf } from "./problem.ts";
 *
 * const problem = { prompt: "def one():", stops: ["\ndef"] };
 * assertEquals(completionOf("def one():\n    return 1\ndef two():", problem), "\n    return 1");
 * assertEquals(completionOf("def one():\n    pass<|end|>", problem, ["<|end|>"]), "\n    pass");
 * ```
 */
export function completionOf(
  text: string,
  { prompt, stops }: Pick<Problem, "prompt" | "stops">,
  endOfText: readonly string[] = [],
): string {
  const after = text.startsWith(prompt)
    ? text.slice(prompt.length)
    : Array.from(text).slice(Array.from(prompt).length).join("");
  return cutAtStop(after, [...stops, ...endOfText]);
}

/**
 * The program whose running to its end says that a completion passes.
 *
 * @param completion what follows the prompt, cut at its stop
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { programOf, readProblems } from "./problem.ts";
 *
 * const row = { task_id: 1, text: "One.", test_list: ["assert one() == 1"], code: "def one():\n    return 1" };
 * const [problem] = readProblems([row], "mine.jsonl");
 * assertEquals(programOf(problem!, problem!.solution!), "def one():\n    return 1\nassert one() == 1");
 * ```
 */
export function programOf({ preamble, tests }: Problem, completion: string): string {
  return `${preamble}${completion}\n${tests}`;
}
