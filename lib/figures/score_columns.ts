/**
 * The scores that figures of all of them draw. The same names stand in the table of metrics in `lib/datasets`, which
 * figures do not know; a test compares the two.
 *
 * @module
 */

/** The scores' names as people write them, by column. */
export const SCORE_COLUMNS = { ma: "MA", el_3: "EL_3", el_5: "EL_5", el_10: "EL_10" } as const;

/** A score's column. */
export type ScoreColumn = keyof typeof SCORE_COLUMNS;

/** Scores by column: memorization accuracy, and extraction likelihood of runs of n tokens; null where undefined. */
export type ColumnScores = Readonly<Record<ScoreColumn, number | null>>;
