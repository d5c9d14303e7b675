/**
 * What `evaluate --utility` prints.
 *
 * @module
 */
import type { UtilityRow } from "../evaluation/utility.ts";
import type { UtilityMeasure } from "../evaluation/utility_sums.ts";
import { formatInterval } from "../report/format.ts";
import { formatTable } from "./console.ts";

/**
 * The rows of all languages as two tables for a terminal: by class of token, and lines and calibration.
 *
 * @param unknown unseen texts of a language that no grammar is known of
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatUtility } from "./utility_report.ts";
 *
 * const interval = { value: 0.5, low: 0.25, high: 0.75, change: null, change_low: null, change_high: null };
 * const row = { set: "unseen", model: "before", language: "all", class: "all", documents: 2, count: 9, ...interval };
 * const [tokens] = formatUtility([{ ...row, measure: "accuracy" }], { unknown: 0 });
 * assertEquals(tokens!.split("\n")[2], "unseen  all    before       9  0.500 [0.250, 0.750]  –       –     –");
 * ```
 */
export function formatUtility(rows: readonly UtilityRow[], { unknown }: { unknown: number }): string[] {
  const shown = rows.filter(({ language }) => language === "all");
  const find = (like: UtilityRow, measure: UtilityMeasure) =>
    shown.find((row) =>
      row.set === like.set && row.model === like.model && row.class === like.class && row.measure === measure
    );
  const value = (row: UtilityRow | undefined) =>
    formatInterval(
      row && row.value !== null ? { estimate: row.value, low: row.low!, high: row.high! } : null,
    );
  const change = (row: UtilityRow | undefined) => {
    if (!row || row.change === null) return formatInterval(null);
    return formatInterval({ estimate: row.change, low: row.change_low!, high: row.change_high! });
  };
  const cells = (row: UtilityRow, measures: readonly UtilityMeasure[]) =>
    measures.flatMap((measure) => [value(find(row, measure)), change(find(row, measure))]);
  const order = inOrder(shown);
  const tokens = order.filter(({ measure }) => measure === "accuracy");
  const whole = order.filter(({ measure }) => measure === "line_accuracy" || measure === "ece")
    .filter((row, i, all) => all.findIndex((own) => own.set === row.set && own.model === row.model) === i);
  return [
    formatTable(
      ["set", "class", "model", "tokens", "accuracy", "change", "loss", "change"],
      tokens.map((row) => [row.set, row.class, row.model, row.count, ...cells(row, ["accuracy", "nll"])]),
    ),
    formatTable(
      ["set", "model", "lines", "written whole", "change", "calibration error", "change"],
      whole.map((row) => [
        row.set,
        row.model,
        find(row, "line_accuracy")?.count ?? null,
        ...cells(row, ["line_accuracy", "ece"]),
      ]),
    ),
    ...unknown === 0 ? [] : [
      `${unknown} unseen ${
        unknown === 1 ? "text is" : "texts are"
      } in a language that no grammar is known of: class "other" ` +
      "(--language says what texts are written in whose names do not tell)",
    ],
  ];
}

/** Models beside each other: by set and class, each as it comes first. */
function inOrder(rows: readonly UtilityRow[]): UtilityRow[] {
  const places = new Map<string, number>();
  const keyOf = (row: UtilityRow) => `${row.set} ${row.class} ${row.measure}`;
  for (const row of rows) if (!places.has(keyOf(row))) places.set(keyOf(row), places.size);
  return rows.toSorted((a, b) => places.get(keyOf(a))! - places.get(keyOf(b))!);
}
