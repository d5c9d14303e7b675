/**
 * The paper's table 4: HumanEval's pass@1, 5 and 10 of each model before and after unlearning, and what is kept of them
 * (n = 50, temperature 0.2, top-p 0.95); and ours in the same columns, with the intervals that the paper does not give.
 *
 * @module
 */
import type { BootstrapOptions, Interval } from "../metrics/bootstrap.ts";
import { comparePasses, meanPassAtK, type ProblemCounts } from "./pass_at_k.ts";
import { PASS_KS } from "./results.ts";

/** A number in percent and its 95 % interval, where there is one. */
export interface PassShare {
  /** The number; null where it is not defined. */
  estimate: number | null;
  /** The interval's lower end. */
  low: number | null;
  /** Its upper end. */
  high: number | null;
}

/** A model's row. */
export interface PassRow {
  /** Which model. */
  model: string;
  /** What was done to it: "original" is nothing. */
  method: string;
  /** pass@1, 5 and 10, percent. */
  passes: { k: typeof PASS_KS[number]; share: PassShare }[];
  /** The mean over k of after / before, percent; null of the original. */
  retention: PassShare | null;
}

const PAPER = {
  "CodeParrot-small 110M (paper)": {
    original: [3.48, 4.56, 4.96],
    GA: [2.14, 3.02, 3.20, 64.08],
    CU: [2.62, 3.43, 3.66, 74.77],
    CodeEraser: [3.74, 4.59, 4.87, 102.10],
  },
  "CodeParrot 1.5B (paper)": {
    original: [4.34, 5.81, 6.22],
    GA: [2.08, 3.29, 3.83, 55.38],
    CU: [2.04, 2.94, 3.28, 50.11],
    CodeEraser: [3.86, 5.08, 5.63, 88.96],
  },
  "CodeGen-350M-Mono (paper)": {
    original: [13.37, 18.79, 21.12],
    GA: [11.68, 16.59, 18.51, 87.76],
    CU: [10.79, 14.91, 16.41, 79.25],
    CodeEraser: [13.36, 18.02, 19.96, 96.78],
  },
  "CodeGen-2B-Mono (paper)": {
    original: [24.72, 31.49, 34.16],
    GA: [21.20, 28.34, 31.40, 89.23],
    CU: [20.57, 27.73, 30.63, 86.98],
    CodeEraser: [23.00, 29.91, 32.94, 94.82],
  },
  "Qwen2.5-Coder-7B (paper)": {
    original: [61.07, 73.61, 77.23],
    GA: [40.67, 53.81, 57.63, 71.44],
    CU: [48.54, 64.70, 69.59, 85.83],
    CodeEraser: [61.65, 73.41, 76.69, 99.99],
  },
} as const;

/** The table as it was published. */
export const PAPER_PASSES: readonly PassRow[] = Object.entries(PAPER).flatMap(([model, methods]) =>
  Object.entries(methods).map(([method, numbers]: [string, readonly number[]]) => ({
    ...{ model, method },
    passes: PASS_KS.map((k, i) => ({ k, share: published(numbers[i]!) })),
    retention: numbers[3] === undefined ? null : published(numbers[3]),
  }))
);

function published(estimate: number): PassShare {
  return { estimate, low: null, high: null };
}

/**
 * A row of ours beside {@linkcode PAPER_PASSES}, in percent of two decimals; a pass@k for which there are too few samples is
 * null.
 *
 * @param before of the same problems, for what is kept
 * @throws {RangeError} as `comparePasses`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { passRow } from "./paper_passes.ts";
 *
 * const before = [{ task_id: "a", n: 5, c: 5 }, { task_id: "b", n: 5, c: 5 }];
 * const row = passRow({ model: "ours", method: "CodeEraser" }, before.map((one) => ({ ...one, c: 4 })), { before });
 * assertEquals(row.passes.map(({ share }) => share.estimate), [80, 100, null]);
 * assertEquals(row.retention, { estimate: 90, low: 90, high: 90 });
 * ```
 */
export function passRow(
  name: Pick<PassRow, "model" | "method">,
  counts: readonly ProblemCounts[],
  { before, ...options }: BootstrapOptions & { before?: readonly ProblemCounts[] } = {},
): PassRow {
  const fewest = Math.min(...[...counts, ...before ?? []].map(({ n }) => n));
  const ks = PASS_KS.filter((k) => k <= fewest);
  return {
    ...name,
    passes: PASS_KS.map((k) => ({
      k,
      share: percent(k <= fewest ? meanPassAtK(counts, k, options) : null),
    })),
    retention: before ? percent(comparePasses(before, counts, ks, options).retention) : null,
  };
}

function percent(interval: Interval | null): PassShare {
  const round = (value: number | undefined) => value === undefined ? null : Math.round(value * 1e4) / 100;
  return { estimate: round(interval?.estimate), low: round(interval?.low), high: round(interval?.high) };
}
