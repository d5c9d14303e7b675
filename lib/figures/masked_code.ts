/**
 * Code cut into tokens, line by line, with those of the secret mask marked: what unlearning works on and what it leaves
 * alone. A secret's characters are dots.
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
 *   { text: " ab··", isSecret: true, line: 0, column: 5 },
 * ];
 * assertEquals(maskedCode(tokens).data.map(({ name, x }) => [name, x]), [["other token", [4.86]], ["secret token", [4.86]]]);
 * ```
 */
export function maskedCode(tokens: readonly MaskedToken[]): Figure {
  const marked = tokens.filter(({ isSecret }) => isSecret);
  const lines = Math.max(1, ...tokens.map(({ line }) => line + 1));
  const width = Math.max(40, ...tokens.map(({ column, text }) => column + text.length));
  const traces = [
    tokenTrace(tokens.filter(({ isSecret }) => !isSecret), {
      name: "other token",
      color: PALETTE.grey,
      opacity: "40",
    }),
    tokenTrace(marked, { name: "secret token", color: PALETTE.orange, opacity: "cc", pattern: "." }),
  ].filter(({ x }) => x.length > 0);
  return makeFigure(traces, {
    title: "The secret mask on tokens",
    subtitle: `${marked.length} of ${tokens.length} tokens belong to a secret or touch it`,
    layout: {
      barmode: "overlay",
      bargap: 0.15,
      height: 180 + 30 * lines,
      xaxis: { range: [-0.5, width + 0.5], visible: false },
      yaxis: {
        range: [lines - 0.4, -0.6],
        tickvals: Array.from({ length: lines }, (_, line) => line),
        ticktext: Array.from({ length: lines }, (_, line) => String(line + 1)),
        showgrid: false,
        showline: false,
        ticks: "",
        zeroline: false,
        title: { text: "line" },
      },
    },
  });
}

function tokenTrace(
  tokens: readonly MaskedToken[],
  { name, color, opacity, pattern = "" }: { name: string; color: string; opacity: string; pattern?: string },
): Trace {
  return {
    type: "bar",
    orientation: "h",
    name,
    base: tokens.map(({ column }) => column + 0.07),
    x: tokens.map(({ text }) => Math.max(1, text.length) - 0.14),
    y: tokens.map(({ line }) => line),
    marker: {
      color: `${color}${opacity}`,
      pattern: { shape: pattern, size: 4, solidity: 0.15, fillmode: "overlay" },
    },
    text: tokens.map(({ text }) => plotText(text.trim())),
    textposition: "inside",
    insidetextanchor: "middle",
    textangle: 0,
    constraintext: "none",
    insidetextfont: { family: "ui-monospace, 'DejaVu Sans Mono', monospace", size: 11 },
    hovertemplate: `%{text}<extra>${name}</extra>`,
  };
}
