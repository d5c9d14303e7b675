/**
 * Memorization against a number of each secret, such as its length, its place or its perplexity: mean MA in bins of
 * equally many secrets, a curve for each part of them, so that a number that goes with duplication is not taken for
 * its cause.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS, thresholdLine } from "./style.ts";

/** One secret. */
export interface QuantityRow {
  /** The number, in the axis' unit. */
  readonly value: number | null;
  /** Null where undefined. */
  readonly ma: number | null;
  /** A curve of its own. */
  readonly part: string;
}

/** Options of {@linkcode maByQuantity}. */
export interface MaByQuantityOptions {
  /** What the number is, with its unit: the axis' title. */
  label: string;
  /** What is shown. */
  title: string;
  /** A logarithmic axis; numbers of 0 and less are left out. */
  log?: boolean;
  /** Most points of a curve. */
  bins?: number;
  /** The parts in the order of their colours; by default as they come. */
  parts?: readonly string[];
  /** Mean MA on unseen text. */
  threshold?: number | null;
}

/** Colours, markers and dashes of the parts, in order. */
const MARKS = [
  { color: PALETTE.vermillion, symbol: "diamond", dash: "dot" },
  { color: PALETTE.sky, symbol: "square", dash: "dash" },
  { color: PALETTE.blue, symbol: "circle", dash: "solid" },
  { color: PALETTE.green, symbol: "triangle-up", dash: "dashdot" },
] as const;

interface Scored {
  readonly value: number;
  readonly ma: number;
}

interface Bin {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly ma: number;
  readonly se: number;
  readonly secrets: number;
}

/**
 * Draws mean MA with its standard error against a number. Equal numbers are never parted, so a bin may hold more than
 * its share.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maByQuantity } from "./ma_by_quantity.ts";
 *
 * const rows = [[4, 1], [5, 0.5], [20, 0.25], [30, 0.25]].map(([value, ma]) => ({ value: value!, ma: ma!, part: "all" }));
 * const figure = maByQuantity(rows, { label: "tokens", title: "MA and length", bins: 2 });
 * assertEquals([figure.data[0]?.x, figure.data[0]?.y], [[4.5, 25], [0.75, 0.25]]);
 * ```
 */
export function maByQuantity(rows: readonly QuantityRow[], options: MaByQuantityOptions): Figure {
  const { label, title, log = false, bins = 8, threshold = null } = options;
  const parts = options.parts ?? [...new Set(rows.map(({ part }) => part))];
  const scored = rows.flatMap(({ part, value, ma }) =>
    isScore(value) && isScore(ma) && (!log || value > 0) ? [{ part, value, ma }] : []
  );
  const curves = parts.map((part) => toBins(scored.filter((row) => row.part === part), bins));
  const data = curves.flatMap((curve, index) =>
    curve.length === 0 ? [] : [curveTrace(curve, { part: parts[index]!, label, index })]
  );
  return makeFigure(data, {
    title: plotText(title),
    subtitle: `${
      scored.length.toLocaleString("en")
    } secrets in up to ${bins} equal bins a curve; bars are standard errors`,
    layout: {
      xaxis: { type: log ? "log" : "linear", title: { text: plotText(label) }, ...(log ? { dtick: 1 } : {}) },
      yaxis: { ...SCORE_AXIS, title: { text: "mean secret MA" } },
      shapes: isScore(threshold)
        ? [thresholdLine(threshold, { side: freeSide(curves.flat(), { threshold, log }) })]
        : [],
      showlegend: data.length > 1,
    },
  });
}

/** The end of the plot at which fewer points stand where the threshold's label goes. */
function freeSide(
  bins: readonly Bin[],
  { threshold, log }: { threshold: number; log: boolean },
): "start" | "end" {
  const points = bins.map(({ value, ma, se }) => ({ x: log ? Math.log(value) : value, ma, se }));
  const [least, most] = [Math.min(...points.map(({ x }) => x)), Math.max(...points.map(({ x }) => x))];
  const near = points.filter(({ ma, se }) => ma + se > threshold - 0.02 && ma - se < threshold + 0.1);
  const countFrom = (end: number) => near.filter(({ x }) => Math.abs(x - end) < 0.2 * (most - least)).length;
  return countFrom(least) <= countFrom(most) ? "start" : "end";
}

function toBins(rows: readonly Scored[], most: number): Bin[] {
  const sorted = rows.toSorted((a, b) => a.value - b.value);
  const bins: Bin[] = [];
  for (let from = 0; from < sorted.length;) {
    let to = Math.max(from + 1, Math.round((bins.length + 1) * sorted.length / most));
    while (to < sorted.length && sorted[to]!.value === sorted[to - 1]!.value) to++;
    bins.push(toBin(sorted.slice(from, to)));
    from = to;
  }
  return bins;
}

function toBin(rows: readonly Scored[]): Bin {
  const n = rows.length;
  const mean = (of: (row: Scored) => number) => rows.reduce((sum, row) => sum + of(row), 0) / n;
  const ma = mean((row) => row.ma);
  const se = n < 2 ? 0 : Math.sqrt(mean((row) => (row.ma - ma) ** 2) / (n - 1));
  return {
    low: rows[0]!.value,
    high: rows.at(-1)!.value,
    value: mean((row) => row.value),
    ma,
    se,
    secrets: n,
  };
}

function curveTrace(
  bins: readonly Bin[],
  { part, label, index }: { part: string; label: string; index: number },
): Trace {
  const { color, symbol, dash } = MARKS[index % MARKS.length]!;
  return {
    type: "scatter",
    mode: "lines+markers",
    name: plotText(part),
    x: bins.map(({ value }) => value),
    y: bins.map(({ ma }) => ma),
    error_y: { type: "data", array: bins.map(({ se }) => se), color, thickness: 1.2, width: 4 },
    customdata: bins.map(({ low, high, se, secrets }) => [
      low === high ? numberText(low) : `${numberText(low)} to ${numberText(high)}`,
      percentText(se),
      secrets === 1 ? "1 secret" : `${secrets.toLocaleString("en")} secrets`,
    ]),
    line: { color, dash, width: 2 },
    marker: { color, symbol, size: 8 },
    hovertemplate: `<b>${plotText(part)}</b><br>${
      plotText(label)
    }: %{customdata[0]}<br>MA %{y:.1%} ± %{customdata[1]}<br>%{customdata[2]}<extra></extra>`,
  };
}

function numberText(value: number): string {
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}
