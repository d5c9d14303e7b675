/**
 * Methods by how much is to be forgotten at once: what is left of the forget set and what is kept of the retain set, against
 * the forget set's rows, a curve a method with its spread over forget sets.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { SET_PANELS, type SetPanel, setPanelsLayout } from "./set_panels.ts";
import { isScore, modelStyle, plotText } from "./style.ts";

/** A method at one size: means over forget sets, with standard deviations where there are several. */
export interface SizeRow {
  /** Its name, such as "codeeraser". */
  readonly method: string;
  /** Rows of the forget set. */
  readonly k: number;
  /** MA of the forget set after. */
  readonly ma: number | null;
  readonly ma_deviation: number | null;
  /** MA of the retain set after. */
  readonly retain_ma: number | null;
  readonly retain_ma_deviation: number | null;
}

const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "x", "star"] as const;

/**
 * Draws the methods; sizes on a logarithmic axis.
 *
 * @param options.threshold what unseen text scores: where forgetting is enough
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sizeEffects } from "./size_effects.ts";
 *
 * const row = { method: "ga", ma: 0.25, ma_deviation: 0.01, retain_ma: 0.5, retain_ma_deviation: null };
 * const { data } = sizeEffects([{ ...row, k: 32 }, { ...row, k: 8 }]);
 * assertEquals(data.map(({ x, y }) => [x, y]), [[[8, 32], [0.25, 0.25]], [[8, 32], [0.5, 0.5]]]);
 * ```
 */
export function sizeEffects(
  rows: readonly SizeRow[],
  { threshold = null }: { threshold?: number | null } = {},
): Figure {
  const sizes = [...new Set(rows.map(({ k }) => k))].sort((a, b) => a - b);
  const data = [...Map.groupBy(rows, ({ method }) => method)].flatMap(([method, own], index) =>
    SET_PANELS.map((panel) => drawCurve(method, own, { panel, index }))
  );
  return makeFigure(data, {
    title: "Forgetting more at once",
    subtitle: "against the rows of the forget set; bars are standard deviations over forget sets",
    layout: setPanelsLayout({
      xaxis: {
        type: "log",
        tickvals: sizes,
        ticktext: sizes.map(String),
        title: { text: "rows of the forget set" },
      },
      bottom: 96,
      headings: ["forget set MA, down is good", "retain set MA, up is good"],
      threshold,
    }),
  });
}

function drawCurve(
  method: string,
  rows: readonly SizeRow[],
  { panel: { column, suffix }, index }: { panel: SetPanel; index: number },
): Trace {
  const sorted = rows.toSorted((a, b) => a.k - b.k);
  const { label, color } = modelStyle(method);
  return {
    type: "scatter",
    mode: "lines+markers",
    name: plotText(label),
    legendgroup: plotText(label),
    showlegend: column === "ma",
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    x: sorted.map(({ k }) => k),
    y: sorted.map((row) => isScore(row[column]) ? row[column] : null),
    error_y: {
      type: "data",
      array: sorted.map((row) => row[`${column}_deviation`] ?? 0),
      thickness: 1,
      width: 3,
    },
    line: { color, width: 2 },
    marker: { color, symbol: SYMBOLS[index % SYMBOLS.length], size: 7 },
    hovertemplate: "<b>%{fullData.name}</b>, %{x} rows: %{y:.1%}<extra></extra>",
  };
}
