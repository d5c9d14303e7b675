import { existsSync } from "node:fs";
import { cliCommand } from "../cli/run_cli.ts";

/** How `stage` runs its command. */
export interface StageOptions {
  /** Whether an exit code other than 0 is a result too, as of an unlearning that did not get below its thresholds. */
  mayFail?: boolean;
}

/** Runs a command of the command line to its end unless its output is there. */
export async function stage(
  output: string,
  args: readonly string[],
  { mayFail = false }: StageOptions = {},
): Promise<void> {
  if (existsSync(output)) return;
  console.log(`${new Date().toISOString().slice(11, 19)} ${args[0]} -> ${output}`);
  const { code, stderr } = await cliCommand(args).output();
  const said = new TextDecoder().decode(stderr).trimEnd().split("\n");
  if (code !== 0 && !(mayFail && existsSync(output))) throw new Error(`Cannot ${args[0]}: ${said.at(-1)}`);
}
