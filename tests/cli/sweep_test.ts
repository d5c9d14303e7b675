import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { METHOD_OPTIONS } from "../../lib/cli/method_options.ts";
import { readSweep } from "../../lib/cli/sweep_config.ts";
import { listRuns } from "../../lib/cli/sweep_runs.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { SETTING_COLUMNS, SWEEP_COLUMNS, SWEEP_MEAN_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import { METHODS } from "../../lib/unlearning/objectives.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { tinySweep, writeSweep } from "./tiny_sweep.ts";
import { writeTinyRun } from "./tiny_run.ts";

/** A tiny run and its sweep in a folder of its own. */
async function tiny(changes: Record<string, unknown> = {}) {
  const folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const sweep = await writeSweep(files, changes);
  const path = (name: string) => join(folder.path, name);
  const run = async (out: string, ...more: string[]) => {
    const result = await callMain(["sweep", sweep, "--out", path(out), ...more]);
    for (const piece of files.pieces) {
      assert(!(result.stdout + result.stderr).includes(piece), "a secret is shown");
    }
    return result;
  };
  return { ...files, sweep, path, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** The table of runs, but for what time it took. */
async function rowsOf(out: string) {
  const rows = await readRows(join(out, "runs.parquet"), SWEEP_COLUMNS);
  return rows.map(({ seconds: _, ...row }) => row);
}

Deno.test("readSweep() names what is wrong by its path in the file", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.json");
  const study = { methods: ["ga"] };
  const cases: [sweep: unknown, message: string][] = [
    [[], "Invalid input: expected object, received array"],
    [{ studies: { a: study } }, "corpus: Invalid input: expected string, received undefined"],
    [{ corpus: "embedded", studies: {} }, "studies: at least one study is needed"],
    [{ corpus: "embedded", studies: { a: {} } }, "studies.a.methods: Invalid input: expected array"],
    [
      { corpus: "embedded", studies: { a: { methods: ["gb"] } } },
      'studies.a.methods[0]: Invalid option: expected one of "ga"',
    ],
    [
      { corpus: "embedded", studies: { a: { ...study, k: [8, 513] } } },
      "studies.a.k[1]: Too big: expected number to be <=512",
    ],
    [
      { corpus: "embedded", studies: { a: { ...study, grid: { lr: [-1] } } } },
      "studies.a.grid.lr[0]: Too small",
    ],
    [{ corpus: "embedded", studies: { a: { ...study, vary: { lr: [] } } } }, "studies.a.vary.lr: Too small"],
    [{ corpus: "embedded", studies: { a: { ...study, rows: 8 } } }, 'studies.a: Unrecognized key: "rows"'],
    [{ corpus: "embedded", unlearn: { lrr: 1 }, studies: { a: study } }, 'unlearn: Unrecognized key: "lrr"'],
    [
      { corpus: "src", unlearn: { stop: "group" }, studies: { a: study } },
      'unseen: needed where "stop" is "group"',
    ],
  ];
  for (const [sweep, message] of cases) {
    await Deno.writeTextFile(path, JSON.stringify(sweep));
    const error = await assertRejects(() => readSweep(path));
    assertStringIncludes((error as Error).message, `Cannot read the sweep "${path}": ${message}`);
  }
});

Deno.test("sweep refuses a broken file, parameters that a method does not take and an unknown study, exit 2", async () => {
  using files = await tiny({ studies: { a: { methods: ["wga"], grid: { delta: [1] } } } });
  const refused = await files.run("out");
  assertStringIncludes(refused.stderr, "studies.a: Cannot use --delta with wga: it takes --gamma");
  await Deno.writeTextFile(files.sweep, "{");
  const broken = await files.run("out");
  assertStringIncludes(broken.stderr, "Cannot read the sweep");
  await writeSweep(files);
  const unknown = await files.run("out", "--study", "k");
  assertStringIncludes(unknown.stderr, 'Unknown study "k"');
  assertEquals([refused.code, broken.code, unknown.code], [2, 2, 2]);
  assertEquals((await files.run("out", "--shard", "2/2")).code, 2);
});

Deno.test("listRuns() gives equal runs of two studies one name, and names settings that differ alone", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.json");
  const studies = {
    one: { methods: ["codeeraser"], k: [8], sets: 2, seeds: [42, 7] },
    two: {
      methods: ["codeeraser", "ga"],
      k: [8],
      sets: 1,
      grid: { lr: [1e-3, 1e-4] },
      vary: { gamma: [0.5, 2] },
    },
  };
  await Deno.writeTextFile(path, JSON.stringify({ corpus: "embedded", unlearn: { lr: 1e-3 }, studies }));
  const runs = listRuns(await readSweep(path), { rows: 100, seed: 42 });
  assertEquals(runs.map(({ name, studies }) => [name, studies.join()]), [
    ["codeeraser-k8-set0", "one,two"],
    ["codeeraser-k8-set0-seed7", "one"],
    ["codeeraser-k8-set1", "one"],
    ["codeeraser-k8-set1-seed7", "one"],
    ["ga-k8-set0", "two"], // gamma 0.5 is what both have anyway
    ["codeeraser-k8-set0-gamma2", "two"],
    ["ga-k8-set0-gamma2", "two"],
    ["codeeraser-k8-set0-lr0.0001", "two"],
    ["ga-k8-set0-lr0.0001", "two"],
    ["codeeraser-k8-set0-gamma2-lr0.0001", "two"],
    ["ga-k8-set0-gamma2-lr0.0001", "two"],
  ]);
});

Deno.test("sweep makes every run once, by shards what one process makes, and goes on with what is left", async () => {
  using files = await tiny({ keepModels: true });
  const whole = await files.run("out");
  assertEquals(whole.code, 0, whole.stderr);
  const rows = await rowsOf(files.path("out"));
  assertEquals(
    rows.map(({ run }) => run),
    ["ga-k2-set0", "ga-k2-set1"],
  );
  assert(
    rows.every(({ ma, unseen_nll, retain_ma }) => ma !== null && unseen_nll !== null && retain_ma !== null),
  );
  const means = await readRows(files.path("out/means.parquet"), SWEEP_MEAN_COLUMNS);
  const [mean] = means.filter(({ method, measure }) => method === "ga" && measure === "ma");
  assertEquals([mean?.runs, mean?.mean], [2, (rows[0]!.ma! + rows[1]!.ma!) / 2]);
  assertStringIncludes(await Deno.readTextFile(files.path("out/tables.md")), "## methods: forgetting");
  assertStringIncludes(await Deno.readTextFile(files.path("out/report.html")), 'id="sweep-tradeoff-data"');

  for (const shard of ["1/2", "0/2"]) assertEquals((await files.run("shards", "--shard", shard)).code, 0);
  assertEquals(await rowsOf(files.path("shards")), rows);

  // killed after it had unlearned, and before there was a row
  const [name, model] = ["result.json", "model/model.safetensors"].map((file) =>
    files.path(`out/runs/ga-k2-set1/${file}`)
  );
  await Deno.remove(name!);
  const before = (await Deno.stat(model!)).mtime;
  const rest = await files.run("out", "--json");
  const { made, before: done, missing } = JSON.parse(rest.stdout);
  assertEquals([rest.code, made, done, missing], [0, 1, 1, 0]);
  assertEquals([await rowsOf(files.path("out")), (await Deno.stat(model!)).mtime], [rows, before]);

  // another process' run is left to it
  await Deno.remove(name!);
  const lock = await Deno.open(files.path("out/runs/ga-k2-set1/.lock"), { create: true, write: true });
  await lock.lock(true);
  const beside = JSON.parse((await files.run("out", "--json")).stdout);
  assertEquals([beside.elsewhere, beside.missing, (await rowsOf(files.path("out"))).length], [1, 1, 1]);
  lock.close();

  await writeSweep(files, { unlearn: { ...tinySweep(files).unlearn, epochs: 2 } });
  const other = await files.run("out");
  assertEquals(other.code, 1);
  assertStringIncludes(
    other.stderr,
    `Cannot continue "${files.path("out")}" with other settings: "unlearn" was`,
  );
});

Deno.test("sweep goes on after a run that fails, names it, and makes it the next time; --plan counts what is left", async () => {
  using files = await tiny();
  await Deno.mkdir(files.path("out/runs/ga-k2-set0/model"), { recursive: true });
  await Deno.rename(files.path("out/runs"), files.path("runs")); // a sweep begins in a folder that holds nothing
  const study = ["--study", "methods"];
  const plan = await files.run("out", "--plan", "--json");
  assertEquals([plan.code, JSON.parse(plan.stdout).runs, JSON.parse(plan.stdout).done], [0, 2, 0]);
  assertEquals([...Deno.readDirSync(files.path("out"))], []);
  await writeSweep(files, { studies: { methods: { methods: ["ga", "ssga"], k: [2], sets: 1 } } });
  Deno.writeTextFileSync(files.path("runs/ga-k2-set0/model/mine.txt"), "mine");
  const first = await files.run("out", "--shard", "1/2", ...study);
  assertEquals(first.code, 0, first.stderr);
  await Deno.rename(files.path("runs/ga-k2-set0"), files.path("out/runs/ga-k2-set0"));
  const failing = await files.run("out", ...study);
  assertEquals(failing.code, 1);
  assertStringIncludes(failing.stderr, "Cannot finish 1 of 2 runs: ga-k2-set0 (Cannot write into");
  assertEquals((await rowsOf(files.path("out"))).map(({ run }) => run), ["ssga-k2-set0"]);
  const left = JSON.parse((await files.run("out", "--plan", "--json")).stdout);
  assertEquals([left.runs, left.done], [2, 1]);
  await Deno.remove(files.path("out/runs/ga-k2-set0/model"), { recursive: true });
  assertEquals((await files.run("out")).code, 0);
  assertEquals([...Deno.readDirSync(files.path("out/runs/ga-k2-set0"))].map(({ name }) => name).sort(), [
    ...[".codescrub", "evaluation.parquet", "evaluation.secrets.parquet", "history.parquet", "result.json"],
  ]);
});

Deno.test("every parameter of a method has a column, and reproduce.json every method", async () => {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  assertEquals(Object.keys(SETTING_COLUMNS).sort(), Object.keys(METHOD_OPTIONS).map(snake).sort());
  const { studies } = await readSweep("data/reproduce.json");
  assertEquals([...studies.methods!.methods].sort(), [...METHODS].sort());
  await readSweep("data/reproduce_quick.json");
});
