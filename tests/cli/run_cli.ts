/** Runs the real command line in a process of its own, for the tests of this folder. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What a run left. */
export interface CliRun {
  code: number;
  stdout: string;
  stderr: string;
}

/** Options of `runCli`. */
export interface RunCliOptions {
  cwd?: string;
  env?: { [name: string]: string };
  /** Relative to the root; the project's command line when not given. */
  script?: string;
  /** Whether something comes on standard input. */
  isPiped?: boolean;
  /** More options of Deno. */
  deno?: readonly string[];
  /** Whether it leads a process group of its own. */
  isDetached?: boolean;
  /** What starts Deno; this very one when not given. */
  program?: string;
}

/** The command of `codescrub` with `args`, as `deno task codescrub` starts it. */
export function cliCommand(args: readonly string[], options: RunCliOptions = {}): Deno.Command {
  const { cwd = Deno.cwd(), env = {}, script = "lib/cli/main.ts", deno = [] } = options;
  return new Deno.Command(options.program ?? Deno.execPath(), {
    args: ["run", "-q", "--no-check", "--no-prompt", "-P=codescrub", `--config=${join(ROOT, "deno.json")}`]
      .concat(deno, join(ROOT, script), args),
    cwd,
    env: { INIT_CWD: cwd, NO_COLOR: "1", CODESCRUB_DEBUG: "0", ...env },
    detached: options.isDetached === true,
    stdin: options.isPiped ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  });
}

/** Runs `codescrub` to its end. */
export async function runCli(args: readonly string[], options: RunCliOptions = {}): Promise<CliRun> {
  const { code, stdout, stderr } = await cliCommand(args, options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A new folder that is removed when it is disposed. */
export function temporaryFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync({ prefix: "codescrub-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
