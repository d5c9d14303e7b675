/**
 * The forgetting curves of the preset, and under them a slider for each hyperparameter: moving one shows the run in
 * which it alone was changed, the preset's curves staying behind as a faint trace; the other sliders go back to the
 * preset. Nothing is computed when a slider moves: every run is in the figure.
 *
 * @module
 */
import { type Figure, makeFigure } from "./figure.ts";
import {
  describeEnd,
  type Hyperparameter,
  HYPERPARAMETER_NAMES,
  type HyperparameterRow,
  type HyperparameterRun,
  HYPERPARAMETERS,
  listRuns,
  runsAlongEach,
  type RunSettings,
  valueText,
} from "./hyperparameter_runs.ts";
import { epochAxis, type ForgetThresholds, scoreCurves, scoreThresholds } from "./score_curves.ts";
import { percentText, SCORE_AXIS } from "./style.ts";

/** Options of {@linkcode hyperparameterSliders}. */
export interface HyperparameterSlidersOptions {
  /** The run from which one thing at a time is changed. */
  preset: RunSettings;
  /** What unseen text scores: the marks to get under. */
  thresholds?: ForgetThresholds;
}

/** Pixels that a slider takes. */
const SLIDER_HEIGHT = 66;
const PLOT_HEIGHT = 330;
const TOP = 84;

/**
 * Draws the sliders of the hyperparameters for which the table has more than one value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hyperparameterSliders } from "./hyperparameter_sliders.ts";
 *
 * const preset = { method: "codeeraser", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 0, ma: 1, el_10: 1, retain_ma: 1, loss: null, unseen_nll: 3, kept: true };
 * const rows = [0, 0.5, 1].map((gamma) => ({ ...preset, gamma, ...rest }));
 * const { layout } = hyperparameterSliders(rows, { preset });
 * const [slider] = layout.sliders as { active: number; steps: { label: string }[] }[];
 * assertEquals([slider?.active, slider?.steps.map(({ label }) => label)], [1, ["0", "0.5", "1"]]);
 * ```
 */
export function hyperparameterSliders(
  rows: readonly HyperparameterRow[],
  { preset, thresholds }: HyperparameterSlidersOptions,
): Figure {
  const all = listRuns(rows);
  const base = all.find((run) => isSame(run, preset));
  const rails = runsAlongEach(all, preset).filter(({ runs }) => base !== undefined && runs.length > 1);
  const shown = [...new Set([...base ? [base] : [], ...rails.flatMap(({ runs }) => runs)])];
  const traces = shown.map((run) => scoreCurves(run.rows, { visible: run === base }));
  const behind = base ? scoreCurves(base.rows, { opacity: 0.25, showlegend: false, hoverinfo: "skip" }) : [];
  const actives = rails.map(({ runs }) => runs.findIndex((run) => run === base));
  const sliders = rails.map(({ name, runs }, rail) => ({
    ...sliderFrame(name, { rail, rails: rails.length }),
    active: actives[rail],
    steps: runs.map((run, i) => ({
      label: valueText(run[name]),
      method: "update",
      args: [
        {
          visible: [
            ...behind.map(() => true),
            ...traces.flatMap((own, j) => own.map(() => shown[j] === run)),
          ],
        },
        {
          "title.subtitle.text": describeRun(run, name),
          ...Object.fromEntries(actives.map((active, other) => [
            `sliders[${other}].active`,
            other === rail ? i : active,
          ])),
        },
      ],
    })),
  }));
  const bottom = 124 + SLIDER_HEIGHT * rails.length; // the legend has three lines in a narrow window
  const last = Math.max(1, ...shown.map(({ rows }) => rows.at(-1)!.epoch));
  return makeFigure([...behind.map(({ hovertemplate: _, ...trace }) => trace), ...traces.flat()], {
    title: "What each hyperparameter does",
    subtitle: base ? describeRun(base, null) : "the preset's run is missing",
    layout: {
      height: TOP + PLOT_HEIGHT + bottom,
      margin: { l: 64, r: 24, t: TOP, b: bottom },
      xaxis: epochAxis(last),
      yaxis: { ...SCORE_AXIS, title: { text: "score" } },
      shapes: scoreThresholds("y", thresholds),
      sliders,
    },
  });
}

function isSame(run: RunSettings, preset: RunSettings): boolean {
  return (["method", ...HYPERPARAMETER_NAMES] as const).every((name) => run[name] === preset[name]);
}

/** A slider's place under the plot: its name at its left, over its rail. */
function sliderFrame(name: Hyperparameter, { rail }: { rail: number; rails: number }) {
  const { label, effect } = HYPERPARAMETERS[name];
  return {
    x: 0,
    len: 1,
    y: -(58 + SLIDER_HEIGHT * rail) / PLOT_HEIGHT,
    yanchor: "top",
    pad: { t: 0, b: 0, l: 0, r: 0 },
    currentvalue: { prefix: `<b>${label}</b>, ${effect}: `, font: { size: 12 }, offset: 4, xanchor: "left" },
    font: { size: 11 },
    ticklen: 3,
    minorticklen: 0,
    transition: { duration: 0 },
  };
}

function describeRun(run: HyperparameterRun, name: Hyperparameter | null): string {
  const change = name === null ? "preset" : `${HYPERPARAMETERS[name].label} ${valueText(run[name])}`;
  const { after, before } = run;
  return `${change}: ${describeEnd(run)}; retain set MA ${percentText(before.retain_ma)} → ${
    percentText(after.retain_ma)
  }`;
}
