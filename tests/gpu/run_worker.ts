/**
 * A device's process from the outside: started, listened to, stopped when a check takes too long, and started anew for
 * the checks that are left when it dies.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { oneLine } from "../../lib/files/reason.ts";
import type { WorkerEvent, WorkerOptions } from "./worker.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** TensorFlow's start on a card, its libraries read from a cold disk. */
const OPEN_SECONDS = 120;
const CLOSE_SECONDS = 30;

const WORKER = "tests/gpu/worker.ts";

/** Why there is no file, where nothing is known. */
export const UNKNOWN = "it was not computed";

/** The processes that run now: they end with this one. */
export const RUNNING: Set<Deno.ChildProcess> = new Set();

/** How to start one. */
export interface RunWorkerOptions extends WorkerOptions {
  /** The most seconds of each check. */
  secondsOf: (check: string) => number;
  /** How many processes do them. Default 1. */
  lanes?: number;
  /** More of the environment. */
  env?: Record<string, string>;
  /** For tests: another program. */
  script?: string;
}

/** What a device's process has left. */
export class WorkerRun {
  /** What it opened. */
  opened: Extract<WorkerEvent, { event: "opened" }> | null = null;
  /** Files of parts, by "check.part". */
  readonly files = new Map<string, string>();
  /** Notes, by "check.part". */
  readonly notes = new Map<string, string>();
  /** Why parts or whole checks failed, by "check.part" or "check". */
  readonly failures = new Map<string, string>();
  /** Seconds of each check. */
  readonly seconds = new Map<string, number>();
  /** What the processes wrote to standard error. */
  stderr = "";
  /** Settled when the last process has ended; why it ended badly after its work, if it did. */
  readonly ended: Promise<string | null>;
  readonly #done = new Map<string, PromiseWithResolvers<void>>();
  readonly #opening = Promise.withResolvers<void>();

  constructor(options: RunWorkerOptions) {
    for (const check of options.checks) this.#done.set(check, Promise.withResolvers());
    this.ended = this.#runLanes(options);
  }

  /** Why no process could open its device; null once one has. */
  async problemOfOpening(): Promise<string | null> {
    await this.#opening.promise;
    return this.opened ? null : this.failures.values().next().value ?? "its process ended";
  }

  /** Settled when a check is done, well or not. */
  async done(check: string): Promise<void> {
    await this.#done.get(check)?.promise;
  }

  /** Why there is no file of a part. */
  reasonFor(check: string, part: string): string {
    const key = `${check}.${part}`;
    const known = [...this.failures.keys()].filter((name) => key === name || key.startsWith(`${name}.`));
    const nearest = known.toSorted((a, b) => b.length - a.length)[0];
    return nearest === undefined ? UNKNOWN : this.failures.get(nearest)!;
  }

  /** The checks in as many processes at once as are asked for, each with every Nth check. */
  async #runLanes({ lanes = 1, ...options }: RunWorkerOptions): Promise<string | null> {
    const running = Array.from({ length: lanes }, (_, lane) => {
      const checks = options.checks.filter((_, i) => i % lanes === lane);
      return checks.length > 0 ? this.#runAll({ ...options, checks }) : null;
    });
    const problems = await Promise.all(running);
    this.#opening.resolve();
    return problems.find((problem) => problem !== null) ?? null;
  }

  async #runAll(options: RunWorkerOptions): Promise<string | null> {
    let left = options.checks;
    let problem: string | null = null;
    while (left.length > 0) {
      const { finished, current, reason } = await this.#runOnce({ ...options, checks: left });
      const failed = current ?? (finished.length === 0 ? left : []);
      for (const check of [failed].flat()) {
        this.seconds.delete(check);
        this.failures.set(check, reason ?? "its process ended before it");
        this.#done.get(check)!.resolve();
      }
      left = left.filter((check) => !finished.includes(check) && !failed.includes(check));
      if (failed.length === 0 && reason) problem = reason;
    }
    return problem;
  }

  /** One process: what it finished, what it was at when it ended, and why it ended if not by itself. */
  async #runOnce({ secondsOf, env, script = WORKER, ...options }: RunWorkerOptions) {
    const hidden: Record<string, string> = options.device === "cpu" ? { CUDA_VISIBLE_DEVICES: "-1" } : {};
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-check", "--no-prompt", "-P=test", script, JSON.stringify(options)],
      cwd: ROOT,
      env: { NO_COLOR: "1", CODESCRUB_DEBUG: "0", ...hidden, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    RUNNING.add(child);
    const finished: string[] = [];
    let current: string | null = null;
    let late: string | null = null;
    let isPoisoned = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = (seconds: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        late = `${what} took more than ${seconds} s`;
        kill(child);
      }, 1000 * seconds);
    };
    limit(OPEN_SECONDS, "opening TensorFlow");
    const errors = this.#keepErrors(child);
    for await (const event of eventsOf(child)) {
      this.#take(event);
      if (event.event === "begin") {
        current = event.check;
        limit(secondsOf(current), "it");
      } else if (event.event === "end") {
        finished.push(event.check);
        current = null;
        limit(CLOSE_SECONDS, "going on to the next check, or ending,");
        this.#done.get(event.check)!.resolve();
      } else if (event.event === "poisoned") isPoisoned = true;
    }
    const { code, signal } = await child.status;
    clearTimeout(timer);
    RUNNING.delete(child);
    const said = lastErrorOf(await errors);
    const how = code === 0 ? null : `its process ended with ${signal ?? code}${said ? `: ${said}` : ""}`;
    const isEarly = current !== null || (finished.length < options.checks.length && !isPoisoned);
    return { finished, current, reason: late ?? how ?? (isEarly ? "its process ended early" : null) };
  }

  #take(event: WorkerEvent): void {
    if (event.event === "opened") {
      this.opened ??= event;
      this.#opening.resolve();
    } else if (event.event === "part") this.files.set(`${event.check}.${event.part}`, event.file);
    else if (event.event === "note") this.notes.set(`${event.check}.${event.part}`, event.text);
    else if (event.event === "failed") {
      this.failures.set(event.part === null ? event.check : `${event.check}.${event.part}`, event.reason);
    } else if (event.event !== "poisoned") {
      const sign = event.event === "begin" ? -1 : 1;
      this.seconds.set(event.check, (this.seconds.get(event.check) ?? 0) + sign * event.seconds);
    }
  }

  async #keepErrors(child: Deno.ChildProcess): Promise<string> {
    const text = await new Response(child.stderr).text();
    this.stderr += text;
    return text;
  }
}

/** The line of standard error that most likely says why a process ended. */
function lastErrorOf(text: string): string {
  const lines = text.split("\n").filter((line) => /\S/.test(line) && !/^\s+at /.test(line));
  return oneLine(
    lines.findLast((line) => /error|fatal|check failed|cannot/i.test(line)) ?? lines.at(-1) ?? "",
  );
}

/** Ends a process for good. */
export function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch {
    // it has ended already
  }
}

async function* eventsOf(child: Deno.ChildProcess): AsyncGenerator<WorkerEvent> {
  let rest = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('{"event":')) yield JSON.parse(line) as WorkerEvent;
  }
}
