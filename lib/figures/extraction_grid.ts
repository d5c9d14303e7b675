/**
 * Extraction likelihood drawn prefix by prefix: a row a prefix, a column a token. The given tokens are grey; of the
 * decoded ones those in an n-gram of the true suffix are blue, the others orange and lower, so that they are told apart
 * without colour too and nothing lies behind their text.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { PALETTE, percentText, plotText } from "./style.ts";

/** A prefix and what was decoded after it. */
export interface ExtractionRow {
  /** How many tokens are given. */
  readonly prefix: number;
  /** The decoded tokens' texts. */
  readonly decoded: readonly string[];
  /** Whether each of them lies in a matching n-gram. */
  readonly isMatched: readonly boolean[];
  /** Matching n-grams. */
  readonly matches: number;
  /** N-grams in all. */
  readonly grams: number;
}

/** Options of {@linkcode extractionGrid}. */
export interface ExtractionGridOptions {
  /** The n of the n-grams. */
  n?: number;
}

const CELLS = {
  given: { name: "given", color: PALETTE.grey },
  matched: { name: "decoded, in a true n-gram", color: PALETTE.blue },
  other: { name: "decoded, in none", color: PALETTE.orange },
} as const;

/** Of a row's height: what is in no n-gram is lower. */
const HEIGHTS = { given: 0.88, matched: 0.88, other: 0.6 } as const;

interface Cell {
  kind: keyof typeof CELLS;
  prefix: number;
  position: number;
  text: string;
  truth: string;
}

/**
 * Draws the grid.
 *
 * @param tokens the text's own tokens
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { extractionGrid } from "./extraction_grid.ts";
 *
 * const row = { prefix: 1, decoded: ["b", "c", "d"], isMatched: [true, true, true], matches: 1, grams: 1 };
 * const figure = extractionGrid(["a", "b", "c", "d"], [row]);
 * assertEquals(figure.data.map(({ name }) => name), ["given", "decoded, in a true 3-gram"]);
 * ```
 */
export function extractionGrid(
  tokens: readonly string[],
  rows: readonly ExtractionRow[],
  { n = 3 }: ExtractionGridOptions = {},
): Figure {
  const cells = rows.flatMap((row) =>
    tokens.map((truth, position): Cell => {
      const t = position - row.prefix;
      if (t < 0) return { kind: "given", prefix: row.prefix, position, text: truth, truth };
      const kind = row.isMatched[t] ? "matched" : "other";
      return { kind, prefix: row.prefix, position, text: row.decoded[t] ?? "", truth };
    })
  );
  const kinds = (Object.keys(CELLS) as (keyof typeof CELLS)[]).filter((kind) =>
    cells.some((cell) => cell.kind === kind)
  );
  const el = rows.reduce((sum, { matches, grams }) => sum + matches / grams, 0) / rows.length;
  return makeFigure(kinds.map((kind) => cellTrace(kind, cells, n)), {
    title: `EL_${n}, prefix by prefix`,
    subtitle: rows.length > 0 ? `the mean share of matching ${n}-grams is ${percentText(el)}` : "no prefix",
    layout: {
      barmode: "overlay",
      bargap: 0.12,
      height: 200 + 26 * rows.length,
      xaxis: {
        title: { text: "the true text, token by token" },
        tickvals: tokens.map((_, t) => t),
        ticktext: tokens.map((text) => plotText(visibleText(text))),
        tickangle: -45,
        range: [-0.5, tokens.length - 0.5],
        zeroline: false,
        ticks: "",
      },
      yaxis: {
        title: { text: `prefix length: matching ${n}-grams` },
        tickvals: rows.map(({ prefix }) => prefix),
        ticktext: rows.map(({ prefix, matches, grams }) => `${prefix}: ${matches}/${grams}`),
        range: [rows.length + 0.6, 0.4],
        showgrid: false,
        ticks: "",
      },
    },
  });
}

function cellTrace(kind: keyof typeof CELLS, all: readonly Cell[], n: number): Trace {
  const cells = all.filter((cell) => cell.kind === kind);
  const { name, color } = CELLS[kind];
  return {
    type: "bar",
    name: name.replace("n-gram", `${n}-gram`),
    orientation: "h",
    base: cells.map(({ position }) => position - 0.46),
    x: cells.map(() => 0.92),
    y: cells.map(({ prefix }) => prefix),
    width: HEIGHTS[kind],
    marker: {
      color,
      opacity: kind === "given" ? 0.3 : 0.85,
    },
    text: cells.map(({ text }) => kind === "given" ? "" : plotText(cutToCell(visibleText(text)))),
    textposition: "inside",
    insidetextanchor: "middle",
    textangle: 0,
    insidetextfont: { size: 10, color: kind === "matched" ? "#ffffff" : "#1f2328" },
    constraintext: "inside",
    customdata: cells.map(({ text, truth }) => [plotText(visibleText(text)), plotText(visibleText(truth))]),
    hovertemplate: `prefix of %{y}<br>${kind}: %{customdata[0]}<br>true: %{customdata[1]}<extra></extra>`,
  };
}

/** A cell is as wide as this at notebook width; the hover text has the whole token. */
const CELL_CHARACTERS = 5;

function cutToCell(text: string): string {
  return text.length <= CELL_CHARACTERS ? text : `${text.slice(0, CELL_CHARACTERS - 1)}…`;
}

/**
 * A token with its white space made visible.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { visibleText } from "./extraction_grid.ts";
 *
 * assertEquals(visibleText(" a\n\t"), "·a⏎⇥");
 * ```
 */
export function visibleText(text: string): string {
  return text.replaceAll(" ", "·").replace(/\r?\n/g, "⏎").replaceAll("\t", "⇥");
}
