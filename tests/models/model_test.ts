import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel, readConfig } from "../../lib/checkpoints/load.ts";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import type { Architecture, AroundLayer, ModelConfig } from "../../lib/models/architecture.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { llama } from "../../lib/models/llama.ts";
import { Model } from "../../lib/models/model.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { qwen2 } from "../../lib/models/qwen2.ts";
import { tinyModel } from "../training/tiny_training.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

/** What must not compile: `deno check` fails where a line after an expected error has none. */
export function typeTest(modelType: string): void {
  const config = gpt2.readConfig({}, "c");
  const other = llama.readConfig({}, "c");
  const plain: ModelConfig = config;
  gpt2.shapes(config);
  // @ts-expect-error another family's configuration
  gpt2.shapes(other);
  // @ts-expect-error the sizes that all families have are not GPT-2's
  gpt2.shapes(plain);
  // @ts-expect-error a family does not take any configuration
  const any: Architecture<ModelConfig> = gpt2;
  newModel(gpt2, config, () => 0);
  // @ts-expect-error another family's configuration
  newModel(gpt2, other, () => 0);
  // @ts-expect-error another family's configuration
  new Model({ architecture: gpt2, config: other, weights: {} });
  const named = architectureOf("gpt2");
  named.shapes(config);
  // @ts-expect-error the family of a name that is known is that family
  named.shapes(other);
  const unknown = architectureOf(modelType);
  unknown.shapes(unknown.readConfig({}, "c"));
  // @ts-expect-error a family that is not known takes what it has read itself
  unknown.shapes(config);
  // @ts-expect-error the same where a family's own file makes the mistake
  const wrong: Architecture<typeof config> = { ...gpt2, block: llama.block };
  void [any, wrong, qwen2.shapes(other)];
}

const INPUT = [[1, 2, 3, 4], [5, 6, 7, 8]];

/** Hidden states of two rows, by a captured step and eagerly. */
function hiddenBy(model: Model, around?: AroundLayer): number[][] {
  const ids = tf.tensor2d(INPUT, undefined, "int32");
  using step = compile((ids: tf.Tensor) => model.hidden(ids, around && { around }));
  const results = [step(ids), tf.tidy(() => model.hidden(ids, around && { around }))];
  const values = results.map((result) => Array.from(result.dataSync()));
  tf.dispose([ids, ...results]);
  return values;
}

test("hidden() shows each layer to what stands around it, in order, without a change", () => {
  using model = tinyModel(1, { n_layer: 3 });
  const layers: number[] = [];
  const found = hiddenBy(model, (run, x, layer) => {
    layers.push(layer);
    assertEquals(x.shape, [8, 8]);
    return run(x);
  });
  assertEquals(found, hiddenBy(model));
  assertEquals(layers.slice(0, 3), [0, 1, 2]);
});

test("hidden() gives a layer's output to a tap: the norm of the last is the result", () => {
  using model = tinyModel(1, { n_layer: 2 });
  const ids = tf.tensor2d(INPUT, undefined, "int32");
  using step = compile((ids: tf.Tensor) => {
    const taken: Record<string, tf.Tensor> = {};
    const hidden = model.hidden(ids, { around: (run, x, layer) => taken[`layer${layer}`] = run(x) });
    return { hidden, layer1: taken.layer1! };
  }, { xla: true });
  const result = step(ids);
  const [weight, bias] = ["weight", "bias"].map((part) => model.weights[`transformer.ln_f.${part}`]!);
  const normed = tf.tidy(() => {
    const { mean, variance } = tf.moments(result.layer1, 1, true);
    return tf.add(
      tf.mul(tf.div(tf.sub(result.layer1, mean), tf.sqrt(tf.add(variance, 1e-5))), weight!),
      bias!,
    );
  });
  const [wanted, found] = [normed.dataSync(), result.hidden.dataSync()];
  found.forEach((value, i) => assertAlmostEquals(value, wanted[i]!, 1e-5));
  tf.dispose([ids, result, normed]);
});

test("hidden() lets a layer be edited: one that is left out is as if the model lacked it", () => {
  using model = tinyModel(1, { n_layer: 2 });
  const shorter = Object.fromEntries(
    Object.entries(model.weights).filter(([name]) => !name.includes(".h.1.")),
  );
  const config = gpt2.readConfig({ vocab_size: 20, n_positions: 16, n_embd: 8, n_layer: 1, n_head: 2 }, "c");
  const without = new Model({ architecture: gpt2, config, weights: shorter });
  const skip: AroundLayer = (run, x, layer) => layer === 1 ? x : run(x);
  assertEquals(hiddenBy(model, skip), hiddenBy(without));
});

test("Model.trainable is all weights, those of some names, or those that a function chooses", async () => {
  const folder = "tests/fixtures/gpt2/plain";
  const names = async (trainable: NonNullable<Parameters<typeof loadModel>[1]>["trainable"]) => {
    using loaded = await loadModel(folder, { trainable });
    for (const [name, weight] of Object.entries(loaded.model.trainable)) {
      assertEquals(weight, loaded.model.weights[name]);
    }
    const size = Object.values(loaded.model.trainable).reduce((sum, weight) => sum + weight.size, 0);
    assertEquals(loaded.model.trainableCount, size);
    return Object.keys(loaded.model.trainable);
  };
  const { architecture, config } = await readConfig(folder);
  const all = Object.keys(architecture.shapes(config)).sort();
  assertEquals([(await names(true)).sort(), (await names(false)).sort()], [all, all]);
  const chosen = ["transformer.ln_f.bias", "transformer.wte.weight"];
  assertEquals((await names(chosen)).sort(), chosen);
  assertEquals((await names((name) => name.includes("ln_f"))).sort(), [
    "transformer.ln_f.bias",
    "transformer.ln_f.weight",
  ]);
});

test("Model refuses to train a weight that it lacks, or none", () => {
  const weights = { a: tf.scalar(1) };
  const make = (trainable: string[] | ((name: string) => boolean)) =>
    new Model({ architecture: gpt2, config: gpt2.readConfig({}, "c"), weights, name: "m", trainable });
  for (const name of ["b", "toString"]) {
    const message = `Cannot train "${name}" of model "m": it has no such weight`;
    assertThrows(() => make(["a", name]), RangeError, message);
  }
  const message = 'Cannot train model "m": none of its weights is chosen: they have names such as "a"';
  assertThrows(() => make(() => false), RangeError, message);
  assertThrows(() => make([]), RangeError, message);
  tf.dispose(weights);
});
