/**
 * A small program in a process of its own, for tests of what ends a process or holds for all of one.
 *
 * @module
 */

const ROOT = new URL("../..", import.meta.url);

/** What became of it. */
export interface CodeRun {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/** Runs a program whose imports begin with "lib/"; `v8` are options of V8. */
export async function runCode(
  code: string,
  { env = {}, v8 = [] }: { env?: Record<string, string>; v8?: readonly string[] } = {},
): Promise<CodeRun> {
  const absolute = code.replaceAll(
    /"(lib\/[\w/]+\.ts)"/g,
    (_, path) => JSON.stringify(new URL(path, ROOT).href),
  );
  const { code: exit, signal, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-check", ...v8.map((flag) => `--v8-flags=${flag}`), absolute],
    cwd: ROOT,
    env: { NO_COLOR: "1", CODESCRUB_DEBUG: "0", TF_CPP_MIN_LOG_LEVEL: "", ...env },
  }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code: exit, signal, stdout: out, stderr: err };
}
