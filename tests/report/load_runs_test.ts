import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { EVALUATION_COLUMNS } from "../../lib/datasets/columns.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { loadRuns } from "../../lib/report/load_runs.ts";
import { RUN_FILES } from "../../lib/report/run_files.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { NO_EL } from "../no_scores.ts";

Deno.test("loadRuns() names runs by as much of their paths as tells them apart", async () => {
  using folder = temporaryFolder();
  const namesOf = async (...names: string[]) => {
    const paths = names.map((name) => join(folder.path, name));
    for (const path of paths) {
      await Deno.mkdir(path, { recursive: true });
      const row = { set: "forget", model: "before", ma: 1, ...NO_EL, nll: 1, rows: 1 };
      await writeRows(join(path, RUN_FILES.evaluation), [row], EVALUATION_COLUMNS);
    }
    return (await loadRuns(paths, { version: "0.1.0" })).map(({ name }) => name);
  };
  assertEquals(await namesOf("a/out", "a/other"), ["out", "other"]);
  assertEquals(await namesOf("a/demo", "b/demo", "b/other"), ["a/demo", "b/demo", "other"]);
  assertEquals(await namesOf("a/out/demo", "b/out/demo"), ["a/out/demo", "b/out/demo"]);
  assertEquals(await namesOf("x/demo", "x/old-demo"), ["demo", "old-demo"]);
});
