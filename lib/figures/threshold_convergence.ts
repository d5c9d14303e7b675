/**
 * How many texts a threshold needs: the mean over the first 2, 3, 4, ... texts with its standard error.
 *
 * @module
 */
import { type Figure, makeFigure } from "./figure.ts";
import { isScore, PALETTE, percentText } from "./style.ts";

/** Options of {@linkcode thresholdConvergence}. */
export interface ThresholdConvergenceOptions {
  /** The metric's name. */
  metric?: string;
}

/**
 * Draws the running mean of scores in their order; nulls are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { thresholdConvergence } from "./threshold_convergence.ts";
 *
 * const [band, mean] = thresholdConvergence([0.2, 0.4, null, 0.3]).data;
 * assertEquals([mean!.x, Number(mean!.y[0]).toFixed(2), band!.y.length], [[2, 3], "0.30", 4]);
 * ```
 */
export function thresholdConvergence(
  scores: readonly (number | null)[],
  { metric = "MA" }: ThresholdConvergenceOptions = {},
): Figure {
  const points = runningMeans(scores.filter(isScore));
  const last = points.at(-1);
  const x = points.map(({ texts }) => texts);
  const band = [
    ...points.map(({ mean, error }) => mean - 2 * error),
    ...points.map(({ mean, error }) => mean + 2 * error).reverse(),
  ];
  return makeFigure(
    last === undefined ? [] : [
      {
        type: "scatter",
        name: "± 2 standard errors",
        x: [...x, ...x.toReversed()],
        y: band,
        fill: "toself",
        mode: "lines",
        line: { width: 0 },
        fillcolor: `${PALETTE.blue}33`,
        hoverinfo: "skip",
      },
      {
        type: "scatter",
        name: `mean ${metric} of so many texts`,
        mode: "lines",
        x,
        y: points.map(({ mean }) => mean),
        line: { color: PALETTE.blue, width: 2.5 },
        customdata: points.map(({ error }) => percentText(error)),
        hovertemplate: "%{x} texts: %{y:.2%}<br>standard error %{customdata}<extra></extra>",
      },
    ],
    {
      title: "How many texts are enough",
      subtitle: last === undefined
        ? "no scores"
        : `${last.texts} texts tell mean ${metric} (${percentText(last.mean)}) to ± ${
          percentText(2 * last.error)
        }`,
      layout: {
        xaxis: {
          title: { text: "texts" },
          type: "log",
          tickvals: ticksUpTo(last?.texts ?? 2),
          showgrid: false,
        },
        yaxis: { title: { text: `mean ${metric}` }, tickformat: ".0%" },
      },
    },
  );
}

/** 2, 5, 10, 20, 50, ...: Plotly's own labels of a logarithmic axis leave the tens out. */
function ticksUpTo(most: number): number[] {
  const decades = Array.from({ length: Math.ceil(Math.log10(most)) + 1 }, (_, power) => 10 ** power);
  return decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]).filter((tick) =>
    tick > 1 && tick <= most
  );
}

function runningMeans(scores: readonly number[]): { texts: number; mean: number; error: number }[] {
  let [sum, squares] = [0, 0];
  return scores.flatMap((score, i) => {
    sum += score;
    squares += score ** 2;
    const texts = i + 1;
    const mean = sum / texts;
    const variance = Math.max(0, squares - texts * mean ** 2) / i;
    return i === 0 ? [] : [{ texts, mean, error: Math.sqrt(variance / texts) }];
  });
}
