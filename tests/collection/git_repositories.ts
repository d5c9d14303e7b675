/**
 * Bare repositories for tests, made from a stream as git's own import reads it and by its plumbing, so that names and links
 * may be as hostile as a tree can hold.
 */
import { join } from "node:path";

/** A file of a repository: its content, or a mode and what it is. */
export type RepositoryFile = string | Uint8Array | { mode: string; content: string };

/** Runs git and gives what it wrote. */
export async function git(args: readonly string[], input?: Uint8Array | string): Promise<string> {
  const child = new Deno.Command("git", {
    args: [...args],
    env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_AUTHOR_DATE: "1700000000 +0000" },
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  const writer = child.stdin.getWriter();
  if (input !== undefined) {
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
  }
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Makes a bare repository of one commit; names are bytes as latin1 spells them. */
export async function makeRepository(
  path: string,
  files: { [name: string]: RepositoryFile },
  { isFilterable = true }: { isFilterable?: boolean } = {},
): Promise<string> {
  await git(["init", "--quiet", "--bare", "--initial-branch=main", "--template=", path]);
  if (isFilterable) await git(["--git-dir", path, "config", "uploadpack.allowFilter", "true"]);
  const bytes = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const stream: Uint8Array[] = [
    utf8("commit refs/heads/main\ncommitter Ada <ada@mail.invalid> 1700000000 +0000\ndata 0\n"),
  ];
  for (const [name, file] of Object.entries(files)) {
    const isPlain = typeof file === "string" || file instanceof Uint8Array;
    const mode = isPlain ? "100644" : file.mode;
    const quoted = `"${name.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
    if (!isPlain && mode === "160000") {
      stream.push(bytes(`M ${mode} ${file.content} ${quoted}\n`));
      continue;
    }
    const content = isPlain ? (typeof file === "string" ? utf8(file) : file) : utf8(file.content);
    stream.push(bytes(`M ${mode} inline ${quoted}\ndata ${content.length}\n`), content, utf8("\n"));
  }
  const all = new Uint8Array(await new Blob(stream as BlobPart[]).arrayBuffer());
  await git(["--git-dir", path, "fast-import", "--quiet", "--force"], all);
  return `file://${path}`;
}

/** Lua of some tokens. */
export function lua(seed: number, lines = 30): string {
  return Array.from({ length: lines }, (_, i) => `local v${i} = f${seed}(${i}, "a b c") -- step ${i}\n`).join(
    "",
  );
}

/** Everything that a hostile repository may hold, among two files that are collected. */
export function hostileFiles(): { [name: string]: RepositoryFile } {
  return {
    "good.lua": lua(1),
    "-rf --upload-pack=touch x.lua": lua(2),
    "a/..lua.lua": lua(3),
    "line\nbreak.lua": lua(4),
    "bad\xff\xfe.lua": lua(5),
    "link.lua": { mode: "120000", content: "/etc/passwd" },
    "up.lua": { mode: "120000", content: "../../../../etc/passwd" },
    "sub.lua": { mode: "160000", content: "a".repeat(40) },
    "huge.lua": lua(6) + "-- " + "x".repeat(2 ** 20),
    "pointer.lua": `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}\nsize 12345\n`,
    "short.lua": "return 1\n",
    "binary.lua": new Uint8Array(500),
    "latin1.lua": Uint8Array.from("-- \xe9\n" + lua(7), (letter) => letter.charCodeAt(0)),
    "crlf.LUA": lua(8).replaceAll("\n", "\r\n"),
    ".gitattributes": "*.lua filter=evil diff=evil\n*.lua export-ignore\n",
    ".gitmodules": '[submodule "x"]\n\tpath = sub.lua\n\turl = --upload-pack=touch pwned\n',
    ".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:1/\n",
    "hooks/post-checkout": { mode: "100755", content: "#!/bin/sh\ntouch pwned\n" },
    "other.py": "x = 1\n",
  };
}

/** The path of a repository in a folder. */
export function repositoryPath(folder: string, repo: string): string {
  return join(folder, `${repo}.git`);
}
