/**
 * A command line of one slow command, for the tests of interrupts and of folders: it writes a file a step, skips what
 * an earlier run finished, and goes on for ever unless it is told a number of steps.
 */
import { existsSync } from "node:fs";
import { defineCommand } from "../../lib/cli/command.ts";
import { main } from "../../lib/cli/main.ts";
import { openRunFolder } from "../../lib/cli/run_folder.ts";

const slow = defineCommand({
  args: {},
  options: {
    out: { kind: "path", describe: "folder", required: true },
    steps: { kind: "int", describe: "steps", default: 1_000_000 },
    lr: { kind: "float", describe: "a setting", default: 0.5 },
  },
  writes: true,
  async run({ out, steps }, context) {
    const { breathe, progress, settings: { steps: _steps, ...settings } } = context;
    using run = await openRunFolder(out, {
      command: "slow",
      context: { ...context, settings },
      outputs: ["step_*"],
    });
    const stage = progress.start("Stepping", null, "steps");
    let made = 0;
    for (let step = 0; step < steps; step++) {
      await breathe();
      const path = await run.path(`step_${step}`);
      if (existsSync(path)) continue;
      Deno.writeTextFileSync(path, "");
      made++;
      stage.advance();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    stage.done();
    await run.finish({ made });
    return { summary: { made, continued: run.isContinued } };
  },
});

const rows = {
  slow: { description: "goes on", example: "slow --out F", load: () => Promise.resolve({ command: slow }) },
};
Deno.exit(await main(Deno.args, rows));
