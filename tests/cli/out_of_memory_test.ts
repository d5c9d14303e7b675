import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { TensorFlowError } from "../../lib/engine/status.ts";
import { DeviceStep } from "../../lib/unlearning/device_step.ts";
import { assertTensorClose, readTensors } from "../tensors.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { type TinyRun, writeCertainModel, writeTinyRun } from "./tiny_run.ts";

/** TensorFlow has no memory left for the n-th micro-batch; until the next one the model's files are out of reach. */
function failAt(n: number, model: string): Disposable & { runs: number } {
  const { run } = DeviceStep.prototype;
  const hidden = `${model}.hidden`;
  const hook = { runs: 0, [Symbol.dispose]: () => void (DeviceStep.prototype.run = run) };
  DeviceStep.prototype.run = function (...args) {
    hook.runs++;
    if (hook.runs === n + 1) renameSync(hidden, model);
    if (hook.runs !== n) return run.apply(this, args);
    renameSync(model, hidden);
    return Promise.reject(new TensorFlowError("gradients", 8, "OOM when allocating tensor with shape[4,64]"));
  };
  return hook;
}

/** A tiny run whose model says what each secret begins with, so that there is something to forget. */
async function writeKnowing(folder: string): Promise<TinyRun> {
  const files = await writeTinyRun(folder);
  await writeCertainModel(files.model, "n", (i) => i % 2 * 0.05);
  return files;
}

/** Runs `unlearn`, and gives what it wrote into the folder and to stderr. */
async function unlearn(
  { model, corpus, forget, retain, folder }: TinyRun,
  out: string,
  flags: readonly string[],
) {
  const sets = ["--model", model, "--corpus", corpus, "--forget", forget, "--retain", retain];
  const how = ["--ma", "0", "--el10", "0", "--stop", "group", "--lr", "1e-4", "--epochs", "3"];
  const path = join(folder, out);
  const { stderr } = await callMain(["unlearn", ...sets, ...how, ...flags, "--out", path]);
  const read = (name: string) => Deno.readFile(join(path, name));
  const lines = new TextDecoder().decode(await read("metrics.jsonl")).trimEnd().split("\n");
  return { path, stderr, read, steps: lines.map((line) => JSON.parse(line)) };
}

const weightsOf = (path: string) => readTensors(new URL(`file://${path}/model.safetensors`));

Deno.test("unlearn that runs out of memory before an epoch is whole has the bytes of half the micro-batch", async () => {
  using folder = temporaryFolder();
  const files = await writeKnowing(folder.path);
  const how = ["--method", "codeeraser"];
  const half = await unlearn(files, "half", [...how, "--micro-batch", "2"]);
  using hook = failAt(2, files.model); // the retain side of epoch 1: the forget side's update is taken back
  const found = await unlearn(files, "found", [...how, "--micro-batch", "4"]);
  assertStringIncludes(
    found.stderr,
    "Memory has run out: going on from the last whole epoch with --micro-batch 2",
  );
  assertEquals(hook.runs, 2 + 3 * 4);
  for (const name of ["model.safetensors", "history.parquet", "metrics.jsonl"]) {
    assertEquals(await found.read(name), await half.read(name), name);
  }
});

for (
  const [what, at, flags] of [
    ["in its second epoch", 3, ["--micro-batch", "4"]],
    ["in its second chunk", 11, [
      "--micro-batch",
      "2",
      "--chunk-rows",
      "2",
      "--chunk-passes",
      "1",
      "--replay",
      "0",
    ]],
  ] as const
) {
  Deno.test(`unlearn that runs out of memory ${what} goes on from there to the same weights`, async () => {
    using folder = temporaryFolder();
    const files = await writeKnowing(folder.path);
    const how = ["--method", "codeeraser", ...flags];
    const whole = await unlearn(files, "whole", how);
    using hook = failAt(at, files.model);
    const found = await unlearn(files, "found", how);
    assert(hook.runs > at);
    assertStringIncludes(
      found.stderr,
      "Memory has run out: going on from the last whole epoch with --micro-batch ",
    );
    const places = (steps: typeof found.steps) => steps.map(({ turn, step, side }) => [turn, step, side]);
    assertEquals(places(found.steps), places(whole.steps));
    const [tensors, wanted] = [await weightsOf(found.path), await weightsOf(whole.path)];
    for (const [name, tensor] of wanted) {
      assertTensorClose(tensors.get(name)!, tensor, { rtol: 1e-4, atol: 1e-4 });
    }
  });
}
