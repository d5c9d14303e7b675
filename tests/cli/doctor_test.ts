import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { setUpWithProgress } from "../../lib/cli/commands/doctor.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

Deno.test("codescrub doctor says what is there, and with nothing missing ends with 0", async () => {
  const { code, stdout, stderr } = await runCli(["doctor", "--json"]);
  assertEquals(code, 0, stderr);
  for (const part of ["deno", "TensorFlow", "wheels", "python3", "pip", "Jupyter", "git", "bubblewrap"]) {
    assertStringIncludes(stderr, `\n${part} `, part);
  }
  const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([summary.command, summary.ready], ["doctor", true]);
  const { version } = summary.parts.find((row: { part: string }) => row.part === "deno");
  assertEquals(version, Deno.version.deno);
});

Deno.test("codescrub doctor names what is missing and how to get it, and ends with 1", async () => {
  using folder = temporaryFolder();
  const env = {
    CODESCRUB_CACHE: folder.path,
    CODESCRUB_TENSORFLOW: "",
    LD_LIBRARY_PATH: "",
    PATH: folder.path,
  };
  const { code, stdout, stderr } = await runCli(["doctor", "--json"], { env });
  assertEquals(code, 1);
  const last = stderr.trimEnd().split("\n").at(-1)!;
  assertStringIncludes(last, "codescrub: Cannot run everything: missing are ");
  assertStringIncludes(last, "git (install it (package git))");
  assertEquals(JSON.parse(stdout.trimEnd().split("\n").at(-1)!).ready, false);
});

Deno.test("codescrub doctor asks bubblewrap whether it works, and misses none", async () => {
  const rowBy = async (script: string | undefined) => {
    using folder = temporaryFolder();
    const path = join(folder.path, "bwrap");
    if (script !== undefined) await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const { stdout } = await runCli(["doctor", "--json"], { env: { PATH: `${folder.path}:/nowhere` } });
    const { parts } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    return parts.find(({ part }: { part: string }) => part === "bubblewrap");
  };
  const lacks = { part: "bubblewrap", state: "optional", version: null, path: null };
  assertEquals(await rowBy(undefined), {
    ...lacks,
    how_to_get: "install it (package bubblewrap), for humaneval --sandbox bubblewrap",
  });
  const version = 'if [ "$1" = --version ]; then echo "bubblewrap 0.9.0"; exit 0; fi';
  assertEquals(await rowBy(`${version}\necho "bwrap: No permissions to create new namespace" >&2; exit 1`), {
    ...lacks,
    how_to_get: "it does not work here: No permissions to create new namespace",
  });
  assertEquals((await rowBy(version)).state, "ready");
});

Deno.test("setUpWithProgress() shows nothing where everything is there", async () => {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
  await setUpWithProgress({ progress: createProgress({ stream }) });
  assertEquals(lines, []);
});
