/**
 * The three curves of every figure of unlearning, epoch by epoch: MA and EL_10 on the forget set, MA on the retain
 * set, with the thresholds of the first two. One look everywhere, so that a reader learns it once.
 *
 * @module
 */
import type { Trace } from "./figure.ts";
import { isScore, PALETTE, type ThresholdLine, thresholdLine } from "./style.ts";

/** The state after one epoch; epoch 0 is the model before. */
export interface EpochScores {
  /** Epochs done. */
  readonly epoch: number;
  /** Mean MA on the forget set. */
  readonly ma: number | null;
  /** Mean EL_10 on the forget set; null where it was not measured. */
  readonly el_10: number | null;
  /** Mean MA on the retain set. */
  readonly retain_ma: number | null;
  /** The objective's value; null before the first step. */
  readonly loss: number | null;
}

/** What unseen text scores: the marks to get under. */
export interface ForgetThresholds {
  /** Mean MA on unseen text. */
  readonly ma: number | null;
  /** Mean EL_10 on unseen text. */
  readonly el_10: number | null;
}

const CURVES = [
  { column: "ma", label: "forget set MA", color: PALETTE.blue, symbol: "circle", dash: "solid" },
  { column: "el_10", label: "forget set EL_10", color: PALETTE.vermillion, symbol: "square", dash: "solid" },
  { column: "retain_ma", label: "retain set MA", color: PALETTE.green, symbol: "diamond", dash: "dot" },
] as const;

/**
 * The curves of one run; a column that was never measured has none.
 *
 * @param options what of Plotly each trace is to have beside: axes, legend, visibility
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreCurves } from "./score_curves.ts";
 *
 * const rows = [{ epoch: 0, ma: 0.99, el_10: null, retain_ma: 0.98, loss: null }];
 * assertEquals(scoreCurves(rows).map(({ name }) => name), ["forget set MA", "retain set MA"]);
 * ```
 */
export function scoreCurves(
  rows: readonly EpochScores[],
  options: { readonly [option: string]: unknown } = {},
): Trace[] {
  return epochCurves(rows, CURVES, ({ column, label }) => ({
    legendgroup: column,
    customdata: rows.map((row) => isScore(row.loss) ? `<br>loss ${row.loss.toFixed(3)}` : ""),
    hovertemplate: `epoch %{x}<br>${label} %{y:.1%}%{customdata}<extra></extra>`,
    ...options,
  }));
}

/** How a column is drawn over the epochs. */
export interface EpochCurve<N extends string> {
  /** The column. */
  readonly column: N;
  /** Its name in the legend. */
  readonly label: string;
  /** `#rrggbb`. */
  readonly color: string;
  /** Plotly's name of its marker. */
  readonly symbol: string;
  /** Plotly's name of its line. */
  readonly dash: string;
}

/**
 * Columns over the epochs; one that was never measured has no curve.
 *
 * @param optionsOf what of Plotly a curve's trace is to have beside
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { epochCurves } from "./score_curves.ts";
 *
 * const look = { color: "#000000", symbol: "circle", dash: "dot" };
 * const curves = [{ column: "a", label: "first", ...look }, { column: "b", label: "second", ...look }] as const;
 * const traces = epochCurves([{ epoch: 1, a: 0.5, b: null }], curves, () => ({ yaxis: "y2" }));
 * assertEquals(traces.map(({ name, y, yaxis }) => [name, y, yaxis]), [["first", [0.5], "y2"]]);
 * ```
 */
export function epochCurves<N extends string>(
  rows: readonly ({ readonly epoch: number } & { readonly [column in N]: number | null })[],
  curves: readonly EpochCurve<N>[],
  optionsOf: (curve: EpochCurve<N>) => { readonly [option: string]: unknown },
): Trace[] {
  return curves.filter(({ column }) => rows.some((row) => isScore(row[column]))).map((curve) => ({
    type: "scatter",
    mode: "lines+markers",
    name: curve.label,
    x: rows.map(({ epoch }) => epoch),
    y: rows.map((row) => row[curve.column]),
    line: { color: curve.color, dash: curve.dash, width: 2.2 },
    marker: { color: curve.color, symbol: curve.symbol, size: 6 },
    cliponaxis: false,
    ...optionsOf(curve),
  }));
}

/**
 * An axis of epochs, so far beyond the first and the last that their marks are whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { epochAxis } from "./score_curves.ts";
 *
 * assertEquals(epochAxis(100).range, [-3, 103]);
 * ```
 */
export function epochAxis(last: number) {
  return { title: { text: "epoch" }, range: [-0.03 * last, 1.03 * last], tickformat: "d" };
}

/**
 * The thresholds' lines on a panel's y axis ("y", "y2", ...), each in its curve's colour.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreThresholds } from "./score_curves.ts";
 *
 * const lines = scoreThresholds("y2", { ma: 0.46, el_10: null });
 * assertEquals(lines.map(({ label }) => label.text), ["MA threshold 46.0%"]);
 * ```
 */
export function scoreThresholds(axis: string, thresholds: ForgetThresholds | undefined): ThresholdLine[] {
  return CURVES.flatMap(({ column, color }) => {
    if (column === "retain_ma") return [];
    const threshold = thresholds?.[column];
    const name = column === "ma" ? "MA threshold" : "EL_10 threshold";
    return isScore(threshold) ? [thresholdLine(threshold, { axis, name, color, side: "start" })] : [];
  });
}
