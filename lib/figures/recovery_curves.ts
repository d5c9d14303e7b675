/**
 * What further training brings back: the secrets' mean MA after so many steps beside that of made-up secrets in the same
 * places under the same training.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** A model after a training. */
export interface RecoveryRow {
  /** What it was trained on, such as "innocent texts"; anything where there were no steps. */
  readonly training: string;
  /** The training's highest learning rate; null where there were no steps: such a row begins every curve. */
  readonly rate: number | null;
  /** Steps. */
  readonly steps: number;
  /** The secrets' mean MA. */
  readonly ma: number;
  /** Its 95 % interval. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
  /** The made-up secrets' mean MA; null where no format has another value. */
  readonly controls: number | null;
  /** Its 95 % interval, where it is known. */
  readonly controls_low?: number | null;
  /** Its upper end. */
  readonly controls_high?: number | null;
}

const LOOKS = [
  { color: PALETTE.blue, symbol: "circle" },
  { color: PALETTE.vermillion, symbol: "square" },
  { color: PALETTE.green, symbol: "diamond" },
  { color: PALETTE.purple, symbol: "triangle-up" },
] as const;

/**
 * Draws a curve a training and rate, with its intervals, and a dotted one of the made-up secrets with theirs as a band, a
 * dash where there is a single point.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { recoveryCurves } from "./recovery_curves.ts";
 *
 * const at = (steps: number, ma: number) => ({ steps, ma, low: ma - 0.1, high: ma + 0.1, controls: 0.15 });
 * const figure = recoveryCurves([
 *   { training: "", rate: null, ...at(0, 0.2) },
 *   { training: "innocent texts", rate: 3e-4, ...at(20, 0.6) },
 * ]);
 * assertEquals(figure.data.map(({ x, y }) => [x, y]), [[["0", "20"], [0.2, 0.6]], [["0", "20"], [0.15, 0.15]]]);
 * ```
 */
export function recoveryCurves(rows: readonly RecoveryRow[]): Figure {
  const before = rows.filter(({ rate }) => rate === null);
  const trained = rows.filter(({ rate }) => rate !== null);
  const curves = [...Map.groupBy(trained, ({ training, rate }) => `${training} at ${rate!.toExponential()}`)];
  const data = curves.flatMap(([name, own], i): Trace[] => {
    const points = [...before, ...own].sort((a, b) => a.steps - b.steps);
    const { color, symbol } = LOOKS[i % LOOKS.length]!;
    const x = points.map(({ steps }) => String(steps));
    const hover = "%{x} steps: %{y:.1%}<extra></extra>";
    return [
      ...bandOf(points, { x, color, legendgroup: name }),
      {
        ...{ type: "scatter", mode: "lines+markers", name: plotText(name), x, y: points.map(({ ma }) => ma) },
        line: { color, width: 2.2 },
        marker: { color, symbol, size: 8 },
        error_y: {
          ...{ ...ERROR_BARS, color, thickness: 1.5, width: 5 },
          array: points.map(({ ma, high }) => high - ma),
          arrayminus: points.map(({ ma, low }) => ma - low),
        },
        ...{ legendgroup: name, cliponaxis: false, hovertemplate: hover },
      },
      {
        ...{
          type: "scatter",
          mode: x.length > 1 ? "lines" : "lines+markers", // a line of one point is none
          name: "made-up secrets",
          x,
          y: points.map(({ controls }) => controls),
        },
        line: { color, dash: "dot", width: 1.8 },
        marker: { color, symbol: "line-ew-open", size: 16, line: { color, width: 1.8 } },
        ...points.length === 1 && { error_y: errorsOf(points, color) },
        ...{ legendgroup: name, hovertemplate: `made-up secrets, ${hover}` },
      },
    ];
  });
  const steps = [...new Set(rows.map((row) => row.steps))].sort((a, b) => a - b);
  return makeFigure(data, {
    title: "What further training brings back",
    subtitle: describeWorst(trained),
    layout: {
      xaxis: {
        type: "category",
        title: { text: "steps of further training" },
        ...{ categoryorder: "array", categoryarray: steps.map(String), showgrid: false },
      },
      yaxis: { ...SCORE_AXIS, title: { text: "mean MA" } },
    },
  });
}

const ERROR_BARS = { type: "data", symmetric: false } as const;

/** A row whose made-up secrets have an interval. */
interface Banded extends RecoveryRow {
  readonly controls: number;
  readonly controls_low: number;
  readonly controls_high: number;
}

function isBanded(row: RecoveryRow): row is Banded {
  return isScore(row.controls) && isScore(row.controls_low) && isScore(row.controls_high);
}

/** What is known of a single point. */
function errorsOf(points: readonly RecoveryRow[], color: string) {
  const banded = points.filter(isBanded);
  return {
    ...{ ...ERROR_BARS, color, thickness: 1, width: 8 },
    array: banded.map(({ controls, controls_high }) => controls_high - controls),
    arrayminus: banded.map(({ controls, controls_low }) => controls - controls_low),
  };
}

/** The made-up secrets' intervals, where there are at least two. */
function bandOf(
  points: readonly RecoveryRow[],
  { x, color, legendgroup }: { x: readonly string[]; color: string; legendgroup: string },
): Trace[] {
  const known = [...points.keys()].filter((i) => isBanded(points[i]!));
  if (known.length < 2) return [];
  const steps = known.map((i) => x[i]!);
  const banded = points.filter(isBanded);
  return [{
    ...{ type: "scatter", mode: "lines", name: "made-up secrets, 95 % interval", fill: "toself" },
    x: [...steps, ...steps.toReversed()],
    y: [
      ...banded.map(({ controls_low }) => controls_low),
      ...banded.map(({ controls_high }) => controls_high).reverse(),
    ],
    line: { width: 0 },
    fillcolor: `${color}22`,
    ...{ legendgroup, showlegend: false, hoverinfo: "skip" },
  }];
}

/** The training after which most is there, beside what was never seen. */
function describeWorst(rows: readonly RecoveryRow[]): string {
  const [worst] = rows.toSorted((a, b) => b.ma - (b.controls ?? 0) - (a.ma - (a.controls ?? 0)));
  if (!worst) return "no training";
  const { ma, controls, steps, training } = worst;
  return `at most ${percentText(ma)} (made-up secrets ${percentText(controls)}): ${steps} steps on ${
    plotText(training)
  }`;
}
