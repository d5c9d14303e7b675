import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { describeMemory, modelSizes } from "../../lib/cli/memory.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import type { SweepConfig } from "../../lib/cli/sweep_config.ts";
import { planSweep } from "../../lib/cli/sweep_plan.ts";
import { planTraining } from "../../lib/cli/train_plan.ts";
import { trainingBytes } from "../../lib/training/step_memory.ts";
import { fitUnlearning } from "../../lib/cli/unlearn_memory.ts";
import type { Compat } from "../../lib/unlearning/early_stop.ts";
import { shapesOf } from "../gpu/random_model.ts";
import { pretendGpu } from "../pretend_gpu.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { tiny } from "./tiny_cases.ts";

Deno.test("describeMemory() names the largest half, quarter ... that fits, in one line", () => {
  const config = { layers: 1, width: 8, headWidth: 8, cacheHeads: 1, vocabularySize: 257, maxPositions: 16 };
  const plan = {
    sizes: { parameters: 124e6, config },
    option: "--batch",
    bytesWith: (rows: number) => (4 + rows) * 1e9,
  };
  const advice = (value: number, free: number) =>
    describeMemory({ ...plan, value }, free * 1e9).split(", ").slice(2);
  assertEquals(advice(12, 16), []);
  assertEquals(advice(12, 10), ["try --batch 6"]);
  assertEquals(advice(12, 8), ["try --batch 3"]);
  assertEquals(advice(12, 4), ["take a smaller model or a larger machine"]);
  assertEquals(advice(1, 4.5), ["take a smaller model or a larger machine"]);
});

Deno.test("on a GPU unlearning takes as many rows at once as fit, and says so", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  using folder = temporaryFolder();
  const { json } = shapesOf({ tiny: false }).large;
  await Deno.writeTextFile(`${folder.path}/config.json`, JSON.stringify(json));
  await Deno.writeTextFile(`${folder.path}/tokenizer.json`, "{}"); // nobody opens it
  const row = { window: 0, spans: '[["KEY",3,16],["KEY",40,60]]', ma: 1, mask_tokens: 64 };
  const forgetRows = Array.from({ length: 32 }, (_, i) => ({ ...row, doc_id: String(i) }));
  const retainRows = forgetRows.map(({ doc_id }) => ({ doc_id, bleu4: 1 }));
  const how = { model: folder.path, method: "codeeraser", gamma: 0.5, lambda: 0.1, alpha: 1, microBatch: 8 };
  const plan = async (memory: number, options: { lora?: string; compat?: Compat } = {}) => {
    using _gpu = pretendGpu(memory);
    const lines: string[] = [];
    const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
    const said = await fitUnlearning(
      { ...how, dtype: "bfloat16", compat: "sound", ...options },
      { forgetRows, retainRows },
      { ...context, log: (line) => void lines.push(line) },
    );
    return { ...said, lines };
  };
  const lora = { lora: "r=16,targets=all" };
  const large = await plan(80e9, lora); // 6.7 G parameters of two bytes, and the rows
  assertEquals([large.microBatch, large.lines.length], [8, 1]);
  const fewer = await plan(60e9, lora);
  assertEquals(fewer.microBatch, 4);
  assert(fewer.bytes > 13.5e9 && fewer.bytes < 60e9);
  assertMatch(
    fewer.lines[0]!,
    /^Memory: about \d\d\.\d GB for 6\.7 G parameters, 60\.0 GB are free: with --micro-batch 4, as 8 would take 7\d\.\d GB$/,
  );
  assertEquals((await plan(140e9, { ...lora, compat: "reference" })).microBatch, 2); // whatever is asked for
  const pairs = await plan(16e9, { ...lora, compat: "reference" }); // and never one
  assertEquals([pairs.microBatch, pairs.least], [2, 2]);
  assertMatch(
    pairs.lines[0]!,
    /even with --micro-batch 2 \(--compat reference takes two rows at once: 31\.4 GB\), take a smaller model/,
  );
  const small = await plan(16e9, lora);
  assertEquals(small.microBatch, 1);
  assertMatch(
    small.lines[0]!,
    /probably too little even with --micro-batch 1 \(\d+\.\d GB\), take a smaller model/,
  );
  // all weights, in float32, with their moments and gradients: no card has that
  assertMatch((await plan(140e9)).lines[0]!, /even with --micro-batch 1/);
});

Deno.test("train --plan reckons a GPU's memory as the run does", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
  const sizesOfNew = { tokenizer: undefined, vocabulary: 0, layers: 0, width: 0, heads: 0, positions: 0 };
  const start = { ...sizesOfNew, model: "embedded", dtype: "float32" } as const; // a model that is there has its own
  const how = { ...start, corpus: "embedded", batch: 4, length: 128, optimizer: "adam" } as const;
  const plan = async () => (await planTraining(how, context)).summary.memory_bytes;
  const onProcessor = await plan();
  using _gpu = pretendGpu(80e9);
  const onGpu = await plan();
  const sizes = await modelSizes("embedded");
  assertEquals(onGpu, Math.round(trainingBytes(sizes, { rows: 4, length: 128, gpu: 80e9 })));
  assert(Number(onProcessor) > Number(onGpu) + 700e6); // the process's own
});

Deno.test("unlearn and train say before they begin what they will take, in their results too", async () => {
  using at = await tiny();
  for (const [command, option] of [["unlearn", { epochs: 1 }], ["train", {}]] as const) {
    const { stderr } = await at.run(command, option);
    const lines = stderr.split("\n");
    const line = lines.findIndex((line) => line.startsWith("Memory: "));
    const work = lines.findIndex((line) => /^(Unlearning|Training)/.test(line));
    assertMatch(lines[line]!, /^Memory: about \d\.\d GB for 0\.0 M parameters, \d+\.\d GB are free/);
    assert(line < work, stderr);
    const record = JSON.parse(Deno.readTextFileSync(at.path("out/run.json")));
    assert(record.summary.memory_bytes > 5e8, JSON.stringify(record.summary));
    await Deno.remove(at.path("out"), { recursive: true });
  }
});

Deno.test("unlearn and train say by --plan what they would take, and do nothing", async () => {
  using at = await tiny();
  for (const command of ["unlearn", "train"] as const) {
    const { code, stdout, stderr } = await at.run(command, { plan: true, memory: "64GB" });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^--(micro-)?batch +memory +with --checkpoint-layers\n/);
    assertMatch(stdout, /64\.0 GB/);
    assert(!existsSync(at.path("out")), stdout);
  }
});

Deno.test("train takes fewer windows at once where --memory is short, and refuses what can't fit", async () => {
  using at = await tiny();
  await at.fail(
    "train",
    { memory: "300MB" },
    "Cannot run within 0.3 GB: with --micro-batch 1 it takes about",
  );
  const all = { steps: 2, batch: 8, length: 256 };
  const bytes = trainingBytes(await modelSizes(at.model), { rows: 8, length: 256, microBatch: 2 });
  const { stderr } = await at.run("train", { ...all, memory: `${(bytes / 1e6 + 0.001).toFixed(3)}MB` });
  assertMatch(stderr, /^Memory: about 0\.8 GB .* are free: with --micro-batch 2, as 8 would take 0\.\d GB$/m);
  const cut = await Deno.readTextFile(at.path("out/metrics.jsonl"));
  await Deno.remove(at.path("out"), { recursive: true });
  await at.run("train", all);
  const whole = await Deno.readTextFile(at.path("out/metrics.jsonl"));
  const losses = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line).loss as number);
  assertEquals(losses(cut).length, 2);
  losses(whole).forEach((loss, i) => assertAlmostEquals(losses(cut)[i]!, loss, 1e-6 * loss));
});

Deno.test("unlearn takes fewer rows at once where memory is short, and refuses what can't fit", async () => {
  using at = await tiny();
  const short = "Cannot run within 0.3 GB: with --micro-batch 1 it takes about";
  await at.fail("unlearn", { memory: "300MB" }, short);
  const reference = { compat: "reference", "keep-short": true, memory: "300MB" } as const;
  const pairs =
    /Cannot run within 0\.3 GB: with --micro-batch 2 \(--compat reference takes two rows at once\) it takes about 0\.\d GB: give/;
  const { code, stderr } = await at.run("unlearn", reference);
  assertEquals(code, 1);
  assertMatch(stderr, pairs);
  const { stdout } = await at.run("unlearn", { ...reference, plan: true });
  assertMatch(
    stdout,
    /^--micro-batch .*\n-+ .*\n +2 [^\n]*\n\nIt does not fit: with --micro-batch 2 it takes about 0\.\d GB of the 0\.3 GB/,
  );
  await at.fail("unlearn", { memory: "300" }, 'Cannot read --memory "300": expected a size such as 20GB', 2);
});

Deno.test("unlearn and train end alike by --checkpoint-layers", async () => {
  using at = await tiny();
  for (const [command, option] of [["unlearn", { epochs: 1 }], ["train", { steps: 2 }]] as const) {
    const [kept, again] = ["kept", "again"].map((name) => at.path(`${command}-${name}`)) as [string, string];
    await at.run(command, { ...option, out: kept });
    const { code, stderr } = await at.run(command, { ...option, out: again, "checkpoint-layers": true });
    assertEquals(code, 0, stderr);
    const [first, second] = [kept, again].map((folder) => summaryOf(folder)) as [Summary, Summary];
    const of = ({ after, loss }: Summary) => after?.loss ?? loss!;
    assertAlmostEquals(of(second), of(first), 1e-5 * of(first));
  }
});

interface Summary {
  loss?: number;
  after?: { loss: number };
}

function summaryOf(folder: string): Summary {
  return JSON.parse(Deno.readTextFileSync(`${folder}/run.json`)).summary;
}

Deno.test(
  "a training takes about the memory that it says",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    using folder = temporaryFolder();
    await Deno.mkdir(`${folder.path}/src`);
    for (let i = 0; i < 8; i++) {
      await Deno.writeTextFile(
        `${folder.path}/src/${i}.py`,
        `def f${i}(x):\n    return x + ${i}\n`.repeat(40),
      );
    }
    const sizes = ["--model", "embedded", "--steps", "2", "--batch", "4", "--length", "256"];
    const args = ["train", "--corpus", "src", ...sizes, "--out", "out"];
    const { code, stderr } = await runCli(args, { cwd: folder.path, script: "tests/cli/peak_cli.ts" });
    assertEquals(code, 0, stderr);
    const peak = Number(stderr.trimEnd().split("\n").at(-1));
    const { summary } = JSON.parse(Deno.readTextFileSync(`${folder.path}/out/run.json`));
    const difference = summary.memory_bytes / peak - 1;
    assert(Math.abs(difference) < 0.3, `${summary.memory_bytes} said, ${peak} taken`);
  },
);

Deno.test("train says what to lower where a rate is too large", async () => {
  using at = await tiny();
  const { code, stderr } = await at.run("train", { steps: 10, lr: 10, warmup: 0 });
  assertEquals(code, 0, stderr);
  const notes = stderr.split("\n").filter((line) => line.startsWith("The learning rate"));
  assertEquals(notes.length, 1, stderr);
  assertMatch(
    notes[0]!,
    /^The learning rate is large for this model: the loss has risen from .*: try --lr 1$/,
  );
  assertEquals(JSON.parse(Deno.readTextFileSync(at.path("out/run.json"))).summary.notes, notes);
});

Deno.test("sweep --plan opens no model for runs that do not fit", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  using _gpu = pretendGpu(1e7);
  const study = { methods: ["ga"], k: [1], sets: 2, grid: {}, vary: {} };
  const config = {
    model: "embedded",
    unlearn: {},
    retain: {},
    studies: { a: study },
  } as unknown as SweepConfig;
  const own = { progress: createProgress(), breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
  const context = { ...own, signal: new AbortController().signal, force: false, settings: {} };
  const { text, summary } = await planSweep(config, "/out", context);
  assertMatch(text!, /^ga, 1 rows +2 +2 +not measured: it does not fit$/m);
  assertMatch(text!, /; without the runs that do not fit$/m);
  assertEquals([summary.runs, summary.seconds], [2, 0]);
});
