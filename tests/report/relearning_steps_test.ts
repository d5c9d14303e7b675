import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { EVALUATION_COLUMNS } from "../../lib/datasets/columns.ts";
import { writeRows } from "../../lib/datasets/row_table.ts";
import { loadRun } from "../../lib/report/load_run.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { NO_EL } from "../no_scores.ts";

Deno.test("loadRun() tells how long evaluate trained further, by its records, where all tables agree", async () => {
  using folder = temporaryFolder();
  const paths = ["first", "second"].map((name) => join(folder.path, `${name}.parquet`));
  const row = { set: "relearned", ma: 0.5, ...NO_EL, nll: 1, rows: 2 };
  for (const [i, path] of paths.entries()) {
    await writeRows(path, [{ ...row, model: i === 0 ? "before" : "ga" }], EVALUATION_COLUMNS);
  }
  await Deno.mkdir(join(folder.path, ".codescrub"));
  const record = async (table: string, settings: Record<string, unknown>) => {
    const text = JSON.stringify({ command: "evaluate", settings });
    await Deno.writeTextFile(join(folder.path, ".codescrub", `${table}.parquet.json`), text);
  };
  const load = async () => (await loadRun(paths, { version: "0.1.0" })).relearningSteps;
  assertEquals(await load(), undefined);
  await record("first", { benign: "benign.jsonl", benignSteps: 5 });
  assertEquals(await load(), 5);
  await record("second", { benignSteps: 20 }); // nothing was trained for it
  assertEquals(await load(), 5);
  await record("second", { benign: "benign.jsonl", benignSteps: 20 });
  assertEquals(await load(), undefined);
});
