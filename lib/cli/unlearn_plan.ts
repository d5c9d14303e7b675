/**
 * How long an epoch of `unlearn` takes: two of them on a few rows of random tokens, of which the first also captures steps.
 *
 * @module
 */
import { PythonRandom } from "../datasets/python_random.ts";
import { PREFIX_TOKENS, RETAIN_TOKENS, SECRET_TOKENS, WINDOW_TOKENS } from "../datasets/token_counts.ts";
import type { Model } from "../models/model.ts";
import type { ObjectiveOptions } from "../unlearning/objectives.ts";
import { unlearn } from "../unlearning/unlearn.ts";

/** What is timed. */
export interface EpochOptions extends ObjectiveOptions {
  method: string;
  microBatch: number;
  /** Rows of the forget set. */
  forgetRows: number;
  /** Rows of the retain set. */
  retainRows: number;
  /** Sets of made-up values in the secrets' places, one an epoch. Default 0. */
  controlSets?: number;
  /** Whether layers are computed again for their gradients. Default false. */
  checkpointLayers?: boolean;
}

/** No score is so low, so that no rule ends the run. */
const BELOW_ALL = -1;

/**
 * The seconds of an epoch, about: a micro-batch's of each set, and as much more as there are more tokens. The model keeps its weights.
 *
 * @param model trainable
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { timeEpoch } from "./unlearn_plan.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained", { trainable: true });
 * const options = { method: "ga", gamma: 0, lambda: 0, alpha: 0, microBatch: 2, forgetRows: 64, retainRows: 0 };
 * assert(await timeEpoch(loaded.model, options) > 0);
 * ```
 */
export async function timeEpoch(
  model: Model,
  { forgetRows, retainRows, controlSets = 0, microBatch, ...options }: EpochOptions,
): Promise<number> {
  const { maxPositions, vocabularySize } = model.config;
  const random = new PythonRandom(1);
  const draw = (most: number) =>
    Int32Array.from({ length: Math.min(most, maxPositions) }, () => random.randbelow(vocabularySize));
  const rows = Math.min(microBatch, forgetRows);
  const forget = Array.from({ length: rows }, () => {
    const ids = draw(WINDOW_TOKENS);
    const secret = Math.min(SECRET_TOKENS, Math.floor(ids.length / 2));
    const end = Math.min(PREFIX_TOKENS + secret, ids.length);
    const mask = ids.map((_, t) => t >= end - secret && t < end ? 1 : 0);
    return {
      ids,
      mask: Uint8Array.from(mask),
      secrets: [{ prefix: ids.slice(0, end - secret), secret: ids.slice(end - secret, end) }],
    };
  });
  const retain = Array.from({ length: Math.min(rows, retainRows) }, () => draw(RETAIN_TOKENS));
  const thresholds = { ma: BELOW_ALL, el_10: BELOW_ALL };
  const times: number[] = [];
  await unlearn(model, { forget, retain, ...controlSets > 0 && { controls: [forget] } }, {
    ...options,
    ...{ microBatch, lr: 0, epochs: 2, margin: 0, compat: "sound", endOfText: null },
    thresholds,
    secretThresholds: forget.map(() => thresholds),
  }, { onEpoch: () => void times.push(performance.now()) });
  const seconds = (times.at(-1)! - times.at(-2)!) / 1000;
  const tokensOf = (all: readonly { length: number }[], rows: number) => (all[0]?.length ?? 0) * rows;
  const ids = forget.map((row) => row.ids);
  return seconds * (tokensOf(ids, forgetRows) + tokensOf(retain, retainRows)) /
    (tokensOf(ids, forget.length) + tokensOf(retain, retain.length));
}
