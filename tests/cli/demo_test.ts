import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readTable } from "../../lib/datasets/tables.ts";
import { openRunFiles } from "../../lib/cli/run_files.ts";
import { openRunFolder } from "../../lib/cli/run_folder.ts";
import { callMain } from "./call_main.ts";
import { cliCommand, type CliRun, temporaryFolder } from "./run_cli.ts";

/** Starts the demo, interrupts it as soon as it has written its first table, and waits for its end. */
async function interruptDemo(out: string): Promise<CliRun> {
  const child = cliCommand(["demo", "--out", out, "--json"]).spawn();
  const texts = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  const hasTable = () => {
    const table = join(out, "secrets.parquet");
    return existsSync(table) && (Deno.lstatSync(table).size > 1000); // an earlier demo's is smaller
  };
  for (let i = 0; i < 24_000 && !hasTable(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill("SIGINT");
  const { code } = await child.status;
  const [stdout = "", stderr = ""] = await texts;
  return { code, stdout, stderr };
}

/** A demo of other settings, finished, with a table and a report. */
async function writeEarlierDemo(folder: string): Promise<void> {
  const context = { settings: { lr: 1 }, force: false, signal: new AbortController().signal };
  using run = await openRunFolder(folder, { command: "demo", context, outputs: ["summary.json"] });
  for (const name of ["secrets.parquet", "report.html"]) {
    const path = join(folder, name);
    using files = await openRunFiles([path], { command: "demo", context, kind: "file" });
    await files.finish({}, () => Deno.writeTextFile(path, "of the earlier demo"));
  }
  await Deno.writeTextFile(await run.path("summary.json"), "{}");
  await run.finish();
}

Deno.test("the demo replaces an earlier one, and at Ctrl-C ends with 130 and keeps what was finished", async () => {
  using folder = temporaryFolder();
  await writeEarlierDemo(folder.path);
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
  await refused("thesis", `it holds "${join(folder.path, "thesis/thesis.tex")}", which no run wrote`);
  write("erased", "run.json", JSON.stringify({ command: "unlearn", status: "finished", settings: {} }));
  await refused("erased", 'it holds a run of "unlearn": name another place or give --force');
  const file = join(folder.path, "thesis/thesis.tex");
  const { code, stderr } = await callMain(["demo", "--out", file]);
  assertEquals([code, stderr], [
    1,
    `codescrub: Cannot write into "${file}": it is not a folder: name another\n`,
  ]);
});
