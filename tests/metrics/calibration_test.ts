import { assertAlmostEquals, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import {
  addPrediction,
  CALIBRATION_BINS,
  calibrationError,
  newCalibrationSums,
  reliabilityBins,
} from "../../lib/metrics/calibration.ts";

interface Prediction {
  confidence: number;
  hit: number;
}

function sumsOf(predictions: readonly Prediction[]): Float64Array {
  const sums = newCalibrationSums();
  for (const prediction of predictions) addPrediction(sums, prediction);
  return sums;
}

/** Guo et al.'s equations 2, 3 and 5 as they are written: B_m holds the samples with a confidence in ((m-1)/M, m/M]. */
function plainError(predictions: readonly Prediction[]): number {
  const [M, n] = [15, predictions.length];
  let error = 0;
  for (let m = 1; m <= M; m++) {
    const B = predictions.filter(({ confidence }) => confidence > (m - 1) / M && confidence <= m / M);
    if (B.length === 0) continue;
    const acc = B.reduce((sum, { hit }) => sum + hit, 0) / B.length;
    const conf = B.reduce((sum, { confidence }) => sum + confidence, 0) / B.length;
    error += B.length / n * Math.abs(acc - conf);
  }
  return error;
}

Deno.test("calibrationError() is Guo et al.'s", () => {
  const random = new PythonRandom(3);
  for (const count of [1, 2, 30, 1000]) {
    const predictions = Array.from({ length: count }, () => {
      const confidence = 1 - random.random();
      return { confidence, hit: Number(random.random() < confidence ** 2) };
    });
    assertAlmostEquals(calibrationError(sumsOf(predictions))!, plainError(predictions), 1e-12);
  }
});

Deno.test("calibrationError() is 0 where each bin is as right as it is sure, and null of nothing", () => {
  const half = [0, 1].map((hit) => ({ confidence: 0.5, hit }));
  assertEquals(calibrationError(sumsOf([...half, { confidence: 1, hit: 1 }])), 0);
  assertEquals(calibrationError(newCalibrationSums()), null);
});

Deno.test("reliabilityBins() puts each probability where Guo et al. do, and its bins are all of [0, 1]", () => {
  const bins = reliabilityBins(sumsOf([0, 1e-9, 1 / 15, 0.5, 14 / 15, 1].map((confidence) => ({
    confidence,
    hit: 1,
  }))));
  assertEquals(bins.length, CALIBRATION_BINS);
  assertEquals(bins.map(({ tokens }) => tokens), [3, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1]);
  assertEquals([bins[0]!.low, bins.at(-1)!.high], [0, 1]);
  for (const [i, { high }] of bins.slice(0, -1).entries()) assertEquals(high, bins[i + 1]!.low);
  assertEquals([bins[1]!.confidence, bins[1]!.accuracy], [null, null]);
  assertEquals([bins[14]!.confidence, bins[14]!.accuracy], [1, 1]);
});
