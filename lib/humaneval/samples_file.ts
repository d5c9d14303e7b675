/**
 * A samples file that is being made: each sample is appended as it is done, so that a kill loses what was under way and
 * tears one line at most. What is there already is not drawn again, and more samples of each problem may follow.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { describeDifferences, type Settings } from "../files/settings.ts";
import { closeAppended, openAppended } from "../files/append_file.ts";
import { writeAll, writeFileAtomic } from "../files/write_file.ts";
import type { Shard } from "../datasets/corpus_piece.ts";
import type { Problem } from "./problem.ts";
import { type CodeSample, readSamples, sampleKey, sampleLine, sampleLines, settingsOf } from "./samples.ts";

/** What a samples file is to hold. */
export interface SamplesFileOptions {
  /** The problems, all of them. */
  problems: readonly Problem[];
  /** What samples are drawn by, beside the problems; not their number. */
  settings: Settings;
  /** Samples of each problem. */
  n: number;
  /** Which part of the problems; all when not given. */
  shard?: Shard | undefined;
}

/** A sample that is to be made. */
export interface MissingSample {
  /** Its problem. */
  problem: Problem;
  /** Which of the problem's samples it is. */
  sample: number;
}

/**
 * Samples in a file. It is one process' own: who opens it has locked its folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "./problem.ts";
 * import { SamplesFile } from "./samples_file.ts";
 *
 * const problems = readProblems([{ task_id: "T/0", prompt: "def f():", entry_point: "f", test: "def check(f): f()" }], "mine");
 * const path = `${await Deno.makeTempDir()}/samples.jsonl`;
 * const options = { problems, settings: { seed: 42 }, n: 2 };
 * {
 *   using file = await SamplesFile.open(path, options);
 *   await file.append({ task_id: "T/0", sample: 1, completion: "\n    pass", ended: "stop", tokens: 3 });
 * } // as if it had been killed here
 * using file = await SamplesFile.open(path, options);
 * assertEquals([...file.missing()].map(({ sample }) => sample), [0]);
 * await file.append({ task_id: "T/0", sample: 0, completion: "\n    return", ended: "stop", tokens: 3 });
 * await file.finish();
 * assertEquals((await Deno.readTextFile(path)).trim().split("\n").map((line) => JSON.parse(line).sample), [0, 1]);
 * ```
 */
export class SamplesFile implements Disposable {
  readonly #path: string;
  readonly #options: SamplesFileOptions;
  readonly #settings: Settings;
  readonly #places: ReadonlyMap<string, number>;
  readonly #samples: Map<string, CodeSample>;
  #file: Deno.FsFile | undefined;

  private constructor(path: string, options: SamplesFileOptions, samples: readonly CodeSample[]) {
    this.#path = path;
    this.#options = options;
    this.#settings = settingsOf(options.settings, options.problems);
    this.#places = new Map(options.problems.map(({ task_id }, i) => [task_id, i]));
    this.#samples = new Map(samples.map((sample) => [sampleKey(sample), sample]));
  }

  /**
   * Opens a file, made where there is none; a torn last line goes.
   *
   * @throws {Error} when its samples are of another model or of other settings, naming what differs, are more than asked
   * for, or of another shard; as `readSamples`; when it cannot be written
   */
  static async open(path: string, options: SamplesFileOptions): Promise<SamplesFile> {
    const before = existsSync(path) ? await readSamples(path) : undefined;
    const samples = before?.samples ?? [];
    const file = new SamplesFile(path, options, samples);
    if (before) file.#check(before.settings, samples);
    file.#file = await openAppended(path, before?.wholeBytes ?? 0);
    return file;
  }

  #check(settings: Settings, samples: readonly CodeSample[]): void {
    const refuse = (what: string): never => {
      throw new Error(`Cannot continue "${this.#path}" ${what}`);
    };
    const differences = describeDifferences(settings, this.#settings);
    if (differences.length > 0) {
      refuse(`with other settings: ${differences.join("; ")}: name another place or give --force`);
    }
    const { n, shard, problems } = this.#options;
    for (const { task_id, problem, sample } of samples) {
      if (problems[problem]?.task_id !== task_id) refuse(`as it has "${task_id}" as problem ${problem}`);
      if (sample >= n) refuse(`with ${n} samples a problem, as it has ${sample + 1} of "${task_id}"`);
      if (!isOfShard(shard, problem)) refuse(`as this shard: "${task_id}" is of another`);
    }
  }

  /** Its samples, in no particular order. */
  get samples(): Iterable<CodeSample> {
    return this.#samples.values();
  }

  /** What they were drawn by, with the problems. */
  get settings(): Settings {
    return this.#settings;
  }

  /** A sample; undefined where it is not there. */
  get(taskId: string, sample: number): CodeSample | undefined {
    return this.#samples.get(sampleKey({ task_id: taskId, sample }));
  }

  /** Whether a sample is there. */
  has(taskId: string, sample: number): boolean {
    return this.get(taskId, sample) !== undefined;
  }

  /** The problems of this file's shard. */
  get problems(): Problem[] {
    return problemsOfShard(this.#options.shard, this.#options.problems);
  }

  /** What is still to be made, by problem and number. */
  *missing(): Generator<MissingSample> {
    for (const problem of this.problems) {
      for (let sample = 0; sample < this.#options.n; sample++) {
        if (!this.has(problem.task_id, sample)) yield { problem, sample };
      }
    }
  }

  /**
   * Adds a sample; wait for it before the next.
   *
   * @throws {RangeError} when it is none of the missing ones; {Error} when it cannot be written
   */
  async append(given: Omit<CodeSample, "problem">): Promise<CodeSample> {
    const sample = { ...given, problem: this.#places.get(given.task_id) ?? -1 };
    const key = sampleKey(sample);
    const { n, shard } = this.#options;
    const isNumbered = Number.isSafeInteger(sample.sample) && sample.sample >= 0 && sample.sample < n;
    if (!isOfShard(shard, sample.problem) || !isNumbered || this.#samples.has(key)) {
      throw new RangeError(`Cannot add sample ${sample.sample} of "${sample.task_id}": it is not missing`);
    }
    const line = sampleLine(sample, this.#settings, { isFirst: this.#samples.size === 0 });
    await writeAll(this.#open(), new TextEncoder().encode(line), this.#path);
    this.#samples.set(key, sample);
    return sample;
  }

  #open(): Deno.FsFile {
    if (!this.#file) throw new TypeError(`Cannot write "${this.#path}": it is closed`);
    return this.#file;
  }

  /**
   * Puts the rows in order, in one step, and closes the file: the same bytes in whatever order they were made.
   *
   * @throws {RangeError} when a sample is missing; {Error} when it cannot be written
   */
  async finish(): Promise<void> {
    for (const { problem, sample } of this.missing()) {
      throw new RangeError(
        `Cannot finish "${this.#path}": sample ${sample} of "${problem.task_id}" is missing`,
      );
    }
    this[Symbol.dispose]();
    await writeFileAtomic(this.#path, sampleLines(this.#samples.values(), this.#settings));
  }

  /** A file without a row goes: there is nothing to go on from. */
  [Symbol.dispose](): void {
    closeAppended(this.#file, this.#path);
    this.#file = undefined;
  }
}

/**
 * The problems of a shard: they go round the shards, so that each has some of every kind.
 *
 * @param shard undefined for all of them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readProblems } from "./problem.ts";
 * import { problemsOfShard } from "./samples_file.ts";
 *
 * const rows = [1, 2, 3].map((task_id) => ({ task_id, text: "One.", test_list: ["assert one() == 1"] }));
 * const own = problemsOfShard({ index: 1, count: 2 }, readProblems(rows, "mine"));
 * assertEquals(own.map(({ task_id }) => task_id), ["2"]);
 * ```
 */
export function problemsOfShard(shard: Shard | undefined, problems: readonly Problem[]): Problem[] {
  return problems.filter((_, i) => isOfShard(shard, i));
}

function isOfShard(shard: Shard | undefined, problem: number): boolean {
  return problem >= 0 && (shard === undefined || problem % shard.count === shard.index);
}
