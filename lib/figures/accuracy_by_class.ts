/**
 * How well models predict code that they never saw, by what its tokens are: where erasing cost a model its use, and where
 * it did not.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { groupByModel, modelSymbol } from "./model_groups.ts";
import { isScore, modelStyle, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** The accuracy of one model on one class of tokens. */
export interface ClassAccuracyRow {
  /** "before", or the method that made the model. */
  readonly model: string;
  /** The class; "all" is drawn first. */
  readonly class: string;
  /** The share of tokens that the model names first; null where undefined. */
  readonly value: number | null;
  /** The ends of its interval. */
  readonly low: number | null;
  readonly high: number | null;
  /** Tokens. */
  readonly count: number;
}

/**
 * Draws a group of markers a class, a marker a model in the order of the rows, with its 95 % interval.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { accuracyByClass } from "./accuracy_by_class.ts";
 *
 * const row = { class: "keyword", value: 0.5, low: 0.25, high: 1, count: 9 };
 * const { data } = accuracyByClass([{ model: "before", ...row }, { model: "ga", ...row, value: 0.25 }]);
 * assertEquals(data.map(({ x, y }) => [x, y]), [[["keyword"], [0.5]], [["keyword"], [0.25]]]);
 * ```
 */
export function accuracyByClass(rows: readonly ClassAccuracyRow[]): Figure {
  const scored = rows.filter(({ value }) => isScore(value));
  const classes = [...new Set(scored.map((row) => row.class))]
    .toSorted((a, b) => Number(b === "all") - Number(a === "all"));
  const models = groupByModel(scored);
  return makeFigure(models.map((model, i) => modelTrace(model, classes, modelSymbol(i))), {
    title: "Predicting unseen code",
    subtitle: describeChange(models, classes),
    layout: {
      scattermode: "group",
      scattergap: 0.5,
      xaxis: { type: "category", categoryorder: "array", categoryarray: classes.map(plotText) },
      yaxis: { ...SCORE_AXIS, title: { text: "tokens named first" } },
    },
  });
}

function modelTrace(
  [model, rows]: readonly [string, readonly ClassAccuracyRow[]],
  classes: readonly string[],
  symbol: string,
): Trace {
  const { label, color } = modelStyle(model);
  const own = classes.flatMap((name) => rows.find((row) => row.class === name) ?? []);
  const away = (end: number | null, value: number) => isScore(end) ? Math.abs(end - value) : 0;
  return {
    type: "scatter",
    mode: "markers",
    name: plotText(label),
    offsetgroup: plotText(model),
    x: own.map((row) => plotText(row.class)),
    y: own.map(({ value }) => value),
    error_y: {
      type: "data",
      symmetric: false,
      array: own.map(({ high, value }) => away(high, value!)),
      arrayminus: own.map(({ low, value }) => away(low, value!)),
      color,
      thickness: 2,
      width: 5,
    },
    marker: { color, symbol, size: 9 },
    customdata: own.map(({ low, high, count }) => [
      isScore(low) && isScore(high) ? `, ${percentText(low)} to ${percentText(high)}` : "",
      plotText(count.toLocaleString("en")),
    ]),
    hovertemplate:
      "<b>%{x}</b> %{y:.1%}%{customdata[0]}<br>%{fullData.name}, %{customdata[1]} tokens<extra></extra>",
  };
}

/** Where the last model is furthest from the first. */
function describeChange(
  models: readonly (readonly [string, readonly ClassAccuracyRow[]])[],
  classes: readonly string[],
): string {
  const lines = "lines: 95 % intervals over documents";
  const [first, last] = [models[0], models.at(-1)];
  if (!first || first === last) return lines;
  const changes = classes.flatMap((name) => {
    const [before, after] = [first, last!].map(([, rows]) => rows.find((row) => row.class === name)?.value);
    return isScore(before) && isScore(after) ? [{ name, by: after - before }] : [];
  });
  const most = changes.toSorted((a, b) => Math.abs(b.by) - Math.abs(a.by))[0];
  if (!most) return lines;
  const points = `${most.by < 0 ? "−" : "+"}${(100 * Math.abs(most.by)).toFixed(1)} points`;
  return `${plotText(modelStyle(last![0]).label)}: ${points} at most (${plotText(most.name)}); ${lines}`;
}
