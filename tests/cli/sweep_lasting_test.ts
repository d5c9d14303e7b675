import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readSweep } from "../../lib/cli/sweep_config.ts";
import { checkRuns, listRuns } from "../../lib/cli/sweep_runs.ts";
import { EVALUATION_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { SWEEP_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import { startWorker } from "../worker.ts";
import { temporaryFolder } from "./run_cli.ts";
import { openTinySweep, writeSweep } from "./tiny_sweep.ts";

Deno.test("sweep varies --lasting and how memory is saved, by the devices and memory of each process", async () => {
  const unlearn = { epochs: 1, lr: 1e-3, microBatch: 2, optimizer: "adam8bit", cycles: 1, benignSteps: 1 };
  const studies = {
    a: {
      methods: ["codeeraser"],
      k: [2],
      sets: 1,
      vary: { lasting: [false, true], checkpointLayers: [true] },
    },
  };
  await using worker = await startWorker();
  using files = await openTinySweep({ unlearn, studies, keepModels: true });
  const asked = ["--devices", "2", "--hosts", worker.host, "--memory", "9GB"];
  const { code, stderr } = await files.run("out", ...asked);
  assertEquals(code, 0, stderr);
  const rows = await readRows(files.path("out/runs.parquet"), SWEEP_COLUMNS);
  assertEquals(rows.map(({ settings }) => settings), [null, "checkpointLayers true", "lasting true"]);
  const records = rows.map(({ run }) =>
    JSON.parse(Deno.readTextFileSync(files.path(`out/runs/${run}/model/run.json`))).settings
  );
  assertEquals(records.map(({ lasting, checkpointLayers }) => [lasting, checkpointLayers]), [
    ...[[false, false], [false, true], [true, false]],
  ]);
  for (const { optimizer, devices, hosts, memory } of records) {
    assertEquals([optimizer, devices, hosts, memory], ["adam8bit", undefined, undefined, undefined]);
  }
  const bytes = await Promise.all(["9GB", "1kB"].map(async (memory) => {
    const { code, stdout, stderr } = await files.run("new", "--plan", "--json", "--memory", memory);
    return code === 0 ? JSON.parse(stdout).memory_bytes : stderr;
  }));
  assert(bytes[0] > 0);
  assertStringIncludes(bytes[1], 'Cannot read --memory "1kB"');

  await writeSweep(files, { unlearn: { ...unlearn, stop: "group" }, studies });
  const together = await files.run("other");
  assertStringIncludes(together.stderr, "studies.a: --lasting judges each secret");
  assertEquals(together.code, 2);
});

Deno.test("sweep --plan counts the trainings of runs that last, and the memory of the largest", async () => {
  const unlearn = { epochs: 1, lr: 1e-3, microBatch: 2, cycles: 1, benignSteps: 1 };
  const studies = { a: { methods: ["codeeraser"], k: [2], sets: 2, vary: { lasting: [true] } } };
  using files = await openTinySweep({ unlearn, studies });
  const { code, stdout, stderr } = await files.run("new", "--plan");
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^codeeraser, 2 rows +2 +2 +at most/m);
  assertMatch(stdout, /^codeeraser, 2 rows, lasting true +2 +2 +at most/m);
  await writeSweep(files, { unlearn: { ...unlearn, lasting: true }, studies });
  const always = await files.run("new", "--plan");
  assertEquals(always.code, 0, always.stderr);
});

Deno.test("sweep measures runs of all seeds by the same texts, and draws by each its own", async () => {
  const studies = { a: { methods: ["ga"], k: [2], sets: 1, seeds: [42, 7] } };
  using files = await openTinySweep({ studies, evaluate: { maxTexts: 1 }, keepModels: true });
  const { code, stderr } = await files.run("out");
  assertEquals(code, 0, stderr);
  const seedOf = (run: string, record: string) =>
    JSON.parse(Deno.readTextFileSync(files.path(`out/runs/${run}/${record}`))).settings.seed;
  const runs = ["ga-k2-set0", "ga-k2-set0-seed7"];
  assertEquals(runs.map((run) => seedOf(run, ".codescrub/evaluation.parquet.json")), [42, 42]);
  assertEquals(runs.map((run) => seedOf(run, "model/run.json")), [42, 7]);
  // EL_n of unseen texts stands in no table, and takes longest: it is left out
  const evaluated = await readRows(files.path(`out/runs/${runs[0]}/evaluation.parquet`), EVALUATION_COLUMNS);
  const known = ({ ma, el_10 }: { ma: number | null; el_10: number | null }) => [ma !== null, el_10 !== null];
  assertEquals(Object.fromEntries(evaluated.map((row) => [row.set, known(row)])), {
    ...{ forget: [true, true], retain: [true, true], unseen: [true, false] },
  });
});

/** The runs of studies as a file has them, and what `checkRuns` says of them. */
async function check(
  sweep: Record<string, unknown>,
  { devices, only }: { devices?: number; only?: string } = {},
) {
  using folder = temporaryFolder();
  const path = join(folder.path, "a.json");
  await Deno.writeTextFile(path, JSON.stringify({ corpus: "src", ...sweep }));
  const whole = await readSweep(path);
  const studies = only === undefined ? whole.studies : { [only]: whole.studies[only]! };
  const config = { ...whole, studies };
  const runs = listRuns(config, { rows: 100, seed: 42 });
  const names = runs.map(({ name }) => name);
  try {
    checkRuns("a.json", config, { runs, ...devices !== undefined && { devices } });
    return { names, said: "" };
  } catch (error) {
    return { names, said: (error as Error).message };
  }
}

Deno.test("what a sweep's runs cannot do is said before the first: of the studies that are chosen", async () => {
  const study = { methods: ["codeeraser"], k: [8], sets: 1 };
  const grid = { lasting: [false, true], cycles: [5, 10] };
  assertEquals((await check({ studies: { a: { ...study, grid } } })).names, [
    "codeeraser-k8-set0", // cycles are nothing to a run without trainings
    "codeeraser-k8-set0-cycles5-lastingtrue",
    "codeeraser-k8-set0-cycles10-lastingtrue",
  ]);
  const idle = await check({ studies: { a: { ...study, vary: { cycles: [5] } } } });
  assertEquals(
    idle.said,
    'Cannot read the sweep "a.json": studies.a: cycles is of runs with "lasting", and varies in none',
  );
  const judged = await check({ studies: { a: { ...study, vary: { compat: ["paper"] } } } });
  assertStringIncludes(judged.said, 'studies.a: means are judged by "unseen" texts');
  assertEquals(
    (await check({ corpus: "embedded", studies: { a: { ...study, vary: { compat: ["paper"] } } } })).said,
    "",
  );

  const studies = { a: study, b: { ...study, methods: ["revs"] } };
  assertEquals((await check({ studies }, { devices: 2, only: "a" })).said, "");
  assertStringIncludes(
    (await check({ studies }, { devices: 2 })).said,
    "studies.b: Cannot use --devices with revs",
  );
});

Deno.test("a run's name fits a file system, and differs where its settings do", async () => {
  const lora = ["a", "b"].map((name) => `r=4,targets=${"x".repeat(300)}${name}`);
  const { names } = await check({ studies: { a: { methods: ["ga"], k: [8], sets: 1, vary: { lora } } } });
  assertEquals(names.length, 3);
  assertEquals(new Set(names).size, 3);
  assert(names.every((name) => name.length <= 160), names.join("\n"));
});
