import { assertEquals, assertMatch } from "@std/assert";
import { rows } from "../data/make_thresholds.ts";
import { callMain } from "./cli/call_main.ts";
import { temporaryFolder } from "./cli/run_cli.ts";

const DAY = ["--created-after", "2025-01-01"];

Deno.test("deno task thresholds refuses bad input in one line, and leaves nothing", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  Deno.writeTextFileSync(path("empty.txt"), "# nothing\n");
  const cases: [args: string[], message: RegExp, code: number][] = [
    [[], /Missing option "--created-after"/, 2],
    [DAY, /Cannot search without --language: give it, or --from-packages LIST/, 2],
    [["--created-after", "June", "--language", "Lua"], /Cannot read the day "June"/, 2],
    [[...DAY, "--language", "Lua", "--near", "7"], /--near/, 2],
    [[...DAY, "--from-packages", path("no.txt")], /no\.txt": no such file/, 1],
    [[...DAY, "--from-packages", path("empty.txt")], /empty\.txt": it names none/, 1],
    [[...DAY, "--language", "Lua", "--model", path("no")], /Cannot find model/, 1],
  ];
  for (const [args, message, code] of cases) {
    const run = await callMain(["thresholds", ...args, "--out", path("out")], rows);
    assertEquals([run.code, run.stderr.trimEnd().split("\n").length, run.stdout], [code, 1, ""], run.stderr);
    assertMatch(run.stderr, message);
    assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["empty.txt"], run.stderr);
  }
});
