/**
 * What sets have in common: a square for each two, the darker the more of the row's different items stand in the
 * column's set too, with their number. Only the squares beside the diagonal say something.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { percentText, plotText } from "./style.ts";

/** An item of a set; one that stands there twice counts once. */
export interface OverlapRow {
  /** Which set. */
  readonly set: string;
  /** Equal for equal items. */
  readonly item: string;
}

/** Options of {@linkcode setOverlap}. */
export interface SetOverlapOptions {
  /** What is shown. */
  title: string;
  /** What the items are, in the plural. */
  unit: string;
}

interface Square {
  readonly row: string;
  readonly column: string;
  readonly shared: number;
  readonly size: number;
}

/**
 * Draws the shared items of each two sets.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setOverlap } from "./set_overlap.ts";
 *
 * const rows = [{ set: "a", item: "x" }, { set: "a", item: "y" }, { set: "b", item: "y" }];
 * const { data, layout } = setOverlap(rows, { title: "Shared", unit: "values" });
 * assertEquals(data[0]?.text, ["2", "1", "1", "1"]);
 * assertEquals(layout.title.subtitle?.text.startsWith("1 of 2 different values stand in more than one set"), true);
 * ```
 */
export function setOverlap(rows: readonly OverlapRow[], options: SetOverlapOptions): Figure {
  const { title, unit } = options;
  const sets = new Map<string, Set<string>>();
  for (const { set, item } of rows) sets.set(set, (sets.get(set) ?? new Set()).add(item));
  const squares = [...sets].flatMap(([row, items]) =>
    Array.from(sets, ([column, others]): Square => {
      const shared = items.values().filter((item) => others.has(item)).toArray().length;
      return { row, column, shared, size: items.size };
    })
  );
  const names = [...sets.keys()].map(plotText);
  return makeFigure(squares.length === 0 ? [] : [squareTrace(squares, unit)], {
    title: plotText(title),
    subtitle: describeShared([...sets.values()], unit),
    layout: {
      height: 210 + 48 * names.length,
      bargap: 0.04,
      showlegend: false,
      xaxis: {
        title: { text: "also in" },
        tickvals: names.map((_, i) => i),
        ticktext: names,
        range: [-0.5, Math.max(0, names.length - 1) + 0.5],
        zeroline: false,
        ticks: "",
      },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: names.toReversed(),
        showgrid: false,
        ticks: "",
      },
    },
  });
}

function squareTrace(squares: readonly Square[], unit: string): Trace {
  const columns = [...new Set(squares.map(({ column }) => column))];
  return {
    type: "bar",
    orientation: "h",
    base: squares.map(({ column }) => columns.indexOf(column) - 0.48),
    x: squares.map(() => 0.96),
    y: squares.map(({ row }) => plotText(row)),
    text: squares.map(({ shared }) => shared.toLocaleString("en")),
    textposition: "inside",
    insidetextanchor: "middle",
    textangle: 0,
    customdata: squares.map(({ row, column, shared, size }) => [
      row === column
        ? `<b>${plotText(row)}</b><br>${size.toLocaleString("en")} different ${plotText(unit)}`
        : `<b>${plotText(row)}</b><br>${shared.toLocaleString("en")} of its ${size.toLocaleString("en")} ` +
          `${plotText(unit)} (${percentText(shared / size)}) stand in ${plotText(column)} too`,
    ]),
    marker: { color: squares.map(({ shared, size }) => shared / size), cmin: 0, cmax: 1 },
    hovertemplate: "%{customdata[0]}<extra></extra>",
  };
}

function describeShared(sets: readonly ReadonlySet<string>[], unit: string): string {
  const all = new Set(sets.flatMap((items) => [...items]));
  const shared = [...all].filter((item) => sets.filter((items) => items.has(item)).length > 1).length;
  return `${shared.toLocaleString("en")} of ${all.size.toLocaleString("en")} different ${plotText(unit)} ` +
    `stand in more than one set; diagonal: the set's own`;
}
