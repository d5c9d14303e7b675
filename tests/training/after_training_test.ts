import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { NotFiniteError } from "../../lib/models/not_finite.ts";
import { Adam } from "../../lib/training/adam.ts";
import { afterTraining, fitWindows } from "../../lib/training/after_training.ts";
import { TRAIN_DEFAULTS, trainModel } from "../../lib/training/train.ts";
import { Windows } from "../../lib/training/windows.ts";
import { readFixture } from "../models/fixtures.ts";
import { DOCUMENTS, tinyModel } from "./tiny_training.ts";

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

const numbersOf = (model: Model) =>
  Object.values(model.weights).map((weight) => Array.from(weight.dataSync()));
const RUNS = [[1e-2, 3], [1e-2, 0], [1e-3, 2], [1e-2, 3]].map(([learning_rate, steps]) => ({
  learning_rate: learning_rate!,
  steps: steps!,
}));
const TRAINING = { texts: DOCUMENTS, endOfText: 0, runs: RUNS };
const OPTIONS = { batch: 4, length: 16, warmup: 1, seed: 3 };

test("afterTraining() gives each run the weights of a training of its own, and the model as it was", async () => {
  using model = tinyModel();
  const before = numbersOf(model);
  const told: string[] = [];
  const found = await afterTraining(model, TRAINING, () => numbersOf(model), {
    ...OPTIONS,
    onStep: ({ step }, { learning_rate, steps }) => void told.push(`${learning_rate} ${steps} ${step}`),
  });
  assertEquals(numbersOf(model), before);
  for (const i of [0, 2]) {
    const { learning_rate: learningRate, steps } = RUNS[i]!;
    using alone = tinyModel();
    using optimizer = new Adam(alone.weights, TRAIN_DEFAULTS);
    const options = { ...TRAIN_DEFAULTS, ...OPTIONS, endOfText: 0, steps, learningRate };
    await trainModel(alone, { optimizer, documents: DOCUMENTS }, options);
    assertEquals(found[i], numbersOf(alone), `run ${i}`);
  }
  assertEquals(found[1], before);
  assertEquals(found[3], found[0]);
  const [fast, slow] = ["0.01 3", "0.001 2"];
  assertEquals(told, [
    ...[1, 2, 3].map((step) => `${fast} ${step}`),
    ...[1, 2].map((step) => `${slow} ${step}`),
    ...[1, 2, 3].map((step) => `${fast} ${step}`),
  ]);
});

test("afterTraining() puts the weights back when the measure throws, a step fails or it is interrupted", async () => {
  using model = tinyModel();
  const before = numbersOf(model);
  const failure = new Error("no measure");
  const fails = () => {
    assert(JSON.stringify(numbersOf(model)) !== JSON.stringify(before), "trained");
    throw failure;
  };
  assertEquals(await assertRejects(() => afterTraining(model, TRAINING, fails, OPTIONS)), failure);
  assertEquals(numbersOf(model), before);

  const controller = new AbortController();
  const reason = new Error("interrupted");
  let measured = 0; // a run whose last step was interrupted is not
  const onStep = ({ step }: { step: number }) => step === 3 && controller.abort(reason);
  const interrupted = () =>
    afterTraining(model, TRAINING, () => void measured++, {
      ...OPTIONS,
      signal: controller.signal,
      onStep: (step) => void onStep(step),
    });
  assertEquals(await assertRejects(interrupted), reason);
  assertEquals([measured, numbersOf(model)], [0, before]);

  const runs = [{ learning_rate: 1e20, steps: 5 }];
  await assertRejects(() => afterTraining(model, { ...TRAINING, runs }, () => {}, OPTIONS), NotFiniteError);
  assertEquals(numbersOf(model), before);
});

test("afterTraining() trains what the model says is trainable", async () => {
  const { folder } = await readFixture("plain");
  using loaded = await loadModel(folder, { trainable: ["transformer.wte.weight"] });
  const names = Object.keys(loaded.model.weights);
  const before = numbersOf(loaded.model);
  const runs = [{ learning_rate: 1e-3, steps: 1 }];
  const options = { ...OPTIONS, length: 8 };
  const [after] = await afterTraining(
    loaded.model,
    { ...TRAINING, runs },
    () => numbersOf(loaded.model),
    options,
  );
  const changed = names.filter((_, i) => after![i]!.join() !== before[i]!.join());
  assertEquals(changed, ["transformer.wte.weight"]);
});

Deno.test("fitWindows() gives windows for which the texts are just long enough", () => {
  for (let total = 4; total < 200; total++) {
    for (const wanted of [{ batch: 8, length: 16 }, { batch: 2, length: 64 }, { batch: 1, length: 2 }]) {
      const texts = [new Int32Array(total - 3), new Int32Array(1)]; // and two ends of text
      const found = fitWindows(texts, wanted);
      const open = (options: typeof found) => new Windows(texts, { ...options, seed: 1, endOfText: 0 });
      assert(open(found).stepsPerEpoch >= 1);
      if (found.batch < wanted.batch) {
        assertThrows(() => open({ ...found, batch: found.batch + 1 }), RangeError);
      }
      if (found.length < wanted.length) {
        assertThrows(() => open({ batch: 1, length: found.length + 1 }), RangeError);
      }
    }
  }
  const short = "Cannot train on 3 tokens: a window of two tokens needs at least 4";
  assertThrows(() => fitWindows([new Int32Array(2)], { batch: 1, length: 8 }), RangeError, short);
  const none = "Cannot train on 0 tokens: a window of two tokens needs at least 4";
  assertThrows(() => fitWindows([], { batch: 1, length: 8 }), RangeError, none);
});
