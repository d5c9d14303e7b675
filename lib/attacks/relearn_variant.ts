/**
 * The names of trainings among `relearn`'s variants, written and read: "half, 20 steps at 0.0003", "20 steps at its own 0.002".
 *
 * @module
 */

/** What stands before the names of trainings on half of the forget set. */
export const HALF = "half, ";

const VARIANT = /^(half, )?(\d+) steps at (its own )?(\d[\d.e-]*)$/;

/** A training of `relearn`. */
export interface RelearnVariant {
  /** Whether it was on half of the forget set; else on benign texts. */
  isHalf: boolean;
  /** Updates. */
  steps: number;
  /** The highest learning rate. */
  learning_rate: number;
  /** Whether that is the rate at which the model was trained, by its own record. */
  isOwn: boolean;
}

/**
 * The name of a training.
 *
 * @param name stands before it: {@linkcode HALF} or nothing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { HALF, relearnVariant } from "./relearn_variant.ts";
 *
 * assertEquals(relearnVariant({ steps: 20, learning_rate: 3e-4 }, HALF), "half, 20 steps at 0.0003");
 * ```
 */
export function relearnVariant(
  { steps, learning_rate, isOwn = false }:
    & Pick<RelearnVariant, "steps" | "learning_rate">
    & Partial<Pick<RelearnVariant, "isOwn">>,
  name = "",
): string {
  return `${name}${steps} steps at ${isOwn ? "its own " : ""}${learning_rate}`;
}

/**
 * Which training a name stands for; null where it is no training's.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readRelearnVariant, relearnVariant } from "./relearn_variant.ts";
 *
 * const training = { steps: 5, learning_rate: 1e-7, isOwn: true };
 * assertEquals(readRelearnVariant(relearnVariant(training)), { isHalf: false, ...training });
 * assertEquals(readRelearnVariant("rank"), null);
 * ```
 */
export function readRelearnVariant(variant: string): RelearnVariant | null {
  const [, half, steps, own, rate] = VARIANT.exec(variant) ?? [];
  return steps === undefined ? null : {
    isHalf: half !== undefined,
    steps: Number(steps),
    learning_rate: Number(rate),
    isOwn: own !== undefined,
  };
}
