/**
 * A figure for dark screens: the same traces in the dark template and the dark palette.
 *
 * @module
 */
import { PALETTES, TEMPLATES } from "./style.ts";

/** The dark colour of each light one, by `#rrggbb`. */
export const DARK_COLORS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(PALETTES.light).map(([name, color]) => [
    color,
    PALETTES.dark[name as keyof typeof PALETTES.dark],
  ]),
);

/** What is looked at of a figure. */
interface Drawn {
  readonly data: unknown;
  readonly layout: object;
}

/**
 * Makes a figure dark. The one given stays as it is; a text that is exactly a colour of the palette is taken for one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { darkFigure } from "./dark_figure.ts";
 * import { makeFigure } from "./figure.ts";
 * import { PALETTES } from "./style.ts";
 *
 * const bar = { type: "bar", x: ["a"], y: [1], marker: { color: PALETTES.light.blue } } as const;
 * const [trace] = darkFigure(makeFigure([bar], { title: "Counts" })).data;
 * assertEquals(trace?.marker, { color: PALETTES.dark.blue });
 * ```
 */
export function darkFigure<F extends Drawn>(figure: F): Pick<F, "data" | "layout"> {
  const { template: _, ...layout }: { template?: unknown } = figure.layout;
  const text = JSON.stringify({ data: figure.data, layout });
  const dark: F = JSON.parse(
    text,
    (_, value) => typeof value === "string" && Object.hasOwn(DARK_COLORS, value) ? DARK_COLORS[value] : value,
  );
  return { data: dark.data, layout: { ...dark.layout, template: TEMPLATES.dark } };
}
