/**
 * git, asked about a repository that may be anyone's: nothing that its settings name is run, nothing is fetched, nothing is
 * written, and nothing replaces its objects.
 *
 * @module
 */
import { childCommand } from "../setup/child_command.ts";

/** What a question to git may be given. */
export interface GitOptions {
  /** Whether it reads what is written to it. */
  takesInput?: boolean;
  /** More variables. */
  env?: { [name: string]: string };
}

const SETTINGS = [
  "protocol.allow=never", // what a partial clone lacks would be fetched
  "core.fsmonitor=false", // a program, where it is set
  "core.hooksPath=/dev/null",
];

/** A question to git under way. */
export interface GitProcess extends AsyncDisposable {
  /** Writes what it reads, where it takes input. What it does not take any more is dropped. */
  write: (bytes: Uint8Array<ArrayBuffer>) => Promise<void>;
  /** Has it read what another writes, to the end. */
  take: (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => Promise<void>;
  output: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Waits for its end. @throws {Error} with git's own words, where it failed */
  end: () => Promise<void>;
}

/**
 * Starts git.
 *
 * @param folder the repository's, or one in it
 * @throws {Error} If there is no git.
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { startGit } from "./git_process.ts";
 *
 * await using git = startGit(".", ["version"]);
 * assertMatch(await new Response(git.output).text(), /^git version/);
 * await git.end();
 * ```
 */
export function startGit(
  folder: string,
  args: readonly string[],
  { takesInput = false, env = {} }: GitOptions = {},
): GitProcess {
  const settings = SETTINGS.flatMap((setting) => ["-c", setting]);
  let child: Deno.ChildProcess;
  try {
    child = childCommand("git", "git", {
      args: ["-C", folder, "--no-pager", "--no-replace-objects", ...settings, ...args],
      env: { LC_ALL: "C", GIT_OPTIONAL_LOCKS: "0", GIT_TERMINAL_PROMPT: "0", GIT_NO_LAZY_FETCH: "1", ...env },
      stdin: takesInput ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new Error(`Cannot read "${folder}" as a git repository: there is no git to ask: install it`, {
      cause,
    });
  }
  const words = firstWords(child.stderr);
  const ignore = () => {}; // git has ended; its words say why
  return {
    write: async (bytes) => {
      const writer = child.stdin.getWriter();
      await writer.write(bytes).catch(ignore);
      writer.releaseLock();
    },
    take: (stream) => stream.pipeTo(child.stdin).catch(ignore),
    output: child.stdout,
    end: async () => {
      const { success } = await child.status;
      if (success) return;
      throw new Error(`Cannot read "${folder}" as a git repository: ${reasonIn(await words)}`);
    },
    [Symbol.asyncDispose]: async () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // it has ended
      }
      if (takesInput) await child.stdin.abort().catch(ignore);
      if (!child.stdout.locked) await child.stdout.cancel().catch(ignore);
      await child.status;
      await words;
    },
  };
}

/**
 * What git answers to a question of one answer, without the line break at its end.
 *
 * @throws {Error} with git's own words, where it failed
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { askGit } from "./git_process.ts";
 *
 * await assertRejects(() => askGit(Deno.makeTempDirSync(), ["rev-parse"]), Error, "there is none: leave --git out");
 * ```
 */
export async function askGit(
  folder: string,
  args: readonly string[],
  options: Omit<GitOptions, "takesInput"> = {},
): Promise<string> {
  await using git = startGit(folder, args, options);
  const answer = await new Response(git.output).text();
  await git.end();
  return answer.replace(/\n$/, "");
}

const MOST_WORDS = 2 ** 12;

/** The first of what a program says of its errors; the rest is read and dropped, so that it can go on. */
async function firstWords(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let words = "";
  for await (const chunk of stream) {
    if (words.length < MOST_WORDS) words += decoder.decode(chunk, { stream: true });
  }
  return words.slice(0, MOST_WORDS);
}

/** Git's own line, as ours read. */
function reasonIn(words: string): string {
  const lines = words.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const line = lines.find((line) => /^(?:fatal|error): /.test(line)) ?? lines[0] ?? "git failed";
  const reason = line.replace(/^(?:fatal|error): /, "").slice(0, 200);
  if (/^not a git repository/.test(reason)) return "there is none: leave --git out to search files";
  if (/dubious ownership/.test(reason)) {
    return "it is another user's: allow it by git config --global --add safe.directory";
  }
  return `git says: ${reason}`;
}
