/**
 * pass@k of models, with intervals.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { modelStyle, percentText, plotText } from "./style.ts";

/** A model's pass@k. */
export interface PassRateRow {
  /** The model, such as "before". */
  readonly model: string;
  /** k of pass@k. */
  readonly k: number;
  /** The estimate. */
  readonly estimate: number;
  /** Its 95 % interval. */
  readonly low: number;
  /** Its upper end. */
  readonly high: number;
}

/**
 * Draws a point a model and k, with its interval, models beside one another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { passRates } from "./pass_rates.ts";
 *
 * const row = { k: 1, estimate: 0.4, low: 0.3, high: 0.5 };
 * const [trace] = passRates([{ model: "before", ...row }]).data;
 * assertEquals([trace!.y, trace!.name], [[0.4], "before"]);
 * ```
 */
export function passRates(rows: readonly PassRateRow[]): Figure {
  const models = [...Map.groupBy(rows, ({ model }) => model)];
  const ks = [...new Set(rows.map(({ k }) => k))].sort((a, b) => a - b);
  const data = models.map(([model, own], i): Trace => {
    const { label, color } = modelStyle(model);
    const points = own.toSorted((a, b) => a.k - b.k);
    const offset = (i - (models.length - 1) / 2) * OFFSET;
    return {
      ...{ type: "scatter", mode: "markers", name: plotText(label) },
      x: points.map(({ k }) => ks.indexOf(k) + offset),
      y: points.map(({ estimate }) => estimate),
      marker: { color, symbol: SYMBOLS[i % SYMBOLS.length], size: 11 },
      error_y: {
        ...{ type: "data", symmetric: false, color, thickness: 1.8, width: 6 },
        array: points.map(({ estimate, high }) => high - estimate),
        arrayminus: points.map(({ estimate, low }) => estimate - low),
      },
      customdata: points.map(({ k, low, high }) => [k, percentText(low), percentText(high)]),
      hovertemplate: `${plotText(label)}, pass@%{customdata[0]}: %{y:.1%} ` +
        "(%{customdata[1]} to %{customdata[2]})<extra></extra>",
    };
  });
  return makeFigure(data, {
    title: "Problems that are solved",
    subtitle: models.length === 0 ? "no samples" : models.map(([model, own]) => {
      const [first] = own.toSorted((a, b) => a.k - b.k);
      return `${plotText(modelStyle(model).label)}: pass@${first!.k} ${percentText(first!.estimate)}`;
    }).join(", "),
    layout: {
      xaxis: {
        ...{ tickmode: "array", tickvals: ks.map((_, i) => i), ticktext: ks.map((k) => `pass@${k}`) },
        ...{ range: [-0.6, ks.length - 0.4], showgrid: false, zeroline: false },
      },
      yaxis: { title: { text: "share of problems" }, tickformat: ".0%", rangemode: "tozero" },
    },
  });
}

/** Models are told apart without their colours too. */
const SYMBOLS = ["circle", "diamond", "square", "triangle-up"];
/** Between models of one k. */
const OFFSET = 0.16;
