/**
 * `deno task notebooks` opens JupyterLab on the project's notebooks, with the Deno kernel; what follows goes to
 * JupyterLab ("--no-browser"). `deno task notebooks:execute [NAME...]` runs them headless into out/notebooks.
 *
 * @module
 */
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { write } from "../cli/console.ts";
import { setUpWithProgress } from "../cli/commands/doctor.ts";
import { showFetching } from "../cli/fetch_progress.ts";
import { InterruptError, listenForInterrupt } from "../cli/interrupt.ts";
import { createProgress, type Progress } from "../cli/progress.ts";
import { oneLine, withoutText } from "../files/reason.ts";
import { type Jupyter, jupyterCommand, setUpJupyter } from "../setup/jupyter.ts";
import { chooseNotebooks, executeNotebook, readCells } from "./execute.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const NOTEBOOKS = join(PROJECT, "notebooks");
const OUT = join(PROJECT, "out", "notebooks");

/** Sets up what is missing, Jupyter last. */
async function setUpAll(progress: Progress): Promise<Jupyter> {
  await setUpWithProgress({ progress });
  const fetching = showFetching(progress);
  const jupyter = await setUpJupyter({ onProgress: fetching.onProgress });
  fetching.done();
  return jupyter;
}

/** JupyterLab until the user ends it; Ctrl-C is its own to answer. */
async function openLab(args: readonly string[]): Promise<number> {
  const progress = createProgress();
  const jupyter = await setUpAll(progress);
  progress.close();
  Deno.addSignalListener("SIGINT", () => {});
  const options = [`--ServerApp.root_dir=${NOTEBOOKS}`, "--LabApp.default_url=/lab/tree/00_pipeline.ipynb"];
  const command = await jupyterCommand(jupyter, ["jupyterlab", ...options, ...args], { cwd: NOTEBOOKS });
  return (await command.spawn().status).code;
}

/** Executes notebooks in order, a stage each. */
async function executeAll(names: readonly string[]): Promise<number> {
  const paths = chooseNotebooks(NOTEBOOKS, names);
  const progress = createProgress();
  using interrupt = listenForInterrupt();
  try {
    const jupyter = await setUpAll(progress);
    await Deno.mkdir(OUT, { recursive: true });
    for (const path of paths) {
      const cells = readCells(path).filter(({ cell_type }) => cell_type === "code").length;
      const stage = progress.start(basename(path, ".ipynb"), cells, "cells");
      await executeNotebook(jupyter, path, {
        out: OUT,
        onCell: () => stage.advance(),
        signal: interrupt.signal,
      });
      stage.done();
    }
  } finally {
    progress.close();
  }
  write(`written: ${OUT}\n`);
  return 0;
}

/**
 * Runs `open` or `execute` and gives the exit code; a failure is one line on stderr.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { main } from "./main.ts";
 *
 * assertEquals(await main(["close"]), 2);
 * ```
 */
export async function main([action, ...given]: readonly string[]): Promise<number> {
  const args = given[0] === "--" ? given.slice(1) : given; // `deno task` passes it on, where npm's users are used to it
  try {
    if (action === "open") return await openLab(args);
    if (action === "execute") return await executeAll(args);
    write(`error: Unknown action "${action}": expected "execute" or "open"\n`, Deno.stderr);
    return 2;
  } catch (error) {
    write(`error: ${oneLine(withoutText(error))}\n`, Deno.stderr);
    return error instanceof InterruptError ? error.exitCode : error instanceof RangeError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
