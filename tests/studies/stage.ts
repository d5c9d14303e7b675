import { existsSync } from "node:fs";
import { cliCommand } from "../cli/run_cli.ts";

/** How `stage` runs its command. */
export interface StageOptions {
  /** Whether an exit code other than 0 is a result too, as of an unlearning that did not get below its thresholds. */
  mayFail?: boolean;
}

/** Characters that are kept of what a command says: its last line, why it failed, is among them. */
const LAST = 4000;

/** Runs a command of the command line to its end unless its output is there; what it says on its way is shown. */
export async function stage(
  output: string,
  args: readonly string[],
  { mayFail = false }: StageOptions = {},
): Promise<void> {
  if (existsSync(output)) return;
  console.log(`${new Date().toISOString().slice(11, 19)} ${args[0]} -> ${output}`);
  const child = cliCommand(args).spawn();
  const stop = () => child.kill("SIGTERM"); // it is not to go on alone
  Deno.addSignalListener("SIGTERM", stop);
  let said = "";
  const shown = new WritableStream<string>({
    write(text) {
      said = (said + text).slice(-LAST);
      console.error(text.trimEnd());
    },
  });
  const [{ code }] = await Promise.all([
    child.status,
    child.stdout.pipeTo(new WritableStream()),
    child.stderr.pipeThrough(new TextDecoderStream()).pipeTo(shown),
  ]);
  Deno.removeSignalListener("SIGTERM", stop);
  if (code !== 0 && !(mayFail && existsSync(output))) {
    throw new Error(`Cannot ${args[0]}: ${said.trimEnd().split("\n").at(-1)}`);
  }
}
