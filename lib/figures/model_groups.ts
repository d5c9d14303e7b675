/**
 * What figures of several models have in common: which model comes first, how each is marked, and the line on which two
 * shares are equal.
 *
 * @module
 */
import type { Trace } from "./figure.ts";
import { PALETTE } from "./style.ts";

/** Markers of models, in order. */
const SYMBOLS = ["circle", "diamond", "square", "triangle-up", "cross"] as const;

/**
 * The marker of a figure's model.
 *
 * @param index of the model, from 0
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { modelSymbol } from "./model_groups.ts";
 *
 * assertEquals([0, 1, 5].map(modelSymbol), ["circle", "diamond", "circle"]);
 * ```
 */
export function modelSymbol(index: number): string {
  return SYMBOLS[index % SYMBOLS.length]!;
}

/**
 * The rows of each model, the model before first, the others in the order of their first rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { groupByModel } from "./model_groups.ts";
 *
 * const rows = ["ga", "before", "ga"].map((model) => ({ model }));
 * assertEquals(groupByModel(rows).map(([model, own]) => [model, own.length]), [["before", 1], ["ga", 2]]);
 * ```
 */
export function groupByModel<Row extends { readonly model: string }>(
  rows: readonly Row[],
): [string, Row[]][] {
  return [...Map.groupBy(rows, ({ model }) => model)]
    .toSorted(([a], [b]) => Number(b === "before") - Number(a === "before"));
}

/**
 * The dotted line on which two shares are equal.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { equalityLine } from "./model_groups.ts";
 *
 * const { name, x, y } = equalityLine("no change");
 * assertEquals([name, x, y], ["no change", [0, 1], [0, 1]]);
 * ```
 */
export function equalityLine(name: string): Trace {
  return {
    ...{ type: "scatter", mode: "lines", name, x: [0, 1], y: [0, 1] },
    line: { color: PALETTE.grey, dash: "dot", width: 1.5 },
    hoverinfo: "skip",
  };
}
