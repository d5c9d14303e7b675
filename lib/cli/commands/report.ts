/**
 * `report`: a run's tables as one self-contained HTML page.
 *
 * @module
 */
import { basename, join } from "node:path";
import deno from "../../../deno.json" with { type: "json" };
import { privateIf, writeFileAtomic } from "../../files/write_file.ts";
import { loadRun } from "../../report/load_run.ts";
import { areRuns, loadRuns } from "../../report/load_runs.ts";
import { renderReport } from "../../report/report.ts";
import { renderRunComparison } from "../../report/run_comparison.ts";
import { RUN_FILES } from "../../report/run_files.ts";
import { defineCommand, UsageError } from "../command.ts";
import { resolvePath } from "../options.ts";
import { lstat } from "../output.ts";
import { openRunFiles } from "../run_files.ts";
import { addUseToCard } from "../used_card.ts";
import { MODEL_CARD } from "../write_model_card.ts";

/**
 * The command `report`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./report.ts";
 *
 * assertEquals(Object.keys(command.args), ["tables"]);
 * ```
 */
export const command = defineCommand({
  args: {
    tables: {
      kind: "list",
      describe:
        "folder that demo or unlearn wrote, or tables by path, whatever they are called; folders of several " +
        "runs are shown beside one another",
      required: true,
    },
  },
  options: {
    twins: {
      kind: "path",
      describe: "probe of secrets that the model never trained on, whose columns are another probe's",
      metavar: "F",
    },
    before: {
      kind: "string",
      describe: 'name of the model before in evaluate\'s tables, where that is not "before"',
      metavar: "NAME",
    },
    reveal: { kind: "flag", describe: "show the secrets themselves, where detect --reveal wrote them" },
    card: {
      kind: "path",
      describe: "checkpoint that unlearn wrote: its model card says its pass@k and use too",
      metavar: "DIR",
    },
    out: { kind: "path", describe: "the page", metavar: "F", required: true },
  },
  writes: true,
  async run({ tables, twins, before, reveal, card, out }, context) {
    const paths = tables.map((path) => resolvePath(path, context.cwd));
    using run = await openRunFiles([out], {
      command: "report",
      context,
      kind: "file",
      inputs: { ...Object.fromEntries((await Promise.all(paths.map(inputsOf))).flat()), twins },
    });
    const options = { version: deno.version, reveal, before };
    const isOne = !await areRuns(paths);
    if (card !== undefined && !isOne) {
      throw new UsageError("Cannot use --card with several runs: give one of them");
    }
    const loaded = isOne ? await loadRun(paths, { ...options, twins }) : undefined;
    const page = loaded
      ? renderReport(loaded)
      : renderRunComparison(await loadRuns(paths, options), `CodeScrub ${deno.version}`);
    const summary = {
      ...{ bytes: new TextEncoder().encode(page).length, out },
      ...card !== undefined && { card: join(card, MODEL_CARD) },
    };
    await run.finish(summary, async () => {
      if (card !== undefined) await addUseToCard(card, loaded!);
      await writeFileAtomic(out, page, privateIf(reveal));
    });
    return { text: [summary.card ?? [], out].flat().map((path) => `written: ${path}`).join("\n"), summary };
  },
});

/** What is read; a folder may hold the page, so not the folder itself but its tables. */
async function inputsOf(path: string, i: number): Promise<[name: string, path: string][]> {
  const isFolder = (await lstat(path))?.isDirectory ?? false;
  const of = i === 0 ? "" : ` of folder ${i + 1}`;
  return isFolder
    ? Object.values(RUN_FILES).map((name) => [`${name}${of}`, join(path, name)])
    : [[`table "${basename(path)}"`, path]];
}
