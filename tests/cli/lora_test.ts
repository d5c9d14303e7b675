import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MEASURE_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import type { Products } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { unlearningPlan } from "../../lib/cli/unlearn_memory.ts";
import { readTensors } from "../tensors.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { type Flags, summaryOf, tiny } from "./tiny_cases.ts";
import { writeBenign, writeCertainModel, writeTinyModel } from "./tiny_run.ts";

const ADAPTER = ["adapter_config.json", "adapter_model.safetensors"];

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("train --lora writes an adapter that every command reads beside its model, as if it were merged", async () => {
  using at = await tiny();
  const { model, corpus } = at;
  const lora = "r=4,alpha=8,dropout=0.1,targets=mlp";
  const adapter = at.path("adapter");
  const how = { corpus, model, lr: 0.02, steps: 30, batch: 4, length: 64, warmup: 2 };
  await summaryOf(at, "train", { ...how, lora, out: adapter });
  assertEquals(namesIn(adapter), [...ADAPTER, "metrics.jsonl", "run.json", "training_log.jsonl"].sort());
  const log = Deno.readTextFileSync(join(adapter, "training_log.jsonl")).trimEnd().split("\n")
    .map((line) => JSON.parse(line).loss as number);
  assert(log.at(-1)! < log[0]! - 0.3, `the loss goes from ${log[0]} to ${log.at(-1)}`);
  const config = JSON.parse(Deno.readTextFileSync(join(adapter, "adapter_config.json")));
  assertEquals([
    config.r,
    config.lora_alpha,
    config.lora_dropout,
    config.target_modules,
    config.fan_in_fan_out,
  ], [
    ...[4, 8, 0.1],
    ["mlp.c_fc", "mlp.c_proj"],
    true,
  ]);

  await summaryOf(at, "merge-adapter", { model, adapter, out: at.path("merged") });
  await summaryOf(at, "train", { ...how, lora, merge: true, out: at.path("at-once") });
  const [merged, atOnce] = await Promise.all(
    ["merged", "at-once"].map((name) => readTensors(at.path(`${name}/model.safetensors`))),
  );
  assertEquals(merged, atOnce);

  const scores = async (flags: Flags) => {
    await summaryOf(at, "measure", { texts: corpus, ...flags, out: at.path("scores.parquet"), force: true });
    return await readRows(at.path("scores.parquet"), MEASURE_COLUMNS);
  };
  const [plain, beside, folded] = [
    await scores({ model }),
    await scores({ model, adapter }),
    await scores({ model: at.path("merged") }),
  ];
  assertEquals(beside, folded);
  assert(plain.every(({ nll }, i) => nll! > beside[i]!.nll! + 0.1), "the adapter knows the texts better");

  const sets = await summaryOf(at, "evaluate", { before: model, model, adapter });
  assertEquals([...new Set(sets.sets.map((row: { model: string }) => row.model))], ["before", "adapter"]);
  const loss = (name: string) =>
    sets.sets.find((row: { model: string; set: string }) => row.model === name && row.set === "retain").nll;
  assert(loss("adapter") < loss("before") - 0.2);
  for (
    const [command, flags] of [
      ["probe", {}],
      ["thresholds", { runs: 1 }],
      ["retain", { any: true }],
      ["attack", { before: undefined, attacks: "extract" }],
    ] as const
  ) {
    const of = async (name: string, flags: Flags) =>
      await summaryOf(at, command, {
        ...flags,
        out: at.path(`${command}-${name}${command === "attack" ? "" : ".parquet"}`),
      });
    const [first, second] = [
      await of("beside", { ...flags, model, adapter }),
      await of("folded", { ...flags, model: at.path("merged") }),
    ];
    const numbersOf = ({ out: _, stderr: __, ...rest }: typeof first) => rest;
    assertEquals(numbersOf(first), numbersOf(second), command);
  }
  const { stdout } = await at.run("measure", { model, adapter, texts: corpus, plan: true });
  assertStringIncludes(stdout, "Rows: ");
});

Deno.test("unlearn --lora writes and measures an adapter, --adapter trains it on, --merge writes a model", async () => {
  using at = await tiny();
  const { model } = at;
  await writeCertainModel(model, "n", (i) => i % 2 * 0.05); // with which each secret begins
  const how = { thresholds: undefined, ma: 0, el10: 0, stop: "group", epochs: 2, lr: 1e-2 };
  const first = await summaryOf(at, "unlearn", {
    ...how,
    lora: "r=2,targets=attention",
    out: at.path("first"),
  }, 1);
  assertEquals(
    namesIn(at.path("first")),
    [...ADAPTER, "README.md", "history.parquet", "metrics.jsonl", "run.json"].sort(),
  );
  const card = Deno.readTextFileSync(at.path("first/README.md"));
  assertStringIncludes(card, "library_name: peft");
  assertStringIncludes(card, "`lora` r=2,targets=attention");

  // what it ended with was measured as it was written
  const sets = await summaryOf(at, "evaluate", { model, adapter: at.path("first") });
  const found = sets.sets.find(({ set }: { set: string }) => set === "forget");
  for (const metric of ["ma", "el_3", "el_5", "el_10"]) {
    assertEquals(found[metric], first.after[metric], metric);
  }

  const second = await summaryOf(
    at,
    "unlearn",
    { ...how, adapter: at.path("first"), out: at.path("second"), tensorboard: true },
    1,
  );
  const [events] = namesIn(at.path("second")).filter((name) => name.startsWith("events.out.tfevents."));
  const logged = new TextDecoder("latin1").decode(Deno.readFileSync(at.path(`second/${events}`)));
  assertEquals(logged.split("retain_ma").length - 1, 3); // of the model as it came, and of two epochs
  assertAlmostEquals(second.before.ma, first.after.ma, 1e-6);
  const [one, two] = await Promise.all(
    ["first", "second"].map((name) => readTensors(at.path(`${name}/adapter_model.safetensors`))),
  );
  assertEquals([...one!.keys()], [...two!.keys()]);
  assertNotEquals([...one!.values()], [...two!.values()]);

  const merged = await summaryOf(at, "unlearn", {
    ...{
      ...how,
      lora: "r=2,targets=attention",
      merge: true,
      "save-dtype": "bfloat16",
      out: at.path("merged"),
    },
  }, 1);
  assertEquals(namesIn(at.path("merged")).includes("model.safetensors"), true);
  const own = await summaryOf(at, "evaluate", { model: at.path("merged"), out: at.path("own.parquet") });
  assertEquals(own.sets.find(({ set }: { set: string }) => set === "forget").ma, merged.after.ma);
  assertStringIncludes(Deno.readTextFileSync(at.path("merged/README.md")), "library_name: transformers");
});

Deno.test("the forecast of memory counts the adapter's moments, not the weights'", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  const context = {
    cwd: "/",
    progress: createProgress(),
    signal: new AbortController().signal,
    log: () => {},
  };
  const how = { model: "embedded", method: "ga", gamma: 0, lambda: 0, alpha: 0, microBatch: 4 };
  const row = { doc_id: "a.py", window: 0, spans: '[["KEY",3,16]]', ma: 1, mask_tokens: 12 };
  const sets = { forgetRows: [row, row], retainRows: [] };
  const bytes = async (lora?: string, dtype: Products = "float32") =>
    (await unlearningPlan({ ...how, lora, dtype, compat: "sound" }, sets, context)).bytesWith(2);
  // four numbers of each that is trained: two moments, the sums, a gradient
  const frozen = 4_339_200 - 4 * 2 * (256 + 1024);
  const adapter = "r=2,targets=c_fc";
  assertAlmostEquals(await bytes() - await bytes(adapter), 4 * 4 * frozen, 1);
  // what is not trained is kept in bfloat16; without an adapter all is trained, in float32
  assertAlmostEquals(await bytes(adapter) - await bytes(adapter, "bfloat16"), 2 * 4_339_200, 1);
  assertAlmostEquals(await bytes() - await bytes(undefined, "bfloat16"), 0, 1);
});

Deno.test("--lora, --adapter and merge-adapter say in a line what is wrong", async () => {
  using at = await tiny();
  const { model, corpus } = at;
  const adapter = at.path("adapter");
  const train = { corpus, model, steps: 1, batch: 1, length: 32 };
  const started = await at.run("train", { ...train, lora: "r=2,targets=mlp", out: adapter });
  assertEquals(started.code, 0, started.stderr);
  const usage = 2;
  const lora = (text: string, message: string, code = usage) =>
    at.fail("train", { ...train, lora: text, out: at.path("x") }, message, code);
  await lora("r=0", 'Cannot read --lora "r=0": r is 0: expected a whole number of at least 1');
  await lora("r=2.5", "r is 2.5: expected a whole number of at least 1");
  await lora("r=two", 'r is "two": expected a number');
  await lora("dropout=1", "dropout is 1: expected a number from 0 to less than 1");
  await lora("alpha=-3", "alpha is -3: expected a positive number");
  await lora("rank=3", '"rank=3" is none of r=N, alpha=X, dropout=X and, at the end, targets=T');
  await lora("", '"" is none of');
  await lora("targets=(", 'targets "(" is none of attention, mlp, all, nor a regular expression');
  const none = 'targets "q_proj" match none of its 4 linear layers, such as "transformer.h.0.attn.c_attn"';
  await lora("targets=q_proj", none, 1);
  await at.fail("unlearn", { lora: "targets=q_proj" }, none);
  for (const command of ["train", "unlearn"]) {
    const flags = command === "train" ? { ...train, out: at.path("x") } : {};
    await at.fail(command, { ...flags, lora: "r=2", adapter }, "Give either --lora or --adapter", usage);
    await at.fail(command, { ...flags, merge: true }, "--merge is about an adapter", usage);
  }
  const fresh = { corpus, model: undefined, steps: 1, batch: 1, length: 32, out: at.path("x") };
  await at.fail("train", { ...fresh, lora: "r=2" }, "--lora and --adapter need --model", usage);

  const nothing = at.path("nothing");
  await at.fail(
    "measure",
    { adapter: nothing },
    `Cannot use adapter "${nothing}": it has no adapter_config.json`,
  );
  await at.fail(
    "merge-adapter",
    { model, adapter: at.path("model"), out: at.path("x") },
    "it has no adapter_config.json",
  );
  await at.fail(
    "evaluate",
    { model: "embedded", adapter, before: undefined },
    /with model ".*": "base_model.*" is \[2,/,
  );
  {
    using _engine = await openTensorFlow({ device: "cpu" });
    using loaded = await loadModel(model, { adapter });
    const weight = Object.values(loaded.model.weights)[0]!;
    const { tf } = await import("../../lib/engine/mod.ts");
    const { assign } = await import("../../lib/engine/compile.ts");
    tf.tidy(() => assign(weight, tf.mul(weight, 2)));
    await saveModel(loaded.model, at.path("other"), {
      configJson: loaded.configJson,
      ...{ dtype: "F32", tokenizerFolder: loaded.folder },
    });
  }
  const other = "its weights are others than those it was made for";
  await at.fail("measure", { model: at.path("other"), adapter }, other);
  await at.fail("unlearn", { model: at.path("other"), adapter }, other);
  await at.fail(
    "measure",
    { model: adapter },
    "it is an adapter (adapter_config.json): give its base as --model",
  );
});

Deno.test("train --lora that was killed goes on to the same bytes", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeTinyModel(path("model"));
  await writeBenign(path("texts.jsonl"));
  const steps = 250;
  const args = (out: string) => [
    ...["train", "--model", path("model"), "--corpus", path("texts.jsonl"), "--lora", "r=2,dropout=0.2"],
    ...["--steps", `${steps}`, "--batch", "2", "--length", "32", "--out", path(out)],
  ];
  const whole = await runCli(args("whole"));
  assertEquals(whole.code, 0, whole.stderr);
  const child = cliCommand(args("killed")).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  const hasCheckpoint = () =>
    existsSync(path("killed")) && namesIn(path("killed")).some((name) => /^checkpoint-\d+$/.test(name));
  for (let i = 0; i < 24_000 && !hasCheckpoint(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGKILL");
  await child.status;
  await output;
  assert(!existsSync(path("killed/adapter_model.safetensors")), "it ended before it was killed");
  const continued = await runCli(args("killed"));
  assertEquals(continued.code, 0, continued.stderr);
  for (
    const name of ["adapter_model.safetensors", "adapter_config.json", "training_log.jsonl", "metrics.jsonl"]
  ) {
    assertEquals(Deno.readFileSync(path(`killed/${name}`)), Deno.readFileSync(path(`whole/${name}`)), name);
  }
});
