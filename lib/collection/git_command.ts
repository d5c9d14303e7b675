/**
 * git for repositories that nobody trusts: no hooks, no templates, no submodules, no prompts, no questions to the user's
 * agents, the usual protocols only, an end after some time, and an end with the group of processes that it starts, also
 * where this process is killed. It is started by `timeout`, of the system's own tools, as git itself leaves its helpers
 * behind when it is stopped.
 *
 * @module
 */
import { childCommand } from "../setup/child_command.ts";

/** Options of {@linkcode runGit}. */
export interface GitOptions {
  /** The repository's folder; none for clone. */
  folder?: string;
  /** After so many seconds it is stopped. */
  seconds: number;
  signal?: AbortSignal | undefined;
  /** What it reads. */
  input?: string;
}

/** How a repository's clone or reading failed. */
export type GitFailure =
  | "not found"
  | "empty"
  | "too large"
  | "too long"
  | "broken"
  | "unreachable"
  | "no space"
  | "no git";

/**
 * A failure of git, of a kind: what it said is not repeated, as a server has a part in it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { GitError } from "./git_command.ts";
 *
 * assertEquals(new GitError("too long").failure, "too long");
 * ```
 */
export class GitError extends Error {
  override name = "GitError";

  /** @param failure its kind */
  constructor(readonly failure: GitFailure) {
    super(`Cannot clone: ${failure}`);
  }
}

const SETTINGS = [
  ...["core.hooksPath=/dev/null", "core.fsmonitor=false", "core.askPass=", "core.symlinks=false"],
  ...["gc.auto=0", "maintenance.auto=false", "submodule.recurse=false", "fetch.recurseSubmodules=false"],
  ...["transfer.bundleURI=false", "protocol.file.allow=always", "protocol.version=2"],
  "fetch.negotiationAlgorithm=noop", // contents are asked for by their names, as git itself asks for missing ones
  ...["http.lowSpeedLimit=1000", "http.lowSpeedTime=60"], // a server that falls silent is given up
  ...["clone.defaultRemoteName=origin", "init.templateDir=", "core.alternateRefsCommand="],
];

const VARIABLES = {
  GIT_TERMINAL_PROMPT: "0",
  GIT_ASKPASS: "",
  SSH_ASKPASS: "",
  GIT_SSH_COMMAND: "ssh -oBatchMode=yes -oConnectTimeout=30",
  GIT_ALLOW_PROTOCOL: "https:http:ssh:file",
  GIT_LFS_SKIP_SMUDGE: "1",
  LC_ALL: "C", // its messages are read
};

/** Milliseconds after which a child that goes on is told again to end. */
const AGAIN_MS = 200;

/** What git says, by kind. */
const FAILURES: readonly (readonly [RegExp, GitFailure])[] = [
  [/No space left on device|Disk quota exceeded/, "no space"],
  [
    /Could not resolve host|Failed to connect|Couldn't connect|Connection (refused|timed out|reset)|Network is unreachable|Name or service|Operation too slow|SSL|TLS|error: (5\d\d|429)\b/i,
    "unreachable",
  ],
  [/Not a valid object name|ambiguous argument 'HEAD'|not a tree object/, "empty"],
  [
    /not found|does not exist|could not read Username|Authentication failed|does not appear to be a git|Permission denied|error: 40[134]/i,
    "not found",
  ],
];

/**
 * Starts git.
 *
 * @param args what follows `git`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startGit } from "./git_command.ts";
 *
 * const child = startGit(["--version"], { seconds: 9 });
 * assertEquals((await child.output()).success, true);
 * ```
 */
export function startGit(args: readonly string[], { folder, seconds, input }: GitOptions): Deno.ChildProcess {
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  const where = folder === undefined ? [] : [`--git-dir=${folder}`];
  return childCommand("git", "timeout", {
    args: ["--kill-after=5", String(Math.max(1, Math.ceil(seconds))), "git", ...settings, ...where, ...args],
    env: VARIABLES,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * Runs git to its end.
 *
 * @returns what it wrote on stdout and on stderr
 * @throws {GitError} of its kind; the signal's reason
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { GitError, runGit } from "./git_command.ts";
 *
 * const { stdout } = await runGit(["hash-object", "--stdin"], { seconds: 9, input: "" });
 * assertEquals(new TextDecoder().decode(stdout).trim(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
 * await assertRejects(() => runGit(["clone", "--", "file:///nowhere"], { seconds: 9 }), GitError, "not found");
 * ```
 */
export async function runGit(
  args: readonly string[],
  options: GitOptions,
): Promise<{ stdout: Uint8Array<ArrayBuffer>; stderr: string }> {
  options.signal?.throwIfAborted();
  const child = startSafely(args, options);
  using _stop = stopWith(child, options.signal);
  const [output] = await Promise.all([child.output(), writeInput(child, options.input)]);
  const stderr = new TextDecoder().decode(output.stderr);
  options.signal?.throwIfAborted();
  if (output.success) return { stdout: output.stdout, stderr };
  throw failureOf(output.code, stderr);
}

/**
 * The failure that an exit code and what git said mean.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { failureOf } from "./git_command.ts";
 *
 * assertEquals(failureOf(124, "").failure, "too long");
 * assertEquals(failureOf(128, "fatal: Could not resolve host: git.example").failure, "unreachable");
 * assertEquals(failureOf(1, "fatal: bad object").failure, "broken");
 * ```
 */
export function failureOf(code: number, stderr: string): GitError {
  if (code === 124 || code === 137) return new GitError("too long");
  if (code === 127) return new GitError("no git");
  return new GitError(FAILURES.find(([said]) => said.test(stderr))?.[1] ?? "broken");
}

/**
 * Stops a child when a signal aborts, until it is disposed; disposing stops it too. It is told so again until it has ended,
 * as `timeout` forgets a signal that comes while it starts its command.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { startGit, stopWith } from "./git_command.ts";
 *
 * const started = Date.now();
 * const child = startGit(["cat-file", "--batch"], { seconds: 60, input: "never ends" });
 * stopWith(child, AbortSignal.abort())[Symbol.dispose]();
 * await child.output();
 * assert(Date.now() - started < 50_000);
 * ```
 */
export function stopWith(child: Deno.ChildProcess, signal: AbortSignal | undefined): Disposable {
  const stop = () => {
    terminate(child);
    endInput(child);
    const again = setInterval(() => terminate(child), AGAIN_MS);
    Deno.unrefTimer(again);
    child.status.finally(() => clearInterval(again));
  };
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop, { once: true });
  return {
    [Symbol.dispose]: () => {
      signal?.removeEventListener("abort", stop);
      stop();
    },
  };
}

function terminate(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGTERM"); // which `timeout` passes on to the group
  } catch {
    // it has ended
  }
}

/**
 * Ends what git reads, as it may be alone: a signal that comes when `timeout` has started git and does not know it yet
 * ends `timeout` only.
 */
function endInput(child: Deno.ChildProcess): void {
  try {
    child.stdin.abort().catch(() => {}); // it is being written, and ends then
  } catch {
    // it reads nothing
  }
}

/**
 * Gives a child all that it is to read.
 *
 * @example
 * ```ts
 * import { startGit, writeInput } from "./git_command.ts";
 *
 * const child = startGit(["hash-object", "--stdin"], { seconds: 9, input: "x" });
 * await Promise.all([child.output(), writeInput(child, "x")]);
 * ```
 */
export async function writeInput(child: Deno.ChildProcess, input: string | undefined): Promise<void> {
  if (input === undefined) return;
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {}); // it has ended
}

/** @throws {GitError} If there is no `timeout` */
function startSafely(args: readonly string[], options: GitOptions): Deno.ChildProcess {
  try {
    return startGit(args, options);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) throw new GitError("no git");
    throw cause;
  }
}
