import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Adam } from "../../lib/training/adam.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { microBatches, type UnlearnRow } from "../../lib/unlearning/micro_batches.ts";
import { CONTROL_WEIGHTS, type Objective, objectiveOf } from "../../lib/unlearning/objectives.ts";
import { ObjectiveStep } from "../../lib/unlearning/objective_step.ts";
import { referenceBytes } from "../../lib/unlearning/reference_bytes.ts";
import { termsOfSides } from "../../lib/unlearning/step_terms.ts";
import { tensorsOf } from "../../lib/unlearning/term_inputs.ts";
import { type Term, tokenWeights } from "../../lib/unlearning/terms.ts";
import type { MicroBatch } from "../../lib/unlearning/micro_batch.ts";
import { folder } from "./trained_sets.ts";

const engine = await openTensorFlow({ device: "cpu" });
const stack = new DisposableStack();
stack.use(engine);
const { model } = stack.use(await loadModel(folder, { trainable: true }));
const optimizer = stack.use(new Adam(model.trainable, { betas: [0.9, 0.98] }));
const sums = stack.use(new GradientSums(model.trainable, optimizer, { xla: false }));
Deno.test.afterAll(() => stack[Symbol.dispose]());

const [TOKENS, MICRO_BATCH, ROWS] = [64, 2, 4];
const { vocabularySize, width } = model.config;
const OUTPUT = vocabularySize * width * 4;

/** Rows of 64 tokens, of which the third has the most secret ones. */
const FORGET: UnlearnRow[] = [3, 5, 20, 2].map((secret, i) => ({
  ids: Int32Array.from({ length: TOKENS }, (_, t) => (7 * i + t) % vocabularySize),
  mask: Uint8Array.from({ length: TOKENS }, (_, t) => t > 0 && t <= secret ? 1 : 0),
}));
const RETAIN: UnlearnRow[] = FORGET.map(({ ids }) => ({ ids }));

/** Bytes of a step's tensors, but for those that a micro-batch has without any reference. */
async function heldBytes(
  terms: readonly Term[],
  batches: readonly MicroBatch[],
  turns: readonly (readonly MicroBatch[])[] = [],
): Promise<number> {
  const before = tf.memory().numBytes;
  using _step = await ObjectiveStep.create({ model, sums, xla: false, terms }, batches, turns);
  const held = tf.memory().numBytes - before;
  const all = [...batches, ...turns.flat()];
  const sides = termsOfSides(all, { set: batches.length, terms });
  const own = all.map((batch, i) => tensorsOf(batch, sides[i < batches.length ? "set" : "turns"].terms));
  const after = tf.memory().numBytes;
  tf.dispose(own as never);
  return held - (after - tf.memory().numBytes);
}

async function measure(objective: Objective, controlSets: number): Promise<number> {
  const cut = { size: MICRO_BATCH };
  const { forget, retain, terms, controls = CONTROL_WEIGHTS } = objective;
  const turns = Array.from({ length: controlSets }, () => microBatches(FORGET, controls, cut));
  const own = await heldBytes(terms?.forget ?? [], microBatches(FORGET, forget, cut), turns);
  if (!retain) return own;
  const kept = await heldBytes(terms?.retain ?? [], microBatches(RETAIN, retain, cut));
  return own + kept;
}

for (
  const [method, scope] of [
    ["ga", "secret"],
    ["codeeraser", "secret"],
    ["codeeraser-held", "secret"],
    ["cu", "secret"],
    ["npo", "secret"],
    ["npo", "row"],
    ["undial", "secret"],
    ["undial", "row"],
    ["ceu", "row"],
    ["rmu", "secret"],
    ["prod", "secret"],
    ["prod", "row"],
  ] as const
) {
  Deno.test(`referenceBytes() is what ${method} holds of ${scope}s, with and without made-up sets`, async () => {
    const objective = objectiveOf(method, { scope, modelLayers: model.config.layers });
    for (const controlSets of [0, 2]) {
      const measured = await measure(objective, controlSets);
      const planned = referenceBytes(model.config, {
        ...{ objective, controlSets, microBatch: MICRO_BATCH, output: OUTPUT },
        ...{ forgetRows: ROWS, forgetTokens: TOKENS, retainRows: ROWS, retainTokens: TOKENS },
        ...{ maskTokens: 30, rowMaskTokens: [3, 5, 20, 2] },
      });
      const shared = Math.max(0, outputsOf(objective, controlSets) - 1) * OUTPUT; // all of them lie where the first does
      const small = 2 * (width + MICRO_BATCH) * 4; // a vector, or sums, of each micro-batch
      const off = measured - shared - planned;
      assert(off >= 0 && off <= small, `${controlSets} sets: ${measured - shared} held, ${planned} planned`);
    }
  });
}

/** How many graphs keep the output layer: made-up sets have their own where the method has terms of its own. */
function outputsOf({ forget, retain, terms, keeps = [] }: Objective, controlSets: number): number {
  const isDivergent = !!(forget.divergenceAll || forget.divergenceSecret || forget.divergenceNormal);
  const own = isDivergent || keeps.some(({ of }) => of === "states");
  const controls = controlSets > 0 && (!own || terms?.forget !== undefined);
  return [own, controls, !!retain?.divergenceAll].filter(Boolean).length;
}

Deno.test("made-up sets cost a method no targets, only what holds them", async () => {
  const of = async (method: string, sets: number) => await measure(objectiveOf(method), sets);
  const states = 2 * 2 * 64 * width * 4; // of two sets, two micro-batches each
  for (const method of ["prod", "npo", "ceu"]) {
    assertEquals(await of(method, 2) - await of(method, 0), states + OUTPUT, method);
  }
  assertEquals(await of("undial", 2) - await of("undial", 0), states + OUTPUT); // a graph of their own
});

Deno.test("a term that makes logits of other states than it was given is refused", async () => {
  const term: Term = {
    name: "wrong",
    arrays: (batch) => ({ weights: tokenWeights(batch, { weight: 1, of: "all" }) }),
    values: ({ valuesOf, statesAt }) =>
      valuesOf(({ reference }) => tf.max(reference!, 1), { reference: statesAt() }),
  };
  const batches = microBatches(RETAIN, {}, { size: MICRO_BATCH });
  using step = await ObjectiveStep.create({ model, sums, xla: false, terms: [term] }, batches);
  await assertRejects(() => step.run(0.01), Error, "Cannot make the reference's logits");
});
