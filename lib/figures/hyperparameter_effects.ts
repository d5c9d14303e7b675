/**
 * What each hyperparameter does, all at once: a column for each, its values from left to right. From top to bottom what
 * it costs, on axes that show small differences: MA on the retain set and loss on unseen text after the run, and the
 * epochs that it takes. The preset stands in every column.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import {
  describeEnd,
  epochsOf,
  type Hyperparameter,
  type HyperparameterRow,
  type HyperparameterRun,
  HYPERPARAMETERS,
  listRuns,
  runsAlongEach,
  type RunSettings,
  unseenLossLine,
  valueText,
} from "./hyperparameter_runs.ts";
import { isScore, PALETTE, percentText } from "./style.ts";

/** Options of {@linkcode hyperparameterEffects}. */
export interface HyperparameterEffectsOptions {
  /** The run from which one thing at a time is changed. */
  preset: RunSettings;
}

interface Column {
  readonly name: Hyperparameter;
  readonly runs: readonly HyperparameterRun[];
}

const ROWS = [
  {
    column: "retain_ma",
    title: "retain MA",
    format: ".1%",
    color: PALETTE.green,
    symbol: "diamond",
    domain: [0.71, 1],
  },
  {
    column: "unseen_nll",
    title: "unseen loss",
    format: ".2f",
    color: PALETTE.purple,
    symbol: "square",
    domain: [0.36, 0.65],
  },
] as const;
const EPOCHS_DOMAIN = [0, 0.29];

/** Space between columns, of the width. */
const GAP = 0.035;

/**
 * Draws a column a hyperparameter. Runs that never came below the thresholds have hollow markers and hatched bars.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hyperparameterEffects } from "./hyperparameter_effects.ts";
 *
 * const preset = { method: "codeeraser", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 3, ma: 0.2, el_10: 0, retain_ma: 0.9, loss: 1, unseen_nll: 3, kept: true };
 * const figure = hyperparameterEffects([0.5, 1].map((gamma) => ({ ...preset, gamma, ...rest })), { preset });
 * assertEquals([figure.data[0]?.x, figure.data[0]?.y], [["0.5", "1"], [0.9, 0.9]]);
 * ```
 */
export function hyperparameterEffects(
  rows: readonly HyperparameterRow[],
  { preset }: HyperparameterEffectsOptions,
): Figure {
  const columns = runsAlongEach(listRuns(rows), preset).filter(({ runs }) => runs.length > 0);
  const runs = columns.flatMap((column) => column.runs);
  const panels = columns.map((column, i) => drawColumn(column, { i, of: columns.length, runs, preset }));
  return makeFigure(panels.flatMap(({ data }) => data), {
    title: "Every value, everything else as in the preset",
    subtitle:
      "wanted: high, low, few; bold is the preset's value; what is hollow or hatched never reached the thresholds",
    layout: {
      height: 620,
      margin: { l: 72, r: 16, t: 136, b: 56 },
      showlegend: false,
      ...Object.assign({}, ...panels.map(({ axes }) => axes)),
      annotations: panels.map(({ heading }) => heading),
    },
  });
}

interface ColumnPlace {
  i: number;
  of: number;
  runs: readonly HyperparameterRun[];
  preset: RunSettings;
}

function drawColumn({ name, runs: own }: Column, { i, of, runs, preset }: ColumnPlace) {
  const width = (1 - GAP * (of - 1)) / of;
  const domain = [i * (width + GAP), i * (width + GAP) + width];
  const [top, middle, foot] = [0, 1, 2].map((row) => 3 * i + row === 0 ? "" : String(3 * i + row + 1));
  const values = own.map((run) => valueText(run[name]));
  const text = values.map((value) => value === valueText(preset[name]) ? `<b>${value}</b>` : value);
  const xaxis = { domain, type: "category", tickangle: "auto", tickfont: { size: 11 } };
  const yaxis = (title: string) => ({ showticklabels: i === 0, title: { text: i === 0 ? title : "" } });
  const scores = ROWS.map((row, r) => ({
    ...row,
    suffix: r === 0 ? top! : middle!,
    range: rangeOf(runs, row.column),
  }));
  return {
    data: [
      ...scores.map((row) => scoreTrace(own, values, row)),
      epochTrace(own, values, foot!),
    ],
    axes: {
      ...Object.assign(
        {},
        ...scores.map(({ title, format, domain: height, suffix, range }) => ({
          [`xaxis${suffix}`]: { ...xaxis, anchor: `y${suffix}`, showticklabels: false, ticks: "" },
          [`yaxis${suffix}`]: {
            ...yaxis(title),
            domain: height,
            anchor: `x${suffix}`,
            range,
            tickformat: format,
            nticks: 5,
            zeroline: false,
          },
        })),
      ),
      [`xaxis${foot}`]: { ...xaxis, anchor: `y${foot}`, tickvals: values, ticktext: text },
      [`yaxis${foot}`]: {
        ...yaxis("epochs"),
        domain: EPOCHS_DOMAIN,
        anchor: `x${foot}`,
        range: [0, 1.3 * Math.max(1, ...runs.map(epochsOf))],
        nticks: 4,
      },
    },
    heading: {
      text: `<b>${HYPERPARAMETERS[name].label}</b><br>${inLines(HYPERPARAMETERS[name].effect)}`,
      align: "left",
      xref: "paper",
      yref: "paper",
      x: domain[0],
      xanchor: "left",
      y: 1,
      yanchor: "bottom",
      showarrow: false,
      font: { size: 12 },
    },
  };
}

/** Letters of a line over a column in a narrow window. */
const LINE = 13;

function inLines(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = [lines.at(-1), word].filter(Boolean).join(" ");
    if (lines.length > 0 && longer.length <= LINE) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("<br>");
}

/** The range from the least to the greatest value of a column in all runs, with room for markers. */
function rangeOf(runs: readonly HyperparameterRun[], column: typeof ROWS[number]["column"]): number[] {
  const values = runs.map(({ after }) => after[column]).filter(isScore);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0) return [0, 1];
  const room = 0.15 * (most - least) || 0.05 * Math.abs(most) || 1;
  return [least - room, most + room];
}

function scoreTrace(
  runs: readonly HyperparameterRun[],
  values: readonly string[],
  { column, title, color, symbol, suffix }: typeof ROWS[number] & { suffix: string },
): Trace {
  return {
    type: "scatter",
    mode: "lines+markers",
    name: title,
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    x: values,
    y: runs.map(({ after }) => after[column]),
    customdata: runs.map(describeRun),
    line: { color, width: 1.6, dash: "dot" },
    marker: { color, symbol: runs.map(({ isReached }) => isReached ? symbol : `${symbol}-open`), size: 9 },
    cliponaxis: false,
    hovertemplate: "<b>%{x}</b>: %{customdata}<extra></extra>",
  };
}

function epochTrace(runs: readonly HyperparameterRun[], values: readonly string[], suffix: string): Trace {
  return {
    type: "bar",
    name: "epochs",
    xaxis: `x${suffix}`,
    yaxis: `y${suffix}`,
    x: values,
    y: runs.map(epochsOf),
    text: runs.map((run) => run.isReached ? String(epochsOf(run)) : `> ${epochsOf(run)}`),
    textposition: "outside",
    textfont: { size: 11 },
    textangle: 0,
    cliponaxis: false,
    customdata: runs.map(describeRun),
    marker: {
      color: PALETTE.grey,
      pattern: {
        shape: runs.map(({ isReached }) => isReached ? "" : "/"),
        fillmode: "overlay",
        fgcolor: "#ffffff",
        fgopacity: 0.6,
        size: 6,
      },
    },
    hovertemplate: "<b>%{x}</b>: %{customdata}<extra></extra>",
  };
}

function describeRun(run: HyperparameterRun): string {
  const { after } = run;
  return `${describeEnd(run)}<br>forget set MA ${percentText(after.ma)}, EL_10 ${percentText(after.el_10)}` +
    `<br>retain set MA ${percentText(after.retain_ma)}${unseenLossLine(run)}`;
}
