import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { Prefill } from "../../lib/decoding/prefill.ts";
import { Adam } from "../../lib/training/adam.ts";
import { trainModel } from "../../lib/training/train.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { ObjectiveStep } from "../../lib/unlearning/objective_step.ts";
import { microBatches } from "../../lib/unlearning/micro_batches.ts";
import { unlearn } from "../../lib/unlearning/unlearn.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const FOLDER = "tests/fixtures/gpt2/trained";
const TEXTS = [[3, 20, 49, 41, 5, 26], [7, 1, 2], [9, 9, 9, 9, 9], [4, 8, 15, 16, 23, 42, 1, 2, 3]];

/** What can fail for want of memory: operations, uploads and reads. */
const CALLS = ["execute", "executeAsync", "adoptTensor", "tensorDataSync"] as const;

/** Runs `body` with its `at`-th native call failing. @returns how many calls there were */
async function withFailure(at: number, body: () => Promise<unknown>): Promise<number> {
  const { binding } = currentEngine();
  let count = 0;
  const calls = binding as unknown as Record<string, unknown>;
  for (const name of CALLS) {
    const call = (binding[name] as (...args: unknown[]) => unknown).bind(binding);
    calls[name] = (...args: unknown[]) => {
      if (!binding.capture && ++count === at) throw new Error(`${name} failed`);
      return call(...args);
    };
  }
  try {
    await body();
  } finally {
    for (const name of CALLS) delete calls[name];
  }
  return count;
}

/** Fails at every call, or at about `points` of many, and compares what is held. */
async function leavesNothing(body: () => Promise<unknown>, points = 20): Promise<void> {
  await body(); // captures its steps
  const count = await withFailure(0, body);
  assert(count > 2, `only ${count} native calls`);
  for (let at = 1; at <= count; at += Math.max(1, Math.floor(count / points))) {
    const before = { ...engine.memory(), bytes: tf.memory().numBytes };
    await assertRejects(() => withFailure(at, body), Error, " failed");
    const after = { ...engine.memory(), bytes: tf.memory().numBytes };
    assertEquals(after, before, `something is left after call ${at} of ${count} failed`);
  }
  await body(); // and it goes on as if nothing had been
}

Deno.test("texts and their continuations leave nothing when a step fails", async () => {
  const before = engine.memory();
  {
    using loaded = await loadModel(FOLDER);
    using pass = new Prefill(loaded.model, { xla: false });
    const many = Array.from({ length: 130 }, (_, i) => TEXTS[i % 4]!); // more than one chunk, whose caches are joined
    await leavesNothing(async () => {
      using _filled = await pass.run(many, { length: 16, keepCache: true });
    });
    using decoder = new Decoder(loaded.model, { batch: 4, rows: 2, xla: false });
    await leavesNothing(async () => {
      using filled = await decoder.prefill(TEXTS, { length: 32, keepCache: true });
      const starts = TEXTS.map((_, text) => ({ text, position: 3, token: 1, until: 22 })); // own caches grow on the way
      await decoder.continueAll(filled, starts);
    });
    using scorer = new Scorer(loaded.model, { xla: false });
    await leavesNothing(() => scorer.texts(TEXTS));
    using generator = new Generator(loaded.model, { xla: false });
    const isFinished = (prompt: number, tokens: readonly number[]) => prompt > 0 && tokens.length > prompt;
    await leavesNothing(() => generator.generate(TEXTS, { maxTokens: 40, isFinished }));
  }
  assertEquals(engine.memory(), before);
});

Deno.test("training leaves nothing when a step fails, and has not counted it", async () => {
  const before = engine.memory();
  {
    using loaded = await loadModel(FOLDER);
    using optimizer = new Adam(loaded.model.weights, { betas: [0.9, 0.95] });
    const documents = [Int32Array.from({ length: 40 }, (_, i) => i % 5)];
    const options = {
      learningRate: 1e-3,
      finalShare: 0.1,
      warmup: 1,
      betas: [0.9, 0.95],
      maxNorm: 1,
    } as const;
    const windows = { batch: 2, length: 8, seed: 1, endOfText: 0 };
    const steps = () => optimizer.steps;
    let failed = 0;
    for (let at = 1; at <= 3; at++) { // upload of the batch, of the rates, the step
      const held = engine.memory();
      const step = () =>
        trainModel(loaded.model, { optimizer, documents }, { ...options, ...windows, steps: steps() + 1 });
      await withFailure(at, step).catch(() => failed++);
      assertEquals([engine.memory(), steps()], [held, 0]);
    }
    assertEquals(failed, 3);
  }
  assertEquals(engine.memory(), before);
});

Deno.test("unlearning leaves nothing when a step fails, and the next one begins anew", async () => {
  const before = engine.memory();
  {
    using loaded = await loadModel(FOLDER);
    const { model } = loaded;
    using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
    using sums = new GradientSums(model.weights, optimizer, { xla: false });
    const rows = TEXTS.map((text) => ({
      ids: Int32Array.from(text),
      mask: Uint8Array.from(text, (_, t) => t % 2),
    }));
    const terms = { crossEntropySecret: -1, divergenceAll: 1 };
    const batches = microBatches(rows, terms, { size: 2 });
    await leavesNothing(async () => {
      using _step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
    });
    using step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
    let fails = 0;
    await leavesNothing(
      async () => {
        const steps = optimizer.steps;
        await step.run(0).catch((error) => {
          if (error.message !== "tensorDataSync failed") assertEquals(optimizer.steps, steps); // else it was taken
          fails++;
          throw error;
        });
      },
    );
    assert(fails > 5);
    const sets = {
      forget: rows.map((row) => ({
        ...row,
        secrets: [{ prefix: row.ids.subarray(0, 1), secret: row.ids.subarray(1) }],
      })),
      retain: [Int32Array.from(TEXTS[3]!)],
    };
    const options = {
      method: "codeeraser",
      lr: 0,
      epochs: 1,
      gamma: 0.5,
      lambda: 0.1,
      alpha: 1,
      margin: 0.1,
    };
    const rest = {
      microBatch: 2,
      compat: "sound",
      thresholds: { ma: 0, el_10: 0 },
      endOfText: null,
      xla: false,
    } as const;
    await leavesNothing(() => unlearn(model, sets, { ...options, ...rest }), 5);
  }
  assertEquals(engine.memory(), before);
});
