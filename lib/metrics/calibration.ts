/**
 * How far a model's certainty can be trusted: predictions sorted into bins by the probability that it gave them, and how
 * often those of a bin were right (Guo et al., "On Calibration of Modern Neural Networks", 2017, section 2).
 *
 * @module
 */

/** Bins of equal width in [0, 1], as Guo et al. have them. */
export const CALIBRATION_BINS = 15;

/** What is summed up of each bin, one number after the other. */
const FIELDS = 3;

/** A bin of a reliability table. */
export interface ReliabilityBin {
  /** Its number. */
  bin: number;
  /** Where it begins: that probability stands in the bin before, but for 0. */
  low: number;
  /** Where it ends: that probability stands in it. */
  high: number;
  /** Predictions in it. */
  tokens: number;
  /** Their mean probability; null where there are none. */
  confidence: number | null;
  /** The share of them that was right. */
  accuracy: number | null;
}

/**
 * Sums of bins with nothing in them yet: tokens, probabilities and hits of each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { newCalibrationSums } from "./calibration.ts";
 *
 * assertEquals(newCalibrationSums().length, 45);
 * ```
 */
export function newCalibrationSums(): Float64Array {
  return new Float64Array(CALIBRATION_BINS * FIELDS);
}

/**
 * Adds a prediction to sums. Bin m of 15 holds the probabilities in (m / 15, (m + 1) / 15].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addPrediction, newCalibrationSums } from "./calibration.ts";
 *
 * const sums = newCalibrationSums();
 * addPrediction(sums, { confidence: 0.2, hit: 1 }); // 3 / 15
 * assertEquals([...sums.subarray(6, 9)], [1, 0.2, 1]);
 * ```
 */
export function addPrediction(
  sums: Float64Array,
  { confidence, hit }: { confidence: number; hit: number },
): void {
  const bin = Math.min(CALIBRATION_BINS - 1, Math.max(0, Math.ceil(confidence * CALIBRATION_BINS) - 1));
  sums[bin * FIELDS]! += 1;
  sums[bin * FIELDS + 1]! += confidence;
  sums[bin * FIELDS + 2]! += hit;
}

/**
 * The expected calibration error: the mean over predictions of how far the share that was right in their bin is from the
 * mean probability there; null of none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addPrediction, calibrationError, newCalibrationSums } from "./calibration.ts";
 *
 * const sums = newCalibrationSums();
 * for (const hit of [1, 1, 1, 0]) addPrediction(sums, { confidence: 1, hit }); // sure, and wrong once in four
 * assertEquals(calibrationError(sums), 0.25);
 * ```
 */
export function calibrationError(sums: ArrayLike<number>): number | null {
  let [tokens, gaps] = [0, 0];
  for (let at = 0; at < sums.length; at += FIELDS) {
    tokens += sums[at]!;
    gaps += Math.abs(sums[at + 2]! - sums[at + 1]!);
  }
  return tokens === 0 ? null : gaps / tokens;
}

/**
 * The bins one by one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addPrediction, newCalibrationSums, reliabilityBins } from "./calibration.ts";
 *
 * const sums = newCalibrationSums();
 * addPrediction(sums, { confidence: 0.75, hit: 0 });
 * const { tokens, confidence, accuracy } = reliabilityBins(sums)[11]!;
 * assertEquals([tokens, confidence, accuracy], [1, 0.75, 0]);
 * ```
 */
export function reliabilityBins(sums: ArrayLike<number>): ReliabilityBin[] {
  return Array.from({ length: CALIBRATION_BINS }, (_, bin) => {
    const [tokens, confidences, hits] = [0, 1, 2].map((field) => sums[bin * FIELDS + field]!);
    const mean = (sum: number) => tokens === 0 ? null : sum / tokens!;
    return {
      bin,
      low: bin / CALIBRATION_BINS,
      high: (bin + 1) / CALIBRATION_BINS,
      tokens: tokens!,
      confidence: mean(confidences!),
      accuracy: mean(hits!),
    };
  });
}
