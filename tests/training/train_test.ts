import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { newModel } from "../../lib/models/new_model.ts";
import type { Model } from "../../lib/models/model.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { Adam } from "../../lib/training/adam.ts";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.ts";
import { learningRateAt, trainModel, type TrainStep } from "../../lib/training/train.ts";
import { createNormal } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const CONFIG = { model_type: "gpt2", vocab_size: 20, n_positions: 16, n_embd: 8, n_layer: 1, n_head: 2 };
const OPTIONS = {
  batch: 4,
  length: 16,
  seed: 3,
  endOfText: 0,
  steps: 40,
  learningRate: 0.02,
  finalShare: 0.1,
  warmup: 4,
  betas: [0.9, 0.95] as const,
  maxNorm: 1,
};
/** Texts that count up, so that there is something to learn. */
const DOCUMENTS = Array.from(
  { length: 12 },
  (_, d) => Int32Array.from({ length: 20 }, (_, t) => 1 + (d + t) % 19),
);

function tinyModel(seed = 1, changes: Record<string, unknown> = {}): Model {
  const architecture = architectureOf("gpt2");
  return newModel(architecture, architecture.readConfig({ ...CONFIG, ...changes }, "j"), createNormal(seed));
}

interface Run extends Disposable {
  model: Model;
  optimizer: Adam;
  weights: Model["weights"];
}

function newRun(seed = 1, changes: Record<string, unknown> = {}): Run {
  const model = tinyModel(seed, changes);
  const optimizer = new Adam(model.weights, { betas: OPTIONS.betas, maxNorm: OPTIONS.maxNorm });
  return {
    model,
    optimizer,
    weights: model.weights,
    [Symbol.dispose]() {
      optimizer[Symbol.dispose]();
      model[Symbol.dispose]();
    },
  };
}

/** All numbers of a run: weights and moments. */
function numbersOf({ weights, optimizer }: Run): number[][] {
  return [weights, optimizer.first, optimizer.second].flatMap((part) =>
    Object.values(part).map((tensor) => Array.from(tensor.dataSync()))
  );
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const before = engine.memory();
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(engine.memory(), before);
}

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
  await withFolder(async () => {
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

Deno.test("a run that was killed and continued is the uninterrupted one, bit for bit", async () => {
  await withFolder(async (folder) => {
    using whole = newRun();
    await trainModel(whole.model, { ...whole, documents: DOCUMENTS }, OPTIONS);
    const losses: number[] = [];
    for (let part = 0, done = 0; done < OPTIONS.steps; part++) {
      using run = newRun(100 + part); // other weights, which the checkpoint replaces
      if (part === 0) {
        Object.entries(tinyModel().weights).forEach(([name, tensor]) => move(run.weights[name]!, tensor));
      }
      const restored = await readCheckpoint(folder, run);
      assertEquals(restored, part === 0 ? null : { notes: { part: part - 1 } });
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

function move(target: tf.Tensor, source: tf.Tensor): void {
  assign(target, source);
  source.dispose();
}

Deno.test("trainModel() stops at a loss that is not finite: nothing is updated, nothing counted", async () => {
  await withFolder(async () => {
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
  await withFolder(async () => {
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

Deno.test("writeCheckpoint() keeps one of the same step, ignores and removes what killed writers left", async () => {
  await withFolder(async (folder) => {
    using run = newRun();
    await Deno.mkdir(`${folder}/checkpoint-9.4711.tmp`);
    await Deno.mkdir(`${folder}/checkpoint-best`);
    assertEquals(await readCheckpoint(folder, run), null);
    run.optimizer.steps = 3;
    await writeCheckpoint(`${folder}/new`, run, { at: 3 });
    await writeCheckpoint(folder, run, { at: 3 });
    await writeCheckpoint(folder, run, { at: "again" });
    assertEquals(await readCheckpoint(folder, run), { notes: { at: 3 } });
    run.optimizer.steps = 12;
    await writeCheckpoint(folder, run, null);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "checkpoint-12",
      "checkpoint-best",
      "new",
    ]);
    run.optimizer.steps = 0;
    assertEquals(await readCheckpoint(folder, run), { notes: null });
    assertEquals(run.optimizer.steps, 12);
  });
});

Deno.test("readCheckpoint() refuses one with a flipped bit, wherever it is, and changes nothing", async () => {
  await withFolder(async (folder) => {
    using run = newRun();
    run.optimizer.steps = 7;
    await writeCheckpoint(folder, run, { log: [1, 25] });
    const path = `${folder}/checkpoint-7`;
    using other = newRun(2);
    const before = numbersOf(other);
    for (const name of ["state.safetensors", "state.json"]) {
      const file = `${path}/${name}`;
      const bytes = await Deno.readFile(file);
      const header = new DataView(bytes.buffer).getUint32(0, true);
      const places = name === "state.json"
        ? Array.from(bytes.keys())
        : [8 + header, 8 + header + 1001, bytes.length - 1, 20, 8 + header - 1]; // weights, moments, header
      for (const place of places) {
        await Deno.writeFile(file, bytes.map((byte, i) => i === place ? byte ^ 1 : byte));
        const error = await assertRejects(() => readCheckpoint(folder, other), Error);
        assert(error.message.includes(path), error.message);
        const isChecked = name === "state.safetensors" && place >= 8 + header;
        if (isChecked) {
          assertEquals(
            error.message,
            `Cannot continue from "${path}": state.safetensors or state.json is not as it was written, by their SHA-256: the disk may be failing: remove it or give --force`,
          );
        }
      }
      await Deno.writeFile(file, bytes);
    }
    assertEquals([numbersOf(other), other.optimizer.steps], [before, 0]);
    assertEquals(await readCheckpoint(folder, other), { notes: { log: [1, 25] } });
  });
});

Deno.test("readCheckpoint() refuses a damaged or foreign one and changes nothing", async () => {
  await withFolder(async (folder) => {
    using run = newRun();
    run.optimizer.steps = 7;
    await writeCheckpoint(folder, run, { log: [1] });
    const path = `${folder}/checkpoint-7`;
    const [state, json] = [
      await Deno.readFile(`${path}/state.safetensors`),
      await Deno.readFile(`${path}/state.json`),
    ];
    using other = newRun(2);
    const before = numbersOf(other);
    const refused = async (
      expected: string,
      errorClass: typeof SyntaxError | typeof TypeError = SyntaxError,
    ) => {
      const error = await assertRejects(() => readCheckpoint(folder, other), errorClass);
      assert(error.message.includes(path) && error.message.includes(expected), error.message);
      assertEquals(numbersOf(other), before);
      assertEquals(other.optimizer.steps, 0);
    };
    for (const length of [0, 7, 100, state.length - 1]) {
      await Deno.writeFile(`${path}/state.safetensors`, state.subarray(0, length));
      await refused(`file has ${length}`);
    }
    await Deno.remove(`${path}/state.safetensors`);
    await refused("state.safetensors cannot be read: ");
    await Deno.writeFile(`${path}/state.safetensors`, state);
    for (
      const [text, expected] of [
        ["", "state.json is no valid JSON: "],
        ['{"steps":7', "state.json is no valid JSON: "],
        ["null", "state.json is of step undefined"],
        ['{"steps":8,"notes":null}', "state.json is of step 8"],
        ['{"steps":7,"notes":{"log":[1]}}', "state.json has no SHA-256, as those of earlier versions"],
      ] as const
    ) {
      await Deno.writeTextFile(`${path}/state.json`, text);
      await refused(expected);
    }
    await Deno.remove(`${path}/state.json`);
    await refused("state.json cannot be read: ");
    await Deno.writeFile(`${path}/state.json`, json);
    for (const changes of [{ n_embd: 16 }, { n_layer: 2 }, { tie_word_embeddings: false }]) {
      using foreign = newRun(3, changes);
      const message =
        `Cannot continue from "${path}": it is a checkpoint of another model: give --force to start anew`;
      await assertRejects(() => readCheckpoint(folder, foreign), TypeError, message);
    }
    assertEquals(await readCheckpoint(folder, other), { notes: { log: [1] } });
    assertEquals(numbersOf(other), numbersOf(run));
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
