/**
 * `report`: a run's tables as one self-contained HTML page.
 *
 * @module
 */
import { join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { writeFileAtomic } from "../write_file.ts";
import { loadRun } from "../report/load_run.ts";
import { renderReport } from "../report/report.ts";
import { RUN_FILES } from "../report/run_files.ts";
import { defineCommand } from "./command.ts";
import { openRunFiles } from "./run_files.ts";

/**
 * The command `report`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./report.ts";
 *
 * assertEquals(Object.keys(command.args), ["run"]);
 * ```
 */
export const command = defineCommand({
  args: { run: { kind: "path", describe: "folder that demo or unlearn wrote", required: true } },
  options: {
    reveal: { kind: "flag", describe: "show the secrets themselves, where detect --reveal wrote them" },
    out: { kind: "path", describe: "the page", metavar: "F", required: true },
  },
  writes: true,
  async run({ run: folder, reveal, out }, context) {
    const tables = Object.values(RUN_FILES).map((name) => [name, join(folder, name)]);
    using run = await openRunFiles([out], {
      command: "report",
      context,
      kind: "file",
      inputs: Object.fromEntries(tables),
    });
    const page = renderReport(await loadRun(folder, { version: deno.version, reveal }));
    const summary = { bytes: new TextEncoder().encode(page).length, out };
    await run.finish(summary, () => writeFileAtomic(out, page));
    return { text: `written: ${out}`, summary };
  },
});
