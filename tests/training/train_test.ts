import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { watchEngine } from "../engine/watch_engine.ts";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.ts";
import { learningRateAt, trainingStep, trainModel, type TrainStep } from "../../lib/training/train.ts";
import { DOCUMENTS, move, newRun, numbersOf, OPTIONS, tinyModel, withFolder } from "./tiny_training.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("learningRateAt() rises linearly, then falls by half a cosine", () => {
  const options = { steps: 110, warmup: 10, learningRate: 2, finalShare: 0.1 };
  for (const [step, expected] of [[1, 0.2], [10, 2], [60, 1.1], [110, 0.2], [200, 0.2]] as const) {
    assertAlmostEquals(learningRateAt(step, options), expected, 1e-12);
  }
  assertAlmostEquals(
    learningRateAt(1, { ...options, warmup: 0 }),
    2 * (0.1 + 0.45 * (1 + Math.cos(Math.PI / 110))),
    1e-12,
  );
  assertEquals(learningRateAt(5, { ...options, steps: 5, warmup: 5 }), 2);
});

Deno.test("trainModel() learns and reports every step", async () => {
  await withFolder(engine, async () => {
    using run = newRun();
    const steps: TrainStep[] = [];
    await trainModel(run.model, { ...run, documents: DOCUMENTS }, OPTIONS, {
      onStep: (step) => void steps.push(step),
    });
    assertEquals(steps.map(({ step }) => step), Array.from({ length: 40 }, (_, i) => i + 1));
    assertAlmostEquals(steps[0]!.loss, Math.log(20), 0.05);
    assert(steps.at(-1)!.loss < 0.5 * steps[0]!.loss, `the loss is ${steps.at(-1)!.loss}`);
    assertEquals(steps.map(({ rate }) => rate), steps.map(({ step }) => learningRateAt(step, OPTIONS)));
    assert(steps.every(({ norm }) => norm > 0));
  });
});

Deno.test("trainModel() draws the next batch while a step runs, and none behind the last", async () => {
  using run = newRun();
  using watch = watchEngine();
  const lengths = DOCUMENTS.map(({ length }) => length);
  const documents = {
    length: DOCUMENTS.length,
    lengthOf: (i: number) => lengths[i]!,
    read: (i: number, first: number, into: Int32Array) => {
      watch.add("draw");
      into.set(DOCUMENTS[i]!.subarray(first, first + into.length));
    },
  };
  await trainModel(run.model, { ...run, documents }, { ...OPTIONS, steps: 3 });
  assertEquals(
    watch.log,
    ["draw", "launch", "draw", "end", "read", "launch", "draw", "end", "read"].concat(
      ["launch", "end", "read"],
    ),
  );
});

Deno.test("a training's step does through XLA what it does without", () => {
  const windows = DOCUMENTS.slice(0, 4).map((ids) => [...ids.subarray(0, 16)]);
  const [plain, compiled] = [false, true].map((xla) =>
    tf.tidy(() => {
      using run = newRun();
      using step = trainingStep(run.model, run.optimizer);
      const ids = tf.tensor2d(windows, [4, 16], "int32");
      return Array.from({ length: 3 }, () => {
        const { loss, norm } = step.captured(xla)(ids, run.optimizer.nextRates(0.02));
        return [loss, norm].map((value) => value.dataSync()[0]!);
      });
    }) as unknown as number[][]
  );
  compiled!.flat().forEach((value, i) => assertAlmostEquals(value, plain!.flat()[i]!, 1e-5));
});

Deno.test("a run that was killed and continued is the uninterrupted one, bit for bit", async () => {
  await withFolder(engine, async (folder) => {
    using whole = newRun();
    await trainModel(whole.model, { ...whole, documents: DOCUMENTS }, OPTIONS);
    const losses: number[] = [];
    for (let part = 0, done = 0; done < OPTIONS.steps; part++) {
      using run = newRun(100 + part); // other weights, which the checkpoint replaces
      if (part === 0) {
        Object.entries(tinyModel().weights).forEach(([name, tensor]) => move(run.weights[name]!, tensor));
      }
      const restored = await readCheckpoint(folder, run);
      assertEquals(restored, part === 0 ? null : { notes: { part: part - 1 }, number: done });
      const controller = new AbortController();
      const onStep = ({ step, loss }: TrainStep) => {
        losses.push(loss);
        if (step === 17) controller.abort();
      };
      await trainModel(run.model, { ...run, documents: DOCUMENTS }, OPTIONS, {
        onStep,
        signal: controller.signal,
      }).catch((error) => {
        if (error !== controller.signal.reason) throw error;
      });
      await writeCheckpoint(folder, run, { part });
      done = run.optimizer.steps;
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [`checkpoint-${done}`]);
      if (done === OPTIONS.steps) assertEquals(numbersOf(run), numbersOf(whole));
    }
    assertEquals(losses.length, OPTIONS.steps);
  });
});

Deno.test("trainModel() stops at a loss that is not finite: nothing is updated, nothing counted", async () => {
  await withFolder(engine, async () => {
    using run = newRun();
    const bad = tf.fill(run.weights["transformer.ln_f.bias"]!.shape, NaN);
    move(run.weights["transformer.ln_f.bias"]!, bad);
    const before = numbersOf(run);
    const training = () => trainModel(run.model, { ...run, documents: DOCUMENTS }, OPTIONS);
    await assertRejects(
      training,
      RangeError,
      "Cannot go on training: the loss of step 1 is NaN, the gradients' norm NaN",
    );
    assertEquals(numbersOf(run), before);
    assertEquals(run.optimizer.steps, 0);
  });
});

Deno.test("trainModel() refuses token ids that the model does not have, before anything runs", async () => {
  await withFolder(engine, async () => {
    using run = newRun();
    for (const id of [20, -1, 70000]) {
      const documents = [...DOCUMENTS, Int32Array.of(1, id)];
      const training = () => trainModel(run.model, { ...run, documents }, OPTIONS);
      const message = `Cannot train on text 12: token ${id} is beyond the model's vocabulary of 20`;
      await assertRejects(training, RangeError, message);
    }
    const training = () =>
      trainModel(run.model, { ...run, documents: DOCUMENTS }, { ...OPTIONS, endOfText: 20 });
    await assertRejects(training, RangeError, "Cannot train with that end of text: token 20 is beyond");
    assertEquals(run.optimizer.steps, 0);
  });
});

Deno.test("trainModel() takes no step once it is interrupted, and throws the reason", async () => {
  using run = newRun();
  const controller = new AbortController();
  const steps: number[] = [];
  const train = () =>
    trainModel(run.model, { optimizer: run.optimizer, documents: DOCUMENTS }, OPTIONS, {
      signal: controller.signal,
      onStep: ({ step }) => {
        steps.push(step);
        if (step === 2) controller.abort(new Error("stop"));
      },
    });
  await assertRejects(train, Error, "stop");
  await assertRejects(train, Error, "stop");
  assertEquals([steps, run.optimizer.steps], [[1, 2], 2]);
});
