/**
 * How far a model's certainty can be trusted: of what it names with so much probability, how much is right (the
 * reliability diagram of Guo et al., "On Calibration of Modern Neural Networks", 2017).
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { equalityLine, groupByModel, modelSymbol } from "./model_groups.ts";
import { isScore, modelStyle, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** A bin of certainty of one model. */
export interface CertaintyRow {
  /** "before", or the method that made the model. */
  readonly model: string;
  /** Where the bin begins. */
  readonly low: number;
  /** Where it ends. */
  readonly high: number;
  /** Tokens in it. */
  readonly tokens: number;
  /** The mean probability of the tokens that it names first; null where there are none. */
  readonly confidence: number | null;
  /** The share of them that is right. */
  readonly accuracy: number | null;
}

/** The largest and the least marker, in pixels: an area counts tokens. */
const SIZES = { largest: 26, least: 5 } as const;

/**
 * Draws a curve a model, the model before first: on the dotted line certainty is right, below it the model is surer than
 * it should be. A marker's area counts its bin's tokens.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reliabilityDiagram } from "./reliability_diagram.ts";
 *
 * const bin = { model: "before", low: 0.8, high: 1, tokens: 9, confidence: 0.9, accuracy: 0.75 };
 * const { data, layout } = reliabilityDiagram([bin]);
 * assertEquals(data.map(({ x, y }) => [x, y]), [[[0, 1], [0, 1]], [[0.9], [0.75]]]);
 * assertEquals(layout.title.subtitle?.text, "before: off by 15.0%, surer than it is right");
 * ```
 */
export function reliabilityDiagram(rows: readonly CertaintyRow[]): Figure {
  const bins = rows.filter(({ confidence, accuracy }) => isScore(confidence) && isScore(accuracy));
  const models = groupByModel(bins);
  const most = Math.max(...bins.map(({ tokens }) => tokens));
  const data: Trace[] = models.length === 0 ? [] : [
    equalityLine("as sure as it is right"),
    ...models.map(([model, own], i) =>
      modelTrace(model, own.toSorted((a, b) => a.low - b.low), { symbol: modelSymbol(i), most })
    ),
  ];
  return makeFigure(data, {
    title: "How far its certainty can be trusted",
    subtitle: models.map(([model, own]) => describeError(model, own)).join("; "),
    layout: {
      xaxis: { ...SCORE_AXIS, title: { text: "mean probability of what is named first" } },
      yaxis: { ...SCORE_AXIS, title: { text: "share that is right" } },
    },
  });
}

function modelTrace(
  model: string,
  bins: readonly CertaintyRow[],
  { symbol, most }: { symbol: string; most: number },
): Trace {
  const { label, color } = modelStyle(model);
  return {
    ...{ type: "scatter", mode: "lines+markers", name: plotText(label) },
    x: bins.map(({ confidence }) => confidence),
    y: bins.map(({ accuracy }) => accuracy),
    line: { color, width: 1.8 },
    marker: {
      ...{ color, symbol, opacity: 0.85 },
      size: bins.map(({ tokens }) => Math.max(SIZES.least, SIZES.largest * Math.sqrt(tokens / most))),
    },
    customdata: bins.map(({ low, high, tokens }) => [
      `${percentText(low)} to ${percentText(high)}`,
      plotText(tokens.toLocaleString("en")),
    ]),
    hovertemplate:
      "%{x:.1%} sure, %{y:.1%} right<br>%{fullData.name}, %{customdata[1]} tokens that it names with " +
      "%{customdata[0]}<extra></extra>",
    cliponaxis: false,
  };
}

/** The expected calibration error, and on which side most of it is. */
function describeError(model: string, bins: readonly CertaintyRow[]): string {
  const total = bins.reduce((sum, { tokens }) => sum + tokens, 0);
  const gaps = bins.map((bin) => bin.tokens / total * (bin.confidence! - bin.accuracy!));
  const error = gaps.reduce((sum, gap) => sum + Math.abs(gap), 0);
  const surplus = gaps.reduce((sum, gap) => sum + gap, 0);
  const side = surplus > error / 2
    ? ", surer than it is right"
    : surplus < -error / 2
    ? ", right more often than it is sure"
    : "";
  return `${plotText(modelStyle(model).label)}: off by ${percentText(error)}${side}`;
}
