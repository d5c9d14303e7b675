/**
 * EL_n that were not measured, of each n that the table of metrics has: a row that a test makes up begins with them, so that
 * a new metric does not change it.
 *
 * @module
 */
import { LIKELIHOOD_NAMES, perMetric } from "../lib/datasets/metrics.ts";

/** Every EL_n, null. */
export const NO_EL = perMetric(LIKELIHOOD_NAMES, () => null);
