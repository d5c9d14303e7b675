import { assertEquals } from "@std/assert";
import { darkFigure } from "../../lib/figures/dark_figure.ts";
import { makeFigure } from "../../lib/figures/figure.ts";
import { PALETTES, TEMPLATES, thresholdLine } from "../../lib/figures/style.ts";

Deno.test("darkFigure() exchanges every colour of traces, shapes and lists, and nothing that only holds one", () => {
  const { blue, grey, green } = PALETTES.light;
  const figure = makeFigure([{
    type: "bar",
    name: `colour ${blue}`,
    x: ["a"],
    y: [0.1234567890123],
    marker: { color: [blue, "#123456"], line: { color: grey } },
  }], { title: "T", layout: { shapes: [thresholdLine(0.5, { color: green })] } });
  const before = JSON.stringify(figure);
  const dark = darkFigure(figure);
  const [bar] = dark.data;
  assertEquals(bar?.marker, {
    color: [PALETTES.dark.blue, "#123456"],
    line: { color: PALETTES.dark.grey },
  });
  assertEquals([bar?.name, bar?.y], [`colour ${blue}`, [0.1234567890123]]);
  assertEquals((dark.layout.shapes as { line: { color: string } }[])[0]?.line.color, PALETTES.dark.green);
  assertEquals(dark.layout.template, TEMPLATES.dark);
  assertEquals(JSON.stringify(figure), before);
});
