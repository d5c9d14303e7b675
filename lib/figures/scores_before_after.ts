/**
 * All four scores of the models side by side, on the forget set, where they should fall to what unseen text has, and on
 * the retain set, where they should stay.
 *
 * @module
 */
import { type Figure, LEGEND, makeFigure, panelHeading, type Trace } from "./figure.ts";
import type { ResultRow } from "./retained_quality.ts";
import { SCORE_COLUMNS, type ScoreColumn } from "./score_columns.ts";
import { isScore, modelStyle, PALETTE, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** Options of {@linkcode scoresBeforeAfter}. */
export interface ScoresBeforeAfterOptions {
  /** What unseen text scores, drawn as a mark across each group of bars on the forget set. */
  thresholds?: { readonly [column in ScoreColumn]?: number | null };
}

const METRICS = (Object.keys(SCORE_COLUMNS) as ScoreColumn[]).map((column) => ({
  column,
  label: SCORE_COLUMNS[column],
}));

const PANELS = [
  { set: "forget", heading: "forget set: should fall", domain: [0, 0.48], suffix: "" },
  { set: "retain", heading: "retain set: should stay", domain: [0.52, 1], suffix: "2" },
] as const;

/**
 * Draws a bar a model and score, models in the order of the rows; unseen texts are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoresBeforeAfter } from "./scores_before_after.ts";
 *
 * const row = { set: "forget", model: "before", nll: 0.1, rows: 32 } as const;
 * const { data } = scoresBeforeAfter([{ ...row, ma: 0.98, el_3: 0.9, el_5: 0.8, el_10: null }]);
 * assertEquals(data[0]?.y, [0.98, 0.9, 0.8, null]);
 * ```
 */
export function scoresBeforeAfter(
  rows: readonly ResultRow[],
  { thresholds = {} }: ScoresBeforeAfterOptions = {},
): Figure {
  const models = [...new Set(rows.map(({ model }) => model))];
  const shown = PANELS.flatMap(({ set, suffix }) =>
    models.flatMap((model) => {
      const row = rows.find((other) => other.set === set && other.model === model);
      return row ? [{ row, suffix }] : [];
    })
  );
  const named = new Set<string>();
  const data = shown.map(({ row, suffix }) => {
    const isFirst = !named.has(row.model);
    named.add(row.model);
    return barTrace(row, { suffix, showlegend: isFirst, thresholds: row.set === "forget" ? thresholds : {} });
  });
  return makeFigure(data.length === 0 ? [] : [...data, ...thresholdTrace(thresholds)], {
    title: "Before and after",
    subtitle: describe(rows),
    layout: {
      height: 440,
      margin: { l: 64, r: 24, t: 108, b: 84 },
      barmode: "group",
      bargap: 0.2,
      ...Object.assign(
        {},
        ...PANELS.map(({ domain, suffix }) => ({
          [`xaxis${suffix}`]: { domain, anchor: `y${suffix}` },
          [`yaxis${suffix}`]: {
            ...SCORE_AXIS,
            range: [0, 1.1],
            anchor: `x${suffix}`,
            showticklabels: suffix === "",
            title: { text: suffix === "" ? "mean score" : "" },
          },
        })),
      ),
      legend: { ...LEGEND, itemsizing: "constant" },
      annotations: PANELS.map(({ heading, domain }) => panelHeading(heading, { x: domain[0] })),
    },
  });
}

type Thresholds = NonNullable<ScoresBeforeAfterOptions["thresholds"]>;

/** How far above its bar a label reaches, as a score. */
const LABEL_HEIGHT = 0.06;

/** A bar's percent; one line higher where the threshold's mark would strike it through. */
function labelOf(score: number | null, threshold: number | null | undefined): string {
  if (!isScore(score)) return "";
  const text = (score * 100).toFixed(0);
  const isStruck = isScore(threshold) && threshold >= score && threshold - score < LABEL_HEIGHT;
  return isStruck ? `${text}<br>\u00a0` : text;
}

function barTrace(
  row: ResultRow,
  { suffix, showlegend, thresholds }: { suffix: string; showlegend: boolean; thresholds: Thresholds },
): Trace {
  const { label, color, pattern } = modelStyle(row.model);
  return {
    type: "bar",
    name: plotText(label),
    legendgroup: plotText(row.model),
    offsetgroup: plotText(row.model),
    showlegend,
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    x: METRICS.map(({ label }) => label),
    y: METRICS.map(({ column }) => row[column]),
    text: METRICS.map(({ column }) => labelOf(row[column], thresholds[column])),
    textposition: "outside",
    textangle: 0,
    textfont: { size: 11 },
    cliponaxis: false,
    marker: {
      color,
      pattern: { shape: pattern, fillmode: "overlay", fgcolor: "#ffffff", fgopacity: 0.5, size: 6 },
    },
    hovertemplate:
      `${row.set} set, ${row.rows.toLocaleString("en")} texts<br>%{fullData.name}: %{x} %{y:.2%}` +
      "<extra></extra>",
  };
}

/** What unseen text scores, a mark across each group of bars. */
function thresholdTrace(thresholds: Thresholds): Trace[] {
  const known = METRICS.filter(({ column }) => isScore(thresholds[column]));
  return known.length === 0 ? [] : [{
    type: "scatter",
    mode: "markers",
    name: "unseen text: the threshold",
    x: known.map(({ label }) => label),
    y: known.map(({ column }) => thresholds[column]!),
    customdata: known.map(({ column }) => percentText(thresholds[column])),
    marker: { symbol: "line-ew-open", size: 52, color: PALETTE.purple, line: { width: 2.5 } },
    hovertemplate: "unseen text: %{x} %{customdata}<extra></extra>",
  }];
}

function describe(rows: readonly ResultRow[]): string {
  const methods = [...new Set(rows.map(({ model }) => model))].filter((model) => model !== "before");
  const changes = methods.map((model) => {
    const ma = (set: string) => rows.find((row) => row.set === set && row.model === model)?.ma;
    return `${plotText(modelStyle(model).label)} ${percentText(ma("forget"))} forget, ${
      percentText(ma("retain"))
    } retain`;
  });
  return changes.length > 0
    ? `MA after ${changes.join("; ")}`
    : "percent; the marks are what unseen text scores";
}
