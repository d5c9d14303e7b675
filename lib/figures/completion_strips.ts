/**
 * Secrets as the models write them, masked: a square for each character, filled where it is the secret's own. One sees
 * how much of a secret comes out before and after, and not one character of it.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { modelStyle, percentText, plotText } from "./style.ts";

/** One secret as one model writes it. */
export interface CompletionRow {
  /** The document that holds it. */
  readonly doc_id: string;
  /** Its first character, code points: with the document's name it tells secrets apart. */
  readonly start: number;
  /** Kind, length and first two characters. */
  readonly description: string;
  /** "before", or the method that made the model. */
  readonly model: string;
  /** A mark for each character: "●" where it is right, anything else where not. */
  readonly characters: string;
}

/** Options of {@linkcode completionStrips}. */
export interface CompletionStripsOptions {
  /** Most secrets to draw, the first of the table. Default 10. */
  maxSecrets?: number;
}

/** Pixels of a strip; a blank one stands between secrets. */
const STRIP_HEIGHT = 15;

/**
 * Draws a strip a model under each secret's name, models in the order of the rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { completionStrips } from "./completion_strips.ts";
 *
 * const secret = { doc_id: "a.py", start: 9, description: "KEY, 3 characters, AK..." };
 * const { data } = completionStrips([
 *   { ...secret, model: "before", characters: "●●●" },
 *   { ...secret, model: "ga", characters: "●··" },
 * ]);
 * assertEquals(data.map(({ name, x }) => [name, x]), [["before", [1, 2, 3]], ["GA", [1]], ["another character", [2, 3]], [undefined, [0.3, 0.3]]]);
 * ```
 */
export function completionStrips(
  rows: readonly CompletionRow[],
  { maxSecrets = 10 }: CompletionStripsOptions = {},
): Figure {
  const models = [...new Set(rows.map(({ model }) => model))];
  const secrets = [...Map.groupBy(rows, placeOf).values()]
    .slice(0, maxSecrets);
  const per = models.length + 1.6;
  const placed = secrets.flatMap((strips, i) =>
    strips.map((row) => ({ row, y: i * per + 1 + models.indexOf(row.model) }))
  );
  const longest = Math.max(1, ...placed.map(({ row }) => row.characters.length));
  return makeFigure(
    placed.length === 0 ? [] : [
      ...models.map((model) => rightTrace(placed.filter(({ row }) => row.model === model), model)),
      ...wrongTrace(placed),
      rowNames(placed),
    ],
    {
      title: "Secrets as the models write them",
      subtitle:
        models.map((model) =>
          `${plotText(modelStyle(model).label)} ${
            percentText(shareRight(rows.filter((row) => row.model === model)))
          }`
        ).join(", ") + ` of all characters right; ${secrets.length} of ${countSecrets(rows)} secrets drawn`,
      layout: {
        height: 104 + 96 + STRIP_HEIGHT * per * secrets.length,
        margin: { l: 24, r: 24, t: 104, b: 96 },
        xaxis: {
          title: { text: "character of the secret" },
          range: [-NAME_SHARE * longest, longest + 1],
          tickvals: placesOf(longest),
          zeroline: false,
        },
        yaxis: { visible: false, range: [per * secrets.length - 0.4, -0.6], fixedrange: true },
        annotations: secrets.map(([row], i) => ({
          text: plotText(row!.description),
          x: 0.5,
          xanchor: "left",
          y: i * per,
          yanchor: "middle",
          showarrow: false,
          font: { size: 12 },
        })),
      },
    },
  );
}

/** Left of the strips, as a share of the longest: the models' names. */
const NAME_SHARE = 0.22;

/** Characters that are counted at the axis. */
function placesOf(longest: number): number[] {
  const step = longest > 50 ? 10 : 5;
  return [1, ...Array.from({ length: Math.floor(longest / step) }, (_, i) => (i + 1) * step)];
}

/** Each strip's model, left of it. */
function rowNames(strips: readonly Strip[]): Trace {
  return {
    type: "scatter",
    mode: "text",
    x: strips.map(() => 0.3),
    y: strips.map(({ y }) => y),
    text: strips.map(({ row }) => plotText(modelStyle(row.model).label)),
    textposition: "middle left",
    textfont: { size: 11 },
    showlegend: false,
    hoverinfo: "skip",
  };
}

interface Strip {
  row: CompletionRow;
  y: number;
}

function placeOf({ doc_id, start }: CompletionRow): string {
  return `${start} ${doc_id}`;
}

function isRight(mark: string): boolean {
  return mark === "●";
}

function shareRight(rows: readonly CompletionRow[]): number | null {
  const marks = rows.flatMap(({ characters }) => Array.from(characters));
  return marks.length === 0 ? null : marks.filter(isRight).length / marks.length;
}

function countSecrets(rows: readonly CompletionRow[]): number {
  return new Set(rows.map(placeOf)).size;
}

/** The places, from 1, of the strips' characters that are right, or wrong. */
function cells(strips: readonly Strip[], right: boolean) {
  return strips.flatMap(({ row, y }) => Array.from(row.characters, (mark, i) => ({ mark, x: i + 1, y, row })))
    .filter(({ mark }) => isRight(mark) === right);
}

function rightTrace(strips: readonly Strip[], model: string): Trace {
  const { label, color } = modelStyle(model);
  const right = cells(strips, true);
  return {
    type: "scatter",
    mode: "markers",
    name: plotText(label),
    // a model without a right character stands in the legend all the same, by a point that is not drawn
    x: right.length === 0 ? [null] : right.map(({ x }) => x),
    y: right.length === 0 ? [null] : right.map(({ y }) => y),
    showlegend: true,
    customdata: right.map(({ row }) => describe(row)),
    marker: { color, symbol: "square", size: 10 },
    hovertemplate: "%{customdata}<br>character %{x}: right<extra></extra>",
  };
}

function wrongTrace(strips: readonly Strip[]): Trace[] {
  const wrong = cells(strips, false);
  return wrong.length === 0 ? [] : [{
    type: "scatter",
    mode: "markers",
    name: "another character",
    x: wrong.map(({ x }) => x),
    y: wrong.map(({ y }) => y),
    customdata: wrong.map(({ row }) => describe(row)),
    marker: { color: wrong.map(({ row }) => modelStyle(row.model).color), symbol: "circle", size: 3 },
    hovertemplate: "%{customdata}<br>character %{x}: another one<extra></extra>",
  }];
}

function describe(row: CompletionRow): string {
  return `<b>${plotText(modelStyle(row.model).label)}</b>, ${plotText(row.description)}` +
    `<br>${plotText(row.doc_id)}: ${percentText(shareRight([row]))} right`;
}
