/**
 * What a model is still good for: how well it predicts code, as a table, and as rows of a figure.
 *
 * @module
 */
import type { ClassAccuracyRow } from "../figures/accuracy_by_class.ts";
import type { CertaintyRow } from "../figures/reliability_diagram.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import { clipText, formatCount, formatInterval, formatScore } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { ReportedBin, ReportedMeasure, RunTables } from "./run_tables.ts";

const SETS: Readonly<Record<string, string>> = {
  unseen: "Unseen code",
  retain: "Retain set",
  hosts: "Around the erased secrets",
  other_secrets: "Other secrets",
};

const MEASURES = [
  { measure: "accuracy", label: "Tokens named first" },
  { measure: "nll", label: "Loss" },
  { measure: "line_accuracy", label: "Lines written whole" },
  { measure: "ece", label: "Calibration error" },
] as const;

/**
 * The rows of the figure: accuracy on unseen code, all languages together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { classRows } from "./utility.ts";
 *
 * assertEquals(classRows(undefined), []);
 * ```
 */
export function classRows(measures: readonly ReportedMeasure[] | undefined): ClassAccuracyRow[] {
  return (measures ?? []).filter(({ set, language, measure }) =>
    set === "unseen" && language === "all" && measure === "accuracy"
  );
}

/**
 * The bins of the figure on certainty: on unseen code.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certaintyBins } from "./utility.ts";
 *
 * assertEquals(certaintyBins(undefined), []);
 * ```
 */
export function certaintyBins(bins: readonly ReportedBin[] | undefined): CertaintyRow[] {
  return (bins ?? []).filter(({ set }) => set === "unseen");
}

/**
 * Renders a row a set and model, of all classes and languages, each measure with its interval and its change; null
 * where the run has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderUtility } from "./utility.ts";
 *
 * assertEquals(renderUtility({ title: "Run", version: "v" }), null);
 * ```
 */
export function renderUtility({ utility = [] }: RunTables): Markup | null {
  const all = utility.filter((row) => row.language === "all" && row.class === "all");
  if (all.length === 0) return null;
  const groups = [...Map.groupBy(all, ({ set, model }) => JSON.stringify([set, model])).values()];
  const order = Object.keys(SETS);
  const rows = groups.toSorted(([a], [b]) => order.indexOf(a!.set) - order.indexOf(b!.set)).map((own) => {
    const [{ set, model }] = own as [ReportedMeasure];
    const cells = MEASURES.map(({ measure }) => {
      const row = own.find((row) => row.measure === measure);
      return markup`<td>${describe(row)}</td>`;
    });
    const tokens = own.find(({ measure }) => measure === "accuracy")?.count;
    return markup`
<tr><th scope="row">${clipText(SETS[set] ?? set)}</th><td>${clipText(modelStyle(model).label)}</td><td>${
      formatCount(tokens)
    }</td>${cells}</tr>`;
  });
  return markup`<div class="scroll" role="region" aria-label="Table of use" tabindex="0"><table class="use">
<caption>Over all tokens, with 95 % intervals over documents; after the semicolon the change from before on the same
documents. Loss is in nats per token. A line is written whole where greedy decoding from its start gives each of its
tokens.</caption>
<thead><tr><th scope="col">Texts</th><th scope="col">Model</th><th scope="col">Tokens</th>${
    MEASURES.map(({ label }) => markup`<th scope="col">${label}</th>`)
  }</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function describe(row: ReportedMeasure | undefined): string {
  if (!row || !isScore(row.value) || !isScore(row.low) || !isScore(row.high)) return formatScore(null);
  const own = formatInterval({ estimate: row.value, low: row.low, high: row.high });
  const { change, change_low, change_high } = row;
  if (!isScore(change) || !isScore(change_low) || !isScore(change_high)) return own;
  return `${own}; ${formatInterval({ estimate: change, low: change_low, high: change_high })}`;
}
