/**
 * How much memory takes what a method's steps keep of the reference: states or distributions of each micro-batch's positions,
 * and the output layer where logits are made of states.
 *
 * @module
 */
import { roundUp } from "../decoding/batch_sizes.ts";
import { FLOAT_BYTES, type ModelSizes } from "../training/step_memory.ts";
import { POSITIONS_UNIT } from "./micro_batch.ts";
import type { Kept, Objective } from "./objective.ts";

/** The sets that are kept of. */
export interface KeptWork {
  /** The method's two steps. */
  objective: Objective;
  /** Rows of the forget set, of at most `forgetTokens` tokens. */
  forgetRows: number;
  /** Tokens of a forget row, at most. */
  forgetTokens: number;
  /** Secret tokens in all rows. */
  maskTokens: number;
  /** Those of each row. Default: as many in each. */
  rowMaskTokens?: readonly number[];
  /** Sets of made-up values in the secrets' places. Default 0. */
  controlSets?: number;
  /** Rows of the retain set. */
  retainRows: number;
  /** Tokens of a retain row, at most. */
  retainTokens: number;
  /** Rows at once. */
  microBatch: number;
}

/**
 * The bytes. What a micro-batch keeps is padded to the fullest one's; the output layer is kept once for both sides.
 *
 * @param config the model's sizes
 * @param work the sets, and `output`: bytes of the output layer, as far as it is trained
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { objectiveOf } from "./objectives.ts";
 * import { referenceBytes } from "./reference_bytes.ts";
 *
 * const work = { forgetRows: 2, forgetTokens: 64, maskTokens: 40, retainRows: 2, retainTokens: 33, microBatch: 1, output: 800 };
 * const of = (method: string) =>
 *   referenceBytes({ vocabularySize: 100, width: 8 }, { ...work, objective: objectiveOf(method) });
 * assertEquals(of("prod"), 2 * 64 * 100 * 4); // targets, of two micro-batches
 * assertEquals(of("undial"), 2 * 64 * 8 * 4 + 800);
 * assertEquals(of("rmu"), 2 * 32 * 8 * 4);
 * assertEquals(of("codeeraser"), (2 * 64 + 2 * 64) * 8 * 4 + 800);
 * assertEquals([of("npo"), of("ga")], [2 * 63 * 4, 0]);
 * ```
 */
export function referenceBytes(
  { vocabularySize, width }: Pick<ModelSizes["config"], "vocabularySize" | "width">,
  { output, ...work }: KeptWork & { output: number },
): number {
  const { keeps = [] } = work.objective;
  const states = divergencePositions(work);
  const sizes = { distributions: vocabularySize, states: width, outputs: width, losses: 1 };
  const kept = keeps.reduce((sum, one) => sum + keptPositions(one, work) * sizes[one.of], states * width);
  const isProjected = states > 0 || keeps.some((one) => one.of === "states");
  return kept * FLOAT_BYTES + (isProjected ? output : 0);
}

/** Positions whose states the divergence keeps. */
function divergencePositions(work: KeptWork): number {
  const { objective: { forget, retain, terms = {} }, controlSets = 0 } = work;
  const rows = { forget: rowsOf(work, "forget"), retain: rowsOf(work, "retain") };
  const controls = controlSets > 0 ? controlSets * secretPositions(work) : 0;
  const ofForget = forget.divergenceAll || forget.divergenceNormal
    ? rows.forget.batches * padded(rows.forget.positions)
    : forget.divergenceSecret
    ? secretPositions(work)
    : controls > 0 && !terms.forget?.length // both run by one graph: a micro-batch without any has the least
    ? rows.forget.batches * POSITIONS_UNIT
    : 0;
  const ofRetain = retain?.divergenceAll ? rows.retain.batches * padded(rows.retain.positions) : 0;
  return ofForget + controls + ofRetain;
}

function keptPositions({ side, scope }: Kept, work: KeptWork): number {
  if (scope === "secret") return secretPositions(work);
  const { batches, positions } = rowsOf(work, side);
  return batches * positions;
}

/** Micro-batches of a side, and positions of one. */
function rowsOf(
  { microBatch, ...work }: KeptWork,
  side: "forget" | "retain",
): { rows: number; batches: number; positions: number } {
  const [all, tokens] = side === "forget"
    ? [work.forgetRows, work.forgetTokens]
    : [work.retainRows, work.retainTokens];
  const rows = Math.max(1, Math.min(microBatch, all));
  return { rows, batches: Math.ceil(all / rows), positions: rows * (tokens - 1) };
}

/** Positions of secret tokens, in all micro-batches as many as in the fullest. */
function secretPositions(work: KeptWork): number {
  const { forgetRows, maskTokens, rowMaskTokens } = work;
  const { rows, batches } = rowsOf(work, "forget");
  const each = rowMaskTokens ?? Array.from({ length: forgetRows }, () => maskTokens / forgetRows);
  const sums = Array.from(
    { length: batches },
    (_, i) => each.slice(i * rows, (i + 1) * rows).reduce((sum, tokens) => sum + tokens, 0),
  );
  return batches * padded(sums.reduce((most, sum) => Math.max(most, sum), 1));
}

function padded(positions: number): number {
  return roundUp(Math.ceil(positions), POSITIONS_UNIT);
}
