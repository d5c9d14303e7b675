import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FORGET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { jupyterCommand, setUpJupyter } from "../../lib/setup/jupyter.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { writeCertainModel, writeTinyRun } from "../cli/tiny_run.ts";

const LIB = new URL("../../lib", import.meta.url).href;
const HERE = fileURLToPath(new URL(".", import.meta.url));

interface Batch {
  cells: readonly string[];
  /** The cell to interrupt once it shows that it works. */
  interrupt: number | null;
}

/** The last line that each cell shows, in a real kernel. */
async function runBatches(folder: string, batches: readonly Batch[]): Promise<(string | null)[][]> {
  const cells = join(folder, "cells.json");
  await Deno.writeTextFile(cells, JSON.stringify(batches));
  const command = await jupyterCommand(await setUpJupyter(), ["drive_kernel", cells], {
    cwd: HERE,
    env: { PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: "1" },
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

const REFUSED = "Cannot run this cell: one before it was interrupted: run that one again, then this one";

Deno.test("cells behind an interrupted unlearning are refused, and so is its old result later on", async () => {
  using folder = temporaryFolder();
  const tiny = await writeTinyRun(folder.path);
  await writeCertainModel(tiny.model, "n"); // with which each secret begins: there is something to forget
  const [forget] = await readRows(tiny.forget, FORGET_COLUMNS);
  const given = { model: tiny.model, corpus: tiny.corpus, forget, run: join(folder.path, "run") };
  const start = `
    import { forgetExamples, retainExamples } from "${LIB}/datasets/mod.ts";
    import { openCorpus, openRun, openSession, startNotebook, unlearnLive } from "${LIB}/notebooks/mod.ts";
    startNotebook({});
    const given = ${JSON.stringify(given)};
    const run = await openRun(given.run);
    const { tokenizer } = await openSession(given.model);
    const source = { tokenizer, documents: (await openCorpus(given.corpus)).documents };
    const sets = {
      forget: await forgetExamples(source, [given.forget]),
      retain: await retainExamples(source, ["clean-0"]),
    };
    const settings = { model: given.model, thresholds: { ma: 0, el_10: 0 }, lr: 1e-7, gamma: 0.5, lambda: 0.1, alpha: 1,
      margin: 0, microBatch: 1 };
    "started"`;
  const unlearn = (name: string, method: string, epochs: number) =>
    `const ${name} = await unlearnLive(run, sets, { ...settings, method: "${method}", epochs: ${epochs} });
    \`\${${name}.status} after \${${name}.history.length - 1}\``;
  const old = "`old: ${eraser.history.length}`";
  const [first, queued, later] = await runBatches(folder.path, [
    { cells: [start, unlearn("eraser", "codeeraser", 2), unlearn("ga", "ga", 1), old], interrupt: null },
    {
      cells: [
        ...[unlearn("eraser", "codeeraser", 1e6), old, '"any"', unlearn("ga", "ga", 1)],
        ...['await run.write("retain", [{ doc_id: "old", bleu4: 1 }])', "ga.status", old],
      ],
      interrupt: 0,
    },
    { cells: ['"any"', old, "ga.status", unlearn("eraser", "codeeraser", 1), old], interrupt: null },
  ]);
  assertEquals(first, [`"started"`, `"not-converged after 2"`, `"not-converged after 1"`, `"old: 3"`]);
  const stale =
    "Error: Cannot use the result of CodeEraser: a later run of it was begun and did not end: run the " +
    "cell again that makes it";
  assertEquals(queued, [
    "Error: Interrupted: what was finished stays",
    stale, // by itself, as no work begins in it
    REFUSED,
    `Error: ${REFUSED}`,
    `Error: ${REFUSED}`,
    REFUSED,
    stale,
  ]);
  assertEquals(existsSync(join(folder.path, "run", "retain.parquet")), false);
  assertEquals(later, [`"any"`, stale, `"not-converged"`, `"not-converged after 1"`, `"old: 2"`]);
});
