/**
 * What unlearning cost: scores on the retain set, which should stay where they were, and loss on unseen text, which
 * should not rise. GA stands beside the others as the method that pays most.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import type { ColumnScores } from "./score_columns.ts";
import { isScore, modelStyle, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** Mean metrics of one model on one set; null where undefined. */
export interface ResultRow extends ColumnScores {
  /** Which texts. */
  readonly set: "forget" | "retain" | "unseen" | "relearned";
  /** "before", or the method that made the model. */
  readonly model: string;
  /** Mean negative log-likelihood of a token, in nats. */
  readonly nll: number | null;
  /** Texts the means are of. */
  readonly rows: number;
}

/**
 * Draws retain-set MA and EL_10 and the loss on unseen text, a bar a model in the order of the rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { retainedQuality } from "./retained_quality.ts";
 *
 * const figure = retainedQuality([
 *   { set: "retain", model: "before", ma: 0.98, el_3: 0.9, el_5: 0.9, el_10: 0.89, nll: 0.1, rows: 32 },
 *   { set: "unseen", model: "before", ma: 0.46, el_3: 0.2, el_5: 0.1, el_10: 0.05, nll: 2.5, rows: 100 },
 * ]);
 * assertEquals(figure.data.map((trace) => trace.y), [[0.98, 0.89], [2.5]]);
 * ```
 */
export function retainedQuality(rows: readonly ResultRow[]): Figure {
  const kept = rows.filter(({ set }) => set === "retain" || set === "unseen");
  const models = [...new Set(kept.map((row) => row.model))];
  const data = models.flatMap((model) => {
    const retain = kept.find((row) => row.set === "retain" && row.model === model);
    const unseen = kept.find((row) => row.set === "unseen" && row.model === model);
    return [
      ...(retain ? [retainTrace(retain)] : []),
      ...(unseen && isScore(unseen.nll) ? [lossTrace(unseen, unseen.nll, retain === undefined)] : []),
    ];
  });
  return makeFigure(data, {
    title: "What the erasure cost",
    subtitle:
      "bars beside each other should be alike: left scores on the retain set, right loss on unseen text",
    layout: {
      barmode: "group",
      bargap: 0.25,
      xaxis: { domain: [0, 0.58] },
      yaxis: { ...SCORE_AXIS, range: [0, 1.12], title: { text: "retain set score" } },
      xaxis2: { domain: [0.72, 1], anchor: "y2" },
      yaxis2: {
        anchor: "x2",
        title: { text: "nats per token" },
        rangemode: "tozero",
        range: [
          0,
          1.12 * Math.max(1e-9, ...kept.map((row) => isScore(row.nll) && row.set === "unseen" ? row.nll : 0)),
        ],
      },
    },
  });
}

function barStyle(model: string) {
  const { label, color, pattern } = modelStyle(model);
  return {
    type: "bar" as const,
    name: plotText(label),
    legendgroup: plotText(model),
    // An offset group keeps a model at the same place in both panels.
    offsetgroup: plotText(model),
    marker: {
      color,
      pattern: { shape: pattern, fillmode: "overlay", fgcolor: "#ffffff", fgopacity: 0.5, size: 6 },
    },
    textposition: "outside",
    textangle: 0,
    textfont: { size: 12 },
    cliponaxis: false,
  };
}

function retainTrace(row: ResultRow): Trace {
  return {
    ...barStyle(row.model),
    x: ["MA", "EL_10"],
    y: [row.ma, row.el_10],
    text: [row.ma, row.el_10].map(percentText),
    hovertemplate: `retain set %{x} %{y:.2%}<br>%{fullData.name}, ${countTexts(row)}<extra></extra>`,
  };
}

function countTexts({ rows }: ResultRow): string {
  return `${plotText(rows.toLocaleString("en"))} texts`;
}

function lossTrace(row: ResultRow, nll: number, showlegend: boolean): Trace {
  return {
    ...barStyle(row.model),
    showlegend,
    xaxis: "x2",
    yaxis: "y2",
    x: ["loss on unseen text"],
    y: [nll],
    text: [nll.toFixed(2)],
    hovertemplate: `loss on unseen text %{y:.3f} nats per token<br>%{fullData.name}, ${
      countTexts(row)
    }<extra></extra>`,
  };
}
