/**
 * `sweep`: many runs of `unlearn` out of one file, methods by forget sets by sizes by seeds by settings, and their tables.
 * What is done is kept, so the same line goes on where it was stopped; several processes share one folder.
 *
 * @module
 */
import { join } from "node:path";
import { defineCommand, UsageError } from "../command.ts";
import { command as report } from "./report.ts";
import { readSweep, type SweepConfig } from "../sweep_config.ts";
import { SWEEP_FILES } from "../sweep_files.ts";
import { openSweep } from "../sweep_folder.ts";
import { planSweep } from "../sweep_plan.ts";
import { makeRuns } from "../sweep_process.ts";
import { checkDone } from "../sweep_run.ts";
import { checkRuns, listRuns } from "../sweep_runs.ts";
import { prepareRows, prepareSets, setUpTexts, sweepTexts } from "../sweep_stages.ts";
import { describeSweep, writeSweepTables } from "../sweep_report.ts";
import { DEVICES_OPTIONS, engineDevices } from "../devices_option.ts";
import { MEMORY_OPTION, readMemory } from "../memory_options.ts";
import { PLAN_OPTION } from "../plan.ts";
import { openEngine } from "../session.ts";
import { resolveShard, SHARD_OPTION } from "../shard.ts";
import { Stages } from "../stages.ts";

/**
 * The command `sweep`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./sweep.ts";
 *
 * assertEquals(Object.keys(command.args), ["sweep"]);
 * ```
 */
export const command = defineCommand({
  args: {
    sweep: {
      kind: "path",
      describe: "JSON of what all runs share and what differs; docs/reproduce.md",
      required: true,
    },
  },
  options: {
    study: { kind: "list", describe: "only this study of the file", metavar: "NAME" },
    shard: SHARD_OPTION,
    memory: MEMORY_OPTION,
    ...DEVICES_OPTIONS,
    plan: {
      ...PLAN_OPTION,
      describe:
        "say how many runs, how long and how much memory, and write nothing; of each kind of run that fits and is not known yet the model is loaded, and two epochs run on random tokens",
    },
    out: {
      kind: "path",
      describe: "folder of the runs, their tables and the page",
      metavar: "DIR",
      required: true,
    },
  },
  writes: true,
  async run({ sweep: path, study: only, shard: given, memory, devices, hosts, plan, out }, context) {
    const whole = await readSweep(path);
    const config = chooseStudies(whole, only, path);
    const every = { rows: Infinity, seed: context.seed };
    checkRuns(path, whole, { runs: listRuns(whole, every) });
    checkRuns(path, config, { runs: listRuns(config, every), devices, hosts });
    const limit = readMemory(memory);
    const shard = resolveShard(given, Deno.env.toObject());
    using _engine = await openEngine({ ...engineDevices({ devices, hosts, plan }), memory: limit });
    if (plan) return await planSweep(config, out, { ...context, limit, devices, hosts });
    await setUpTexts(config, context);
    const machine = { memory, devices, hosts };
    const texts = sweepTexts(config, context.cwd);
    const work = { config, texts, machine, context: { ...context, force: false } };
    const runs = await openSweep(out, { ...work, context }, async () => {
      const stages = new Stages(work.context, out, { goesOn: true });
      const rows = await prepareRows(stages, work);
      const all = listRuns(config, { rows: rows.length, seed: context.seed });
      await checkDone(out, config, all);
      await prepareSets(stages, work, { rows, runs: all });
      return all;
    });
    const own = runs.filter((_, i) => !shard || i % shard.count === shard.index);
    const made = await makeRuns(out, work, own);
    return await openSweep(out, work, async (folder) => {
      const written = await writeSweepTables(folder, whole, { seed: context.seed });
      const tables = [out];
      await new Stages(work.context, out).run("report", report, { tables, out: join(out, SWEEP_FILES.page) });
      const result = describeSweep(written, { runs: own.length, ...made, out });
      if (written.missing === 0 && made.elsewhere === 0) await folder.finish(result.summary);
      return result;
    });
  },
});

/** The file with the studies that are asked for alone. */
function chooseStudies(config: SweepConfig, names: readonly string[], path: string): SweepConfig {
  const unknown = names.find((name) => !Object.hasOwn(config.studies, name));
  if (unknown !== undefined) {
    const list = Object.keys(config.studies).map((name) => `"${name}"`).join(", ");
    throw new UsageError(`Unknown study "${unknown}" of "${path}": expected ${list}`);
  }
  if (names.length === 0) return config;
  return { ...config, studies: Object.fromEntries(names.map((name) => [name, config.studies[name]!])) };
}
