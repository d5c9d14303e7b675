import { assertEquals, assertStringIncludes } from "@std/assert";
import { setUpWithProgress } from "../../lib/cli/commands/doctor.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

Deno.test("codescrub doctor says what is there, and with nothing missing ends with 0", async () => {
  const { code, stdout, stderr } = await runCli(["doctor", "--json"]);
  assertEquals(code, 0, stderr);
  for (const part of ["deno", "TensorFlow", "wheels", "python3", "pip", "Jupyter", "git"]) {
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

Deno.test("setUpWithProgress() shows nothing where everything is there", async () => {
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
  await setUpWithProgress({ progress: createProgress({ stream }) });
  assertEquals(lines, []);
});
