/**
 * What became of each secret: a table beside the checkpoint and counts in the result of `unlearn`, from the numbers of the
 * checkpoint as it was written.
 *
 * @module
 */
import type { OUTCOME_COLUMNS, OUTCOME_LATER_COLUMNS } from "../datasets/columns.ts";
import type { ExampleSecret } from "../datasets/examples.ts";
import type { RowOf } from "../datasets/row_table.ts";
import type { Scores } from "../metrics/scorer.ts";
import { secretState } from "../metrics/threshold.ts";
import { describeSecret } from "../secrets/fingerprint.ts";
import type { SecretOutcome } from "../unlearning/per_secret_stop.ts";
import type { SecretBounds } from "./unlearn_thresholds.ts";

/** A secret with all that is known of it. */
export interface EndedSecret {
  /** Where it stands. */
  secret: Pick<ExampleSecret, "doc_id" | "tag" | "start" | "end" | "value">;
  /** Where what was never seen lies. */
  bounds: SecretBounds;
  /** What the run noted. */
  outcome: Pick<SecretOutcome, "before" | "epochs">;
  /** Under the checkpoint as it was written. */
  after: Pick<Scores, "ma" | "el_10" | "nll">;
}

/**
 * A secret's row; `secretState` says how it stands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { outcomeRow } from "./secret_outcomes.ts";
 *
 * const secret = { doc_id: "a", tag: "EMAIL", start: 8, end: 24, value: "ada@mail.invalid" };
 * const bounds = { controls: 100, ma: 0.3, el_10: 0, ma_floor: 0.1, nll_floor: 2, nll_ceiling: 6 };
 * const outcome = { before: { ma: 1, el_10: 1, nll: 0.1 }, epochs: 3 };
 * const { status } = outcomeRow({ secret, bounds, outcome, after: { ma: 0.3, el_10: 0, nll: 5 } });
 * assertEquals(status, "erased");
 * ```
 */
export function outcomeRow(
  { secret: { doc_id, tag, start, end, value }, bounds, outcome, after }: EndedSecret,
): RowOf<typeof OUTCOME_COLUMNS & typeof OUTCOME_LATER_COLUMNS> {
  const { before, epochs } = outcome;
  return {
    ...{ doc_id, tag, start, end, description: describeSecret(tag, value) },
    status: secretState(after, bounds),
    epochs,
    ...{ ma_before: before.ma, ma: after.ma, ma_threshold: bounds.ma, ma_floor: bounds.ma_floor },
    ...{ el_10_before: before.el_10, el_10: after.el_10, el_10_threshold: bounds.el_10 },
    ...{ nll_before: before.nll, nll: after.nll, nll_ceiling: bounds.nll_ceiling },
    ...{ controls: bounds.controls, nll_floor: bounds.nll_floor },
  };
}
