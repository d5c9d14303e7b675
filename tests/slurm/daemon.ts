/** A daemon that runs in the foreground of a process of its own. */

const STOP_MS = 10_000;

/** What starts a daemon. */
export interface DaemonOptions {
  args: readonly string[];
  env: { [name: string]: string };
  /** The file of what it says. */
  log: string;
}

/** A daemon that was started; disposing it ends it. */
export class Daemon implements AsyncDisposable {
  readonly #name: string;
  readonly #log: string;
  readonly #child: Deno.ChildProcess;
  #hasEnded = false;

  constructor(path: string, { args, env, log }: DaemonOptions) {
    this.#name = path.replace(/.*\//, "");
    this.#log = log;
    Deno.writeTextFileSync(log, "");
    this.#child = new Deno.Command("sh", {
      args: ["-c", 'exec "$@" >"$0" 2>&1', log, path, ...args],
      env,
      stdin: "null",
      detached: true, // Ctrl-C is this check's to handle: Slurm is needed to end the jobs
    }).spawn();
    this.#child.status.then(() => this.#hasEnded = true);
  }

  /** @throws {Error} If it has ended, with the last line that it said. */
  checkRuns(): void {
    if (!this.#hasEnded) return;
    const last = Deno.readTextFileSync(this.#log).trimEnd().split("\n").at(-1);
    throw new Error(`Cannot run ${this.#name}: it ended: ${last || "without a word"}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    await this.#child.status;
    clearTimeout(timer);
  }
}
