/**
 * The classic curve of memorization: the more often a secret stood in the training text, the better it is reproduced.
 * Never-trained twins of the same formats stand at the left as the baseline ("never", 0 copies).
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, PALETTE, percentText, plotText, SCORE_AXIS, thresholdLine } from "./style.ts";

/** The secrets of one duplication count. */
export interface DuplicationRow {
  /** Training documents that held the secret; 0 for twins that were never trained on. */
  readonly copies: number;
  /** Mean secret MA. */
  readonly ma: number | null;
  /** How many secrets the mean is of. */
  readonly secrets: number;
  /** Standard error of the mean; null for a single secret. */
  readonly se: number | null;
}

/** Options of {@linkcode maByDuplication}. */
export interface MaByDuplicationOptions {
  /** Mean MA on unseen text. */
  threshold?: number | null;
}

/** Where "never" stands on the logarithmic axis: as far left of 1 as 2 is right of it. */
const NEVER_X = 0.5;

/**
 * Draws mean secret MA with its standard error against the number of copies, on a logarithmic axis.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maByDuplication } from "./ma_by_duplication.ts";
 *
 * const figure = maByDuplication([
 *   { copies: 0, ma: 0.2, secrets: 10, se: 0.01 },
 *   { copies: 64, ma: 0.99, secrets: 10, se: 0.002 },
 * ]);
 * assertEquals(figure.data.map((trace) => trace.x), [[64], [0.5]]);
 * ```
 */
export function maByDuplication(
  rows: readonly DuplicationRow[],
  options: MaByDuplicationOptions = {},
): Figure {
  const { threshold = null } = options;
  const sorted = rows.filter((row) => isScore(row.ma) && isScore(row.copies)).toSorted((a, b) =>
    a.copies - b.copies
  );
  const trained = sorted.filter((row) => row.copies > 0);
  const never = sorted.filter((row) => row.copies === 0);
  const data = [
    ...(trained.length === 0 ? [] : [{
      ...pointTrace("secrets in the training text", trained, PALETTE.blue),
      mode: "lines+markers",
      line: { color: PALETTE.blue, width: 2.5 },
    }]),
    ...(never.length === 0
      ? []
      : [pointTrace("twins never trained on", never, PALETTE.vermillion, "diamond")]),
  ];
  const most = Math.max(2, ...trained.map((row) => row.copies));
  return makeFigure(data, {
    title: "Memorization grows with duplication",
    subtitle: describeEnds(never[0], trained),
    layout: {
      xaxis: {
        type: "log",
        title: { text: "training documents that hold the secret" },
        range: [Math.log10(NEVER_X) - 0.12, Math.log10(most) + 0.12],
        ...ticks(most, never.length > 0),
      },
      yaxis: { ...SCORE_AXIS, title: { text: "mean secret MA" } },
      shapes: isScore(threshold) ? [thresholdLine(threshold)] : [],
    },
  });
}

function pointTrace(name: string, rows: readonly DuplicationRow[], color: string, symbol = "circle"): Trace {
  return {
    type: "scatter",
    name,
    mode: "markers",
    x: rows.map((row) => row.copies === 0 ? NEVER_X : row.copies),
    y: rows.map((row) => row.ma),
    error_y: { type: "data", array: rows.map((row) => row.se ?? 0), color, thickness: 1.5, width: 5 },
    customdata: rows.map((row) => [
      row.copies === 0 ? "never trained on" : countCopies(row.copies),
      isScore(row.se) ? ` ± ${percentText(row.se)}` : "",
      plotText(row.secrets.toLocaleString("en")),
    ]),
    marker: { color, symbol, size: 9 },
    hovertemplate:
      "%{customdata[0]}<br>MA %{y:.1%}%{customdata[1]}<br>%{customdata[2]} secrets<extra></extra>",
  };
}

function countCopies(copies: number): string {
  return copies === 1 ? "1 copy" : `${copies.toLocaleString("en")} copies`;
}

function ticks(most: number, hasNever: boolean): { tickvals: number[]; ticktext: string[] } {
  const step = most > 4096 ? 4 : 2;
  const counts: number[] = [];
  for (let copies = 1; copies <= most; copies *= step) counts.push(copies);
  return {
    tickvals: hasNever ? [NEVER_X, ...counts] : counts,
    ticktext: [...(hasNever ? ["never"] : []), ...counts.map((copies) => copies.toLocaleString("en"))],
  };
}

function describeEnds(never: DuplicationRow | undefined, trained: readonly DuplicationRow[]): string {
  const parts = [
    ...(never ? [`${percentText(never.ma)} never trained on`] : []),
    ...[trained[0], trained.length > 1 ? trained.at(-1) : undefined].flatMap((row) =>
      row ? [`${percentText(row.ma)} at ${countCopies(row.copies)}`] : []
    ),
  ];
  return parts.length === 0 ? "no secrets" : `mean MA ${parts.join(", ")}; bars are standard errors`;
}
