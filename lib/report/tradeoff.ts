/**
 * What each method of a run forgot and kept, as the figure of both takes it.
 *
 * @module
 */
import type { TradeoffRow } from "../figures/method_tradeoff.ts";
import { isScore } from "../figures/style.ts";
import { findResult, listMethods, type RunTables } from "./run_tables.ts";

/**
 * The methods that were evaluated on both sets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tradeoffRows } from "./tradeoff.ts";
 *
 * assertEquals(tradeoffRows({ title: "Run", version: "v" }), []);
 * ```
 */
export function tradeoffRows(run: RunTables): TradeoffRow[] {
  const maOf = (set: "forget" | "retain", model: string) => findResult(run, set, model)?.ma;
  const [forgetBefore, retainBefore] = [maOf("forget", "before"), maOf("retain", "before")];
  return listMethods(run).flatMap((method): TradeoffRow[] => {
    const [forget, retain] = [maOf("forget", method), maOf("retain", method)];
    if (![forgetBefore, retainBefore, forget, retain].every(isScore)) return [];
    if (forgetBefore === 0 || retainBefore === 0) return [];
    const way = (run.history ?? []).filter((row) => row.method === method)
      .toSorted((a, b) => a.epoch - b.epoch)
      .map(({ ma, retain_ma }) => ({ ma, retain_ma }));
    return [{ method, forget: [forgetBefore!, forget!], retain: [retainBefore!, retain!], way }];
  });
}
