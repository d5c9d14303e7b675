/**
 * How a checkpoint's logits differ from those of the model that was written, which rounding changes: on rows of drawn
 * tokens, the same for every model of a vocabulary, so no text is needed.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";
import type { Model } from "../models/model.ts";
import * as tf from "../npm/tfjs_core.ts";

/** Rows and their tokens: a row's logits of the largest vocabularies take 33 MB. */
const ROWS = 4, TOKENS = 32;
const SEED = 42;

/** How two models' logits differ. */
export interface LogitChanges {
  /** The largest difference of any logit. */
  largest: number;
  /** The share of positions at which another token is the likeliest. */
  changed: number;
  /** So many positions were looked at. */
  positions: number;
}

/**
 * Compares two models of one configuration.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { logitChanges } from "./logit_changes.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * assertEquals(await logitChanges(loaded.model, loaded.model), { largest: 0, changed: 0, positions: 128 });
 * ```
 */
export async function logitChanges(
  before: Model,
  after: Model,
  onRow: () => Promise<void> = () => Promise.resolve(),
): Promise<LogitChanges> {
  const { vocabularySize: V, maxPositions } = before.config;
  const random = new PythonRandom(SEED);
  const length = Math.min(TOKENS, maxPositions);
  let [largest, changed] = [0, 0];
  for (let row = 0; row < ROWS; row++) {
    const ids = Int32Array.from({ length }, () => random.randbelow(V));
    const [own, other] = [before, after].map((model) => logitsOf(model, ids));
    for (let i = 0; i < length; i++) {
      const [first, second] = [own!, other!].map((logits) => logits.subarray(i * V, (i + 1) * V));
      largest = first!.reduce((most, logit, k) => Math.max(most, Math.abs(logit - second![k]!)), largest);
      if (likeliest(first!) !== likeliest(second!)) changed++;
    }
    await onRow();
  }
  return { largest, changed: changed / (ROWS * length), positions: ROWS * length };
}

/** [T, V] of one row. */
function logitsOf(model: Model, ids: Int32Array): Float32Array {
  const logits = tf.tidy(() => model.logits(tf.tensor2d(ids, [1, ids.length], "int32")));
  try {
    return logits.dataSync<"float32">();
  } finally {
    logits.dispose();
  }
}

/** The first of the largest. */
function likeliest(logits: Float32Array): number {
  return logits.reduce((best, logit, i) => logit > logits[best]! ? i : best, 0);
}
