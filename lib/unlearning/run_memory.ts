/**
 * How much memory unlearning takes, reckoned from the model's sizes and the sets' before anything is
 * loaded; see `step_memory.ts`. The most is either a step's, or that of the continuations by which EL_n is measured,
 * fewer of which run at once within a limit.
 *
 * @module
 */
import { PREFIX_TOKENS, SECRET_TOKENS } from "../datasets/token_counts.ts";
import { LOGIT_COPIES, rowsAtOnce, textsAtOnce, tokensAtOnce } from "../decoding/batch_sizes.ts";
import { budgetOf, type MemoryBudget } from "../engine/memory_budget.ts";
import {
  activationBytes,
  FLOAT_BYTES,
  type ModelSizes,
  MOMENT_BYTES,
  type OptimizerName,
  runtimeBytes,
} from "../training/step_memory.ts";
import { type KeptWork, referenceBytes } from "./reference_bytes.ts";

/** What is to be unlearned. */
export interface UnlearnWork extends KeptWork {
  /** Secrets in all rows. */
  secrets: number;
  /** Whether the model knows the retain set and the method keeps it: few continuations are decoded then. */
  isRetained: boolean;
  /** Whether XLA compiles the steps. */
  xla: boolean;
  /** A GPU's memory, bytes; null, the default, on a processor. */
  gpu?: number | null;
  /** How many devices share micro-batches out. Default 1. */
  devices?: number | undefined;
  /** How many of other machines do too. Default 0. */
  hosts?: number;
  /** What batches on a processor are sized for, bytes. Default: as is fastest. */
  limit?: number | undefined;
  /** Whether layers are computed again for their gradients. Default false. */
  recomputesLayers?: boolean | undefined;
  /** How the moments are stored. Default "adam". */
  optimizer?: OptimizerName | undefined;
  /** Another model that divergences are measured from; it is there until the steps are made. */
  reference?: ModelSizes | undefined;
  /** The windows of the training between epochs, where there is any. */
  training?: { batch: number; length: number };
}

/** A secret's prefix and its tokens, at most. */
const SECRET_POSITIONS = PREFIX_TOKENS + SECRET_TOKENS;
/** A cache that grows is there twice. */
const GROWTH = 1.25;
/**
 * Of layers that are computed again, calls of one function, what adds up their gradients in the graph of a side's, where all
 * weights are trained and XLA does not compile them. Those of four layers are in the other numbers, which models of four
 * layers have settled.
 */
const CALLED = { bytes: 2e6, besides: 4 };
/** Vectors whose tokens are ranked at once, the copies of their logits that this takes, and of the pseudo-inverse's squares. */
const [RANKED, RANK_COPIES, SQUARES] = [100, 3, 5];
/** The part of what the first scores took that the allocator has not given back when the first step runs. */
const LEFT = 0.25;

/**
 * What a run takes at its most, in bytes. Where several devices compute it is what the first one takes, which takes most; a
 * processor's share one memory.
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
  const output = Math.min(state, config.vocabularySize * config.width * FLOAT_BYTES); // an adapter leaves it alone
  // both moments, the gradients' sums; the weights kept last are on the disk
  const { training, xla, gpu = null, limit, recomputesLayers, optimizer = "adam" } = work;
  if (work.objective.edits) return editingBytes({ parameters, weightBytes, config }, work);
  const moments = trained * MOMENT_BYTES[optimizer];
  const start = work.objective.negates === undefined ? 0 : state; // the weights as they came
  const held = state + start + (training ? 2 : 1) * moments; // those of the training between are there all the time
  // a micro-batch's gradients: of layers one after the other they are added up as they come
  const gradients = recomputesLayers ? 2 * output : state;
  const activations = Math.max(
    activationBytes(config, {
      rows: Math.min(work.microBatch, work.forgetRows),
      length: work.forgetTokens,
      ...{ xla, gpu, recomputesLayers },
    }),
    training
      ? activationBytes(config, {
        rows: training.batch,
        length: training.length,
        ...{ xla, gpu, recomputesLayers },
      })
      : 0,
  );
  const budget = budgetOf({ gpu, limit });
  const ofSecrets = secretScoreBytes(config, work);
  const { vocabularySize } = config;
  const stateWidth = work.reference?.config.width ?? config.width;
  const projecting = work.reference ? vocabularySize * stateWidth * FLOAT_BYTES : output; // another's is kept whole
  const reference = referenceBytes({ vocabularySize, width: stateWidth }, { ...work, output: projecting });
  const comparing = work.reference ? weights + held + reference + forwardBytes(work.reference, work) : 0;
  const sides = work.objective.retain ? 2 : 1;
  const graphs = xla || trained < parameters || !recomputesLayers
    ? 0
    : sides * Math.max(0, config.layers - CALLED.besides) * CALLED.bytes;
  const { devices = 1, hosts = 0 } = work;
  // a processor's other devices: sums, gradients and rows of their own; and the old weights, until they get the new ones
  const others = gpu === null && devices > 1
    ? (devices - 1) * (state + gradients + activations + graphs) + state
    : hosts > 0
    ? state // the sums that come from them
    : 0;
  const step = weights + held + gradients + reference + activations + graphs + others + LEFT * ofSecrets;
  const ofTexts = work.isRetained ? 0 : decodingBytes(config, {
    texts: work.retainRows,
    length: work.retainTokens,
    continued: work.retainTokens,
    starts: work.retainRows * work.retainTokens,
  }, budget);
  // the checkpoint is measured as it was written: its weights beside the model's
  return runtimeBytes(gpu) + Math.max(step, comparing, weights + held + ofSecrets, 2 * weights + ofTexts);
}

/** Another model and its states of a micro-batch: of layers one after the other. */
function forwardBytes(
  { parameters, weightBytes = FLOAT_BYTES, config }: ModelSizes,
  work: UnlearnWork,
): number {
  return parameters * weightBytes + activationBytes(config, {
    rows: Math.min(work.microBatch, work.forgetRows),
    length: work.forgetTokens,
    ...{ xla: false, gpu: work.gpu ?? null, recomputesLayers: true },
  });
}

/** Weights; a row that runs, ranks of vectors over the vocabulary, the pseudo-inverse, and what the scores of an epoch take. */
function editingBytes(
  { parameters, weightBytes, config }: Required<Omit<ModelSizes, "trained">>,
  work: UnlearnWork,
): number {
  const { width, vocabularySize } = config;
  const { gpu = null } = work;
  const run = activationBytes(config, {
    rows: 1,
    length: SECRET_POSITIONS,
    xla: false,
    gpu,
    recomputesLayers: true,
  });
  const ranks = RANK_COPIES * RANKED * vocabularySize * FLOAT_BYTES;
  const inverse = SQUARES * width ** 2 * 2 * FLOAT_BYTES;
  const ofSecrets = secretScoreBytes(config, work);
  const weights = parameters * weightBytes;
  return runtimeBytes(gpu) + Math.max(weights + inverse + Math.max(run + ranks, ofSecrets), 2 * weights);
}

/** What EL_n of all secrets takes. */
function secretScoreBytes(config: ModelSizes["config"], { secrets, gpu, limit }: UnlearnWork): number {
  const scored = {
    texts: secrets,
    length: SECRET_POSITIONS,
    continued: SECRET_TOKENS,
    starts: secrets * SECRET_TOKENS,
  };
  return decodingBytes(config, scored, budgetOf({ gpu: gpu ?? null, limit }));
}

/** The caches of texts and of their continuations, two decode batches of which are decoded at once. */
function decodingBytes(
  config: ModelSizes["config"],
  { texts, length, continued, starts }: { texts: number; length: number; continued: number; starts: number },
  budget: MemoryBudget | null,
): number {
  const { layers, cacheHeads, headWidth, vocabularySize } = config;
  const position = 2 * layers * cacheHeads * headWidth * FLOAT_BYTES;
  const ofTexts = 2 * Math.min(texts, textsAtOnce(config, budget)) * length * position; // they are joined: there twice
  const ofRows = GROWTH * Math.min(2 * rowsAtOnce(config, budget), starts) * continued * position;
  return ofTexts + ofRows +
    LOGIT_COPIES * Math.min(tokensAtOnce(config, length, budget), texts * length) * vocabularySize *
      FLOAT_BYTES;
}
