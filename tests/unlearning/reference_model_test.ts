import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { assign } from "../../lib/engine/compile.ts";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import type { Model } from "../../lib/models/model.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { Adam } from "../../lib/training/adam.ts";
import { dropoutSeed } from "../../lib/training/dropout_seed.ts";
import type { ModelSizes } from "../../lib/training/step_memory.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { microBatches } from "../../lib/unlearning/micro_batches.ts";
import { objectiveOf } from "../../lib/unlearning/objectives.ts";
import { unlearningBytes } from "../../lib/unlearning/run_memory.ts";
import { ObjectiveStep } from "../../lib/unlearning/objective_step.ts";
import type { ReferenceModel } from "../../lib/unlearning/reference_model.ts";
import { unlearn, type UnlearnOptions } from "../../lib/unlearning/unlearn.ts";
import { folder, OPTIONS, SETS } from "./trained_sets.ts";

const engine: Engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

/** A model of the same tokens and another width. */
function otherModel(vocabularySize: number, positions = 64): Model {
  const random = new PythonRandom(2);
  const sizes = { vocab_size: vocabularySize, n_positions: positions, n_embd: 12, n_layer: 1, n_head: 3 };
  return newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => random.random() - 0.5);
}

const reference = (model: Model): ReferenceModel => ({
  model,
  [Symbol.dispose]: () => model[Symbol.dispose](),
});

async function epochs(options: Partial<UnlearnOptions>) {
  using loaded = await loadModel(folder, { trainable: true });
  const all = { ...OPTIONS, epochs: 2, thresholds: { ma: 0, el_10: 0 }, ...options };
  return (await unlearn(loaded.model, SETS, all)).history;
}

/** KL(reference || model) of each position, 1e-10 added to both, by the logits of whole texts. */
function plainDivergence(first: tf.Tensor, second: tf.Tensor): Float32Array {
  return tf.tidy(() => {
    const [p, q] = [first, second].map((logits) => tf.add(tf.softmax(logits), 1e-10));
    return tf.sum(tf.mul(p!, tf.sub(tf.log(p!), tf.log(q!))), -1).dataSync<"float32">().slice();
  });
}

test("another model's divergences are those of its own logits, and it is freed", async () => {
  using loaded = await loadModel(folder, { trainable: true });
  const { model } = loaded;
  const { vocabularySize } = model.config;
  using other = otherModel(vocabularySize);
  const divergences = SETS.forget.flatMap(({ ids, mask }) => {
    const batch = tf.tensor2d([...ids], [1, ids.length], "int32");
    const values = tf.tidy(() => plainDivergence(other.logits(batch), model.logits(batch)));
    batch.dispose();
    return [...values.slice(0, -1)].filter((_, t) => mask![t + 1]);
  });
  const expected = divergences.reduce((sum, value) => sum + value, 0) / divergences.length;
  for (const compat of ["sound", "reference"] as const) {
    let opened = 0;
    const openReference = () => {
      opened++;
      return Promise.resolve(reference(otherModel(vocabularySize)));
    };
    const history = await epochs({ compat, openReference });
    assertEquals(opened, 1);
    assertAlmostEquals(history[1]!.kl_forget!, expected, 1e-4, compat);
    assert(Math.abs((await epochs({ compat }))[1]!.kl_forget!) < 1e-6, "else it is the model as it came");
  }
});

test("the model itself as the reference gives the run that there is without", async () => {
  const openReference = async () => {
    const { model, ...loaded } = await loadModel(folder);
    return { ...loaded, ...reference(model) };
  };
  assertEquals(await epochs({ openReference }), await epochs({}));
});

test("unlearn() refuses a model that it cannot be compared with, and frees it", async () => {
  using loaded = await loadModel(folder);
  const { vocabularySize } = loaded.model.config;
  const cases: [Model, Partial<UnlearnOptions>, RegExp][] = [
    [
      otherModel(vocabularySize + 1),
      {},
      new RegExp(
        `^Cannot compare with "new model" as vocabularies must be equal: it has ${
          vocabularySize + 1
        } tokens, ` +
          `the model ${vocabularySize}$`,
      ),
    ],
    [otherModel(vocabularySize, 8), {}, /a text has \d\d tokens, and it has 8 positions$/],
    [otherModel(vocabularySize), { method: "ga" }, /: it compares the model with none$/],
    [otherModel(vocabularySize), { method: "rmu" }, /: it compares hidden states, which are a model's own$/],
  ];
  for (const [model, options, message] of cases) {
    const openReference = () => Promise.resolve(reference(model));
    const error = await assertRejects(() => epochs({ ...options, openReference }), RangeError);
    assert(message.test(error.message), error.message);
  }
});

Deno.test("unlearningBytes() counts another model while the steps are made, then its output layer and states", () => {
  const config = {
    layers: 4,
    width: 256,
    headWidth: 64,
    cacheHeads: 4,
    vocabularySize: 4096,
    maxPositions: 512,
  };
  const work = {
    objective: objectiveOf("codeeraser"),
    ...{ forgetRows: 16, forgetTokens: 512, maskTokens: 900, secrets: 40, retainRows: 16, retainTokens: 128 },
    ...{ isRetained: true, microBatch: 16, xla: false },
  };
  const bytes = (reference?: ModelSizes) =>
    unlearningBytes({ parameters: 4_339_200, config }, { ...work, reference });
  const wide = { ...config, width: 512 };
  const kept = bytes({ parameters: 1e6, config: wide }) - bytes();
  const [states, layer] = [960 + 2048, config.vocabularySize]; // 900 and 16 x 127, padded to 64
  assertEquals(kept, (states + layer) * (wide.width - config.width) * 4); // in place of the model's own
  const large = bytes({ parameters: 20e9, config: wide });
  assert(large > 80e9 && large < 90e9, String(large));
  assert(bytes({ parameters: 20e9, weightBytes: 2, config: wide }) < 50e9);
});

for (const dropout of [0, 0.5]) {
  test(`by the reference an adapter of dropout ${dropout} is compared with itself, as PECU's is`, async () => {
    const lora = { ...LORA_DEFAULTS, rank: 4, alpha: 4, seed: 1, dropout };
    using loaded = await loadModel(folder, { lora });
    const { model } = loaded;
    const random = new PythonRandom(7);
    for (const [name, weight] of Object.entries(model.trainable)) { // an adapter that does something
      if (!name.includes("lora_B")) continue;
      tf.tidy(() =>
        assign(
          weight,
          tf.tensor(Array.from({ length: weight.size }, () => random.random() - 0.5), weight.shape),
        )
      );
    }
    using optimizer = new Adam(model.trainable, { betas: [0.9, 0.98] });
    using sums = new GradientSums(model.trainable, optimizer, { xla: false });
    const [batch] = microBatches(SETS.forget, { divergenceAll: 1 }, { size: 2 });
    const seeds = (draw = 0) => dropoutSeed(42, 5, draw);
    const shared = {
      model,
      sums,
      xla: false,
      comparesItself: true,
      dropout: dropout > 0 ? seeds : undefined,
    };
    using step = await ObjectiveStep.create(shared, [batch!]);
    const { divergence } = await step.run(0);
    if (dropout === 0) {
      assertAlmostEquals(divergence!, 0, 1e-7); // float32's rounding
      return;
    }
    const { rows, length, ids, texts, kinds } = batch!;
    const values = tf.tidy(() => {
      const tensor = tf.tensor2d(ids, [rows, length], "int32");
      const [second, first] = [0, 1].map((draw) =>
        model.project(model.hidden(tensor, { seed: seeds(draw), texts: tf.tensor1d(texts, "int32") }))
      );
      return plainDivergence(
        tf.reshape(first!, [rows, length, -1]),
        tf.reshape(second!, [rows, length, -1]),
      );
    });
    const counted = [...kinds.keys()].filter((at) => kinds[at] !== 0)
      .map((at) => values[Math.floor(at / (length - 1)) * length + at % (length - 1)]!);
    assert(counted.length > 20 && divergence! > 0.01);
    assertAlmostEquals(divergence!, counted.reduce((sum, value) => sum + value, 0) / counted.length, 1e-4);
  });
}

test("by the reference a run with an adapter never sees how far it has come, by the adapter's own default it does", async () => {
  const run = async (options: Partial<UnlearnOptions>) => {
    using loaded = await loadModel(folder, {
      lora: { ...LORA_DEFAULTS, rank: 4, alpha: 4, seed: 1, dropout: 0 },
    });
    const all = {
      ...OPTIONS,
      method: "cu",
      lr: 1e-2,
      epochs: 3,
      thresholds: { ma: 0, el_10: 0 },
      ...options,
    };
    return (await unlearn(loaded.model, SETS, all)).history.slice(1).map(({ kl_retain }) => kl_retain!);
  };
  for (const value of await run({ compat: "reference" })) assertAlmostEquals(value, 0, 1e-7); // nothing is left of it
  assert((await run({ compat: "sound" })).at(-1)! > 1e-3);
});
