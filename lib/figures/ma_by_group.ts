/**
 * Which kinds of secret are memorized: a row a kind, a marker for each part of the secrets (never trained on, rare,
 * often copied), joined by a line, so that the distance between them is what training left.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS, thresholdLine } from "./style.ts";

/** One secret. */
export interface GroupRow {
  /** Its kind: a row of the figure. */
  readonly group: string;
  /** Its part: a marker of the row. */
  readonly part: string;
  /** Null where undefined. */
  readonly ma: number | null;
}

/** Options of {@linkcode maByGroup}. */
export interface MaByGroupOptions {
  /** Mean MA on unseen text. */
  threshold?: number | null;
  /** The parts in the order of their colours; by default as they come. */
  parts?: readonly string[];
  /** What is shown. */
  title?: string;
}

/** Colours and markers of the parts, in order. */
const MARKS = [
  { color: PALETTE.vermillion, symbol: "diamond" },
  { color: PALETTE.sky, symbol: "square" },
  { color: PALETTE.blue, symbol: "circle" },
  { color: PALETTE.green, symbol: "triangle-up" },
] as const;

interface Mean {
  readonly group: string;
  readonly part: string;
  readonly ma: number;
  readonly se: number | null;
  readonly secrets: number;
}

/**
 * Draws mean MA with its standard error for each kind and part, the kinds by the mean of their last part.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maByGroup } from "./ma_by_group.ts";
 *
 * const figure = maByGroup([
 *   { group: "email", part: "never", ma: 0.2 },
 *   { group: "email", part: "trained", ma: 1 },
 *   { group: "email", part: "trained", ma: 0.5 },
 * ]);
 * assertEquals(figure.data.map((trace) => trace.name), ["never", "trained", undefined]);
 * assertEquals(figure.data[1]?.x, [0.75]);
 * ```
 */
export function maByGroup(rows: readonly GroupRow[], options: MaByGroupOptions = {}): Figure {
  const { threshold = null, title = "Memorization by kind of secret" } = options;
  const parts = options.parts ?? [...new Set(rows.map(({ part }) => part))];
  const means = averageRows(rows).filter(({ part }) => parts.includes(part));
  const groups = sortGroups(means, parts);
  const traces = parts.map((part, i) => partTrace(means.filter((mean) => mean.part === part), part, i))
    .filter(({ x }) => x.length > 0);
  return makeFigure(traces.length === 0 ? [] : [...traces, spanTrace(means, groups)], {
    title,
    subtitle: describeEnds(means, groups, parts),
    layout: {
      height: 190 + 24 * groups.length,
      margin: { l: 64, r: 24, t: 100, b: 84 },
      xaxis: { ...SCORE_AXIS, title: { text: "mean secret MA" }, showgrid: true },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: groups.map(plotText),
        range: [-0.7, groups.length + 0.2],
        showgrid: false,
      },
      shapes: isScore(threshold) ? [thresholdLine(threshold, { axis: "x" })] : [],
    },
  });
}

function averageRows(rows: readonly GroupRow[]): Mean[] {
  const scores = new Map<string, { group: string; part: string; values: number[] }>();
  for (const { group, part, ma } of rows) {
    if (!isScore(ma)) continue;
    const key = JSON.stringify([group, part]);
    const entry = scores.get(key) ?? { group, part, values: [] };
    entry.values.push(ma);
    scores.set(key, entry);
  }
  return Array.from(scores.values(), ({ group, part, values }) => {
    const n = values.length;
    const ma = values.reduce((sum, value) => sum + value, 0) / n;
    const squares = values.reduce((sum, value) => sum + (value - ma) ** 2, 0);
    return { group, part, ma, se: n < 2 ? null : Math.sqrt(squares / (n - 1) / n), secrets: n };
  });
}

/** The groups from the bottom up: first the one whose last part is known least. */
function sortGroups(means: readonly Mean[], parts: readonly string[]): string[] {
  const rank = (group: string) => {
    const own = means.filter((mean) => mean.group === group);
    return own.toSorted((a, b) => parts.indexOf(b.part) - parts.indexOf(a.part))[0]?.ma ?? 0;
  };
  return [...new Set(means.map(({ group }) => group))].toSorted((a, b) =>
    rank(a) - rank(b) || (a < b ? 1 : -1)
  );
}

function partTrace(means: readonly Mean[], part: string, index: number): Trace {
  const { color, symbol } = MARKS[index % MARKS.length]!;
  return {
    type: "scatter",
    mode: "markers",
    name: plotText(part),
    x: means.map(({ ma }) => ma),
    y: means.map(({ group }) => plotText(group)),
    error_x: { type: "data", array: means.map(({ se }) => se ?? 0), color, thickness: 1.5, width: 4 },
    customdata: means.map(({ se, secrets }) => [
      isScore(se) ? ` ± ${percentText(se)}` : "",
      secrets === 1 ? "1 secret" : `${secrets.toLocaleString("en")} secrets`,
    ]),
    marker: { color, symbol, size: 10 },
    hovertemplate: `<b>%{y}</b>, ${
      plotText(part)
    }<br>MA %{x:.1%}%{customdata[0]}<br>%{customdata[1]}<extra></extra>`,
  };
}

/** A thin line from a group's least to its greatest mean. */
function spanTrace(means: readonly Mean[], groups: readonly string[]): Trace {
  const ends = groups.map((group) => {
    const own = means.filter((mean) => mean.group === group).map(({ ma }) => ma);
    return { name: plotText(group), low: Math.min(...own), high: Math.max(...own) };
  });
  return {
    type: "scatter",
    mode: "lines",
    x: ends.flatMap(({ low, high }) => [low, high, null]),
    y: ends.flatMap(({ name }) => [name, name, null]),
    line: { color: PALETTE.grey, width: 1.5 },
    opacity: 0.6,
    hoverinfo: "skip",
    showlegend: false,
  };
}

function describeEnds(means: readonly Mean[], groups: readonly string[], parts: readonly string[]): string {
  const last = parts.at(-1);
  const of = (group: string | undefined) => means.find((mean) => mean.group === group && mean.part === last);
  const [low, high] = [of(groups[0]), of(groups.at(-1))];
  if (!low || !high || last === undefined) return "bars: standard errors";
  return `${plotText(last)}: ${percentText(low.ma)} (${plotText(low.group)}) to ${percentText(high.ma)}; ` +
    "bars: standard errors";
}
