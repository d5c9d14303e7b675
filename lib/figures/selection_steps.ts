/**
 * What is left after each rule of a selection: a bar a step, the first on top, with the share of the step before it.
 *
 * @module
 */
import { type Figure, makeFigure } from "./figure.ts";
import { PALETTE, percentText, plotText } from "./style.ts";

/** What a rule left. */
export interface SelectionStep {
  /** The rule, in a few words. */
  readonly step: string;
  /** How many passed. */
  readonly count: number;
}

/** Options of {@linkcode selectionSteps}. */
export interface SelectionStepsOptions {
  /** What is shown. */
  title: string;
  /** What is counted, in the plural. */
  unit: string;
}

/**
 * Draws the steps; the last one, what was taken, in another colour.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { selectionSteps } from "./selection_steps.ts";
 *
 * const steps = [{ step: "all", count: 8 }, { step: "kept", count: 2 }];
 * const { data, layout } = selectionSteps(steps, { title: "Selection", unit: "rows" });
 * assertEquals(data[0]?.text, ["8", "2 (25.0%)"]);
 * assertEquals(layout.title.subtitle?.text, "2 of 8 rows are taken");
 * ```
 */
export function selectionSteps(rows: readonly SelectionStep[], options: SelectionStepsOptions): Figure {
  const { title, unit } = options;
  const [first, last] = [rows[0], rows.at(-1)];
  const texts = rows.map(({ count }, i) => {
    const before = rows[i - 1]?.count;
    const share = before === undefined || before === 0 ? "" : ` (${percentText(count / before)})`;
    return count.toLocaleString("en") + share;
  });
  return makeFigure(
    !first || !last ? [] : [{
      type: "bar",
      orientation: "h",
      x: rows.map(({ count }) => count),
      y: rows.map(({ step }) => plotText(step)),
      text: texts,
      textposition: "outside",
      cliponaxis: false,
      marker: { color: rows.map((_, i) => i === rows.length - 1 ? PALETTE.blue : PALETTE.grey) },
      hovertemplate: `<b>%{y}</b><br>%{text} ${plotText(unit)}<extra></extra>`,
    }],
    {
      title: plotText(title),
      subtitle: !first || !last
        ? `no ${plotText(unit)}`
        : `${last.count.toLocaleString("en")} of ${first.count.toLocaleString("en")} ${
          plotText(unit)
        } are taken`,
      layout: {
        height: 170 + 36 * rows.length,
        margin: { l: 64, r: 24, t: 84, b: 64 },
        xaxis: {
          title: { text: `${plotText(unit)} (in brackets: share of the step above)` },
          range: [0, 1.4 * Math.max(1, ...rows.map(({ count }) => count))],
          tickformat: ",d",
        },
        yaxis: { type: "category", autorange: "reversed", showgrid: false, ticks: "" },
        showlegend: false,
      },
    },
  );
}
