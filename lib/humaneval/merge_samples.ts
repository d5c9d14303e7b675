/**
 * The samples of all shards as one file, and samples in the form that bigcode-evaluation-harness reads.
 *
 * @module
 */
import { describeDifferences, type Settings } from "../files/settings.ts";
import type { Problem } from "./problem.ts";
import { type CodeSample, readSamples, sampleLines, type SampleSet } from "./samples.ts";

/** Samples that are all there. */
export interface WholeSamples {
  /** Their file: byte for byte what one process writes. */
  lines: string;
  /** Samples of each problem. */
  n: number;
  /** By problem and number. */
  samples: CodeSample[];
}

/**
 * Puts the samples of shards together.
 *
 * @param paths of all shards' files
 * @throws {Error} when they were drawn by different settings, naming what differs; {RangeError} when a sample is in two of
 * them, or missing; as `readSamples`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { mergeSamples } from "./merge_samples.ts";
 * import { sampleLines } from "./samples.ts";
 *
 * const settings = { seed: 42, problems: 2 };
 * const samples = ["T/0", "T/1"].map((task_id, problem) =>
 *   ({ task_id, problem, sample: 0, completion: "", ended: "length", tokens: 1 } as const)
 * );
 * const folder = await Deno.makeTempDir();
 * const paths = [`${folder}/a.jsonl`, `${folder}/b.jsonl`];
 * await Deno.writeTextFile(paths[0]!, sampleLines([samples[1]!], settings));
 * await Deno.writeTextFile(paths[1]!, sampleLines([samples[0]!], settings));
 * assertEquals((await mergeSamples(paths)).lines, sampleLines(samples, settings));
 * ```
 */
export async function mergeSamples(paths: readonly string[]): Promise<WholeSamples> {
  const sets: (SampleSet & { path: string })[] = [];
  for (const path of paths) {
    const set = await readSamples(path);
    if (set) sets.push({ ...set, path }); // a shard has no rows where there are more of them than problems
  }
  const [first, ...others] = sets;
  if (!first) throw new RangeError(`Cannot merge samples: none of ${paths.length} files has any`);
  for (const { settings, path } of others) {
    const differences = describeDifferences(first.settings, settings);
    if (differences.length > 0) {
      throw new Error(`Cannot merge "${path}" with "${first.path}": ${differences.join("; ")}: run it again`);
    }
  }
  const samples = sets.flatMap(({ samples, path }) => samples.map((sample) => ({ ...sample, path })));
  return wholeSamples(samples, first.settings);
}

/** Checked to be 0 to n - 1 of every problem. */
function wholeSamples(found: readonly (CodeSample & { path: string })[], settings: Settings): WholeSamples {
  const sorted = found.map(({ path, ...sample }) => ({ sample, path }))
    .sort((a, b) => a.sample.problem - b.sample.problem || a.sample.sample - b.sample.sample);
  const samples = sorted.map(({ sample }) => sample);
  const n = samples.reduce((most, { sample }) => Math.max(most, sample + 1), 0);
  const count = Number(settings.problems);
  sorted.forEach(({ sample, path }, i) => {
    const before = samples[i - 1];
    if (before?.problem === sample.problem && before.sample === sample.sample) {
      throw new RangeError(
        `Cannot merge "${path}": sample ${sample.sample} of "${sample.task_id}" is in another file too`,
      );
    }
    if (sample.problem * n + sample.sample !== i) refuseMissing(i, n);
  });
  if (samples.length !== count * n) refuseMissing(samples.length, n);
  return { lines: sampleLines(samples, settings), n, samples };
}

function refuseMissing(place: number, n: number): never {
  throw new RangeError(
    `Cannot merge samples: sample ${place % n} of problem ${
      Math.floor(place / n)
    } is missing: finish its shard first`,
  );
}

/**
 * The list of lists that bigcode-evaluation-harness reads (`--load_generations_path`): prompt and completion of each sample, by
 * problem.
 *
 * @throws {RangeError} when a problem has no samples
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { generationsOf } from "./merge_samples.ts";
 *
 * const problems = [{ task_id: "T/0", prompt: "def one():" }];
 * const sample = { task_id: "T/0", problem: 0, ended: "stop", tokens: 3 } as const;
 * const samples = [{ ...sample, sample: 1, completion: " pass" }, { ...sample, sample: 0, completion: " return" }];
 * assertEquals(generationsOf(problems, samples), [["def one(): return", "def one(): pass"]]);
 * ```
 */
export function generationsOf(
  problems: readonly Pick<Problem, "task_id" | "prompt">[],
  samples: Iterable<CodeSample>,
): string[][] {
  const own = Map.groupBy(samples, ({ task_id }) => task_id);
  return problems.map(({ task_id, prompt }) => {
    const sorted = own.get(task_id)?.toSorted((a, b) => a.sample - b.sample);
    if (!sorted) throw new RangeError(`Cannot list generations: "${task_id}" has no samples`);
    return sorted.map(({ completion }) => prompt + completion);
  });
}
