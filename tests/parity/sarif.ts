/**
 * `deno task parity:sarif MULTITOOL`: SARIF of scans of every kind (nothing found, odd names, notebooks, a git history)
 * by Microsoft's validator of SARIF, with its rules for GitHub's viewer too. MULTITOOL is the program `Sarif.Multitool` of
 * the npm package `@microsoft/sarif-multitool-linux`, or of another system's. Nothing of it is kept.
 *
 * @module
 */
import { join } from "node:path";
import { callMain } from "../cli/call_main.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { HOSTILE, repositoryWith } from "../datasets/git_world.ts";

const [tool] = Deno.args;
if (tool === undefined) throw new RangeError("Missing argument: the program Sarif.Multitool");
using folder = temporaryFolder();
const path = (name: string) => join(folder.path, name);
Deno.env.set("CODESCRUB_KEY", "a made-up key of fingerprints");
const leak = `url = "postgres://app:${["q7Zk2mX9", "bVt4"].join("")}@db.invalid/main" # ada@mail.invalid\n`;
await Deno.mkdir(path("none"));
await Deno.writeTextFile(path("none/a.py"), "x = 1\n");
await Deno.mkdir(path("names"));
for (const name of [...HOSTILE, "%41.py", "a#b?.py", "c:d.py"]) {
  await Deno.writeTextFile(path(`names/${name}`), `# 😀 ${leak}`);
}
const cells = [{ source: ["# one\n", leak] }, { source: leak }];
await Deno.writeTextFile(path("names/n.ipynb"), JSON.stringify({ cells }));
await Deno.writeTextFile(
  path("rows.jsonl"),
  JSON.stringify({ doc_id: "http://x.invalid/ü", text: leak }) + "\n",
);
const changes = [...HOSTILE, "odd\\xff.py"].map((name) => [name, `# ${name}\n${leak}`] as const);
await repositoryWith(path("repo"), [{ changes }]);
const scans: [string, string[]][] = [
  ["nothing found", [path("none")]],
  ["odd names, notebooks", [path("names"), "--decode"]],
  ["rows", [path("rows.jsonl")]],
  ["a history", ["--git", path("repo")]],
  ["nothing new", ["--git", path("repo"), "--allow-comments", "--commits", "main..main"]],
];
const decoder = new TextDecoder();
let failed = 0;
for (const [i, [name, args]] of scans.entries()) {
  const sarif = path(`${i}.sarif`), checked = path(`${i}.checked.sarif`);
  const { code, stderr } = await callMain(["detect", ...args, "--profile", "extended", "--sarif", sarif]);
  if (code !== 0) throw new Error(stderr);
  const { results } = JSON.parse(await Deno.readTextFile(sarif)).runs[0];
  const flags = ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note", "--kind", "Fail"];
  const { stdout } = await new Deno.Command(tool, {
    args: ["validate", sarif, ...flags, "--output", checked],
    env: { DOTNET_SYSTEM_GLOBALIZATION_INVARIANT: "1" },
  }).output();
  const log = JSON.parse((await Deno.readTextFile(checked)).replace(/^\ufeff/, "")).runs[0];
  const levels: { [level: string]: string[] } = { error: [], warning: [], note: [] };
  for (const { ruleId, level = "warning" } of log.results) levels[level]!.push(ruleId);
  const list = (level: string) =>
    `${levels[level]!.length} ${level}s (${[...new Set(levels[level])].join(", ")})`;
  console.log(`${name}: ${results.length} findings; ${["error", "warning", "note"].map(list).join(", ")}`);
  if (levels.error!.length > 0) {
    failed++;
    console.log(decoder.decode(stdout));
  }
}
if (failed > 0) Deno.exit(1);
