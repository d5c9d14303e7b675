import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Context } from "../../lib/cli/command.ts";
import { command as analyze } from "../../lib/cli/commands/analyze.ts";
import { command as select } from "../../lib/cli/commands/select.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { Stages } from "../../lib/cli/stages.ts";
import { temporaryFolder } from "./run_cli.ts";
import { writeTinyRun } from "./tiny_run.ts";

Deno.test("Stages leave what is finished as it is, go on with the rest, and refuse what has changed", async () => {
  using folder = temporaryFolder();
  const { probe, corpus } = await writeTinyRun(folder.path);
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
  const context: Context = {
    progress: createProgress({ stream, now: () => 0 }),
    signal: new AbortController().signal,
    breathe: async () => {},
    log: () => {},
    cwd: folder.path,
    seed: 42,
    force: false,
    settings: {},
  };
  const out = join(folder.path, "run");
  await Deno.mkdir(out);
  const stages = new Stages(context, out, { goesOn: true });
  const table = stages.path("distribution.csv"), sets = stages.path("sets");
  const run = async () => [
    (await stages.run("analyze", analyze, { probe, threshold: 0.4, out: table })).summary,
    (await stages.run("select", select, { probe, corpus, k: 4, groups: 2, out: sets }, { noted: ["a"] }))
      .summary,
  ];
  const first = await run();
  const record = JSON.parse(Deno.readTextFileSync(join(sets, "run.json")));
  assertEquals([record.settings.noted, record.settings.k], [["a"], 4]);
  const times = [table, join(sets, "forget_0.parquet")].map((path) => Deno.statSync(path).mtime);
  const parts = join(out, ".codescrub/distribution.csv.parts"), part = stages.path("distribution.csv");
  await Deno.mkdir(parts); // as if it had been killed before it had removed them
  lines.length = 0;
  assertEquals(await run(), first);
  assertEquals([part, join(sets, "forget_0.parquet")].map((path) => Deno.statSync(path).mtime), times);
  assertEquals(lines.filter((line) => line.includes("of an earlier run")).length, 2);
  assert(!existsSync(parts));
  await Deno.writeTextFile(join(sets, "forget_1.parquet"), "");
  await assertRejects(run, Error, '"forget_1.parquet" is not as a run wrote it: give --force to begin anew');
  await Deno.remove(table);
  await assertRejects(run, Error, '"distribution.csv" is not as a run wrote it');
});
