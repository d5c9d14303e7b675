/**
 * Runs notebooks headless by nbconvert: each from a clean kernel, into a folder of its own, the first error ends it in
 * one line that names notebook and cell.
 *
 * @module
 */
import { basename, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type Jupyter, jupyterCommand } from "../setup/jupyter.ts";

/** A cell of a notebook file, as far as it is looked at. */
export interface NotebookCell {
  /** "code" or "markdown". */
  cell_type: string;
  /** Its lines, or all of it. */
  source: string | string[];
}

/** Options of {@linkcode executeNotebook}. */
export interface ExecuteOptions {
  /** Where the executed notebook goes, under its own name. */
  out: string;
  /** Parameters that replace the notebook's own. */
  parameters?: Readonly<Record<string, string | number | boolean>>;
  /** Called when each code cell starts. */
  onCell?: () => void;
  /** Stops the kernel and nbconvert. */
  signal?: AbortSignal;
}

/**
 * The notebooks of a folder, all or those whose names are given ("01_thresholds", or a part of it that fits one).
 *
 * @throws {RangeError} If a name fits none, or several.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { chooseNotebooks } from "./execute.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/01_a.ipynb`, "{}");
 * assertEquals(chooseNotebooks(folder, ["01"]), [`${folder}/01_a.ipynb`]);
 * assertThrows(() => chooseNotebooks(folder, ["02"]), RangeError, 'Unknown notebook "02": expected "01_a"');
 * ```
 */
export function chooseNotebooks(folder: string, names: readonly string[]): string[] {
  const all = Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .filter((name) => name.endsWith(".ipynb") && !name.startsWith(".")).sort();
  const list = all.map((name) => JSON.stringify(name.replace(/\.ipynb$/, ""))).join(", ");
  const chosen = names.map((name) => {
    const wanted = basename(name, ".ipynb");
    const found = all.filter((file) => file === `${wanted}.ipynb`);
    const [file, other] = found.length > 0 ? found : all.filter((file) => file.includes(wanted));
    if (!file || other) {
      throw new RangeError(`Unknown notebook "${name}": expected ${list || "none: there is no notebook"}`);
    }
    return file;
  });
  return (names.length > 0 ? [...new Set(chosen)].sort() : all).map((name) => join(folder, name));
}

/**
 * Executes one notebook.
 *
 * @returns The executed notebook's path.
 * @throws {Error} In one line, if a cell fails or the file is no notebook; nothing is written then.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { setUpJupyter } from "../setup/jupyter.ts";
 * import { executeNotebook } from "./execute.ts";
 *
 * const out = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${out}/bad.ipynb`, "{");
 * const jupyter = await setUpJupyter();
 * await assertRejects(() => executeNotebook(jupyter, `${out}/bad.ipynb`, { out }), SyntaxError, "bad.ipynb");
 * ```
 */
export async function executeNotebook(
  jupyter: Jupyter,
  path: string,
  options: ExecuteOptions,
): Promise<string> {
  const { out, parameters, onCell, signal } = options;
  const cells = readCells(path).filter((cell) => cell.cell_type === "code").length;
  const command = await jupyterCommand(jupyter, [
    ...["nbconvert", "--to", "notebook", "--execute", "--debug", "--ExecutePreprocessor.timeout=-1"],
    ...["--ExecutePreprocessor.record_timing=False", "--output-dir", out, path],
  ], {
    stderr: "piped",
    env: {
      CODESCRUB_FIGURES: Deno.env.get("CODESCRUB_FIGURES") ?? "light", // nobody looks at them in JupyterLab
      ...parameters && { NB_PARAMS: JSON.stringify(parameters) },
    },
  });
  const child = command.spawn();
  const stop = () => child.kill("SIGTERM");
  signal?.addEventListener("abort", stop);
  let log = "";
  let started = 0;
  const drained = child.stdout.pipeTo(new WritableStream());
  try {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      log += text;
      const count = log.split("Executing cell:").length - 1;
      for (; started < Math.min(count, cells); started++) onCell?.();
    }
    await drained;
    const { success, signal: endedBy } = await child.status;
    signal?.throwIfAborted();
    if (!success) {
      throw failureOf(path, endedBy ? `${log}\nError: nbconvert was ended by ${endedBy}` : log, {
        started,
        cells,
      });
    }
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  return join(out, basename(path));
}

/**
 * The cells of a notebook file.
 *
 * @throws {SyntaxError} If it is no notebook.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCells } from "./execute.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.ipynb`;
 * await Deno.writeTextFile(path, '{"cells":[{"cell_type":"code","source":["1"]}]}');
 * assertEquals(readCells(path).length, 1);
 * ```
 */
export function readCells(path: string): NotebookCell[] {
  let cells: unknown;
  let cause: unknown;
  try {
    cells = JSON.parse(Deno.readTextFileSync(path)).cells;
  } catch (error) {
    cause = error;
  }
  if (Array.isArray(cells)) return cells;
  throw new SyntaxError(`Cannot read notebook "${basename(path)}": it has no cells`, { cause });
}

/** One line out of what nbconvert wrote: the last error line, without its colours and the error's module. */
function failureOf(path: string, log: string, { started, cells }: { started: number; cells: number }): Error {
  const lines = stripVTControlCharacters(log).split("\n").map((line) => line.trim());
  const isError = (line: string) => /^([\w.]*Error|[\w.]*Exception): /.test(line);
  const reason = lines.findLast(isError)?.replace(/^[\w.]*\.(?=\w+: )/, "") ??
    (lines.findLast((line) => line !== "" && !line.startsWith("[NbConvertApp]")) || "nbconvert failed");
  return new Error(
    `Cannot run notebook "${basename(path, ".ipynb")}": code cell ${started} of ${cells}: ${reason}`,
  );
}
