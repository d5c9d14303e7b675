/**
 * The command line in this process, for tests of many short runs: TensorFlow's libraries are loaded once. What reaches
 * stdout and stderr is caught.
 */
import { main } from "../../lib/cli/main.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import type { CliRun } from "./run_cli.ts";

/** Runs `codescrub` with `args` and gives back what it wrote. */
export async function callMain(
  args: readonly string[],
  rows: Parameters<typeof main>[1] = COMMANDS,
): Promise<CliRun> {
  const decoder = new TextDecoder();
  const texts = { stdout: "", stderr: "" };
  const originals = { stdout: Deno.stdout.writeSync, stderr: Deno.stderr.writeSync };
  for (const name of ["stdout", "stderr"] as const) {
    Deno[name].writeSync = (bytes) => {
      texts[name] += decoder.decode(bytes);
      return bytes.length;
    };
  }
  try {
    return { code: await main([...args], rows), ...texts };
  } finally {
    for (const name of ["stdout", "stderr"] as const) Deno[name].writeSync = originals[name];
  }
}
