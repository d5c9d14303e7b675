/**
 * Code cut into tokens, line by line, with those of the secret mask marked: what unlearning works on and what it leaves
 * alone. A secret's characters are dots. Long lines go on in the next row.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { PALETTE, plotText } from "./style.ts";

/** A token of a document. */
export interface MaskedToken {
  /** Its text, secrets masked by the caller. */
  readonly text: string;
  /** Whether the mask marks it. */
  readonly isSecret: boolean;
  /** Counted from 0; a token with a line break ends its line. */
  readonly line: number;
  /** Characters before it on its line. */
  readonly column: number;
}

/**
 * Draws the tokens as the code stands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { maskedCode } from "./masked_code.ts";
 *
 * const tokens = [
 *   { text: "key =", isSecret: false, line: 0, column: 0 },
 *   { text: " ab••", isSecret: true, line: 0, column: 5 },
 * ];
 * const { data } = maskedCode(tokens);
 * assertEquals(data.slice(0, 2).map(({ name, x }) => [name, x]), [["other token", [4.86]], ["secret token", [4.86]]]);
 * ```
 */
export function maskedCode(code: readonly MaskedToken[]): Figure {
  const { tokens, labels } = foldLines(code);
  const marked = tokens.filter(({ isSecret }) => isSecret);
  const lines = labels.length;
  const width = Math.max(40, ...tokens.map(({ column, text }) => column + text.length));
  const traces = [
    tokenTrace(tokens.filter(({ isSecret }) => !isSecret), {
      name: "other token",
      color: PALETTE.grey,
      opacity: 0.25,
    }),
    tokenTrace(marked, { name: "secret token", color: PALETTE.orange, opacity: 0.6, pattern: "." }),
    textTrace(tokens),
  ].filter(({ x }) => x.length > 0);
  return makeFigure(traces, {
    title: "The secret mask on tokens",
    subtitle: `${marked.length} of ${tokens.length} tokens belong to a secret or touch it`,
    layout: {
      barmode: "overlay",
      bargap: 0.15,
      height: 84 + 48 + 28 * lines,
      margin: { l: 64, r: 24, t: 84, b: 48 },
      xaxis: { range: [-0.5, width + 0.5], visible: false },
      yaxis: {
        range: [lines - 0.4, -0.6],
        tickvals: labels.map((_, line) => line),
        ticktext: labels,
        showgrid: false,
        showline: false,
        ticks: "",
        zeroline: false,
        title: { text: "line" },
      },
    },
  });
}

/** Characters of a row: as many have room in a narrow notebook. */
const ROW_CHARACTERS = 50;

/** Puts what does not fit into a row into the next one, which has no number; a token is not cut. */
function foldLines(code: readonly MaskedToken[]): { tokens: MaskedToken[]; labels: string[] } {
  const labels: string[] = [];
  const tokens: MaskedToken[] = [];
  for (let line = 0, next = 0; line === 0 || next < code.length; line++) {
    labels.push(String(line + 1));
    let start = 0;
    for (; code[next]?.line === line; next++) {
      const { column, text } = code[next]!;
      if (column > start && column + text.trimEnd().length - start > ROW_CHARACTERS) {
        start = column;
        labels.push("");
      }
      tokens.push({ ...code[next]!, line: labels.length - 1, column: column - start });
    }
  }
  return { tokens, labels };
}

function tokenTrace(
  tokens: readonly MaskedToken[],
  { name, color, opacity, pattern = "" }: { name: string; color: string; opacity: number; pattern?: string },
): Trace {
  return {
    type: "bar",
    orientation: "h",
    name,
    base: tokens.map(({ column }) => column + 0.07),
    x: tokens.map(({ text }) => Math.max(1, text.length) - 0.14),
    y: tokens.map(({ line }) => line),
    marker: {
      color,
      opacity,
      pattern: { shape: pattern, size: 4, solidity: 0.15, fillmode: "overlay" },
    },
    customdata: tokens.map(({ text }) => plotText(text.trim())),
    hovertemplate: `%{customdata}<extra>${name}</extra>`,
  };
}

/** The code itself over the bars, in the ink of light or dark paper. */
function textTrace(tokens: readonly MaskedToken[]): Trace {
  const shown = tokens.filter(({ text }) => text.trim() !== "");
  return {
    type: "scatter",
    mode: "text",
    x: shown.map(({ column, text }) => column + text.length / 2),
    y: shown.map(({ line }) => line),
    text: shown.map(({ text }) => plotText(text.trim())),
    textposition: "middle center",
    textfont: { family: "ui-monospace, 'DejaVu Sans Mono', monospace", size: 11 },
    showlegend: false,
    hoverinfo: "skip",
  };
}
