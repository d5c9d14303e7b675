/**
 * What every model family must do, checked on the tiny models of tests/fixtures/families against what transformers
 * computed with them.
 *
 * @module
 */
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import type { Architecture, ModelConfig } from "../../lib/models/architecture.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { type LoadedModel, loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { Adam } from "../../lib/training/adam.ts";
import { nextTokenLosses, type StepOptions, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { ObjectiveStep } from "../../lib/unlearning/objective_step.ts";
import { OBJECTIVES } from "../../lib/unlearning/objectives.ts";
import { microBatches } from "../../lib/unlearning/micro_batches.ts";
import { assertTensorClose, readTensors } from "../tensors.ts";
import { type Gpt2Fixture, readFixtureFolder } from "./fixtures.ts";

/** Runs a test with a loaded fixture; all memory must be free afterwards. */
async function withFamily(
  engine: Engine,
  name: string,
  body: (loaded: LoadedModel, fixture: Gpt2Fixture) => Promise<void> | void,
): Promise<void> {
  const before = engine.memory();
  const fixture = await readFixtureFolder(`families/${name}`);
  {
    using loaded = await loadModel(fixture.folder);
    await body(loaded, fixture);
  }
  assertEquals(engine.memory(), before);
}

/**
 * Makes the tests of a family: logits, loss and gradients, cached decoding, saving, scoring and unlearning.
 *
 * @param names its fixtures, such as "llama/plain"; the first is compiled by XLA too
 * @param options.isShared whether the family is put together of parts that others test compiled and in batches of all
 * sizes; then it runs eagerly
 * @param options.unlearns whether to score and unlearn, which run nothing else than the other tests do
 */
export function testFamily(
  engine: Engine,
  names: readonly string[],
  { isShared = false, unlearns = true }: { isShared?: boolean; unlearns?: boolean } = {},
): void {
  names.forEach((name, i) => {
    const modes = isShared ? [] : i === 0 ? [false, true] : [false];
    const how = isShared ? "eager" : "eager and compiled";
    Deno.test(`Model.logits() of "${name}" are transformers', ${how}`, async () => {
      await withFamily(engine, name, ({ model }, fixture) => checkLogits(model, fixture, modes));
    });
    Deno.test(`valueAndGradients() of "${name}" are transformers', ${isShared ? "eager" : "compiled"}`, async () => {
      await withFamily(engine, name, ({ model }, fixture) => checkGradients(model, fixture, modes));
    });
    Deno.test(`Decoder continues "${name}" as transformers does`, async () => {
      await withFamily(
        engine,
        name,
        ({ model }, fixture) => checkDecoding(model, fixture, isShared ? [64] : [2, 64]),
      );
    });
    Deno.test(`saveModel() of "${name}" writes what was read`, async () => {
      await withFamily(engine, name, checkSaving);
    });
  });
  if (!unlearns) return;
  Deno.test(`Scorer and ObjectiveStep work on "${names[0]}"`, async () => {
    await withFamily(engine, names[0]!, ({ model }, fixture) => checkUnlearning(model, fixture));
  });
}

/**
 * Makes a test for each change of a good config.json that must be refused.
 *
 * @param cases changed fields and what the message says of them
 */
export function testRefusals(
  { readConfig, className }: Pick<Architecture<ModelConfig>, "readConfig" | "className">,
  good: Readonly<Record<string, unknown>>,
  cases: readonly (readonly [Readonly<Record<string, unknown>>, string])[],
): void {
  Deno.test(`readConfig() of ${className} refuses what is wrong or not supported, by its name`, () => {
    readConfig(good, "c.json");
    for (const [fields, message] of cases) {
      const error = assertThrows(() => readConfig({ ...good, ...fields }, "c.json"), RangeError);
      assertEquals(error.message, `Cannot load "c.json": ${message}`);
    }
  });
}

function checkLogits(model: Model, { ids, tensors }: Gpt2Fixture, modes: readonly boolean[]): void {
  const input = tf.tensor2d(ids, undefined, "int32");
  const logits = (ids: tf.Tensor) => model.logits(ids);
  const eager = tf.tidy(() => logits(input));
  assertTensorClose(eager, tensors.get("logits")!, { atol: 1e-4 });
  for (const xla of modes) {
    using compiled = compile(logits, { xla });
    const result = compiled(input);
    assertTensorClose(result, tensors.get("logits")!, { atol: 1e-4 });
    result.dispose();
  }
  tf.dispose([input, eager]);
}

/** Eagerly where there are no modes. */
function checkGradients(model: Model, fixture: Gpt2Fixture, modes: readonly boolean[]): void {
  const input = tf.tensor2d(fixture.ids, undefined, "int32");
  const stepOf = (options: StepOptions) => (ids: tf.Tensor) => {
    const result = valueAndGradients(model.weights, () => tf.mean(nextTokenLosses(model, ids, options)));
    return { loss: result.loss, ...result.gradients } as Record<string, tf.Tensor>;
  };
  const step = stepOf({});
  if (modes.length === 0) compareGradients(tf.tidy(() => step(input)), fixture);
  const saving = stepOf({ recomputesLayers: true, logitBytes: 3 * 4 * model.config.vocabularySize });
  compareGradients(tf.tidy(() => saving(input)), fixture);
  for (const xla of modes) {
    using compiled = compile(step, { xla });
    compareGradients(compiled(input), fixture);
  }
  input.dispose();
}

function compareGradients(
  { loss: found, ...gradients }: Record<string, tf.Tensor>,
  { tensors, loss }: Gpt2Fixture,
): void {
  const wanted = [...tensors.keys()].filter((key) => key.startsWith("gradient."));
  assertAlmostEquals(found!.dataSync()[0]!, loss, 1e-5);
  if (wanted.length > 0) {
    assertEquals(Object.keys(gradients).map((key) => `gradient.${key}`).sort(), wanted.toSorted());
  }
  for (const key of wanted) {
    const expected = tensors.get(key)!;
    const largest = Math.max(...Array.from(expected.values, Math.abs));
    assertTensorClose(gradients[key.slice("gradient.".length)]!, expected, { atol: 1e-3 * largest });
  }
  tf.dispose([found!, gradients]);
}

async function checkDecoding(
  model: Model,
  { ids, continuations }: Gpt2Fixture,
  sizes: readonly number[],
): Promise<void> {
  const length = Math.max(...continuations.map(({ prefix, ids }) => prefix + ids.length));
  for (const rows of sizes) {
    using decoder = new Decoder(model, { batch: ids.length, rows });
    using filled = await decoder.prefill(ids, { length, keepCache: true });
    const starts = continuations.map(({ row, prefix, ids }) => ({
      text: row,
      position: prefix,
      token: filled.predictions[row]![prefix - 1]!,
      until: prefix + ids.length,
    }));
    const decoded = await decoder.continueAll(filled, starts);
    assertEquals(decoded.map((tokens) => Array.from(tokens)), continuations.map(({ ids }) => ids));
  }
}

async function checkSaving({ model, configJson, dtype, folder }: LoadedModel): Promise<void> {
  const out = await Deno.makeTempDir();
  try {
    await saveModel(model, out, { configJson, dtype, tokenizerFolder: folder });
    const [source, saved] = await Promise.all(
      [folder, out].map((folder) => readTensors(`${folder}/model.safetensors`)),
    );
    assertEquals([...saved!.keys()].sort(), [...source!.keys()].sort());
    for (const [name, tensor] of saved!) assertEquals(tensor, source!.get(name));
    const { dtype: _, torch_dtype: __, ...fields } = configJson;
    const written = JSON.parse(await Deno.readTextFile(`${out}/config.json`));
    assertEquals({ ...written, ...fields }, written);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

async function checkUnlearning(model: Model, { ids }: Gpt2Fixture): Promise<void> {
  const [text] = ids;
  const secret = { prefix: text!.slice(0, 5), secret: text!.slice(5, 11) };
  const measure = async () => {
    using scorer = new Scorer(model, { batch: 2 });
    const [whole] = await scorer.texts([text!]);
    assert(whole!.ma !== null && whole!.el_3 !== null && whole!.el_10 !== null);
    return (await scorer.secrets([secret]))[0]!;
  };
  const before = await measure();
  {
    using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
    const row = {
      ids: Int32Array.from(text!),
      mask: Uint8Array.from(text!, (_, t) => t >= 5 && t < 11 ? 1 : 0),
    };
    const { forget } = OBJECTIVES.codeeraser({ gamma: 0.5, lambda: 0.1, alpha: 1 });
    const batches = microBatches([row], forget, { size: 1 });
    using sums = new GradientSums(model.weights, optimizer, { xla: false });
    using step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
    const { crossEntropySecret, divergence } = await step.run(1e-3);
    assertAlmostEquals(crossEntropySecret!, before.nll!, 1e-4);
    assertAlmostEquals(divergence!, 0, 1e-5);
  }
  assert((await measure()).nll! > before.nll!, "a step of the ascent raises the secret's loss");
}
