/**
 * What a check of the verdict is.
 *
 * @module
 */

/** A check and how it went. */
export interface Check {
  /** What it is about, in a few words of a list. */
  readonly topic: string;
  /** What should hold, in a sentence without its end. */
  readonly name: string;
  /** Whether it does. */
  readonly state: "passed" | "failed" | "not measured";
  /** The numbers that say so; of what was not measured, why it matters. */
  readonly text: string;
  /** The command that measures it, of what was not. */
  readonly command?: string;
}
