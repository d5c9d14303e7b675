/**
 * How much memory unlearning takes, reckoned from the model's sizes and the sets' before anything is
 * loaded; see `step_memory.ts`. The most is either a step's, or that of the continuations by which EL_n is measured,
 * which no option makes smaller.
 *
 * @module
 */
import { PREFIX_TOKENS, SECRET_TOKENS } from "../datasets/token_counts.ts";
import { rowsAtOnce, textsAtOnce, tokensAtOnce } from "../decoding/batch_sizes.ts";
import { activationBytes, FLOAT_BYTES, type ModelSizes, runtimeBytes } from "../training/step_memory.ts";
import type { Objective } from "./objectives.ts";

/** What is to be unlearned. */
export interface UnlearnWork {
  /** The method's two steps. */
  objective: Objective;
  /** Rows of the forget set, of at most `forgetTokens` tokens. */
  forgetRows: number;
  /** Tokens of a forget row, at most. */
  forgetTokens: number;
  /** Secret tokens in all rows. */
  maskTokens: number;
  /** Secrets in all rows. */
  secrets: number;
  /** Sets of made-up values in the secrets' places. Default 0. */
  controlSets?: number;
  /** Rows of the retain set. */
  retainRows: number;
  /** Tokens of a retain row, at most. */
  retainTokens: number;
  /** Whether the model knows the retain set and the method keeps it: few continuations are decoded then. */
  isRetained: boolean;
  /** Rows at once. */
  microBatch: number;
  /** Whether XLA compiles the steps. */
  xla: boolean;
  /** A GPU's memory, bytes; null, the default, on a processor. */
  gpu?: number | null;
  /** The windows of the training between epochs, where there is any. */
  training?: { batch: number; length: number };
}

/** A secret's prefix and its tokens, at most. */
const SECRET_POSITIONS = PREFIX_TOKENS + SECRET_TOKENS;
/** A cache that grows is there twice. */
const GROWTH = 1.25;

/**
 * What a run takes at its most, in bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { objectiveOf } from "./objectives.ts";
 * import { unlearningBytes } from "./run_memory.ts";
 *
 * const config = { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 };
 * const bytes = unlearningBytes({ parameters: 4_339_200, config }, {
 *   objective: objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1, alpha: 1 }),
 *   ...{ forgetRows: 16, forgetTokens: 512, maskTokens: 900, secrets: 40, retainRows: 16, retainTokens: 128 },
 *   ...{ isRetained: true, microBatch: 16, xla: false },
 * });
 * assertEquals(bytes > 2.7e9 && bytes < 3.4e9, true); // 3.09 were measured
 * ```
 */
export function unlearningBytes(
  { parameters, trained = parameters, weightBytes = FLOAT_BYTES, config }: ModelSizes,
  work: UnlearnWork,
): number {
  const [weights, state] = [parameters * weightBytes, trained * FLOAT_BYTES];
  // both moments, the gradients' sums, the weights kept last; and a micro-batch's gradients, or, in the update, their squares
  const { training, xla, gpu = null } = work;
  const held = (training ? 6 : 4) * state; // the moments of the training between are there all the time
  const activations = Math.max(
    activationBytes(config, {
      rows: Math.min(work.microBatch, work.forgetRows),
      length: work.forgetTokens,
      ...{ xla, gpu },
    }),
    training ? activationBytes(config, { rows: training.batch, length: training.length, xla, gpu }) : 0,
  );
  const step = weights + held + state + referenceBytes(config.vocabularySize, work) + activations;
  const ofSecrets = decodingBytes(config, {
    texts: work.secrets,
    length: SECRET_POSITIONS,
    continued: SECRET_TOKENS,
    starts: work.secrets * SECRET_TOKENS,
  }, gpu);
  const ofTexts = work.isRetained ? 0 : decodingBytes(config, {
    texts: work.retainRows,
    length: work.retainTokens,
    continued: work.retainTokens,
    starts: work.retainRows * work.retainTokens,
  }, gpu);
  // the checkpoint is measured as it was written: its weights beside the model's
  return runtimeBytes(gpu) + Math.max(step, weights + held + ofSecrets, 2 * weights + ofTexts);
}

/** The reference's probabilities, where the divergence counts. */
function referenceBytes(vocabularySize: number, { objective, ...work }: UnlearnWork): number {
  const { forget, retain, keeps } = objective;
  const kept = keeps === "row" ? work.forgetRows * work.forgetTokens : keeps ? work.maskTokens : 0;
  const positions = kept + (forget.divergenceAll ? work.forgetRows * work.forgetTokens : 0) +
    (forget.divergenceSecret ? work.maskTokens : 0) + (work.controlSets ?? 0) * work.maskTokens +
    (retain?.divergenceAll ? work.retainRows * work.retainTokens : 0);
  return positions * vocabularySize * FLOAT_BYTES;
}

/** The caches of texts and of their continuations, two decode batches of which are decoded at once. */
function decodingBytes(
  config: ModelSizes["config"],
  { texts, length, continued, starts }: { texts: number; length: number; continued: number; starts: number },
  gpu: number | null,
): number {
  const { layers, cacheHeads, headWidth, vocabularySize } = config;
  const position = 2 * layers * cacheHeads * headWidth * FLOAT_BYTES;
  const ofTexts = 2 * Math.min(texts, textsAtOnce(config, gpu)) * length * position; // they are joined: there twice
  const ofRows = GROWTH * Math.min(2 * rowsAtOnce(config, gpu), starts) * continued * position;
  return ofTexts + ofRows +
    3 * Math.min(tokensAtOnce(config, length, gpu), texts * length) * vocabularySize * FLOAT_BYTES;
}
