/** Git repositories for tests, each written by two processes: `git init` and `git fast-import`. */
import { join } from "node:path";

/** A change of a commit: a path, and its new content, or null where it is deleted. */
export type Change = readonly [path: string, content: string | Uint8Array<ArrayBuffer> | null];

/** A commit on a branch. */
export interface Commit {
  /** `main` by default. */
  branch?: string;
  /** Numbers of commits, from 1; the branch's last by default. */
  from?: number;
  merge?: number;
  changes: readonly Change[];
}

/** Names that git would quote, and one that is not UTF-8. */
export const HOSTILE = ["a\nb.py", 'q"uote.py', "ta\tb.py", "-rf", "é.py", "sp ace.py"];

/** Runs git, and gives back what it says. */
export async function git(folder: string, args: readonly string[], input?: Uint8Array): Promise<string> {
  const command = new Deno.Command("git", {
    args: ["-C", folder, "-c", "protocol.file.allow=always", ...args],
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
    stdin: input ? "piped" : "null",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  if (input) {
    const writer = child.stdin.getWriter();
    await writer.write(input);
    await writer.close();
  }
  const { code, stdout, stderr } = await child.output();
  if (code !== 0) throw new Error(`git ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** A repository with these commits, in a new folder. */
export async function repositoryWith(
  folder: string,
  commits: readonly Commit[],
  { isBare = false }: { isBare?: boolean } = {},
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await git(folder, ["init", "-q", "-b", "main", ...(isBare ? ["--bare"] : [])]);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const add = (text: string) => void parts.push(new TextEncoder().encode(text));
  for (const [i, { branch = "main", from, merge, changes }] of commits.entries()) {
    add(`commit refs/heads/${branch}\nmark :${i + 1}\ncommitter Ada <ada@mail.invalid> ${1e9 + i} +0000\n`);
    add("data 1\nm\n");
    if (from !== undefined) add(`from :${from}\n`);
    if (merge !== undefined) add(`merge :${merge}\n`);
    for (const [path, content] of changes) {
      if (content === null) add(`D ${quoted(path)}\n`);
      else {
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
        add(`M 100644 inline ${quoted(path)}\ndata ${bytes.length}\n`);
        parts.push(bytes);
        add("\n");
      }
    }
  }
  await git(folder, ["fast-import", "--quiet"], new Uint8Array(await new Blob(parts).arrayBuffer()));
}

/** A path as fast-import takes any bytes; a character up to U+00FF is a byte where it is written as `\xff`. */
function quoted(path: string): string {
  const bytes = Array.from(
    path.replaceAll("\\xff", "\u{10ffff}"),
    (c) => c === "\u{10ffff}" ? [0xff] : [...new TextEncoder().encode(c)],
  ).flat();
  return `"${bytes.map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("")}"`;
}

/** The file of a loose object. */
export function objectPath(repository: string, object: string): string {
  return join(repository, ".git/objects", object.slice(0, 2), object.slice(2));
}
