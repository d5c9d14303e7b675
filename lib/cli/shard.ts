/**
 * Which part of a corpus this process has: `--shard i/n`, else what a cluster says of the task in its environment
 * (Slurm's job arrays and tasks, Kubernetes' indexed jobs, torchrun), else all of it.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import type { Shard } from "../datasets/corpus_piece.ts";
import { type OptionSpec, UsageError } from "./command.ts";

/** The option that names a shard. */
export const SHARD_OPTION = {
  kind: "string",
  describe: "only part i of n, from 0: a job array's task by default",
  metavar: "i/n",
} as const satisfies OptionSpec;

/** Where clusters put a task's number, the first and the last one where they tell, and how many tasks there are. */
const CLUSTERS = [
  {
    index: "SLURM_ARRAY_TASK_ID",
    first: "SLURM_ARRAY_TASK_MIN",
    last: "SLURM_ARRAY_TASK_MAX",
    count: "SLURM_ARRAY_TASK_COUNT",
  },
  { index: "JOB_COMPLETION_INDEX", count: "JOB_COMPLETIONS" },
  { index: "SLURM_PROCID", count: "SLURM_NTASKS" },
  { index: "RANK", count: "WORLD_SIZE" },
] as const;

/**
 * The shard of an option's value or of the environment; undefined for the whole corpus.
 *
 * @throws {UsageError} If it is no shard; if an array has some tasks of a larger one, such as `--array=3,7` to run these
 * again: Slurm does not tell of how many.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { resolveShard } from "./shard.ts";
 *
 * const slurm = { SLURM_ARRAY_TASK_ID: "5", SLURM_ARRAY_TASK_MIN: "1", SLURM_ARRAY_TASK_COUNT: "8" };
 * assertEquals(resolveShard(undefined, slurm), { index: 4, count: 8 });
 * assertEquals(resolveShard("0/2", slurm), { index: 0, count: 2 });
 * assertEquals(resolveShard(undefined, {}), undefined);
 * assertThrows(() => resolveShard("2/2", {}), Error, 'Cannot read --shard "2/2"');
 * const again = { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "3", SLURM_ARRAY_TASK_MAX: "7", SLURM_ARRAY_TASK_COUNT: "2" };
 * assertThrows(() => resolveShard(undefined, again), Error, "(3 to 7, 2 in all)");
 * ```
 */
export function resolveShard(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Shard | undefined {
  if (given !== undefined) return parseShard(given, "--shard");
  for (const names of CLUSTERS) {
    const [index, count] = [env[names.index], env[names.count]];
    if (!index || !count) continue;
    const first = "first" in names ? Number(env[names.first] ?? 0) : 0;
    const last = "last" in names ? env[names.last] : undefined;
    if (last !== undefined && (first > 1 || Number(last) - first + 1 !== Number(count))) {
      throw new UsageError(
        `Cannot read ${names.index} as a shard: its array (${first} to ${last}, ${count} in all) is a part of a larger ` +
          "one: give --shard i/n",
      );
    }
    const shard = parseShard(`${Number(index) - first}/${count}`, `${names.index} and ${names.count}`);
    if (shard.count > 1) return shard;
  }
  return undefined;
}

function parseShard(text: string, origin: string): Shard {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text);
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (match && index < count) return { index, count };
  throw new UsageError(`Cannot read ${origin} "${text}": i/n with i from 0 to n - 1 is needed`);
}

/** Where a command writes that may be sharded. */
export interface ShardOutput {
  /** Undefined for the whole. */
  shard: Shard | undefined;
  /** The file that is written. */
  out: string;
  /** What the run's record says of it. */
  setting: string;
}

/**
 * What a process writes of a table.
 *
 * @param whole the path of the whole table @param given `--shard` as it was given; a job array's numbers else
 * @throws {UsageError} as {@linkcode resolveShard}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shardOutput } from "./shard.ts";
 *
 * const { out, setting } = shardOutput("a.csv", "1/4");
 * assertEquals([out, setting], ["a-00001-of-00004.csv", "1/4"]);
 * ```
 */
export function shardOutput(whole: string, given: string | undefined): ShardOutput {
  const shard = resolveShard(given, Deno.env.toObject());
  if (!shard) return { shard, out: whole, setting: "all" };
  return { shard, out: shardPath(whole, shard), setting: `${shard.index}/${shard.count}` };
}

/**
 * The file of a shard's output, beside that of the whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shardPath } from "./shard.ts";
 *
 * assertEquals(shardPath("out/a.jsonl.gz", { index: 3, count: 8 }), "out/a-00003-of-00008.jsonl.gz");
 * ```
 */
export function shardPath(out: string, { index, count }: Shard): string {
  const name = basename(out);
  const dot = name.indexOf(".", 1);
  const [stem, extension] = dot < 0 ? [name, ""] : [name.slice(0, dot), name.slice(dot)];
  const five = (number: number) => String(number).padStart(5, "0");
  return join(dirname(out), `${stem}-${five(index)}-of-${five(count)}${extension}`);
}
