/**
 * Code as the models continue it, one block a model under the true text: a line's part that stands like the truth is
 * plain, all after the model's first deviation is hatched. One sees what a model still writes, and what it makes of it
 * otherwise.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { modelStyle, PALETTE, percentText, plotText } from "./style.ts";

/** One text as one model continues it. */
export interface ContinuedCode {
  /** "before", or the method that made the model. */
  readonly model: string;
  /** What stood there. */
  readonly truth: string;
  /** What the model writes there. */
  readonly completion: string;
  /** Share of the tokens that are right, place by place. */
  readonly right: number;
}

/** Options of {@linkcode codeContinuations}. */
export interface CodeContinuationsOptions {
  /** Most lines of a block. Default 9. */
  maxLines?: number;
}

/** Longest line that is drawn; a longer one is cut, which an ellipsis says. */
const MAX_COLUMNS = 96;
const LINE_HEIGHT = 19;
/**
 * Pixels of the code's letters, and of a column: the monospace fonts of all systems are 0.6 of their size wide, so at a
 * width of this many pixels a column boxes end where their texts do.
 */
const FONT_SIZE = 11.5;
const COLUMN_WIDTH = 0.602 * FONT_SIZE;
const MARGIN = 24;
/** Columns left and right of the code. */
const EDGE = 1;

const KINDS = {
  truth: { name: "the true text", color: PALETTE.grey, opacity: 0.2, pattern: "" },
  right: { name: "as the truth", color: PALETTE.blue, opacity: 0.2, pattern: "" },
  own: { name: "its own", color: PALETTE.orange, opacity: 0.4, pattern: "/" },
} as const;

/** Room for the headings and the legend, however short the code is. */
const LEAST_COLUMNS = 72;

/** A stretch of a line. */
interface Piece {
  readonly text: string;
  readonly isRight: boolean;
  readonly line: number;
  readonly column: number;
}

/**
 * Draws one text's continuations, models in the order of the rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { codeContinuations } from "./code_continuations.ts";
 *
 * const truth = "x = 1\ny = 2";
 * const { data } = codeContinuations([{ model: "ga", truth, completion: "x = 7\n", right: 0.5 }]);
 * assertEquals(data.map(({ name, base, x }) => [name, base, x]), [
 *   ["the true text", [0, 0], [5, 5]],
 *   ["as the truth", [0], [4]],
 *   ["its own", [4], [1]],
 *   [undefined, undefined, [0, 0, 0, 4]],
 * ]);
 * ```
 */
export function codeContinuations(
  rows: readonly ContinuedCode[],
  { maxLines = 9 }: CodeContinuationsOptions = {},
): Figure {
  const truth = rows[0]?.truth ?? "";
  const blocks = [
    { heading: "the true text", pieces: piecesOf(truth, truth, maxLines) },
    ...rows.map(({ model, completion, right }) => ({
      heading: `${plotText(modelStyle(model).label)}: ${percentText(right)} of the tokens in their places`,
      pieces: piecesOf(truth, completion, maxLines),
    })),
  ];
  const heights = blocks.map(({ pieces }) => 1.6 + Math.max(1, ...pieces.map(({ line }) => line + 1)));
  const tops = heights.map((_, i) => heights.slice(0, i).reduce((sum, height) => sum + height, 0));
  const placed = blocks.map(({ pieces }, i) =>
    pieces.map((piece) => ({ ...piece, line: tops[i]! + 1 + piece.line }))
  );
  const own = placed.slice(1).flat();
  const columns = Math.max(LEAST_COLUMNS, ...placed.flat().map(({ text, column }) => column + text.length));
  const total = heights.reduce((sum, height) => sum + height, 0);
  const traces = [
    pieceTrace(placed[0]!, KINDS.truth),
    pieceTrace(own.filter(({ isRight }) => isRight), KINDS.right),
    pieceTrace(own.filter(({ isRight }) => !isRight), KINDS.own),
    textTrace(placed.flat()),
  ].filter(({ x }) => x.length > 0);
  return makeFigure(rows.length === 0 ? [] : traces, {
    title: "Code as the models go on with it",
    subtitle: "each block continues the same text; after the first deviation a model goes its own way",
    layout: {
      barmode: "overlay",
      bargap: 0.08,
      height: 84 + 52 + LINE_HEIGHT * total,
      width: 2 * MARGIN + COLUMN_WIDTH * (columns + 2 * EDGE),
      autosize: false,
      margin: { l: MARGIN, r: MARGIN, t: 84, b: 52 },
      xaxis: { range: [-EDGE, columns + EDGE], visible: false, fixedrange: true },
      yaxis: { range: [total - 0.9, -0.7], visible: false, fixedrange: true },
      annotations: blocks.map(({ heading }, i) => ({
        text: `<b>${heading}</b>`,
        xref: "x",
        x: 0,
        xanchor: "left",
        y: tops[i]!,
        yanchor: "middle",
        showarrow: false,
        font: { size: 13 },
      })),
    },
  });
}

/** A text's lines, each cut where the text leaves the truth. */
function piecesOf(truth: string, text: string, maxLines: number): Piece[] {
  let common = 0;
  while (common < text.length && text[common] === truth[common]) common++;
  let at = 0;
  return text.split("\n").slice(0, maxLines).flatMap((line, number) => {
    const [start, end] = [at, at + line.length];
    at = end + 1;
    const shown = line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS - 1)}…` : line;
    const cut = Math.min(Math.max(0, common - start), shown.length);
    return [
      { text: shown.slice(0, cut), isRight: true, line: number, column: 0 },
      { text: shown.slice(cut), isRight: false, line: number, column: cut },
    ].filter(({ text }) => text.trim() !== "");
  });
}

function indentOf({ text }: Piece): number {
  return text.length - text.trimStart().length;
}

function pieceTrace(
  pieces: readonly Piece[],
  { name, color, opacity, pattern }: typeof KINDS[keyof typeof KINDS],
): Trace {
  return {
    type: "bar",
    orientation: "h",
    name,
    base: pieces.map((piece) => piece.column + indentOf(piece)),
    x: pieces.map((piece) => piece.text.length - indentOf(piece)),
    y: pieces.map(({ line }) => line),
    width: 0.92,
    marker: { color, opacity, pattern: { shape: pattern, size: 5, solidity: 0.2, fillmode: "overlay" } },
    hovertemplate: `${name}<extra></extra>`,
  };
}

/** The code itself over the bars, in the ink of light or dark paper. */
function textTrace(pieces: readonly Piece[]): Trace {
  return {
    type: "scatter",
    mode: "text",
    x: pieces.map((piece) => piece.column + indentOf(piece)),
    y: pieces.map(({ line }) => line),
    text: pieces.map(({ text }) => plotText(text.trimStart())),
    textposition: "middle right",
    textfont: { family: "ui-monospace, 'DejaVu Sans Mono', monospace", size: FONT_SIZE },
    cliponaxis: false,
    showlegend: false,
    hoverinfo: "skip",
  };
}
