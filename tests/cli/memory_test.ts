import { assert, assertEquals, assertMatch } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { describeMemory } from "../../lib/cli/memory.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { sayUnlearningMemory } from "../../lib/cli/unlearn_memory.ts";
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
  const plan = async (memory: number, options: { lora?: string; compat?: string } = {}) => {
    using _gpu = pretendGpu(memory);
    const lines: string[] = [];
    const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
    const said = await sayUnlearningMemory(
      { ...how, dtype: "bfloat16", compat: "sound", ...options },
      { forgetRows, retainRows },
      { ...context, log: (line) => lines.push(line) },
    );
    return { ...said, lines };
  };
  const lora = { lora: "r=16,targets=all" };
  const large = await plan(80e9, lora); // 6.7 G parameters of two bytes, and the rows
  assertEquals([large.microBatch, large.lines.length], [8, 1]);
  const fewer = await plan(60e9, lora);
  assertEquals(fewer.microBatch, 4);
  assert(fewer.bytes > 13.5e9 && fewer.bytes < 60e9);
  assertEquals(
    fewer.lines[0],
    "The GPU has no memory for 8 rows at once: 4 run at once, which changes no result",
  );
  assertMatch(fewer.lines[1]!, /^Memory: about \d\d\.\d GB for 6\.7 G parameters, 60\.0 GB are free$/);
  assertEquals((await plan(140e9, { ...lora, compat: "reference" })).microBatch, 8); // it takes two whatever is asked for
  const small = await plan(16e9, lora);
  assertEquals(small.microBatch, 1);
  assertMatch(small.lines[1]!, /probably too little even with --micro-batch 1, take a smaller model/);
  // all weights, in float32, with their moments and gradients: no card has that
  assertMatch((await plan(140e9)).lines[1]!, /even with --micro-batch 1/);
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
