import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { COMMANDS } from "../../lib/cli/commands.ts";
import { GROUPS } from "../../lib/cli/option_groups.ts";
import { optionsOf } from "../../lib/cli/options.ts";
import { callMain } from "./call_main.ts";
import { cliCommand, type CliRun, runCli, temporaryFolder } from "./run_cli.ts";

const PROBE = [
  { doc_id: "a", ma: 1 },
  { doc_id: "a", ma: 0.5 },
  { doc_id: "b", ma: 0.2 },
  { doc_id: "c", ma: null },
].map((row) => JSON.stringify(row) + "\n").join("");

/** A folder with a probe's table. */
function probeFolder(): { path: string } & Disposable {
  const folder = temporaryFolder();
  Deno.writeTextFileSync(join(folder.path, "probe.jsonl"), PROBE);
  return folder;
}

const ANALYZE = ["analyze", "--probe", "probe.jsonl", "--threshold", "0.46", "--out", "bins.csv"];

async function timeMs(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

Deno.test("codescrub --help lists every command with an example, fast", async () => {
  await runCli(["--help"]); // the first run may have to fill Deno's caches
  // The best of ten, beside an empty program: a busy machine delays both, a slow command line only itself.
  const times: string[] = [];
  for (let isFast = false; !isFast;) {
    const bareMs = await timeMs(() => new Deno.Command(Deno.execPath(), { args: ["eval", ""] }).output());
    let run: CliRun | undefined;
    const ms = await timeMs(async () => run = await runCli(["--help"]));
    isFast = ms < Math.max(300, 4 * bareMs);
    times.push(`${Math.round(ms)} (empty: ${Math.round(bareMs)})`);
    assert(isFast || times.length < 10, `--help took ${times.join(", ")} ms`);
    const { code, stdout, stderr } = run!;
    assertEquals([code, stderr], [0, ""]);
    for (const [name, row] of Object.entries(COMMANDS)) {
      assertMatch(stdout, new RegExp(`^  ${name} .*${row.description.slice(0, 20)}`, "m"));
      assertStringIncludes(stdout, `codescrub ${row.example}`);
    }
  }
});

Deno.test("codescrub --help imports no command, no tfjs, no Polars, and opens no library", async () => {
  const args = ["info", "--json", new URL("../../lib/cli/main.ts", import.meta.url).href];
  const output = await new Deno.Command(Deno.execPath(), { args }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(output.stdout)) as {
    modules: { specifier: string; dependencies?: { code?: { specifier: string }; isDynamic?: boolean }[] }[];
  };
  const byName = new Map(modules.map((module) => [module.specifier, module]));
  const reached = new Set<string>();
  const visit = (specifier: string) => {
    if (reached.has(specifier)) return;
    reached.add(specifier);
    for (const { code, isDynamic } of byName.get(specifier)?.dependencies ?? []) {
      if (code && !isDynamic) visit(code.specifier);
    }
  };
  visit(modules.find(({ specifier }) => specifier.endsWith("lib/cli/main.ts"))!.specifier);
  const names = [...reached].map((specifier) => specifier.replace(/^.*\/lib\//, "lib/"));
  const heavy = names.filter((name) =>
    !/^lib\/cli\/\w+\.ts$|^lib\/(files\/(reason|read_file)|npm\/commander|secrets\/fingerprint)\.ts$|^npm:\/?commander@|^node:|deno\.json$/
      .test(name)
  );
  assertEquals(heavy, []);
  assert(
    names.includes("lib/cli/commands.ts") && !names.includes("lib/cli/commands/doctor.ts"),
    names.join(" "),
  );
  // And without the permission to open one, everything is shown all the same.
  const bare = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", "--no-prompt", "--deny-ffi", "--allow-read", "--allow-env"]
      .concat(new URL("../../lib/cli/main.ts", import.meta.url).href, "--help"),
  }).output();
  assertEquals(bare.code, 0, new TextDecoder().decode(bare.stderr));
});

Deno.test("codescrub COMMAND --help shows each option and the example", async () => {
  for (const [name, row] of Object.entries(COMMANDS)) {
    const { code, stdout, stderr } = await callMain([name, "--help"]);
    assertEquals([code, stderr], [0, ""], name);
    assertStringIncludes(stdout, `codescrub ${row.example}`);
    for (const option of ["--seed <N>", "--json"]) assertStringIncludes(stdout, option);
  }
  const { stdout } = await callMain(["help", "analyze"]);
  assertStringIncludes(stdout, "--threshold <X>  the mean MA over unseen texts (required)");
  assertStringIncludes(stdout, "--bins <N>       bins over [0, 1] (default 40)");
});

Deno.test("the help of a command with many options has them under headings, and every heading's names are options", async () => {
  const { stdout } = await callMain(["unlearn", "--help"]);
  const [, , ...sections] = stdout.split(/^(?=[A-Z].*:$)/m);
  const headings = sections.map((section) => section.split("\n")[0]!);
  const own = "The method's own, with their defaults by method:";
  assertEquals(headings.slice(0, 5), ["Adapter:", "Reading the corpus:", "Erasing:", "Memory:", own]);
  assertMatch(sections[2]!, /^ {2}--method <NAME>/m);
  assertMatch(sections[3]!, /^ {2}--memory /m);
  assertMatch(sections[4]!, /^ {2}--gamma <X>/m);
  const known = new Set<string>();
  for (const { load } of Object.values(COMMANDS)) {
    for (const name of Object.keys(optionsOf((await load()).command))) known.add(name);
  }
  assertEquals(Object.values(GROUPS).flat().filter((name) => !known.has(name)), []);
});

Deno.test("the README's table has a row for each command and no other", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const [, section = ""] = readme.split("\n## Command line\n");
  const rows = section.matchAll(/^\| `([a-z-]+)` +\| [a-zA-Z]/gm);
  assertEquals(Array.from(rows, ([, name]) => name!).sort(), Object.keys(COMMANDS).sort());
});

Deno.test("codescrub --version prints deno.json's", async () => {
  assertEquals(await runCli(["--version"]), { code: 0, stdout: deno.version + "\n", stderr: "" });
});

Deno.test("codescrub refuses bad usage with exit code 2 and one line", async () => {
  using folder = probeFolder();
  const cwd = folder.path;
  Deno.writeTextFileSync(join(cwd, "unknown.json"), '{"treshold": 1}');
  Deno.writeTextFileSync(join(cwd, "broken.json"), "{");
  Deno.writeTextFileSync(join(cwd, "wrong.json"), '{"bins": "many"}');
  const cases: [string[], RegExp][] = [
    [
      ["analize"],
      /^codescrub: Unknown command "analize" \(did you mean analyze\?\): expected .*"analyze".*\n$/,
    ],
    [["analyze", "--treshold", "1"], /Unknown option "--treshold" \(did you mean --threshold\?\)/],
    [["analyze", "--probe"], /Option "--probe <F>" argument missing/],
    [["analyze", "extra"], /Too many arguments/],
    [["analyze", "--threshold", "1"], /Missing option "--probe": table that probe wrote/],
    [[...ANALYZE, "--threshold", "much"], /Cannot read --threshold "much": a number from 0 to 1 is needed/],
    [[...ANALYZE, "--threshold", "1.5"], /Cannot read --threshold "1.5": a number from 0 to 1 is needed/],
    [[...ANALYZE, "--threshold", ""], /Cannot read --threshold ""/],
    [[...ANALYZE, "--bins", "0x10"], /Cannot read --bins "0x10": an integer from 1 to 1000 is needed/],
    [[...ANALYZE, "--seed", "-1"], /Cannot read --seed "-1": an integer of at least 0 is needed/],
    [[...ANALYZE, "--probe", ""], /Cannot read --probe "": a path is needed/],
    [
      [...ANALYZE, "--config", "unknown.json"],
      /Unknown option "treshold" in ".*unknown.json": expected "probe"/,
    ],
    [[...ANALYZE, "--config", "broken.json"], /Cannot read the options of ".*broken.json"/],
    [[...ANALYZE, "--config", "missing.json"], /Cannot read the options of ".*missing.json"/],
    [
      [...ANALYZE, "--config", "wrong.json"],
      /Cannot read "bins" of wrong.json "many": an integer from 1 to 1000/,
    ],
  ];
  const runs = await Promise.all(cases.map(([args]) => runCli(args, { cwd })));
  cases.forEach(([args, message], i) => {
    const { code, stdout, stderr } = runs[i]!;
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, message);
    assertEquals(stderr.split("\n").length, 2, stderr);
  });
  assertEquals([...Deno.readDirSync(cwd)].some(({ name }) => name === "bins.csv"), false);
});

Deno.test("codescrub alone shows the help and is bad usage", async () => {
  const { code, stdout, stderr } = await runCli([]);
  assertEquals([code, stdout], [2, ""]);
  assertStringIncludes(stderr, "Usage: codescrub");
});

Deno.test("codescrub analyze writes its table, prints it, and with --json nothing but JSON on stdout", async () => {
  using folder = probeFolder();
  const { code, stdout, stderr } = await runCli([...ANALYZE, "--json"], { cwd: folder.path });
  assertEquals(code, 0);
  const summary = JSON.parse(stdout);
  assertEquals(summary, {
    command: "analyze",
    documents: 2,
    undefined_documents: 1,
    secrets: 4,
    threshold: 0.46,
    share_above: 0.5,
    mean_ma: 0.475,
    max_ma: 0.75,
    out: join(folder.path, "bins.csv"),
  });
  assertStringIncludes(stderr, "50.00 % of 2 documents above 0.46; 1 without a defined MA");
  assertStringIncludes(stderr, "0.200-0.225          1  ███");
  const plain = await runCli([...ANALYZE, "--force"], { cwd: folder.path });
  assertEquals([plain.code, plain.stdout, plain.stderr], [0, stderr, ""]);
  const lines = Deno.readTextFileSync(join(folder.path, "bins.csv")).trimEnd().split("\n");
  assertEquals([lines[0], lines.length], ["bin_start,bin_end,documents,share", 41]);
  assertEquals(lines[31], "0.75,0.775,1,0.5");
});

Deno.test("codescrub refuses a finished output without --force and leaves it", async () => {
  using folder = probeFolder();
  const out = join(folder.path, "bins.csv");
  await runCli(ANALYZE, { cwd: folder.path });
  const before = Deno.readTextFileSync(out);
  const { code, stdout, stderr } = await runCli([...ANALYZE, "--bins", "4"], { cwd: folder.path });
  assertEquals([code, stdout], [1, ""]);
  assertEquals(stderr, `codescrub: Cannot write "${out}": it is there already: give --force to replace it\n`);
  assertEquals(Deno.readTextFileSync(out), before);
  assertEquals((await runCli([...ANALYZE, "--bins", "4", "--force"], { cwd: folder.path })).code, 0);
  assertEquals(Deno.readTextFileSync(out).trimEnd().split("\n").length, 5);
});

Deno.test("codescrub takes options from --config, and flags win", async () => {
  using folder = probeFolder();
  const config = { $schema: "x", threshold: 0.1, bins: 4, out: "other.csv" };
  Deno.writeTextFileSync(join(folder.path, "options.json"), JSON.stringify(config));
  const args = ["analyze", "--probe", "probe.jsonl", "--config", "options.json", "--bins", "8", "--json"];
  const { stdout } = await runCli(args, { cwd: folder.path });
  const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([summary.threshold, summary.out], [0.1, join(folder.path, "other.csv")]);
  assertEquals(Deno.readTextFileSync(join(folder.path, "other.csv")).trimEnd().split("\n").length, 9);
});

Deno.test("codescrub reads paths from where the user stands, as INIT_CWD says", async () => {
  using folder = probeFolder();
  using elsewhere = temporaryFolder();
  const { code } = await runCli(ANALYZE, { cwd: elsewhere.path, env: { INIT_CWD: folder.path } });
  assertEquals(code, 0);
  assert(Deno.statSync(join(folder.path, "bins.csv")).isFile);
});

Deno.test("codescrub fails in one line, with a stack only under CODESCRUB_DEBUG=1", async () => {
  using folder = temporaryFolder();
  const quiet = await runCli(ANALYZE, { cwd: folder.path });
  const message = `codescrub: Cannot read table "${folder.path}/probe.jsonl": no such file\n`;
  assertEquals([quiet.code, quiet.stdout, quiet.stderr], [1, "", message]);
  const loud = await runCli(ANALYZE, { cwd: folder.path, env: { CODESCRUB_DEBUG: "1" } });
  assert(loud.stderr.startsWith(message));
  assertMatch(loud.stderr, /\n {4}at /);
});

Deno.test("codescrub ends quietly when the reader of its output has gone", async () => {
  using folder = probeFolder();
  const child = cliCommand(ANALYZE, { cwd: folder.path }).spawn();
  await child.stdout.cancel();
  const { code } = await child.status;
  assertEquals([code, await new Response(child.stderr).text()], [0, ""]);
  assert(Deno.statSync(join(folder.path, "bins.csv")).isFile);
});
