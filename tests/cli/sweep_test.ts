import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { METHOD_OPTIONS } from "../../lib/cli/method_options.ts";
import { readSweep } from "../../lib/cli/sweep_config.ts";
import { listRuns } from "../../lib/cli/sweep_runs.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import {
  SETTING_COLUMNS,
  SWEEP_COLUMNS,
  SWEEP_LATER_COLUMNS,
  SWEEP_MEAN_COLUMNS,
} from "../../lib/datasets/sweep_columns.ts";
import { METHODS } from "../../lib/unlearning/objectives.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { openTinySweep, tinySweep, writeSweep } from "./tiny_sweep.ts";

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
    [
      { corpus: "src", benign: "embedded", studies: { a: study } },
      'benign: there are such texts only where "corpus" is "embedded"',
    ],
    [
      { corpus: "embedded", attack: { attacks: ["depth"] }, studies: { a: study } },
      'attack.attacks[0]: Invalid option: expected one of "exposure"',
    ],
    [
      { corpus: "embedded", attack: { relearnSteps: [0] }, studies: { a: study } },
      "attack.relearnSteps[0]: Too small",
    ],
  ];
  for (const [sweep, message] of cases) {
    await Deno.writeTextFile(path, JSON.stringify(sweep));
    const error = await assertRejects(() => readSweep(path));
    assertStringIncludes((error as Error).message, `Cannot read the sweep "${path}": ${message}`);
  }
});

Deno.test("sweep refuses a broken file, parameters that a method does not take and an unknown study, exit 2", async () => {
  using files = await openTinySweep({ studies: { a: { methods: ["wga"], grid: { delta: [1] } } } });
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

Deno.test("sweep makes every run once, by shards what one process makes, goes on with what is left, and names what fails", async () => {
  using files = await openTinySweep({ keepModels: true });
  const { path } = files;
  const json = async (out: string, ...more: string[]) => {
    const { code, stdout, stderr } = await files.run(out, "--json", ...more);
    return { code, stderr, ...JSON.parse(stdout) };
  };
  const planned = await json("out", "--plan");
  assertEquals([planned.runs, planned.done], [2, 0]);
  assert(!Deno.readDirSync(files.folder).some(({ name }) => name === "out"), "a plan writes");

  const whole = await files.run("out");
  assertEquals(whole.code, 0, whole.stderr);
  const rows = await rowsOf(path("out"));
  assertEquals(rows.map(({ run }) => run), ["ga-k2-set0", "ga-k2-set1"]);
  assert(
    rows.every(({ ma, unseen_nll, retain_ma }) => ma !== null && unseen_nll !== null && retain_ma !== null),
  );
  const means = await readRows(path("out/means.parquet"), SWEEP_MEAN_COLUMNS);
  const [mean] = means.filter(({ method, measure }) => method === "ga" && measure === "ma");
  assertEquals([mean?.runs, mean?.mean], [2, (rows[0]!.ma! + rows[1]!.ma!) / 2]);
  assertStringIncludes(await Deno.readTextFile(path("out/tables.md")), "## methods: forgetting");
  assertStringIncludes(await Deno.readTextFile(path("out/report.html")), 'aria-label="Table: methods: use"');

  const folders = rows.map(({ run }) => path(`out/runs/${run}`));
  const compared = await callMain(["report", ...folders, "--out", path("two.html")]);
  assertEquals(compared.code, 0, compared.stderr);
  for (const { run } of rows) {
    assertStringIncludes(await Deno.readTextFile(path("two.html")), `<b>${run}.</b> The model after GA: of`);
  }

  await new Deno.Command("cp", { args: ["-a", path("out"), path("shards")] }).output();
  await Deno.remove(path("shards/runs"), { recursive: true }); // what all share is made once
  for (const shard of ["1/2", "0/2"]) assertEquals((await json("shards", "--shard", shard)).made, 1);
  assertEquals(await rowsOf(path("shards")), rows);

  // killed after it had unlearned, and before there was a row
  const [name, model] = ["result.json", "model/model.safetensors"].map((file) =>
    path(`out/runs/ga-k2-set1/${file}`)
  );
  await Deno.remove(name!);
  const before = (await Deno.stat(model!)).mtime;
  const rest = await json("out");
  assertEquals([rest.code, rest.made, rest.before, rest.missing], [0, 1, 1, 0]);
  assertEquals([await rowsOf(path("out")), (await Deno.stat(model!)).mtime], [rows, before]);

  // another process' run is left to it
  await Deno.remove(name!);
  const lock = await Deno.open(path("out/runs/ga-k2-set1/.lock"), { create: true, write: true });
  await lock.lock(true);
  const beside = await json("out");
  assertEquals([beside.elsewhere, beside.missing, (await rowsOf(path("out"))).length], [1, 1, 1]);
  lock.close();

  // the file grows; what stands in a run's way is named, and others are made
  const studies = { methods: { methods: ["ssga", "ga"], k: [2], sets: 1 } };
  await writeSweep(files, { studies });
  await Deno.mkdir(path("out/runs/ssga-k2-set0/model"), { recursive: true });
  await Deno.writeTextFile(path("out/runs/ssga-k2-set0/model/mine.txt"), "mine");
  const failing = await json("out");
  assertEquals([failing.code, failing.failed[0].run, failing.before], [1, "ssga-k2-set0", 1]);
  assertStringIncludes(failing.stderr, "Cannot finish 1 of 2 runs: ssga-k2-set0 (Cannot write into");
  const left = await json("out", "--plan");
  assertEquals([left.runs, left.done], [2, 1]);
  await Deno.remove(path("out/runs/ssga-k2-set0/model"), { recursive: true });
  assertEquals((await json("out")).made, 1);
  assertEquals([...Deno.readDirSync(path("out/runs/ga-k2-set0"))].map(({ name }) => name).sort(), [
    ...[".codescrub", "evaluation.parquet", "evaluation.secrets.parquet", "history.parquet", "result.json"],
  ]);

  // made by a version with other defaults
  const result = path("out/runs/ga-k2-set0/result.json");
  const row = await Deno.readTextFile(result);
  await Deno.writeTextFile(result, row.replace(/"gamma": [\d.]+/, '"gamma": 0.25'));
  const older = await files.run("out");
  assertEquals(older.code, 2);
  assertStringIncludes(older.stderr, "run ga-k2-set0 had gamma 0.25, another version's default");
  await Deno.writeTextFile(result, row);

  await writeSweep(files, { unlearn: { ...tinySweep(files).unlearn, epochs: 2 } });
  const other = await files.run("out");
  assertEquals(other.code, 1);
  assertStringIncludes(other.stderr, `Cannot continue "${path("out")}" with other settings: "unlearn" was`);
});

Deno.test("sweep attacks each run's model, and the model as it came once a set, where its file asks for it", async () => {
  const attack = {
    ...{ attacks: ["exposure", "relearn"], controls: 4, attackedControls: 1 },
    ...{ relearnSteps: [1], relearnRates: [1e-3] },
  };
  using files = await openTinySweep();
  const { path } = files;
  const studies = { methods: { methods: ["ga"], k: [2], sets: 1 } };
  const evaluate = { maxTexts: 2, benignSteps: 1 };
  await writeSweep(files, { studies, attack, evaluate, benign: tinySweep(files).unseen, keepModels: true });
  const { code, stdout, stderr } = await files.run("out");
  assertEquals(code, 0, stderr);
  assertStringIncludes(stdout, "methods: attacks");
  const [row] = await readRows(path("out/runs.parquet"), SWEEP_LATER_COLUMNS);
  const names = Object.keys(SWEEP_LATER_COLUMNS) as (keyof typeof SWEEP_LATER_COLUMNS)[];
  const open = names.filter((name) => row![name] === null);
  assertEquals(open, ["extracted_before", "membership_before", "membership"]); // nor is relearn tried before
  const { extracted, extracted_controls, relearned_ma, memory_bytes } = row!;
  assert([extracted, extracted_controls, relearned_ma].every((share) => share! >= 0 && share! <= 1));
  assert(memory_bytes! > 0);
  const page = await Deno.readTextFile(path("out/report.html"));
  for (const head of ["Extracted\u00a0↓", "MA after relearning\u00a0↓", "Exposure, bits\u00a0↓"]) {
    assertStringIncludes(page, `<th scope="col">${head}</th>`);
  }

  // a run's own report has what it shares with others: thresholds, the probe, the model before
  const own = await callMain(["report", path("out/runs/ga-k2-set0"), "--out", path("own.html")]);
  assertEquals(own.code, 0, own.stderr);
  const ownPage = await Deno.readTextFile(path("own.html"));
  assertStringIncludes(ownPage, "The model after GA: of 10 checks");
  assertStringIncludes(ownPage, '<th scope="row">before</th><td>');
  for (const file of ["thresholds.parquet", "probe.parquet"]) {
    assert(!ownPage.includes(`makes ${file}`), `${file} is missing`);
  }

  // killed after the attacks: they are not made again
  const at = (name: string) => path(`out/runs/ga-k2-set0/${name}`);
  const before = (await Deno.stat(at("attacks/attacks.json"))).mtime;
  await Deno.remove(at("result.json"));
  const again = await files.run("out");
  assertEquals([again.code, (await Deno.stat(at("attacks/attacks.json"))).mtime], [0, before], again.stderr);
});

Deno.test("every parameter of a method has a column, and reproduce.json every method", async () => {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  assertEquals(Object.keys(SETTING_COLUMNS).sort(), Object.keys(METHOD_OPTIONS).map(snake).sort());
  const { studies } = await readSweep("data/reproduce.json");
  assertEquals([...studies.methods!.methods].sort(), [...METHODS].sort());
  for (const name of ["quick", "methods", "alpha"]) await readSweep(`data/reproduce_${name}.json`);
});
