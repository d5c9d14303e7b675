/**
 * How far secrets stand out from made-up ones in their places: exposure in bits, before and after.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import { isScore, modelStyle, PALETTE, percentText, plotText } from "./style.ts";

/** A secret's exposure under a model. */
export interface ExposureRow {
  /** The model, such as "before". */
  readonly model: string;
  /** log2 of the made-up secrets and itself, less log2 of its rank; null where it has none. */
  readonly bits: number | null;
}

/**
 * Draws the share of secrets of 0 to 1, 1 to 2, ... bits of each model, and the shares that never-seen secrets have: half
 * of them are in the first, a quarter in the second, and so on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { exposureDistribution } from "./exposure_distribution.ts";
 *
 * const rows = [0.2, 0.7, 1.5, null].map((bits) => ({ model: "codeeraser", bits }));
 * const [bars, never] = exposureDistribution(rows).data;
 * assertEquals([bars!.y, never!.y], [[2 / 3, 1 / 3], [0.5, 0.25]]);
 * ```
 */
export function exposureDistribution(rows: readonly ExposureRow[]): Figure {
  const scored = rows.flatMap(({ model, bits }) => isScore(bits) ? [{ model, bits }] : []);
  const bins = Math.max(0, ...scored.map(({ bits }) => binOf(bits) + 1));
  const x = Array.from({ length: bins }, (_, bin) => `${bin} to ${bin + 1}`);
  const models = [...Map.groupBy(scored, ({ model }) => model)]
    .sort(([a], [b]) => Number(b === "before") - Number(a === "before"));
  const data = models.map(([model, own]): Trace => {
    const { label, color, pattern } = modelStyle(model);
    const counts = x.map((_, bin) => own.filter(({ bits }) => binOf(bits) === bin).length);
    return {
      ...{ type: "bar", name: plotText(label), x, y: counts.map((count) => count / own.length) },
      marker: { color, pattern: { shape: pattern } },
      customdata: counts,
      hovertemplate: "%{x} bits: %{customdata} secrets, %{y:.1%}<extra></extra>",
    };
  });
  if (data.length > 0) {
    data.push({
      ...{ type: "scatter", mode: "lines+markers", name: "never seen", x },
      y: x.map((_, bin) => 2 ** -(bin + 1)),
      line: { color: PALETTE.orange, dash: "dot", width: 1.8 },
      marker: { color: PALETTE.orange, symbol: "diamond", size: 8 },
      hovertemplate: "%{x} bits: %{y:.1%} of what was never seen<extra></extra>",
    });
  }
  return makeFigure(data, {
    title: "How far secrets stand out",
    subtitle: models.length === 0
      ? "no secrets"
      : `${
        models.map(([model, own]) => `${plotText(modelStyle(model).label)}: ${shareAbove(own)} above 4 bits`)
          .join(", ")
      }; never seen: ${percentText(1 / 16)}`,
    layout: {
      barmode: "group",
      xaxis: { type: "category", title: { text: "exposure, bits" }, showgrid: false },
      yaxis: { title: { text: "share of secrets" }, tickformat: ".0%", range: [0, 1.05] },
    },
  });
}

const binOf = (bits: number) => Math.max(0, Math.floor(bits));

function shareAbove(rows: readonly { bits: number }[]): string {
  return percentText(rows.filter(({ bits }) => bits >= 4).length / rows.length);
}
