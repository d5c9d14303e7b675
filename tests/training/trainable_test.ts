import { assert, assertEquals, assertNotEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { gpt2, type Gpt2Config } from "../../lib/models/gpt2.ts";
import { Model } from "../../lib/models/model.ts";
import { Adam } from "../../lib/training/adam.ts";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { learningRateAt, trainModel } from "../../lib/training/train.ts";
import { Windows } from "../../lib/training/windows.ts";
import { DOCUMENTS, OPTIONS, tinyModel, withFolder } from "./tiny_training.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const isTrained = (name: string) => name.includes(".mlp.") || name === "transformer.wpe.weight";
const STEPS = 5;
/** Without cutting: the sum of squares of which parts are zeros may be added up in another order. */
const { maxNorm: _, ...SETTINGS } = OPTIONS;

/** A tiny model of which some weights are trained. */
function partlyTrained(): Model {
  const { config, weights } = tinyModel(1);
  return new Model({ architecture: gpt2, config: config as Gpt2Config, weights, trainable: isTrained });
}

function bytesOf(tensors: Readonly<Record<string, tf.Tensor>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, new Uint8Array(tensor.dataSync().slice().buffer)]),
  );
}

Deno.test("trainModel() of some weights is a run whose other gradients are zeroed, byte by byte", async () => {
  const before = engine.memory();
  {
    using model = partlyTrained();
    const start = bytesOf(model.weights);
    using optimizer = new Adam(model.trainable, { betas: OPTIONS.betas });
    assertEquals(Object.keys(optimizer.first), Object.keys(model.weights).filter(isTrained));
    const options = { ...SETTINGS, steps: STEPS, maxNorm: Infinity };
    await trainModel(model, { optimizer, documents: DOCUMENTS }, options);

    using other = tinyModel(1);
    using whole = new Adam(other.weights, { betas: OPTIONS.betas });
    const windows = new Windows(DOCUMENTS, OPTIONS);
    using step = compile((ids: tf.Tensor, rates: tf.Tensor) => {
      const { gradients } = valueAndGradients(other.weights, () => tf.mean(nextTokenLosses(other, ids)));
      const zeroed = Object.entries(gradients).map(([name, gradient]) =>
        [name, isTrained(name) ? gradient : tf.zerosLike(gradient)] as const
      );
      return whole.apply(Object.fromEntries(zeroed), rates);
    }, { xla: false });
    for (let i = 0; i < STEPS; i++) {
      const ids = tf.tensor2d(windows.batch(i), [OPTIONS.batch, OPTIONS.length], "int32");
      const rates = whole.nextRates(learningRateAt(i + 1, options));
      tf.dispose([step(ids, rates), ids, rates]);
    }
    const [found, wanted] = [bytesOf(model.weights), bytesOf(other.weights)];
    for (const name of Object.keys(found)) {
      if (isTrained(name)) assertNotEquals(found[name], start[name], name);
      else assertEquals(found[name], start[name], name);
      assertEquals(found[name], wanted[name], name);
    }
  }
  assertEquals(engine.memory(), before);
});

Deno.test("A checkpoint of some weights holds no byte of the others, and brings those weights back", async () => {
  await withFolder(engine, async (folder) => {
    using model = partlyTrained();
    const start = bytesOf(model.weights);
    using optimizer = new Adam(model.trainable, { betas: OPTIONS.betas });
    const state = { weights: model.trainable, optimizer };
    await writeCheckpoint(folder, state);
    const header = new TextDecoder("latin1").decode(
      await Deno.readFile(`${folder}/checkpoint-0/state.safetensors`),
    );
    const names = Object.keys(model.weights);
    assertEquals(names.filter((name) => header.includes(`.${name}"`)), names.filter(isTrained));
    const { size } = await Deno.stat(`${folder}/checkpoint-0/state.safetensors`);
    const numbers = 3 * 4 * model.trainableCount;
    assert(size >= numbers && size < numbers + 4 * (model.parameterCount - model.trainableCount));
    await trainModel(model, { optimizer, documents: DOCUMENTS }, { ...OPTIONS, steps: 1 });
    assertNotEquals(bytesOf(model.weights), start);
    await readCheckpoint(folder, state);
    assertEquals(bytesOf(model.weights), start);
  });
});

Deno.test("valueAndGradients() gives zeros for weights that the loss does not see, and what else was computed", () => {
  const before = engine.memory();
  const weights = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([5]) };
  const run = () => {
    const { loss, gradients, aux } = valueAndGradients(weights, () => {
      const cubes = tf.pow(weights.a, 3);
      return { loss: tf.sum(cubes), aux: { cubes, twice: tf.mul(cubes, 2) } };
    });
    return { loss, gradients, aux };
  };
  for (const xla of [null, false, true]) {
    using step = compile(run, { xla: xla ?? false });
    const { loss, gradients, aux } = xla === null ? tf.tidy(run) : step();
    assertEquals([loss, gradients.a!, gradients.b!, aux.cubes, aux.twice].map((x) => [...x.dataSync()]), [
      [9],
      [3, 12],
      [0],
      [1, 8],
      [2, 16],
    ]);
    tf.dispose([loss, gradients, aux]);
  }
  tf.dispose(weights);
  assertEquals(engine.memory(), before);
});
