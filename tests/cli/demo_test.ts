import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTable } from "../../lib/datasets/tables.ts";
import { callMain } from "./call_main.ts";
import { cliCommand, type CliRun, temporaryFolder } from "./run_cli.ts";

/** Starts the demo, interrupts it as soon as it has written its first table, and waits for its end. */
async function interruptDemo(out: string): Promise<CliRun> {
  const child = cliCommand(["demo", "--out", out, "--json"]).spawn();
  const texts = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  for (let i = 0; i < 24_000 && !existsSync(join(out, "secrets.parquet")); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill("SIGINT");
  const { code } = await child.status;
  const [stdout = "", stderr = ""] = await texts;
  return { code, stdout, stderr };
}

Deno.test("the demo replaces an earlier one, and at Ctrl-C ends with 130 and keeps what was finished", async () => {
  using folder = temporaryFolder();
  const earlier = JSON.stringify({ command: "demo", status: "finished", settings: { lr: 1 } });
  Deno.writeTextFileSync(join(folder.path, "run.json"), earlier);
  Deno.writeTextFileSync(join(folder.path, "report.html"), "of the earlier demo");
  const { code, stdout, stderr } = await interruptDemo(folder.path);
  assertEquals([code, stdout], [130, ""], stderr);
  const last = stderr.trimEnd().split("\n").at(-1);
  assertEquals(last, "codescrub: Interrupted by SIGINT: what was finished stays");
  const record = JSON.parse(Deno.readTextFileSync(join(folder.path, "run.json")));
  assertEquals([record.command, record.status, record.settings.seed], ["demo", "unfinished", 42]);
  assert((await readTable(join(folder.path, "secrets.parquet"))).height > 3000);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
  assertEquals(names.filter((name) => /lock|tmp|html|summary/.test(name)), []);
});

Deno.test("the demo replaces no folder but a demo's", async () => {
  using folder = temporaryFolder();
  const write = (name: string, file: string, text: string) => {
    Deno.mkdirSync(join(folder.path, name));
    Deno.writeTextFileSync(join(folder.path, name, file), text);
  };
  const refused = async (name: string, reason: string) => {
    const out = join(folder.path, name);
    const before = [...Deno.readDirSync(out)].map(({ name }) => name);
    const { code, stdout, stderr } = await callMain(["demo", "--out", out]);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, `codescrub: Cannot write into "${out}": ${reason}`);
    assertEquals([...Deno.readDirSync(out)].map(({ name }) => name), before);
  };
  write("thesis", "thesis.tex", "mine");
  await refused("thesis", "it holds other files: give --force to write beside them");
  write("erased", "run.json", JSON.stringify({ command: "unlearn", status: "finished", settings: {} }));
  await refused("erased", 'it holds a run of "unlearn": name another folder or give --force');
  const file = join(folder.path, "thesis/thesis.tex");
  const { code, stderr } = await callMain(["demo", "--out", file]);
  assertEquals([code, stderr], [
    1,
    `codescrub: Cannot write into "${file}": it is not a folder: name another\n`,
  ]);
});
