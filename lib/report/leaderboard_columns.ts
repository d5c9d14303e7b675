/**
 * The columns by which methods are compared, of one run as of a sweep: what each is called, which end is good and how it is
 * written. Those of a sweep are called as its table of runs calls them.
 *
 * @module
 */
import { METRICS } from "../datasets/metrics.ts";
import { formatBytes, formatScore, formatSeconds } from "./format.ts";

/** A column. */
export interface LeaderboardColumn {
  /** Its head. */
  readonly title: string;
  /** Which end is good; neither where a method is not better by it. */
  readonly better: "low" | "high" | "none";
  /** How a value is written. */
  readonly format: (value: number) => string;
}

const score = (value: number) => formatScore(value);
const hundredths = (value: number) => formatScore(value, 2);
const { ma, el_10, nll } = METRICS;

/** The columns in their order. */
export const LEADERBOARD_COLUMNS = {
  ma: { title: `Forget set ${ma.label}`, better: "low", format: score },
  el_10: { title: `Forget set ${el_10.label}`, better: "low", format: score },
  retain_ma: { title: `Retain set ${ma.label}`, better: "high", format: score },
  retain_el_10: { title: `Retain set ${el_10.label}`, better: "high", format: score },
  unseen_nll: { title: `Unseen ${nll.label}`, better: "low", format: hundredths },
  pass_at_1: { title: "pass@1", better: "high", format: score },
  extracted: { title: "Extracted", better: "low", format: score },
  extracted_controls: { title: "Extracted, of controls", better: "none", format: score },
  relearned_ma: { title: "MA after relearning", better: "low", format: score },
  recovered: { title: "Relearned above controls", better: "low", format: score },
  exposure: { title: "Exposure, bits", better: "low", format: hundredths },
  membership: { title: "Membership, area", better: "none", format: hundredths },
  epochs: { title: "Epochs", better: "low", format: (value) => String(Number(value.toFixed(1))) },
  seconds: { title: "Time", better: "low", format: formatSeconds },
  memory_bytes: { title: "Memory", better: "low", format: formatBytes },
} as const satisfies Record<string, LeaderboardColumn>;

/** A name of {@linkcode LEADERBOARD_COLUMNS}. */
export type LeaderboardColumnName = keyof typeof LEADERBOARD_COLUMNS;

/** Every name of {@linkcode LEADERBOARD_COLUMNS}, in their order. */
export const LEADERBOARD_COLUMN_NAMES = Object.keys(LEADERBOARD_COLUMNS) as readonly LeaderboardColumnName[];
