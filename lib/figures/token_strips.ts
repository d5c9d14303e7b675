/**
 * Single secrets token by token: a strip a secret, a cell a token, the darker the surer the model is of it. A bar
 * under a cell says that it is the model's first choice, so the share of such cells is the secret's MA.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { percentText, plotText } from "./style.ts";

/** A token of a secret, masked. */
export interface StripToken {
  /** Dots for characters. */
  readonly text: string;
  /** Whether it is the model's first choice. */
  readonly hit: boolean;
  /** Its log-probability, nats. */
  readonly log_probability: number;
}

/** A secret. */
export interface StripRow {
  /** Its kind, length and first two characters. */
  readonly name: string;
  /** What sets it apart, such as its copies; a strip for each name and detail. */
  readonly detail: string;
  /** The secret's tokens, in order. */
  readonly tokens: readonly StripToken[];
}

/** Options of {@linkcode tokenStrips}. */
export interface TokenStripsOptions {
  /** What is shown. */
  title?: string;
}

/**
 * Draws a strip for each secret, the first one on top.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tokenStrips } from "./token_strips.ts";
 *
 * const tokens = [
 *   { text: "ab", hit: true, log_probability: 0 },
 *   { text: "••", hit: false, log_probability: Math.log(0.25) },
 * ];
 * const { data, layout } = tokenStrips([{ name: "KEY, 4 characters, ab...", detail: "8 copies", tokens }]);
 * assertEquals((data[0]?.marker as { color: number[] }).color, [1, 0.25]);
 * assertEquals(layout.title.subtitle?.text.startsWith("1 of 2 are"), true);
 * ```
 */
export function tokenStrips(rows: readonly StripRow[], options: TokenStripsOptions = {}): Figure {
  const { title = "Tokens that the model knows" } = options;
  const strips = rows.filter(({ tokens }) => tokens.length > 0);
  const cells = strips.flatMap(({ name, detail, tokens }) => {
    const share = tokens.filter(({ hit }) => hit).length / tokens.length;
    const label = `${plotText(name)}<br>${plotText(detail)}, <b>MA ${percentText(share)}</b>`;
    return tokens.map((token, t) => ({ ...token, t, label, name, count: tokens.length }));
  });
  const labels = [...new Set(cells.map(({ label }) => label))];
  const hits = cells.filter(({ hit }) => hit).length;
  return makeFigure(cells.length === 0 ? [] : [cellTrace(cells)], {
    title,
    subtitle: `${hits} of ${cells.length} are its first choice (bar below)`,
    layout: {
      height: 180 + 46 * labels.length,
      bargap: 0.35,
      showlegend: false,
      xaxis: {
        title: { text: "token of the secret" },
        range: [0.4, Math.max(8, ...strips.map(({ tokens }) => tokens.length)) + 0.6],
        tickformat: ",d",
        zeroline: false,
      },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: labels.toReversed(),
        showgrid: false,
        ticks: "",
      },
      shapes: cells.filter(({ hit }) => hit).map(({ t, label }) =>
        hitMark(t, labels.length - 1 - labels.indexOf(label))
      ),
    },
  });
}

interface Cell extends StripToken {
  readonly t: number;
  readonly label: string;
  readonly name: string;
  readonly count: number;
}

function cellTrace(cells: readonly Cell[]): Trace {
  return {
    type: "bar",
    orientation: "h",
    base: cells.map(({ t }) => t + 0.54),
    x: cells.map(() => 0.92),
    y: cells.map(({ label }) => label),
    customdata: cells.map(({ name, t, count, text, hit, log_probability }) => [
      plotText(name),
      `token ${t + 1} of ${count}`,
      plotText(text),
      percentText(Math.exp(log_probability)),
      hit ? "first choice" : "not the first choice",
    ]),
    text: cells.map(({ text }) => plotText(text)),
    textposition: "inside",
    insidetextanchor: "middle",
    textangle: 0,
    constraintext: "inside",
    textfont: { size: 11 },
    marker: {
      color: cells.map(({ log_probability }) => Math.exp(log_probability)),
      cmin: 0,
      cmax: 1,
      showscale: true,
      colorbar: {
        title: { text: "probability", side: "right" },
        thickness: 12,
        outlinewidth: 0,
        tickformat: ".0%",
        tickvals: [0, 0.5, 1],
      },
    },
    hovertemplate: "<b>%{customdata[0]}</b><br>%{customdata[1]}: %{customdata[2]}" +
      "<br>probability %{customdata[3]}, %{customdata[4]}<extra></extra>",
  };
}

/** A bar under the cell of a token that is the model's first choice. */
function hitMark(t: number, row: number): Record<string, unknown> {
  return {
    type: "line",
    x0: t + 0.62,
    x1: t + 1.38,
    y0: row - 0.4,
    y1: row - 0.4,
    line: { width: 3 },
  };
}
