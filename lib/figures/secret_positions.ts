/**
 * Where in a file secrets stand: a histogram of their starts as a share of the file's length.
 *
 * @module
 */
import { type Figure, LEGEND, makeFigure } from "./figure.ts";
import { plotText, tagStyle } from "./style.ts";

/** A secret's place. */
export interface PositionedSecret {
  /** EMAIL, IP_ADDRESS or KEY. */
  readonly tag: string;
  /** Its start over the file's length, in [0, 1). */
  readonly position: number;
}

/**
 * Draws the places, stacked by kind.
 *
 * @throws {RangeError} when a position lies outside [0, 1]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretPositions } from "./secret_positions.ts";
 *
 * const figure = secretPositions([{ tag: "KEY", position: 0.01 }], { bins: 2 });
 * assertEquals(figure.data[0]!.y, [1, 0]);
 * ```
 */
export function secretPositions(
  rows: readonly PositionedSecret[],
  { bins = 20 }: { bins?: number } = {},
): Figure {
  const wrong = rows.find(({ position }) => !(position >= 0 && position <= 1));
  if (wrong) throw new RangeError(`Cannot draw position ${wrong.position}: it must be in [0, 1]`);
  const tags = [...new Set(rows.map(({ tag }) => tag))].sort();
  const binOf = (position: number) => Math.min(bins - 1, Math.floor(position * bins));
  const first = rows.filter(({ position }) => position < 0.1).length;
  return makeFigure(
    tags.map((tag) => {
      const { label, color } = tagStyle(tag);
      const counts = new Array<number>(bins).fill(0);
      for (const row of rows) if (row.tag === tag) counts[binOf(row.position)]!++;
      return {
        type: "bar" as const,
        name: plotText(label),
        x: counts.map((_, bin) => (bin + 0.5) / bins),
        y: counts,
        marker: { color },
        hovertemplate: "%{x:.0%} of the file<br>%{y:,d} places<extra></extra>",
      };
    }),
    {
      title: "Where in a file secrets stand",
      subtitle: `${first} of ${rows.length} places are in the first tenth`,
      layout: {
        barmode: "stack",
        legend: { ...LEGEND, traceorder: "normal" },
        bargap: 0.1,
        xaxis: {
          title: { text: "start of the secret, as a share of the file" },
          range: [0, 1],
          tickformat: ".0%",
        },
        yaxis: { title: { text: "places" }, tickformat: ",d" },
      },
    },
  );
}
