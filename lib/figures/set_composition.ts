/**
 * What sets are made of: a bar a set, cut into the shares of each category, so that sets of different sizes can be
 * compared at a glance: alike when the cuts stand under each other.
 *
 * @module
 */
import { type Figure, LEGEND, makeFigure, type Trace } from "./figure.ts";
import { PALETTE, percentText, plotText } from "./style.ts";

/** One member of a set. */
export interface CompositionRow {
  /** Which set: a bar. */
  readonly set: string;
  /** Which kind of member: a part of it. */
  readonly category: string | number;
}

/** Options of {@linkcode setComposition}. */
export interface SetCompositionOptions {
  /** What is shown. */
  title: string;
  /** What the members are, in the plural. */
  unit: string;
  /** What the categories are: the legend's title. */
  label: string;
  /** Most categories with a colour of their own; the rarer ones are drawn together. */
  maxCategories?: number;
}

const FILLS = [
  fillLook(PALETTE.blue, ""),
  fillLook(PALETTE.orange, "/"),
  fillLook(PALETTE.green, ""),
  fillLook(PALETTE.purple, "\\"),
  fillLook(PALETTE.sky, "."),
  fillLook(PALETTE.vermillion, "x"),
  fillLook(PALETTE.grey, ""),
];

const OTHERS = "others";

/**
 * Draws the shares. Categories that are numbers stand in their order, others by their size; the first set is on top.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setComposition } from "./set_composition.ts";
 *
 * const rows = [{ set: "a", category: "KEY" }, { set: "a", category: "EMAIL" }, { set: "b", category: "KEY" }];
 * const { data } = setComposition(rows, { title: "By tag", unit: "secrets", label: "tag" });
 * assertEquals(data.map(({ name, x }) => [name, x]), [["KEY", [0.5, 1]], ["EMAIL", [0.5, 0]]]);
 * ```
 */
export function setComposition(rows: readonly CompositionRow[], options: SetCompositionOptions): Figure {
  const { title, unit, label, maxCategories = 6 } = options;
  const sets = [...new Set(rows.map(({ set }) => set))];
  const categories = sortCategories(rows);
  const named = categories.slice(0, maxCategories < categories.length ? maxCategories : categories.length);
  const counts = new Map<string, Map<string, number>>(sets.map((set) => [set, new Map()]));
  for (const { set, category } of rows) {
    const name = named.includes(category) ? String(category) : OTHERS;
    const own = counts.get(set)!;
    own.set(name, (own.get(name) ?? 0) + 1);
  }
  const names = [...named.map(String), ...(named.length < categories.length ? [OTHERS] : [])];
  const isOrdered = named.every((category) => typeof category === "number");
  const looks = names.map((_, i) =>
    isOrdered ? orderedLook((i + 1) / names.length) : FILLS[i % FILLS.length]!
  );
  return makeFigure(names.map((name, i) => partTrace(name, looks[i]!, { counts, unit })), {
    title: plotText(title),
    subtitle: describeSpread(label, named, counts),
    layout: {
      height: 200 + 34 * sets.length,
      barmode: "stack",
      bargap: 0.3,
      xaxis: { title: { text: `share of the set's ${plotText(unit)}` }, range: [0, 1], tickformat: ".0%" },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: sets.map(plotText).toReversed(),
        showgrid: false,
        ticks: "",
      },
      margin: { l: 64, r: 24, t: 84, b: 104 },
      legend: {
        ...LEGEND,
        traceorder: "normal",
        title: { text: plotText(label), side: "top", font: { size: 13 } },
      },
    },
  });
}

function sortCategories(rows: readonly CompositionRow[]): (string | number)[] {
  const sizes = new Map<string | number, number>();
  for (const { category } of rows) sizes.set(category, (sizes.get(category) ?? 0) + 1);
  return [...sizes.keys()].toSorted((a, b) =>
    typeof a === "number" && typeof b === "number"
      ? a - b
      : sizes.get(b)! - sizes.get(a)! || (String(a) < String(b) ? -1 : 1)
  );
}

function partTrace(
  name: string,
  look: Readonly<Record<string, unknown>>,
  { counts, unit }: { counts: ReadonlyMap<string, ReadonlyMap<string, number>>; unit: string },
): Trace {
  const shares = Array.from(counts.values(), (own) => (own.get(name) ?? 0) / sizeOf(own));
  return {
    type: "bar",
    orientation: "h",
    name: plotText(name),
    x: shares,
    y: Array.from(counts.keys(), plotText),
    customdata: Array.from(counts.values(), (own) => [
      (own.get(name) ?? 0).toLocaleString("en"),
      sizeOf(own).toLocaleString("en"),
    ]),
    ...look,
    hovertemplate: `<b>%{y}</b>, ${plotText(name)}<br>%{customdata[0]} of %{customdata[1]} ${
      plotText(unit)
    }, %{x:.1%}<extra></extra>`,
  };
}

function fillLook(color: string, shape: string): Record<string, unknown> {
  return { marker: { color, pattern: { shape, fillmode: "overlay", size: 6, solidity: 0.2 } } };
}

/** Numbers go from pale to full. */
function orderedLook(share: number): Record<string, unknown> {
  return {
    opacity: 0.15 + 0.85 * share,
    marker: { color: PALETTE.blue, line: { width: 1, color: PALETTE.blue } },
  };
}

function sizeOf(counts: ReadonlyMap<string, number>): number {
  return counts.values().reduce((sum, count) => sum + count, 0);
}

/** How even the most frequent category is. */
function describeSpread(
  label: string,
  named: readonly (string | number)[],
  counts: ReadonlyMap<string, ReadonlyMap<string, number>>,
): string {
  const sets = [...counts.values()];
  const sharesOf = (name: string | number) => sets.map((own) => (own.get(String(name)) ?? 0) / sizeOf(own));
  const sumOf = (name: string | number) => sharesOf(name).reduce((sum, share) => sum + share, 0);
  const [most] = named.toSorted((a, b) => sumOf(b) - sumOf(a));
  if (most === undefined) return "no members";
  const [low, high] = [Math.min(...sharesOf(most)), Math.max(...sharesOf(most))];
  return `${plotText(label)} ${plotText(String(most))}: ${percentText(low)} to ${
    percentText(high)
  } of each set`;
}
