import { assertEquals } from "@std/assert";
import type { RowOf } from "../../lib/datasets/row_table.ts";
import type { SWEEP_COLUMNS, SWEEP_LATER_COLUMNS } from "../../lib/datasets/sweep_columns.ts";
import { mergeRuns } from "./keep_sweep.ts";

Deno.test("mergeRuns() puts runs made anew in their places, keeps the others and adds new ones", () => {
  const row = (run: string, ma: number) =>
    ({ run, ma }) as RowOf<typeof SWEEP_COLUMNS> & RowOf<typeof SWEEP_LATER_COLUMNS>;
  const merged = mergeRuns([row("cu", 1), row("ga", 2)], [row("npo", 3), row("cu", 4)]);
  assertEquals(merged.map(({ run, ma }) => [run, ma]), [["cu", 4], ["ga", 2], ["npo", 3]]);
  assertEquals(mergeRuns([], [row("ga", 1)]).length, 1);
});
