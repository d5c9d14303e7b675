import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { setUpJupyter } from "../../lib/setup/jupyter.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs one of the project's tasks with what follows its name. */
async function runTask(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", ...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

Deno.test("deno task notebooks hands what follows -- to JupyterLab", async () => {
  const { version } = await setUpJupyter();
  const { code, stdout, stderr } = await runTask("notebooks", "--", "--version");
  assertEquals([code, stdout.trim()], [0, version], stderr);
});

Deno.test("deno task notebooks:execute takes names behind -- too", async () => {
  const { code, stderr } = await runTask("notebooks:execute", "--", "07_none");
  assertEquals([code, stderr.split(":").slice(0, 2)], [2, ["error", ' Unknown notebook "07_none"']]);
});
