import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { checkOutputFile, checkOutputTable } from "../../lib/cli/output.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

Deno.test("checkOutputFile() refuses a folder, a link and an input, whatever --force says", async () => {
  using folder = temporaryFolder();
  const [table, link] = [join(folder.path, "in.csv"), join(folder.path, "link.csv")];
  Deno.writeTextFileSync(table, "");
  Deno.symlinkSync("nothing", link);
  await assertRejects(
    () => checkOutputFile(folder.path, { force: true }),
    Error,
    "it is a folder: name a file in it",
  );
  await assertRejects(() => checkOutputFile(link, { force: false }), Error, "it is there already");
  const reads = { force: true, inputs: [join(folder.path, "no.csv"), join(folder.path, "../", table)] };
  reads.inputs.push(join(folder.path, ".", "in.csv"));
  await assertRejects(() => checkOutputFile(table, reads), Error, "the command reads it: name another file");
  await checkOutputFile(link, { force: true });
});

Deno.test("checkOutputFile() leaves no trace", async () => {
  using folder = temporaryFolder();
  await checkOutputFile(join(folder.path, "new.csv"), { force: false });
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("checkOutputFile() refuses a folder that cannot be written", async () => {
  using folder = temporaryFolder();
  // Modes do not stop the superuser; Deno's own refusal stops everybody.
  const options = { cwd: folder.path, deno: [`--deny-write=${folder.path}`] };
  Deno.writeTextFileSync(join(folder.path, "a.py"), "x = 1\n");
  const { code, stderr } = await runCli(["detect", ".", "--out", "new.csv"], options);
  const message =
    `codescrub: Cannot write "${folder.path}/new.csv": no file can be made in "${folder.path}": `;
  assertEquals([code, stderr.startsWith(message)], [1, true], stderr);
  assertEquals(stderr.split("\n").length, 2);
});

Deno.test("checkOutputTable() knows the extensions of tables", async () => {
  using folder = temporaryFolder();
  for (const name of ["a.parquet", "a.jsonl", "a.jsonl.gz", "a.csv"]) {
    await checkOutputTable(join(folder.path, name), { force: false });
  }
  for (const name of ["a", "a.gz", "a.json", "csv"]) {
    const message = `Unknown table format "${name}": expected .parquet, .jsonl, .jsonl.gz or .csv`;
    await assertRejects(
      () => checkOutputTable(join(folder.path, name), { force: false }),
      RangeError,
      message,
    );
  }
});
