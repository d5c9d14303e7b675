/**
 * How many secrets there are of each group (detector, package, ...): horizontal bars, the longest on top, split into
 * kinds of secrets or into those that the value filter keeps and drops.
 *
 * @module
 */
import { type Figure, LEGEND, makeFigure, type Trace } from "./figure.ts";
import { PALETTE, plotText, tagStyle } from "./style.ts";

/** A secret that was found. */
export interface CountedSecret {
  /** EMAIL, IP_ADDRESS or KEY. */
  readonly tag: string;
  /** Which group it is counted in. */
  readonly group: string;
  /** Whether the value filter keeps it; where no row says so, bars are split by tag. */
  readonly kept?: boolean;
}

/** Options of {@linkcode secretCounts}. */
export interface SecretCountsOptions {
  /** What the groups are: "detector". */
  by?: string;
  /** How many groups are shown; the others are one bar. */
  most?: number;
}

/**
 * Draws the counts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretCounts } from "./secret_counts.ts";
 *
 * const figure = secretCounts([{ tag: "KEY", group: "Npm" }, { tag: "EMAIL", group: "Email" }]);
 * assertEquals(figure.data.map(({ name, x }) => [name, x]), [["e-mail", [1, 0]], ["key", [0, 1]]]);
 * ```
 */
export function secretCounts(rows: readonly CountedSecret[], options: SecretCountsOptions = {}): Figure {
  const { by = "group", most = 15 } = options;
  const counts = Map.groupBy(rows, ({ group }) => group);
  const sorted = [...counts].sort(([a, m], [b, n]) => n.length - m.length || (a < b ? -1 : 1));
  const others = sorted.slice(most).flatMap(([, members]) => members);
  // A bar of all others that is longer than any other would only say that there are many: words do.
  const isDrawn = others.length > 0 && others.length <= sorted[0]![1].length;
  const groups: [string, CountedSecret[]][] = [
    ...sorted.slice(0, most),
    ...(isDrawn ? [[`${sorted.length - most} others`, others] as [string, CountedSecret[]]] : []),
  ];
  const left = others.length > 0 && !isDrawn
    ? `; the ${sorted.length - most} with the fewest, ${
      others.length.toLocaleString("en")
    } places, are not drawn`
    : "";
  const isFilter = rows.some(({ kept }) => kept !== undefined);
  const kept = rows.filter((row) => row.kept).length;
  return makeFigure(isFilter ? filterTraces(groups) : tagTraces(groups), {
    title: isFilter ? `What the value filter drops, by ${by}` : `Secrets by ${by}`,
    subtitle: isFilter
      ? `${kept.toLocaleString("en")} of ${rows.length.toLocaleString("en")} finds are kept, ${
        (rows.length - kept).toLocaleString("en")
      } dropped${left}`
      : `${rows.length.toLocaleString("en")} places in ${counts.size} ${
        counts.size === 1 ? by : `${by}s`
      }${left}`,
    layout: {
      barmode: "stack",
      bargap: 0.3,
      height: 210 + 24 * groups.length,
      xaxis: { title: { text: "places" }, tickformat: ",d", rangemode: "tozero", showgrid: true },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: groups.map(([name]) => plotText(name)).reverse(),
        showgrid: false,
        ticks: "",
      },
      legend: { ...LEGEND, traceorder: "normal" },
    },
  });
}

type Groups = readonly (readonly [string, readonly CountedSecret[]])[];

function tagTraces(groups: Groups): Trace[] {
  const tags = [...new Set(groups.flatMap(([, rows]) => rows.map(({ tag }) => tag)))].sort();
  return tags.map((tag) => {
    const { label, color } = tagStyle(tag);
    return barTrace(groups, { name: plotText(label), color, isCounted: (row) => row.tag === tag });
  });
}

function filterTraces(groups: Groups): Trace[] {
  return [
    barTrace(groups, { name: "kept", color: PALETTE.blue, isCounted: ({ kept }) => kept === true }),
    barTrace(groups, {
      name: "dropped",
      color: PALETTE.orange,
      pattern: "/",
      isCounted: ({ kept }) => kept !== true,
    }),
  ];
}

function barTrace(
  groups: Groups,
  { name, color, pattern = "", isCounted }: {
    name: string;
    color: string;
    pattern?: string;
    isCounted: (row: CountedSecret) => boolean;
  },
): Trace {
  return {
    type: "bar",
    orientation: "h",
    name,
    x: groups.map(([, rows]) => rows.filter(isCounted).length),
    y: groups.map(([group]) => plotText(group)),
    marker: { color, pattern: { shape: pattern, fillmode: "overlay" } },
    hovertemplate: `%{y}<br>%{x:,d} ${name}<extra></extra>`,
  };
}
