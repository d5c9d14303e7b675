import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { type LoadedModel, loadModel } from "../../lib/checkpoints/load.ts";
import { Adam } from "../../lib/training/adam.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { ObjectiveStep, type StepShared } from "../../lib/unlearning/objective_step.ts";
import { klDivergence } from "../../lib/unlearning/terms.ts";
import { objectiveOf, PAPER_METHODS } from "../../lib/unlearning/objectives.ts";
import { microBatches, type MicroBatchOptions } from "../../lib/unlearning/micro_batches.ts";
import fixture from "../fixtures/unlearning/expected.json" with { type: "json" };
import { assertTensorClose, type PlainTensor, readTensors } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const folder = new URL("../fixtures/unlearning/", import.meta.url);
const expected = await readTensors(new URL("expected.safetensors", folder));
const { names } = fixture;
type Case = typeof fixture.cases[number];
type Tensors = Record<string, tf.Tensor>;

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

/** Adam that remembers the gradients it was given. */
class RecordingAdam extends Adam {
  readonly gradients: Tensors;

  constructor(weights: Readonly<Tensors>) {
    super(weights, { betas: fixture.betas as [number, number] });
    this.gradients = Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.zerosLike(w)]));
  }

  override apply(gradients: Readonly<Tensors>, rates: tf.Tensor): tf.Tensor {
    for (const [name, gradient] of Object.entries(gradients)) assign(this.gradients[name]!, gradient);
    return super.apply(gradients, rates);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    tf.dispose(this.gradients);
  }
}

/** All tensors as one, in the fixture's order. */
function flat(tensors: Readonly<Tensors>): { shape: number[]; values: Float32Array } {
  const values = Float32Array.from(names.flatMap((name) => Array.from(tensors[name]!.dataSync())));
  return { shape: [values.length], values };
}

/** Gives the model the fixture's weights that are a little off those of the folder. */
function move({ weights }: LoadedModel["model"]): void {
  const { values } = expected.get("moved")!;
  let first = 0;
  for (const name of names) {
    const weight = weights[name]!;
    tf.tidy(() =>
      assign(weight, tf.tensor(Array.from(values).slice(first, first + weight.size), weight.shape))
    );
    first += weight.size;
  }
  assertEquals(first, values.length);
}

/** The keys' bias cancels in attention: its gradient is rounding, of which Adam makes large updates. */
function withoutKeyBias({ values }: PlainTensor): PlainTensor {
  const sizes = names.map((name) => fixture.sizes[name as keyof typeof fixture.sizes]);
  const bias = names.indexOf("transformer.h.0.attn.c_attn.bias");
  const first = sizes.slice(0, bias).reduce((sum, size) => sum + size, 0);
  const third = sizes[bias]! / 3;
  const kept = Array.from(values).filter((_, i) => i < first + third || i >= first + 2 * third);
  return { shape: [kept.length], values: kept };
}

function batchesOf({ method, side, compat }: Omit<Case, "key" | "loss">, size: number) {
  const objective = objectiveOf(method, fixture.options);
  const options = { size, compat, paddedLength: fixture.paddedLength } as MicroBatchOptions;
  const rows = fixture[side as "forget" | "retain"].map(({ ids, mask }) => ({
    ids: Int32Array.from(ids),
    mask: Uint8Array.from(mask),
  }));
  const { squeezesSingleRows = false } = objective;
  return microBatches(rows, objective[side as "forget" | "retain"]!, { ...options, squeezesSingleRows });
}

/** The step of a case at the moved weights, whose reference is the model of the folder. */
async function withStep(
  which: Omit<Case, "key" | "loss">,
  body: (
    step: ObjectiveStep,
    parts: { model: LoadedModel["model"]; optimizer: RecordingAdam },
  ) => Promise<void>,
  { size = 2, xla = false, saving = {} }: { size?: number; xla?: boolean; saving?: StepShared["saving"] } =
    {},
): Promise<void> {
  using loaded = await loadModel(folder.pathname.replace(/\/$/, ""));
  const { model } = loaded;
  using optimizer = new RecordingAdam(model.weights);
  using sums = new GradientSums(model.weights, optimizer, { xla });
  using step = await ObjectiveStep.create({ model, sums, xla, saving }, batchesOf(which, size));
  move(model);
  await body(step, { model, optimizer });
}

function assertGradients({ gradients }: RecordingAdam, key: string): void {
  const wanted = expected.get(key)!;
  const largest = Array.from(wanted.values).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  assertTensorClose(flat(gradients), wanted, { rtol: 1e-4, atol: 2e-6 * largest });
}

for (const [i, one] of fixture.cases.entries()) {
  const saving = i % 3 === 0 ? {} : { recomputesLayers: true, logitBytes: 2000 }; // chunks of twelve positions
  test(`ObjectiveStep takes the step of ${one.key} as PyTorch does, ${JSON.stringify(saving)}`, async () => {
    await withStep(one, async (step, { optimizer }) => {
      const { loss, norm } = await step.run(fixture.rate);
      assertAlmostEquals(loss, one.loss, 1e-5 * Math.abs(one.loss));
      assertGradients(optimizer, one.key);
      assertAlmostEquals(norm / Math.hypot(...Array.from(expected.get(one.key)!.values)), 1, 1e-4);
    }, { saving });
  });
}

for (const method of PAPER_METHODS) {
  test(`ObjectiveStep takes ${method}'s step whatever the micro-batch`, async () => {
    const one = fixture.cases.find(({ key }) => key === `sound.${method}.forget`)!;
    for (const size of [1, 2, 3, 5, 32]) {
      await withStep(one, async (step, { optimizer }) => {
        const { loss } = await step.run(fixture.rate);
        assertAlmostEquals(loss, one.loss, 1e-5 * Math.abs(one.loss), `micro-batches of ${size}`);
        assertGradients(optimizer, one.key);
      }, { size });
    }
  });
}

test("ObjectiveStep takes the same step through XLA", async () => {
  const one = fixture.cases.find(({ key }) => key === "sound.codeeraser.forget")!;
  await withStep(one, async (step, { optimizer }) => {
    const { loss } = await step.run(fixture.rate);
    assertAlmostEquals(loss, one.loss, 1e-5 * Math.abs(one.loss));
    assertGradients(optimizer, one.key);
  }, { xla: true });
});

test("ObjectiveStep gives each term's mean before the update", async () => {
  const { forget, retain } = fixture.terms;
  await withStep({ compat: "sound", method: "codeeraser", side: "forget" }, async (step) => {
    const { crossEntropySecret, crossEntropyNormal, divergence } = await step.run(fixture.rate);
    assertAlmostEquals(crossEntropySecret!, forget.ceSecret, 1e-5);
    assertAlmostEquals(crossEntropyNormal!, forget.ceNormal, 1e-5);
    assertAlmostEquals(divergence!, forget.klSecret, 1e-5);
  });
  await withStep({ compat: "sound", method: "cu", side: "forget" }, async (step) => {
    assertAlmostEquals((await step.run(fixture.rate)).divergence!, forget.klAll, 1e-5);
  });
  await withStep({ compat: "sound", method: "cu", side: "retain" }, async (step) => {
    const { crossEntropySecret, crossEntropyNormal, divergence } = await step.run(fixture.rate);
    assertEquals(crossEntropySecret, null);
    assertAlmostEquals(crossEntropyNormal!, retain.ceNormal, 1e-5);
    assertAlmostEquals(divergence!, retain.klAll, 1e-5);
  });
  await withStep({ compat: "sound", method: "ga", side: "forget" }, async (step) => {
    assertEquals((await step.run(fixture.rate)).divergence, null);
  });
});

test("ObjectiveStep updates weights as torch.optim.Adam does, one optimizer for both sides", async () => {
  using loaded = await loadModel(folder.pathname.replace(/\/$/, ""));
  const { model } = loaded;
  using optimizer = new Adam(model.weights, { betas: fixture.betas as [number, number] });
  using sums = new GradientSums(model.weights, optimizer, { xla: false });
  const shared = { model, sums, xla: false };
  const cut = (side: string) => batchesOf({ compat: "sound", method: "codeeraser", side }, 2);
  using forget = await ObjectiveStep.create(shared, cut("forget"));
  using retain = await ObjectiveStep.create(shared, cut("retain"));
  move(model);
  for (const [side, step] of [["forget", forget], ["retain", retain]] as const) {
    await step.run(fixture.rate);
    const [found, wanted] = [flat(model.weights), expected.get(`adam.${side}`)!];
    assertTensorClose(withoutKeyBias(found), withoutKeyBias(wanted), { rtol: 1e-5, atol: 2e-6 });
  }
  assertEquals(optimizer.steps, 2);
});

test("ObjectiveStep starts every step from no gradients", async () => {
  const one = fixture.cases.find(({ key }) => key === "sound.codeeraser.forget")!;
  await withStep(one, async (step, { model, optimizer }) => {
    await step.run(fixture.rate);
    move(model);
    await step.run(fixture.rate);
    assertGradients(optimizer, one.key);
  });
});

test("ObjectiveStep takes a set's micro-batches and by turns those of one other set", async () => {
  using loaded = await loadModel(folder.pathname.replace(/\/$/, ""));
  const { model } = loaded;
  using optimizer = new RecordingAdam(model.weights);
  using sums = new GradientSums(model.weights, optimizer, { xla: false });
  const shared = { model, sums, xla: false };
  const cut = (side: string) => batchesOf({ compat: "sound", method: "codeeraser", side }, 2);
  const gradients = async (step: ObjectiveStep, turn?: number) => {
    move(model);
    const { loss, crossEntropySecret } = await step.run(0, undefined, turn);
    return { loss, crossEntropySecret, values: flat(optimizer.gradients).values };
  };
  using all = await ObjectiveStep.create(shared, cut("forget"), [cut("retain"), cut("forget")]);
  using forget = await ObjectiveStep.create(shared, cut("forget"));
  using retain = await ObjectiveStep.create(shared, cut("retain"));
  const [one, other] = [await gradients(forget), await gradients(retain)];
  for (const [turn, second] of [other, one, other].entries()) {
    const both = await gradients(all, turn);
    assertAlmostEquals(both.loss, one.loss + second.loss, 1e-5);
    assertEquals(both.crossEntropySecret, one.crossEntropySecret, "of the set alone");
    both.values.forEach((value, i) => assertAlmostEquals(value, one.values[i]! + second.values[i]!, 1e-4));
  }
  assertEquals(all.batchCount, forget.batchCount + retain.batchCount);
});

test("ObjectiveStep has no divergence where the model is the reference", async () => {
  using loaded = await loadModel(folder.pathname.replace(/\/$/, ""));
  const { model } = loaded;
  using optimizer = new RecordingAdam(model.weights);
  const batches = batchesOf({ compat: "sound", method: "cu", side: "retain" }, 2);
  using sums = new GradientSums(model.weights, optimizer, { xla: false });
  using step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
  const { loss, divergence } = await step.run(fixture.rate);
  assertAlmostEquals(loss, 0, 1e-6);
  assertAlmostEquals(divergence!, 0, 1e-6);
});

test("ObjectiveStep refuses a rate or a loss that is not finite, and changes no weight", async () => {
  const one = { compat: "sound", method: "codeeraser", side: "forget" };
  await withStep(one, async (step, { model, optimizer }) => {
    const before = flat(model.weights);
    for (const rate of [Infinity, -Infinity, NaN, 1e39]) {
      await assertRejects(
        () => step.run(rate),
        RangeError,
        `Cannot take a step as the learning rate must be finite: it is ${rate}`,
      );
    }
    const bias = model.weights["transformer.ln_f.bias"]!;
    const good = Array.from(bias.dataSync());
    tf.tidy(() => assign(bias, tf.tensor([NaN, ...good.slice(1)])));
    await assertRejects(() => step.run(fixture.rate), RangeError, "Cannot go on unlearning: the loss is NaN");
    assert(Number.isNaN(bias.dataSync()[0]), "the bad weight is as it was");
    tf.tidy(() => assign(bias, tf.tensor(good)));
    assertEquals(flat(model.weights), before);
    assertEquals(optimizer.steps, 0);
    await step.run(fixture.rate); // nothing of the failed step is left
    assertGradients(optimizer, "sound.codeeraser.forget");
  });
});

test("ObjectiveStep changes no weight when the gradients are not finite", async () => {
  await withStep({ compat: "sound", method: "ga", side: "forget" }, async (step, { model, optimizer }) => {
    const norm = model.weights["transformer.ln_f.weight"]!;
    tf.tidy(() => assign(norm, tf.fill(norm.shape, 1e25))); // the norm's square overflows, the loss does not
    const before = flat(model.weights);
    const error = await assertRejects(() => step.run(fixture.rate), RangeError, "Cannot go on unlearning");
    assert(/the (loss|gradients' norm) is (NaN|-?Infinity)/.test(error.message), error.message);
    assertEquals(flat(model.weights), before);
    assert(optimizer.steps <= 1);
  });
});

test("ObjectiveStep.create() frees what it made when the model refuses the rows", async () => {
  using loaded = await loadModel(folder.pathname.replace(/\/$/, ""));
  const { model } = loaded;
  using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
  const row = { ids: new Int32Array(40), mask: new Uint8Array(40).fill(1) };
  const batches = microBatches([row], { divergenceAll: 1 }, { size: 1 });
  using sums = new GradientSums(model.weights, optimizer, { xla: false });
  await assertRejects(
    () => ObjectiveStep.create({ model, sums, xla: false }, batches),
    RangeError,
    "Cannot run 64 positions as the model has 32",
  );
});

test("klDivergence() is zero of equal rows, and adds 1e-10 to both", async () => {
  const rows = tf.tensor2d([[0.5, 0.5], [1, 0], [0.25, 0.75]]);
  const others = tf.tensor2d([[0.5, 0.5], [0, 1], [0.5, 0.5]]);
  const result = tf.tidy(() => klDivergence(rows, others));
  const plain = (p: number[], q: number[]) =>
    p.reduce((sum, a, i) => sum + (a + 1e-10) * Math.log((a + 1e-10) / (q[i]! + 1e-10)), 0);
  const [same, far, near] = await result.data();
  assertEquals(same, 0);
  assertAlmostEquals(far!, plain([1, 0], [0, 1]), 1e-5);
  assertAlmostEquals(near!, plain([0.25, 0.75], [0.5, 0.5]), 1e-6);
  tf.dispose([rows, others, result]);
});
