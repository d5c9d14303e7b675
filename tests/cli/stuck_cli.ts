/** A command line of one command that never ends and never looks at its signal. */
import { defineCommand } from "../../lib/cli/command.ts";
import { main } from "../../lib/cli/main.ts";

const stuck = defineCommand({
  args: {},
  options: {},
  async run() {
    console.log("started");
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    return { summary: {} };
  },
});

const rows = {
  stuck: { description: "waits", example: "stuck", load: () => Promise.resolve({ command: stuck }) },
};
Deno.exit(await main(Deno.args, rows));
