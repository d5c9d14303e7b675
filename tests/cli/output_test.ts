import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { checkApart, checkSpace } from "../../lib/cli/output.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

Deno.test("checkApart() refuses an output that is, holds or lies in an input, links followed", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.mkdirSync(path("corpus/deep"), { recursive: true });
  Deno.writeTextFileSync(path("corpus/a.py"), "");
  Deno.writeTextFileSync(path("table.csv"), "");
  Deno.linkSync(path("table.csv"), path("other_name.csv"));
  Deno.symlinkSync("corpus", path("link"));
  Deno.symlinkSync("table.csv", path("link.csv"));
  const inputs = [path("corpus"), path("table.csv"), path("missing")];
  const cases: [string, string][] = [
    ["corpus", "the command reads it"],
    ["table.csv", "the command reads it"],
    ["link", "the command reads it"],
    ["link.csv", "the command reads it"],
    ["other_name.csv", "the command reads it"],
    ["corpus/../table.csv", "the command reads it"],
    ["corpus/out.csv", `it lies in "${path("corpus")}", which the command reads`],
    ["corpus/deep/new/out", `it lies in "${path("corpus")}", which the command reads`],
    ["link/out.csv", `it lies in "${path("corpus")}", which the command reads`],
    [".", `"${path("corpus")}", which the command reads, lies in it`],
  ];
  for (const [out, message] of cases) {
    await assertRejects(() => checkApart(path(out), inputs), Error, `: ${message}: name another place`);
  }
  for (const out of ["corpus2", "out.csv", "new/out.csv", "missing"]) await checkApart(path(out), inputs);
  assertEquals([...Deno.readDirSync(path("corpus/deep"))], []);
});

Deno.test("checkSpace() says in numbers what is needed and what is free", () => {
  assertThrows(
    () => checkSpace("/", 1.5e15),
    Error,
    'Cannot write into "/": the run needs 1500000.00 GB, ',
  );
});

Deno.test("detect refuses a folder that cannot be written, in one line", async () => {
  using folder = temporaryFolder();
  // Modes do not stop the superuser; Deno's own refusal stops everybody.
  const options = { cwd: folder.path, deno: [`--deny-write=${folder.path}`] };
  Deno.mkdirSync(join(folder.path, "src"));
  Deno.writeTextFileSync(join(folder.path, "src/a.py"), "x = 1\n");
  const { code, stderr } = await runCli(["detect", "src", "--out", "new.csv"], options);
  const message =
    `codescrub: Cannot write "${folder.path}/new.csv": its lock "${folder.path}/.codescrub/new.csv.lock" cannot be made: `;
  assertEquals([code, stderr.startsWith(message)], [1, true], stderr);
  assertEquals(stderr.split("\n").length, 2);
});
