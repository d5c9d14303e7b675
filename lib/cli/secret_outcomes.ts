/**
 * What became of each secret: a table beside the checkpoint and counts in the result of `unlearn`, from the numbers of the
 * checkpoint as it was written.
 *
 * @module
 */
import type { OUTCOME_COLUMNS } from "../datasets/columns.ts";
import type { ExampleSecret } from "../datasets/examples.ts";
import type { RowOf } from "../datasets/row_table.ts";
import type { Scores } from "../metrics/scorer.ts";
import { describeSecret } from "../secrets/fingerprint.ts";
import type { SecretOutcome } from "../unlearning/per_secret_stop.ts";
import type { SecretBounds } from "./unlearn_thresholds.ts";

/** How a secret can end. */
export const OUTCOMES = ["erased", "still above", "below never-seen"] as const;

type Outcome = typeof OUTCOMES[number];

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
 * A secret's row. It is erased where it scores as what was never seen does, and below that where it gives away by a lower
 * score that something stood there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { outcomeRow } from "./secret_outcomes.ts";
 *
 * const secret = { doc_id: "a", tag: "EMAIL", start: 8, end: 24, value: "ada@mail.invalid" };
 * const bounds = { controls: 100, ma: 0.3, el_10: 0, ma_floor: 0.1, nll_ceiling: 6 };
 * const outcome = { before: { ma: 1, el_10: 1, nll: 0.1 }, epochs: 3 };
 * const statusOf = (ma: number, nll: number) =>
 *   outcomeRow({ secret, bounds, outcome, after: { ma, el_10: 0, nll } }).status;
 * assertEquals([statusOf(0.3, 5), statusOf(0.4, 5), statusOf(0, 5), statusOf(0.2, 7)], [
 *   "erased",
 *   "still above",
 *   "below never-seen",
 *   "below never-seen",
 * ]);
 * ```
 */
export function outcomeRow(
  { secret: { doc_id, tag, start, end, value }, bounds, outcome, after }: EndedSecret,
): RowOf<typeof OUTCOME_COLUMNS> {
  const { before, epochs } = outcome;
  return {
    ...{ doc_id, tag, start, end, description: describeSecret(tag, value) },
    status: statusOf(after, bounds),
    epochs,
    ...{ ma_before: before.ma, ma: after.ma, ma_threshold: bounds.ma, ma_floor: bounds.ma_floor },
    ...{ el_10_before: before.el_10, el_10: after.el_10, el_10_threshold: bounds.el_10 },
    ...{ nll_before: before.nll, nll: after.nll, nll_ceiling: bounds.nll_ceiling },
    controls: bounds.controls,
  };
}

function statusOf({ ma, el_10, nll }: EndedSecret["after"], bounds: SecretBounds): Outcome | null {
  if (ma === null) return null;
  if (ma > bounds.ma || el_10 === null || el_10 > bounds.el_10) return "still above";
  const isLow = ma < (bounds.ma_floor ?? 0) || (nll ?? 0) > (bounds.nll_ceiling ?? Infinity);
  return isLow ? "below never-seen" : "erased";
}

/**
 * How many secrets ended how.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countOutcomes } from "./secret_outcomes.ts";
 *
 * const rows = [{ status: "erased" }, { status: null }, { status: "erased" }];
 * assertEquals(countOutcomes(rows), { erased: 2, still_above: 0, below_never_seen: 0, without_tokens: 1 });
 * ```
 */
export function countOutcomes(rows: readonly { status: string | null }[]) {
  const count = (status: Outcome | null) => rows.filter((row) => row.status === status).length;
  const [erased, still_above, below_never_seen] = OUTCOMES.map(count) as [number, number, number];
  return { erased, still_above, below_never_seen, without_tokens: count(null) };
}
