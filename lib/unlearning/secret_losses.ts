/**
 * The losses to which a forget set's secrets are pushed, where each has one: what was never seen loses so much in its place.
 *
 * @module
 */
import type { UnlearnRow } from "./micro_batches.ts";
import type { SecretThresholds } from "./per_secret_stop.ts";

/**
 * Rows of a forget set with the losses to which their secrets are pushed.
 *
 * @param forget the forget set @param thresholds of its secrets, in its order
 * @param pushes what each one's losses are multiplied by; by default nothing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withLosses } from "./secret_losses.ts";
 *
 * const rows = [{ ids: Int32Array.of(1, 2) }];
 * const [row] = withLosses(rows, [{ secrets: [{}] }], [{ ma: 0.3, el_10: 0, nll: [4, 6] }], [2]);
 * assertEquals(row!.ceilings, [[8, 12]]);
 * assertEquals(withLosses(rows, [{ secrets: [{}] }], [{ ma: 0.3, el_10: 0 }]), rows);
 * ```
 */
export function withLosses(
  rows: readonly UnlearnRow[],
  forget: readonly { secrets: readonly unknown[] }[],
  thresholds: readonly SecretThresholds[] | undefined,
  pushes?: readonly number[],
): readonly UnlearnRow[] {
  if (!thresholds?.some(({ nll }) => nll?.length)) return rows;
  let next = 0;
  return rows.map((row, i) => ({
    ...row,
    ceilings: forget[i]!.secrets.map(() => {
      const push = pushes?.[next] ?? 1;
      return (thresholds[next++]!.nll ?? []).map((loss) => loss * push);
    }),
  }));
}
