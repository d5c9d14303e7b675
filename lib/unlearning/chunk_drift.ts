/**
 * How the parts of a forget set stand after a chunk's turn: what was forgotten in it, what was before, what will be, and the
 * retain set. So one sees whether earlier chunks come back, and whether later ones are forgotten before their turn.
 *
 * @module
 */
import type { MetricValues, ThresholdMetric } from "../datasets/metrics.ts";
import { orderBySeed } from "../datasets/seeded_order.ts";
import { isAbove } from "../metrics/threshold.ts";
import type { ForgetScores } from "./forget_scores.ts";
import type { SecretThresholds } from "./per_secret_stop.ts";

/** A part of the sets: the chunk whose turn it was, those before and after it, the retain set, the whole forget set. */
export type ChunkPart = "this" | "earlier" | "later" | "retain" | "all";

/** A row of the table of chunks; a metric that was not measured of all is null. */
export interface ChunkDrift extends MetricValues<ThresholdMetric> {
  /** The turn, from 1; of the whole set, the last that was over: 0 of the model as it came. */
  turn: number;
  /** Which time the set is gone through, from 1. */
  pass: number;
  /** The chunk's number in the pass, from 1; null of the whole set. */
  chunk: number | null;
  /** What was measured. */
  part: ChunkPart;
  /** Its rows. */
  rows: number;
  /** How many of them were measured. */
  measured: number;
  /** Their secrets; null of the retain set. */
  secrets: number | null;
  /** How many of these are above their thresholds. */
  above: number | null;
  /** Rows of earlier chunks that were in the loss too; of `this` alone, as what follows. */
  replayed: number | null;
  /** The chunk's epochs. */
  epochs: number | null;
  /** How its run ended. */
  status: string | null;
  /** Seconds of the process in which it ended, without these measurements. */
  seconds: number | null;
}

/** What is measured how. */
export interface DriftOptions {
  /** Which turn. */
  place: Pick<ChunkDrift, "turn" | "pass" | "chunk">;
  /** Rows that are measured of a part, at most: drawn by the seed, the same each time as far as they are in it. */
  sample: number;
  /** Of the sample. */
  seed: number;
  /** The secrets of a row, by their numbers in the forget set. */
  secretsOf: (row: number) => readonly number[];
  /** What a secret may score at most. */
  thresholdsOf: (secret: number) => Pick<SecretThresholds, "ma" | "el_10">;
  /** Called now and then; may throw. */
  onProgress: () => void;
}

/**
 * Measures parts of a forget set by the model as it is, and the retain set. EL_n is measured of what has been forgotten;
 * of what has not, only where MA is not above its threshold.
 *
 * @param parts rows by their numbers; one without rows is left out
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { measureDrift } from "./chunk_drift.ts";
 * import { ForgetScores } from "./forget_scores.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const row = (secret: number[]) => ({ ids: Int32Array.of(3, 20), secrets: [{ prefix: [3, 20, 49], secret }] });
 * const forget = [row([41, 5, 26, 8]), row([9, 9, 9, 9])];
 * using scores = new ForgetScores(loaded.model, { forget, retain: [] }, { endOfText: null });
 * const [first, later] = await measureDrift(scores, { this: [1], earlier: [], later: [0] }, {
 *   ...{ place: { turn: 1, pass: 1, chunk: 1 }, sample: 8, seed: 1, onProgress: () => {} },
 *   ...{ secretsOf: (row) => [row], thresholdsOf: () => ({ ma: 0.5, el_10: 0 }) },
 * });
 * assertEquals([first!.part, first!.above, later!.part, later!.above], ["this", 0, "later", 1]);
 * ```
 */
export async function measureDrift(
  scores: ForgetScores,
  parts: { readonly [Part in Exclude<ChunkPart, "retain">]?: readonly number[] },
  { place, sample, seed, secretsOf, thresholdsOf, onProgress }: DriftOptions,
): Promise<ChunkDrift[]> {
  const none = { ...place, replayed: null, epochs: null, status: null, seconds: null };
  const found: ChunkDrift[] = [];
  for (const [part, rows] of Object.entries(parts) as [ChunkPart, readonly number[]][]) {
    if (rows.length === 0) continue;
    const measured = sampleRows(rows, sample, seed);
    const secrets = measured.flatMap(secretsOf);
    const limits = secrets.map(thresholdsOf);
    const el = part === "this" || part === "earlier" || ((i: number, ma: number) => ma <= limits[i]!.ma);
    const { means, secrets: own } = await scores.measureRows(measured, { el, onProgress });
    found.push({
      ...none,
      ...means,
      ...{ part, rows: rows.length, measured: measured.length, secrets: secrets.length },
      above: own.filter((score, i) => isAbove(score, limits[i]!)).length,
    });
  }
  return [...found, await retainDrift(scores, none, onProgress)];
}

/** The retain set's row. */
async function retainDrift(
  scores: ForgetScores,
  none: Omit<ChunkDrift, ThresholdMetric | "part" | "rows" | "measured" | "secrets" | "above">,
  onProgress: () => void,
): Promise<ChunkDrift> {
  const { retained: rows } = scores;
  return {
    ...none,
    ...{ ma: await scores.retainMa(onProgress), el_3: null, el_5: null, el_10: null },
    ...{ part: "retain", rows, measured: rows, secrets: null, above: null },
  };
}

/**
 * Of rows so many, in the table's order: those that come first in an order that the seed alone decides.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sampleRows } from "./chunk_drift.ts";
 *
 * assertEquals(sampleRows([5, 3, 9], 8, 42), [3, 5, 9]);
 * assertEquals(sampleRows([5, 3, 9], 2, 42).length, 2);
 * ```
 */
export function sampleRows(rows: readonly number[], count: number, seed: number): number[] {
  return orderBySeed(rows, seed, (row) => `drift ${row}`).slice(0, count).sort((a, b) => a - b);
}
