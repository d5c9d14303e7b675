import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { openRunFolder, readRunRecord } from "../../lib/cli/run_folder.ts";
import { temporaryFolder } from "./run_cli.ts";

Deno.test("openRunFolder() leaves a finished run finished that was to go on and wrote nothing", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  const context = { settings: { n: 2 }, force: false, signal: new AbortController().signal };
  const open = () =>
    openRunFolder(folder, { command: "humaneval", context, outputs: ["rows"], goesOn: () => true });
  {
    using run = await open();
    await Deno.writeTextFile(await run.path("rows"), "a\n");
    await run.finish({ n: 2 });
  }
  const record = await readRunRecord(folder);
  {
    using run = await open();
    assertEquals((await readRunRecord(folder))?.status, "unfinished");
    await run.path("rows");
  }
  assertEquals(await readRunRecord(folder), record);
  {
    using run = await open();
    await Deno.writeTextFile(await run.path("rows"), "b\n", { append: true });
  }
  assertEquals((await readRunRecord(folder))?.status, "unfinished");
});
