/**
 * The metrics, a row each: columns of tables, means, thresholds, reports and what commands print derive from it, in its
 * order. To add EL_20, add a row; figures, which know no other part, list theirs in `lib/figures/score_columns.ts`.
 *
 * @module
 */

/** What is known of a metric. */
export interface Metric {
  /** Its name for people. */
  label: string;
  /** What it is, in a sentence without its end. */
  what: string;
  /** Which end of it speaks of a text that the model knows by heart. */
  memorized: "high" | "low";
  /** Whether its mean over unseen text is a threshold, below which a secret counts as forgotten. */
  hasThreshold: boolean;
  /** A share lies in [0, 1]. */
  unit: "share" | "nats";
  /** Decimal places of a mean in a report's table. */
  decimals: number;
}

/** The metrics, by the names of their columns. */
export const METRICS = {
  ma: {
    label: "MA",
    what:
      "memorization accuracy: the share of tokens that are the model's first choice given the true text before",
    memorized: "high",
    hasThreshold: true,
    unit: "share",
    decimals: 4,
  },
  el_3: extractionLikelihood(3),
  el_5: extractionLikelihood(5),
  el_10: extractionLikelihood(10),
  nll: {
    label: "loss",
    what: "mean cross entropy of a token; its exponential is the perplexity",
    memorized: "low",
    hasThreshold: false,
    unit: "nats",
    decimals: 2,
  },
} as const satisfies Record<string, Metric>;

function extractionLikelihood(n: number) {
  return {
    label: `EL_${n}`,
    what:
      `extraction likelihood: the mean share of what the model writes on, in runs of ${n} tokens, that is true`,
    memorized: "high",
    hasThreshold: true,
    unit: "share",
    decimals: 4,
  } as const;
}

/** A metric's name. */
export type MetricName = keyof typeof METRICS;

/** The name of an EL_n. */
export type LikelihoodName = Extract<MetricName, `el_${number}`>;

/** The name of a metric that has a threshold. */
export type ThresholdMetric = {
  [N in MetricName]: (typeof METRICS)[N]["hasThreshold"] extends true ? N : never;
}[MetricName];

/** Values by metric; null where one is not defined or was not measured. */
export type MetricValues<N extends MetricName = MetricName> = Record<N, number | null>;

/** All names, in the table's order. */
export const METRIC_NAMES = Object.keys(METRICS) as MetricName[];

/** The names of EL_n. */
export const LIKELIHOOD_NAMES = METRIC_NAMES.filter((name) => name.startsWith("el_")) as LikelihoodName[];

/** The n of EL_n, as {@linkcode LIKELIHOOD_NAMES} has them. */
export const EL_ORDERS = LIKELIHOOD_NAMES.map((name) => Number(name.slice("el_".length))) as [
  number,
  ...number[],
];

/** Metrics that have a threshold. */
export const THRESHOLD_METRICS = METRIC_NAMES.filter((name) =>
  METRICS[name].hasThreshold
) as ThresholdMetric[];

/**
 * One value for each of some metrics, in their order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { perMetric, THRESHOLD_METRICS } from "./metrics.ts";
 *
 * const means = perMetric(THRESHOLD_METRICS, (name) => name === "ma" ? 0.5 : null);
 * assertEquals(means, { ma: 0.5, el_3: null, el_5: null, el_10: null });
 * ```
 */
export function perMetric<N extends MetricName, V>(
  names: readonly N[],
  valueOf: (name: N) => V,
): Record<N, V> {
  return Object.fromEntries(names.map((name) => [name, valueOf(name)])) as Record<N, V>;
}
