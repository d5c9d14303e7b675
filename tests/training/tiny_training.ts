/** A training run in miniature, for the tests of steps and of checkpoints. */
import { assertEquals } from "@std/assert";
import type * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import type { Model } from "../../lib/models/model.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { Adam } from "../../lib/training/adam.ts";
import { createNormal } from "../tensors.ts";

const CONFIG = { model_type: "gpt2", vocab_size: 20, n_positions: 16, n_embd: 8, n_layer: 1, n_head: 2 };
export const OPTIONS = {
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
export const DOCUMENTS = Array.from(
  { length: 12 },
  (_, d) => Int32Array.from({ length: 20 }, (_, t) => 1 + (d + t) % 19),
);

/** A tiny GPT-2 of random weights. */
export function tinyModel(seed = 1, changes: Record<string, unknown> = {}): Model {
  const architecture = architectureOf("gpt2");
  return newModel(architecture, architecture.readConfig({ ...CONFIG, ...changes }, "j"), createNormal(seed));
}

/** A model in training; `using` frees it. */
export interface Run extends Disposable {
  model: Model;
  optimizer: Adam;
  weights: Model["weights"];
}

/** A run at its start. */
export function newRun(seed = 1, changes: Record<string, unknown> = {}): Run {
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
export function numbersOf({ weights, optimizer }: Run): number[][] {
  return [weights, optimizer.first, optimizer.second].flatMap((part) =>
    Object.values(part).map((tensor) => Array.from(tensor.dataSync()))
  );
}

/** A folder for `body`, which must free every tensor that it makes. */
export async function withFolder(engine: Engine, body: (folder: string) => Promise<void>): Promise<void> {
  const before = engine.memory();
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(engine.memory(), before);
}

/** Gives a tensor another value. */
export function move(target: tf.Tensor, source: tf.Tensor): void {
  assign(target, source);
  source.dispose();
}
