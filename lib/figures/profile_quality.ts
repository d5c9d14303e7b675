/**
 * What two sets of rules find of labelled values, kind by kind: of secrets the share that is found, of what only looks
 * like one the share that is taken for a secret.
 *
 * @module
 */
import { type Figure, LEGEND, makeFigure, type Trace } from "./figure.ts";
import { PALETTE, plotText } from "./style.ts";

/** The values of one kind under one profile. */
export interface ProfileQualityRow {
  /** The profile whose rules found the values. */
  readonly profile: string;
  /** What the values are. */
  readonly kind: string;
  /** Whether they are secrets. */
  readonly is_secret: boolean;
  /** How many there are. */
  readonly values: number;
  /** How many were found. */
  readonly found: number;
}

const COLORS = [PALETTE.orange, PALETTE.blue];

/**
 * Draws the shares of secrets that are found, or of harmless values that are.
 *
 * @param options.secrets whether of secrets
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { profileQuality } from "./profile_quality.ts";
 *
 * const row = { profile: "extended", kind: "npm", is_secret: true, values: 4, found: 3 };
 * assertEquals(profileQuality([row], { secrets: true }).data.map(({ name, x }) => [name, x]), [["extended", [75]]]);
 * ```
 */
export function profileQuality(
  rows: readonly ProfileQualityRow[],
  { secrets }: { secrets: boolean },
): Figure {
  const shown = rows.filter(({ is_secret }) => is_secret === secrets);
  const profiles = [...new Set(shown.map(({ profile }) => profile))].sort().reverse();
  const share = ({ found, values }: ProfileQualityRow) => values === 0 ? 0 : 100 * found / values;
  const first = shown.filter(({ profile }) => profile === profiles[0]);
  const kinds = first.toSorted((a, b) => share(a) - share(b) || (a.kind < b.kind ? 1 : -1)).map(({ kind }) =>
    kind
  );
  const traces = profiles.map((profile, i): Trace => {
    const own = new Map(shown.filter((row) => row.profile === profile).map((row) => [row.kind, row]));
    return {
      type: "bar",
      orientation: "h",
      name: plotText(profile),
      x: kinds.map((kind) => own.has(kind) ? share(own.get(kind)!) : null),
      y: kinds.map((kind) => plotText(kind)),
      marker: {
        color: COLORS[i % COLORS.length]!,
        pattern: { shape: i === 0 ? "/" : "", fillmode: "overlay" },
      },
      customdata: kinds.map((kind) => [own.get(kind)?.found ?? 0, own.get(kind)?.values ?? 0]),
      hovertemplate: `${plotText(profile)}, %{y}<br>%{customdata[0]} of %{customdata[1]}<extra></extra>`,
    };
  });
  const totals = profiles.map((profile) => {
    const own = shown.filter((row) => row.profile === profile);
    const sum = (pick: (row: ProfileQualityRow) => number) =>
      own.reduce((total, row) => total + pick(row), 0);
    return `${plotText(profile)} ${
      (100 * sum(({ found }) => found) / Math.max(1, sum(({ values }) => values))).toFixed(1)
    } %`;
  });
  return makeFigure(traces, {
    title: secrets ? "Secrets that are found" : "What is taken for a secret and is none",
    subtitle: totals.join(", "),
    layout: {
      barmode: "group",
      bargap: 0.25,
      height: 210 + 22 * kinds.length,
      xaxis: { title: { text: "% of the values" }, range: [0, 100], showgrid: true },
      yaxis: {
        type: "category",
        categoryorder: "array",
        categoryarray: kinds.map((kind) => plotText(kind)),
        showgrid: false,
        ticks: "",
      },
      legend: LEGEND,
    },
  });
}
