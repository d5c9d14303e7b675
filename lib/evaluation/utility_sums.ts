/**
 * What a model makes of the tokens of texts, summed up for each document: of each class how many tokens there are, how
 * many it would have named first and their loss; how many lines it would have written whole; and its calibration.
 *
 * @module
 */
import { addPrediction, calibrationError, newCalibrationSums } from "../metrics/calibration.ts";
import type { NextTokens } from "../metrics/next_tokens.ts";
import { NOT_COUNTED, type UtilityText } from "./utility_texts.ts";

/** Sums of a document; of all classes first, tokens, hits and losses, then lines and whole ones, then calibration. */
export type UtilitySums = Float64Array;

const FIELDS = 3;
const LINE_FIELDS = 2;
const CALIBRATION_NUMBERS = newCalibrationSums().length;

/** What is measured; `line_accuracy` and `ece` of all classes together only. */
export const UTILITY_MEASURES = ["accuracy", "nll", "line_accuracy", "ece"] as const;

/** A name of {@linkcode UTILITY_MEASURES}. */
export type UtilityMeasure = typeof UTILITY_MEASURES[number];

/** A measure of one class; of all of them where `class` is null. */
export interface ClassMeasure {
  /** The class' number. */
  class: number | null;
  measure: UtilityMeasure;
}

/**
 * Sums of nothing yet.
 *
 * @param classes how many there are
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { newUtilitySums } from "./utility_sums.ts";
 *
 * assertEquals(newUtilitySums(7).length, 3 * 7 + 2 + 45);
 * ```
 */
export function newUtilitySums(classes: number): UtilitySums {
  return new Float64Array(classes * FIELDS + LINE_FIELDS + CALIBRATION_NUMBERS);
}

/**
 * Adds a text. A line counts as written whole where each of its tokens is the argmax after the true tokens before it: greedy
 * decoding from its start then gives these tokens and no others, so that none is decoded.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addText, newUtilitySums } from "./utility_sums.ts";
 *
 * const sums = newUtilitySums(1);
 * const text = { document: "a", language: null, ids: Int32Array.of(1, 2, 3), from: 1, classes: Uint8Array.of(0, 0, 0) };
 * const tokens = { hits: Uint8Array.of(1, 0), losses: Float32Array.of(0.5, 2), confidences: Float32Array.of(0.6, 0.3) };
 * addText(sums, { ...text, lines: [{ from: 1, to: 2 }, { from: 2, to: 3 }] }, tokens);
 * assertEquals([...sums.subarray(0, 5)], [2, 1, 2.5, 2, 1]);
 * ```
 */
export function addText(
  sums: UtilitySums,
  { from, classes, lines }: UtilityText,
  { hits, losses, confidences }: NextTokens,
): void {
  const calibration = sums.subarray(sums.length - CALIBRATION_NUMBERS);
  const atLines = sums.length - calibration.length - LINE_FIELDS;
  hits.forEach((hit, t) => {
    const own = classes[from + t]!;
    if (own === NOT_COUNTED) return;
    sums[own * FIELDS]! += 1;
    sums[own * FIELDS + 1]! += hit;
    sums[own * FIELDS + 2]! += losses[t]!;
    addPrediction(calibration, { confidence: confidences[t]!, hit });
  });
  for (const line of lines) {
    sums[atLines]! += 1;
    if (!hits.subarray(line.from - from, line.to - from).includes(0)) sums[atLines + 1]! += 1;
  }
}

/**
 * What is measured of texts with so many classes, in the order of {@linkcode measureSums}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listMeasures } from "./utility_sums.ts";
 *
 * assertEquals(listMeasures(2).length, 2 * 3 + 2);
 * ```
 */
export function listMeasures(classes: number): ClassMeasure[] {
  const groups = [null, ...Array(classes).keys()];
  return [
    ...groups.flatMap((own) => (["accuracy", "nll"] as const).map((measure) => ({ class: own, measure }))),
    { class: null, measure: "line_accuracy" },
    { class: null, measure: "ece" },
  ];
}

/**
 * The measures of sums, in nats and shares; null where nothing is summed up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { measureSums, newUtilitySums } from "./utility_sums.ts";
 *
 * const sums = newUtilitySums(1);
 * sums.set([4, 3, 6, 2, 1]);
 * assertEquals(measureSums(sums, 1), [0.75, 1.5, 0.75, 1.5, 0.5, null]);
 * ```
 */
export function measureSums(sums: UtilitySums, classes: number): (number | null)[] {
  const share = (part: number, of: number) => of === 0 ? null : part / of;
  const measures: (number | null)[] = [];
  const all = [0, 0, 0];
  for (let own = 0; own < classes; own++) {
    for (let field = 0; field < FIELDS; field++) all[field]! += sums[own * FIELDS + field]!;
  }
  measures.push(share(all[1]!, all[0]!), share(all[2]!, all[0]!));
  for (let own = 0; own < classes; own++) {
    const [tokens, hits, loss] = sums.subarray(own * FIELDS, own * FIELDS + FIELDS);
    measures.push(share(hits!, tokens!), share(loss!, tokens!));
  }
  const rest = sums.subarray(classes * FIELDS);
  measures.push(share(rest[1]!, rest[0]!), calibrationError(rest.subarray(LINE_FIELDS)));
  return measures;
}

/**
 * How many tokens, or lines, a measure is of.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countOf, newUtilitySums } from "./utility_sums.ts";
 *
 * const sums = newUtilitySums(1);
 * sums.set([4, 3, 6, 2, 1]);
 * assertEquals(countOf(sums, { class: null, measure: "line_accuracy" }, 1), 2);
 * ```
 */
export function countOf(sums: UtilitySums, { class: own, measure }: ClassMeasure, classes: number): number {
  if (measure === "line_accuracy") return sums[classes * FIELDS]!;
  if (own !== null) return sums[own * FIELDS]!;
  return Array.from({ length: classes }, (_, i) => sums[i * FIELDS]!).reduce(
    (sum, tokens) => sum + tokens,
    0,
  );
}

/**
 * The part of sums that calibration is read from.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { calibrationOf, newUtilitySums } from "./utility_sums.ts";
 *
 * assertEquals(calibrationOf(newUtilitySums(7), 7).length, 45);
 * ```
 */
export function calibrationOf(sums: UtilitySums, classes: number): Float64Array {
  return sums.subarray(classes * FIELDS + LINE_FIELDS);
}
