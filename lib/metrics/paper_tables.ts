/**
 * The paper's tables 3 and 4 method by method: means over five forget sets of k = 32, percent. What they keep is of
 * HumanEval's pass@1, pass@5 and pass@10; the last number is the mean of the three ratios.
 *
 * @module
 */

/** A method's results in the paper. */
export interface PaperMethod {
  /** The model. */
  readonly model: string;
  /** The method, or "before". */
  readonly method: string;
  /** Of the forget set. */
  readonly ma: number;
  readonly el_3: number;
  readonly el_5: number;
  readonly el_10: number;
  /** Mean share of the four that is gone; null before. */
  readonly reduction: number | null;
  /** HumanEval. */
  readonly pass_at_1: number;
  readonly pass_at_5: number;
  readonly pass_at_10: number;
  /** How much of the three is kept; null before. */
  readonly retention: number | null;
}

const METHODS = ["before", "ga", "cu", "codeeraser"] as const;

/** MA, EL_3, EL_5, EL_10, reduction, pass@1, pass@5, pass@10, retention; before and by each method. */
const PAPER: { readonly [model: string]: readonly (readonly (number | null)[])[] } = {
  "CodeParrot-small 110M": [
    [99.74, 98.55, 98.12, 97.97, null, 3.48, 4.56, 4.96, null],
    [30.71, 10.17, 7.07, 4.18, 86.85, 2.14, 3.02, 3.20, 64.08],
    [22.14, 7.79, 6.19, 4.72, 89.69, 2.62, 3.43, 3.66, 74.77],
    [18.69, 6.69, 5.78, 5.18, 90.82, 3.74, 4.59, 4.87, 102.10],
  ],
  "CodeParrot 1.5B": [
    [99.69, 98.90, 98.36, 97.62, null, 4.34, 5.81, 6.22, null],
    [27.53, 6.33, 4.21, 3.47, 89.54, 2.08, 3.29, 3.83, 55.38],
    [24.18, 6.11, 4.39, 3.09, 90.48, 2.04, 2.94, 3.28, 50.11],
    [15.22, 6.36, 5.40, 4.65, 92.01, 3.86, 5.08, 5.63, 88.96],
  ],
  "CodeGen-350M-Mono": [
    [99.25, 97.14, 96.39, 95.93, null, 13.37, 18.79, 21.12, null],
    [25.53, 8.45, 6.98, 4.95, 88.29, 11.68, 16.59, 18.51, 87.76],
    [18.65, 6.98, 5.73, 4.88, 90.75, 10.79, 14.91, 16.41, 79.25],
    [45.13, 11.44, 7.05, 3.46, 82.96, 13.36, 18.02, 19.96, 96.78],
  ],
  "CodeGen-2B-Mono": [
    [99.89, 99.79, 99.76, 99.70, null, 24.72, 31.49, 34.16, null],
    [17.95, 6.80, 5.52, 4.83, 91.21, 21.20, 28.34, 31.40, 89.23],
    [11.80, 6.40, 5.99, 5.54, 92.55, 20.57, 27.73, 30.63, 86.98],
    [31.66, 10.01, 7.73, 6.05, 86.11, 23.00, 29.91, 32.94, 94.82],
  ],
  "Qwen2.5-Coder-7B": [
    [96.26, 84.71, 81.07, 75.15, null, 61.07, 73.61, 77.23, null],
    [24.15, 14.23, 10.49, 8.24, 83.55, 40.67, 53.81, 57.63, 71.44],
    [16.63, 8.77, 6.84, 5.48, 89.16, 48.54, 64.70, 69.59, 85.83],
    [8.49, 4.93, 3.99, 3.68, 93.89, 61.65, 73.41, 76.69, 99.99],
  ],
};

const NAMES = [
  ...["ma", "el_3", "el_5", "el_10", "reduction"],
  ...["pass_at_1", "pass_at_5", "pass_at_10", "retention"],
];

/** All rows, model by model. */
export const PAPER_TABLES: readonly PaperMethod[] = Object.entries(PAPER).flatMap(([model, rows]) =>
  rows.map((numbers, i) => ({
    ...{ model, method: METHODS[i]! },
    ...Object.fromEntries(NAMES.map((name, n) => [name, numbers[n]!])),
  } as PaperMethod))
);
