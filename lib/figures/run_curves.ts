/**
 * Several runs over one another: MA of the forget set and of the retain set, epoch by epoch, a line a run.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { epochAxis } from "./score_curves.ts";
import { SET_PANELS, type SetPanel, setPanelsLayout } from "./set_panels.ts";
import { isScore, PALETTE, plotText } from "./style.ts";

/** The state after one epoch of one run; epoch 0 is the model before. */
export interface RunEpochRow {
  /** The run's name, as its line is called. */
  readonly run: string;
  /** The epoch. */
  readonly epoch: number;
  /** MA of the forget set's secrets, and of the retain set. */
  readonly ma: number | null;
  readonly retain_ma: number | null;
}

/** Lines of more runs than there are colours are told apart by their dashes. */
const COLORS = Object.values(PALETTE);
const DASHES = ["solid", "dash", "dot", "dashdot"] as const;
const SYMBOLS = ["circle", "square", "diamond", "triangle-up"] as const;

/**
 * Draws the runs in the order of their first rows.
 *
 * @param options.threshold what unseen text scores, where it is the same in all runs
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runCurves } from "./run_curves.ts";
 *
 * const rows = ["one", "two"].map((run) => ({ run, epoch: 0, ma: 1, retain_ma: 0.5 }));
 * assertEquals(runCurves(rows).data.map(({ name, y }) => [name, y[0]]), [["one", 1], ["one", 0.5], ["two", 1], ["two", 0.5]]);
 * ```
 */
export function runCurves(
  rows: readonly RunEpochRow[],
  { threshold = null }: { threshold?: number | null } = {},
): Figure {
  const last = Math.max(1, ...rows.map(({ epoch }) => epoch));
  const groups = [...Map.groupBy(rows, ({ run }) => run)];
  const data = groups.flatMap(([run, own], index) =>
    SET_PANELS.map((panel) => drawLine(run, own, { panel, index }))
  );
  return makeFigure(data, {
    title: "Runs over one another",
    subtitle: `${groups.length} runs with the same axes; left forgetting, right what it cost`,
    layout: setPanelsLayout({
      xaxis: epochAxis(last),
      bottom: 84,
      headings: ["forget set MA, down is good", "retain set MA, level is good"],
      threshold,
    }),
  });
}

function drawLine(
  run: string,
  rows: readonly RunEpochRow[],
  { panel: { column, suffix }, index }: { panel: SetPanel; index: number },
): Trace {
  const sorted = rows.toSorted((a, b) => a.epoch - b.epoch);
  const color = COLORS[index % COLORS.length];
  const dash = DASHES[Math.floor(index / COLORS.length) % DASHES.length];
  return {
    type: "scatter",
    mode: "lines+markers",
    name: plotText(run),
    legendgroup: plotText(run),
    showlegend: column === "ma",
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    x: sorted.map(({ epoch }) => epoch),
    y: sorted.map((row) => isScore(row[column]) ? row[column] : null),
    line: { color, dash, width: 2 },
    marker: { color, symbol: SYMBOLS[index % SYMBOLS.length], size: 6 },
    hovertemplate: "<b>%{fullData.name}</b>, epoch %{x}: %{y:.1%}<extra></extra>",
  };
}
