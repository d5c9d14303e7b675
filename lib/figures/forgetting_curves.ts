/**
 * What unlearning does step by step: MA and EL_10 on the forget set should fall under their thresholds while MA on the
 * retain set stays. One panel a method, side by side with the same axes, so that the price can be compared.
 *
 * @module
 */
import { type Figure, makeFigure, panelHeading } from "./figure.ts";
import {
  epochAxis,
  type EpochScores,
  type ForgetThresholds,
  scoreCurves,
  scoreThresholds,
} from "./score_curves.ts";
import { modelStyle, plotText, SCORE_AXIS } from "./style.ts";

/** The state after one epoch of one method; epoch 0 is the model before. */
export interface HistoryRow extends EpochScores {
  /** Its name, such as "codeeraser". */
  readonly method: string;
}

/** Options of {@linkcode forgettingCurves}. */
export interface ForgettingCurvesOptions {
  /** What unseen text scores: the marks to get under. */
  thresholds?: ForgetThresholds;
}

/** Panels in one row before the next begins: two still read well at 700 pixels. */
const COLUMNS = 2;

/**
 * Draws the curves of each method over epochs, methods in the order of their first row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { forgettingCurves } from "./forgetting_curves.ts";
 *
 * const figure = forgettingCurves([
 *   { method: "codeeraser", epoch: 0, ma: 0.99, el_10: 0.95, retain_ma: 0.98, loss: null },
 *   { method: "codeeraser", epoch: 1, ma: 0.4, el_10: 0.03, retain_ma: 0.97, loss: 1.5 },
 * ], { thresholds: { ma: 0.46, el_10: 0.05 } });
 * assertEquals(figure.data.map((trace) => trace.name), ["forget set MA", "forget set EL_10", "retain set MA"]);
 * ```
 */
export function forgettingCurves(
  rows: readonly HistoryRow[],
  options: ForgettingCurvesOptions = {},
): Figure {
  const methods = [...new Set(rows.map((row) => row.method))];
  const panelRows = Math.max(1, Math.ceil(methods.length / COLUMNS));
  const last = Math.max(1, ...rows.map(({ epoch }) => epoch));
  const panels = methods.map((method, panel) =>
    drawPanel(
      rows.filter((row) => row.method === method).toSorted((a, b) => a.epoch - b.epoch),
      panel,
      { method, methods: methods.length, panelRows, last, thresholds: options.thresholds },
    )
  );
  return makeFigure(panels.flatMap((panel) => panel.data), {
    title: "Forgetting, epoch by epoch",
    subtitle: "both forget-set curves should end under their dashed lines, the retain set should stay",
    layout: {
      height: 110 + 350 * panelRows,
      // Room for the panels' headings under the subtitle.
      margin: { l: 64, r: 24, t: 108, b: 84 },
      ...Object.assign({}, ...panels.map((panel) => panel.axes)),
      shapes: panels.flatMap((panel) => panel.shapes),
      annotations: panels.map((panel) => panel.heading),
    },
  });
}

interface PanelOptions {
  method: string;
  methods: number;
  panelRows: number;
  /** The last epoch of any method. */
  last: number;
  thresholds: ForgettingCurvesOptions["thresholds"];
}

function drawPanel(rows: readonly HistoryRow[], panel: number, options: PanelOptions) {
  const suffix = panel === 0 ? "" : String(panel + 1);
  const { x, y } = panelDomain(panel, options);
  const isFirstOfRow = panel % COLUMNS === 0;
  return {
    data: scoreCurves(rows, { showlegend: panel === 0, xaxis: `x${suffix}`, yaxis: `y${suffix}` }),
    axes: {
      [`xaxis${suffix}`]: { ...epochAxis(options.last), domain: x, anchor: `y${suffix}` },
      [`yaxis${suffix}`]: {
        ...SCORE_AXIS,
        domain: y,
        anchor: `x${suffix}`,
        showticklabels: isFirstOfRow,
        title: { text: isFirstOfRow ? "score" : "" },
      },
    },
    shapes: scoreThresholds(`y${suffix}`, options.thresholds),
    heading: panelHeading(plotText(modelStyle(options.method).label), { x: x[0]!, y: y[1]! }),
  };
}

function panelDomain(panel: number, { methods, panelRows }: PanelOptions): { x: number[]; y: number[] } {
  const columns = Math.min(COLUMNS, methods);
  const column = panel % COLUMNS;
  const row = Math.floor(panel / COLUMNS);
  const width = (1 - 0.06 * (columns - 1)) / columns;
  const height = (1 - 0.2 * (panelRows - 1)) / panelRows;
  const left = column * (width + 0.06);
  const top = 1 - row * (height + 0.2);
  return { x: [left, left + width], y: [Math.max(0, top - height), top] };
}
