/**
 * What a finding of the summary is.
 *
 * @module
 */

/** One finding: a number that stands large, what it is, and sentences. */
export interface Finding {
  /** What it is about. */
  readonly heading: string;
  /** The number that stands large. */
  readonly number: string;
  /** What the number is. */
  readonly label: string;
  /** Rates to compare, drawn as bars. */
  readonly bars: readonly FindingBar[];
  /** The threshold's place among the bars. */
  readonly mark?: number;
  /** What else there is to say. */
  readonly sentences: readonly string[];
}

/** A rate with its name and colour. */
export interface FindingBar {
  /** What it is the rate of. */
  readonly label: string;
  /** The rate, in [0, 1]. */
  readonly rate: number;
  /** `#rrggbb` of the light palette. */
  readonly color: string;
  /** What is compared, where a finding compares more than one thing: a heading above its bars. */
  readonly group?: string;
}
