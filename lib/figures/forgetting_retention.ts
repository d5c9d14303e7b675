/**
 * Forgetting against retention: every run a point, the more it forgot the further to the right, the more it kept the
 * higher. What no other run beats on both is joined by the Pareto front; faint lines show the way that a run took. The
 * front's runs are named by what sets them apart; where many runs lie close together, a panel of its own enlarges them.
 *
 * @module
 */
import { along, CORNER_AXES, cornerPanels, rangeAround, type ShareRanges } from "./corner_panels.ts";
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import {
  epochsOf,
  HYPERPARAMETER_NAMES,
  type HyperparameterRow,
  type HyperparameterRun,
  HYPERPARAMETERS,
  listRuns,
  unseenLossLine,
  valueText,
} from "./hyperparameter_runs.ts";
import { labelSides } from "./label_sides.ts";
import { enoughLines, frontTrace, paretoFront } from "./pareto_front.ts";
import { isScore, modelStyle, plotText } from "./style.ts";

/** Options of {@linkcode forgettingRetention}. */
export interface ForgettingRetentionOptions {
  /** Mean MA on unseen text: where forgetting is enough. */
  threshold?: number | null;
}

interface Point {
  readonly run: HyperparameterRun;
  /** Share of the forget set's MA that is gone. */
  readonly forgotten: number;
  /** Share of the retain set's MA that is left. */
  readonly kept: number;
}

const SYMBOLS: { readonly [method: string]: string } = {
  codeeraser: "circle",
  ga: "x",
  ssga: "triangle-up",
  cu: "square",
  pecu: "diamond",
  "codeeraser-held": "hexagon",
  graddiff: "cross",
  npo: "triangle-down",
  simnpo: "triangle-left",
  wga: "pentagon",
  satimp: "hexagram",
  undial: "star-square",
  ceu: "star-diamond",
  pdu: "hourglass",
  rmu: "bowtie",
  prod: "diamond-tall",
  revs: "diamond-wide",
};

/**
 * Draws the runs of a table.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { forgettingRetention } from "./forgetting_retention.ts";
 *
 * const run = { method: "ga", gamma: 0, lambda: 0, alpha: 0, lr: 1e-4, status: "reached", loss: null };
 * const scores = { el_10: null, unseen_nll: null, kept: true };
 * const { data } = forgettingRetention([
 *   { ...run, ...scores, epoch: 0, ma: 1, retain_ma: 1 },
 *   { ...run, ...scores, epoch: 1, ma: 0.25, retain_ma: 0.5 },
 * ]);
 * const points = data.find(({ name }) => name === "GA");
 * assertEquals([points?.x, points?.y], [[0.75], [0.5]]);
 * ```
 */
export function forgettingRetention(
  rows: readonly HyperparameterRow[],
  { threshold = null }: ForgettingRetentionOptions = {},
): Figure {
  const points = listRuns(rows).flatMap(toPoint);
  const methods = [...new Set(points.map(({ run }) => run.method))];
  const front = paretoFront(points);
  const lowest = Math.min(1, ...points.map(({ kept }) => kept));
  const ranges: ShareRanges = { x: [-0.03, 1.03], y: [lowest - 0.14 * (1 - lowest) - 0.02, 1.03] };
  const corner = cornerOf(points);
  const isInside = (point: Point) => corner?.points.includes(point) ?? false;
  return makeFigure(
    points.length === 0 ? [] : [
      ...methods.flatMap((method) => pathTraces(points.filter(({ run }) => run.method === method), method)),
      ...(front.length > 1 ? [frontTrace(front)] : []),
      ...methods.map((method) => pointTrace(points.filter(({ run }) => run.method === method), method)),
      ...nameTrace(front.filter((point) => !isInside(point)), {
        all: points,
        ranges,
        size: corner ? NARROW_PANEL : NARROW_PLOT,
      }),
      ...(corner ? cornerTraces(corner, { all: points, front }) : []),
    ],
    {
      title: "Forgetting against retention",
      subtitle:
        `best is the upper right corner; ${points.length} runs, ${front.length} of them beaten by no other`,
      layout: {
        ...cornerPanels(ranges, { height: 496, margin: { l: 64, r: 24, t: 84, b: 84 }, corner }),
        shapes: enoughLines(threshold, points[0]?.run.before.ma),
      },
    },
  );
}

function toPoint(run: HyperparameterRun): Point[] {
  const { before, after } = run;
  if (![before.ma, before.retain_ma, after.ma, after.retain_ma].every(isScore)) return [];
  if (before.ma === 0 || before.retain_ma === 0) return [];
  return [{ run, forgotten: 1 - after.ma! / before.ma!, kept: after.retain_ma! / before.retain_ma! }];
}

interface Corner extends ShareRanges {
  readonly points: readonly Point[];
}

/** Runs that kept so much less than the best one, and forgot at least so much, are of its corner. */
const [NEAR, LEAST] = [0.06, 0.5];
/** Fewer of them are told apart without a panel of their own. */
const CROWD = 4;

/** Where many runs lie close together, with room for their names; undefined where they do not. */
function cornerOf(points: readonly Point[]): Corner | undefined {
  const best = Math.max(...points.map(({ kept }) => kept));
  const near = points.filter(({ forgotten, kept }) => kept >= best - NEAR && forgotten >= LEAST);
  if (near.length < CROWD || near.length === points.length) return undefined;
  return {
    x: rangeAround(near.map(({ forgotten }) => forgotten), { below: 0.15, above: 0.5, least: 0.004 }),
    y: rangeAround(near.map(({ kept }) => kept), { below: 0.15, above: 0.15, least: 0.004 }),
    points: near,
  };
}

/** The second panel. */
function cornerTraces(
  { points, ...ranges }: Corner,
  { all, front }: { all: readonly Point[]; front: readonly Point[] },
): Trace[] {
  const there = { ...CORNER_AXES, showlegend: false };
  return [
    { ...frontTrace(front), ...there },
    ...[...Map.groupBy(points, ({ run }) => run.method)].map(([method, own]) => ({
      ...pointTrace(own, method),
      ...there,
      cliponaxis: true,
    })),
    ...nameTrace(front.filter((point) => points.includes(point)), {
      ...{ all, ranges, size: NARROW_PANEL },
      ...CORNER_AXES,
    }),
  ];
}

/** Names' letters and points in pixels. */
const [NAME_FONT, POINT_SIZE] = [{ size: 11 }, 11];
/** What a phone leaves of the plot, and of each of two panels. */
const [NARROW_PLOT, NARROW_PANEL] = [{ width: 270, height: 320 }, { width: 270, height: 180 }];

/** The names of the front's runs: what sets each apart from the method's others, in the method's colour. */
function nameTrace(
  front: readonly Point[],
  { all, ranges: { x, y }, size, ...axes }: {
    all: readonly Point[];
    ranges: ShareRanges;
    size: { width: number; height: number };
    xaxis?: string;
    yaxis?: string;
  },
): Trace[] {
  if (front.length === 0) return [];
  const names = front.map(({ run }) => nameRun(run, all));
  const points = [...front, ...all.filter((point) => !front.includes(point))];
  const placed = points.map(({ forgotten, kept }, i) => ({
    ...{ x: along(x, forgotten), y: along(y, kept), label: names[i] ?? "" },
  }));
  return [{
    type: "scatter",
    mode: "markers+text",
    marker: { size: POINT_SIZE, opacity: 0 }, // names keep clear of it
    ...axes,
    showlegend: false,
    x: front.map(({ forgotten }) => forgotten),
    y: front.map(({ kept }) => kept),
    text: names.map((name) => plotText(name)),
    textposition: labelSides(placed, { sizes: [size], fontSize: NAME_FONT.size }).slice(0, front.length),
    textfont: { ...NAME_FONT, color: front.map(({ run }) => modelStyle(run.method).color) },
    cliponaxis: false,
    hoverinfo: "skip",
  }];
}

/** What few of the method's runs share with this one; the method's name where nothing sets it apart. */
function nameRun(run: HyperparameterRun, points: readonly Point[]): string {
  const others = points.map((point) => point.run).filter(({ method }) => method === run.method);
  const special = HYPERPARAMETER_NAMES.filter((name) =>
    others.filter((other) => other[name] === run[name]).length <= others.length / 2
  ).map((name) => `${HYPERPARAMETERS[name].label} ${valueText(run[name])}`);
  return special.join(", ") || modelStyle(run.method).label;
}

/** The ways of a method's runs in one trace: a gap ends each. */
function pathTraces(points: readonly Point[], method: string): Trace[] {
  const ways = points.flatMap(({ run: { rows, before, after } }) => [
    ...rows.filter(({ epoch, ma, retain_ma }) => epoch <= after.epoch && isScore(ma) && isScore(retain_ma))
      .map(({ ma, retain_ma }) => ({ x: 1 - ma! / before.ma!, y: retain_ma! / before.retain_ma! })),
    { x: null, y: null },
  ]);
  return [{
    type: "scatter",
    mode: "lines",
    legendgroup: plotText(method),
    showlegend: false,
    x: ways.map(({ x }) => x),
    y: ways.map(({ y }) => y),
    line: { color: modelStyle(method).color, width: 1 },
    opacity: 0.4,
    hoverinfo: "skip",
  }];
}

function pointTrace(points: readonly Point[], method: string): Trace {
  const { label, color } = modelStyle(method);
  const symbol = SYMBOLS[method] ?? "star";
  return {
    type: "scatter",
    mode: "markers",
    name: plotText(label),
    legendgroup: plotText(method),
    x: points.map(({ forgotten }) => forgotten),
    y: points.map(({ kept }) => kept),
    customdata: points.map(({ run }) => describeRun(run)),
    marker: {
      color,
      symbol: points.map(({ run }) => run.isReached ? symbol : `${symbol}-open`),
      size: POINT_SIZE,
      line: { width: 1.5, color },
    },
    cliponaxis: false,
    hovertemplate:
      "<b>%{fullData.name}</b>: %{x:.1%} forgotten, %{y:.1%} kept<br>%{customdata}<extra></extra>",
  };
}

function describeRun(run: HyperparameterRun): string {
  const { gamma, lambda, alpha, lr } = run;
  const end = `${run.isReached ? "reached" : "not reached"} in ${epochsOf(run)} epochs`;
  return `gamma ${valueText(gamma)}, lambda ${valueText(lambda)}, alpha ${valueText(alpha)}, ` +
    `learning rate ${valueText(lr)}<br>${end}${unseenLossLine(run)}`;
}
