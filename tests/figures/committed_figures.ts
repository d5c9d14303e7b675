import type { Figure } from "../../lib/figures/figure.ts";

/** The figures of the committed notebooks, by their notebook's name and their number in it. */
export async function committedFigures(): Promise<Map<string, Figure>> {
  const folder = new URL("../../notebooks/", import.meta.url);
  const figures = new Map<string, Figure>();
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.endsWith(".ipynb")) continue;
    const { cells } = JSON.parse(await Deno.readTextFile(new URL(name, folder)));
    let count = 0;
    for (const { data = {} } of cells.flatMap((cell: { outputs?: unknown[] }) => cell.outputs ?? [])) {
      const figure = data["application/vnd.plotly.v1+json"];
      if (figure) figures.set(`${name} ${++count}`, figure);
    }
  }
  return figures;
}
