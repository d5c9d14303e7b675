/**
 * A run whose table may be one shard of many: where it writes, and what an interrupted one goes on from.
 *
 * @module
 */
import { type Context, UsageError } from "./command.ts";
import { openRunFiles, type RunFiles } from "./run_files.ts";
import type { RunOptions } from "./run_record.ts";
import { type ShardOutput, shardOutput } from "./shard.ts";

/** Options of {@linkcode openShardRun}. */
export interface ShardRunOptions extends Pick<RunOptions, "command" | "inputs"> {
  /** `--shard` as it was given; a job array's numbers else. */
  shard: string | undefined;
  /** Another output, by its option's name, which a shard has not. */
  beside?: { [option: string]: string | undefined };
  context: Pick<Context, "settings" | "force" | "signal"> & Partial<Pick<Context, "breathe">>;
}

/** An output, or a shard of it, locked until it is disposed. */
export interface ShardRun extends RunFiles, Pick<ShardOutput, "out" | "shard"> {}

/**
 * Opens the output of a command that may be sharded.
 *
 * @param whole the path of the whole table
 * @throws {UsageError} If it is no shard; {Error} as `openRunFiles`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { basename } from "node:path";
 * import { openShardRun } from "./shard_run.ts";
 *
 * const context = { settings: {}, force: false, signal: new AbortController().signal };
 * const whole = `${await Deno.makeTempDir()}/probe.csv`;
 * using run = await openShardRun(whole, { command: "probe", shard: "1/4", context });
 * assertEquals([basename(run.out), run.shard?.index], ["probe-00001-of-00004.csv", 1]);
 * ```
 */
export async function openShardRun(
  whole: string,
  { shard: given, command, inputs = {}, beside = {}, context }: ShardRunOptions,
): Promise<ShardRun> {
  const { shard, out, setting } = shardOutput(whole, given);
  const more = Object.entries(beside).flatMap(([option, path]) => {
    if (path !== undefined && shard) {
      throw new UsageError(`Cannot write --${option} of a shard: leave it out, or the shards`);
    }
    return path === undefined ? [] : [path];
  });
  const { plan: _, ...others } = context.settings;
  for (const option of Object.keys(beside)) delete others[option];
  const settings = { ...others, shard: setting };
  const run = await openRunFiles([out, ...more], {
    command,
    context: { ...context, settings },
    inputs,
    hasScratch: true,
  });
  return { ...run, out, shard };
}
