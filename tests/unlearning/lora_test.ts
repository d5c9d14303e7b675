import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import { PAPER_METHODS } from "../../lib/unlearning/objectives.ts";
import { unlearn, type UnlearnHooks, type UnlearnOptions } from "../../lib/unlearning/unlearn.ts";
import { readTensors } from "../tensors.ts";
import { folder, OPTIONS as TRAINED_OPTIONS, SETS } from "./trained_sets.ts";

const engine: Engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const OPTIONS: UnlearnOptions = { ...TRAINED_OPTIONS, lr: 1e-2, epochs: 40, microBatch: 1 };
const LORA = { ...LORA_DEFAULTS, rank: 4, alpha: 4, seed: 1 };

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

async function run(options: Partial<UnlearnOptions> = {}, hooks: UnlearnHooks = {}, lora = LORA) {
  using loaded = await loadModel(folder, { lora });
  const { model } = loaded;
  const result = await unlearn(model, SETS, { ...OPTIONS, ...options }, hooks);
  const values = (weights: typeof model.weights) =>
    Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name, weight.dataSync().slice()]));
  return { result, base: values(model.weights), adapter: values(model.adapter!.weights) };
}

for (const dropout of [0, 0.1]) {
  test(`unlearn() with an adapter of dropout ${dropout} forgets, and leaves the weights as they were`, async () => {
    const { result: { status, epoch, history }, base, adapter } = await run({}, {}, { ...LORA, dropout });
    assertEquals(status, "reached");
    assert(history[epoch]!.ma! < 0.3 && history[epoch]!.el_10! < 0.05);
    assert(history[epoch]!.retain_ma! > 0.8, `retain MA ${history[epoch]!.retain_ma}`);
    const stored = await readTensors(`${folder}/model.safetensors`);
    for (const [name, values] of Object.entries(base)) assertEquals(values, stored.get(name)!.values);
    assert(
      Object.entries(adapter).every(([name, values]) =>
        !name.includes("lora_B") || values.some((x) => x !== 0)
      ),
    );
    assertAlmostEquals(history[1]!.kl_forget!, 0, 1e-5); // the reference is the same weights with the adapter off
    assert(history[1]!.kl_retain! > 0, "the forget step comes first");
  });
}

test("every method runs with an adapter, and the reference's means do", async () => {
  const reference = { method: "codeeraser", compat: "reference" } as const;
  for (const how of [...PAPER_METHODS.map((method) => ({ method })), reference]) {
    const { result } = await run({ ...how, epochs: 1, lr: 1e-3 });
    assertEquals([result.status, result.history.length], ["not-converged", 2], JSON.stringify(how));
    assert(result.history.every(({ loss, epoch }) => epoch === 0 || Number.isFinite(loss)));
  }
});

test("a run with dropout that was stopped goes on to the same bytes, from a checkpoint of the adapter alone", async () => {
  const epochs = 8;
  const options = { epochs, lr: 1e-3 };
  const whole = await run(options);
  assertEquals(whole.result.status, "not-converged");
  const out = await Deno.makeTempDir();
  for (const last of [3, 6]) {
    const controller = new AbortController();
    const onEpoch = ({ epoch }: { epoch: number }) => {
      if (epoch === last) controller.abort();
    };
    const { result } = await run(options, { folder: out, signal: controller.signal, onEpoch });
    assertEquals(result.status, "interrupted");
    const [checkpoint] = [...Deno.readDirSync(out)].map(({ name }) => name).filter((name) =>
      !name.endsWith(".kept")
    );
    const tensors = await readTensors(join(out, checkpoint!, "state.safetensors"));
    const trained = Object.keys(whole.adapter);
    const wanted = ["weight", "first", "second"].flatMap((kind) => trained.map((name) => `${kind}.${name}`));
    assertEquals([...tensors.keys()].sort(), wanted.sort());
  }
  const continued = await run(options, { folder: out });
  assertEquals(continued, whole);
  await Deno.remove(out, { recursive: true });
});

test("dropout is the same whatever micro-batches there are, by XLA and without it", async () => {
  const losses = async (options: Partial<UnlearnOptions>, dropout = 0.5) => {
    const { result } = await run({ epochs: 3, ...options }, {}, { ...LORA, dropout });
    return result.history.flatMap(({ loss }) => loss ?? []);
  };
  const [, undropped] = await losses({ microBatch: 2, xla: false }, 0);
  for (const xla of [true, false]) { // their random numbers differ
    const [one, two] = [await losses({ microBatch: 1, xla }), await losses({ microBatch: 2, xla })];
    two.forEach((loss, i) => assertAlmostEquals(loss, one[i]!, 1e-5));
    assert(Math.abs(undropped! - two[1]!) > 0.01); // it does something
  }
});

test("the seed draws dropout", async () => {
  const options = { epochs: 2, lr: 1e-3 };
  const [first, again, other] = [
    await run({ ...options, seed: 1 }),
    await run({ ...options, seed: 1 }),
    await run({
      ...options,
      seed: 2,
    }),
  ];
  assertEquals(first, again);
  assert(JSON.stringify(first.adapter) !== JSON.stringify(other.adapter));
});
