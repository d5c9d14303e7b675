import { assert, assertEquals } from "@std/assert";
import { contrast, dot, linear, type Vector } from "./contrast.ts";
import { darkFigure } from "../../lib/figures/dark_figure.ts";
import { makeFigure } from "../../lib/figures/figure.ts";
import {
  modelStyle,
  PALETTE,
  PALETTES,
  plotText,
  tagStyle,
  TEMPLATES,
  thresholdLine,
} from "../../lib/figures/style.ts";

Deno.test("plotText() leaves nothing that Plotly reads as markup when text holds tags and entities", () => {
  assertEquals(plotText(`<a href="x">&lt;</a>`), `&lt;a href="x"&gt;&amp;lt;&lt;/a&gt;`);
  assertEquals(plotText("x".repeat(500)).length, 120);
});

Deno.test("thresholdLine() writes the threshold on the line when level and when upright", () => {
  const level = thresholdLine(0.4557, { axis: "y2", name: "MA threshold", side: "start" });
  assertEquals(level.label.text, "MA threshold 45.6%");
  assertEquals([level.xref, level.yref, level.y0, level.y1], ["x2 domain", "y2", 0.4557, 0.4557]);
  assertEquals([level.label.textposition, level.label.xanchor], ["start", "left"]);
  const upright = thresholdLine(0.9, { axis: "x" });
  assertEquals([upright.xref, upright.yref, upright.x0, upright.x1], ["x", "paper", 0.9, 0.9]);
  assertEquals([upright.label.text, upright.label.xanchor], ["threshold 90.0%", "right"]);
});

Deno.test("modelStyle() and tagStyle() keep unknown names when they are keys of every object", () => {
  for (const name of ["constructor", "__proto__", "toString", ""]) {
    assertEquals([modelStyle(name).label, tagStyle(name).label], [name, name]);
  }
});

/** How far two colours must be apart in OKLab for every reader; 0.02 is the smallest step that people see. */
const MIN_DISTANCE = 0.09;

/**
 * What readers see without red, green or blue cones, on linear RGB: Machado, Oliveira and Fernandes, "A
 * Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.
 */
const READERS = {
  trichromat: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanope: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [
    -0.003882,
    -0.048116,
    1.051998,
  ]],
  deuteranope: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [
    -0.01182,
    0.04294,
    0.968881,
  ]],
  tritanope: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [
    0.004733,
    0.691367,
    0.3039,
  ]],
} as const;

for (const theme of ["light", "dark"] as const) {
  const palette = Object.entries(PALETTES[theme]);
  const { layout } = TEMPLATES[theme];

  Deno.test(`PALETTES.${theme} stays apart when readers lack a kind of cones`, () => {
    for (const [index, [a, first]] of palette.entries()) {
      for (const [b, second] of palette.slice(index + 1)) {
        for (const [reader, matrix] of Object.entries(READERS)) {
          const distance = Math.hypot(...subtract(seen(first, matrix), seen(second, matrix)));
          assert(distance >= MIN_DISTANCE, `${a} and ${b} for a ${reader}: ${distance.toFixed(3)}`);
        }
      }
    }
  });

  Deno.test(`PALETTES.${theme} has 3:1 or more on its paper, texts have 4.5:1`, () => {
    const paper = layout.paper_bgcolor;
    for (const [name, color] of palette) assert(contrast(color, paper) >= 3, `${name} ${color}`);
    const texts = [layout.font.color, layout.title.subtitle.font.color, layout.hoverlabel.font.color];
    for (const color of texts) assert(contrast(color, paper) >= 4.5, color);
  });

  Deno.test(`TEMPLATES.${theme}'s heat rises step by step from near its paper to far from it`, () => {
    const contrasts = layout.colorscale.sequential.map(([, color]) => contrast(color, layout.paper_bgcolor));
    assertEquals(contrasts, contrasts.toSorted((a, b) => a - b));
    assert(contrasts[0]! < 1.3 && contrasts.at(-1)! > 7, String(contrasts));
  });
}

Deno.test("darkFigure() exchanges every colour of the palette when it stands deep inside, and nothing else", () => {
  const trace = {
    type: "scatter",
    x: [1],
    y: [null],
    name: `${PALETTE.blue} in a text`,
    marker: { color: [PALETTE.blue, "#123456"], line: { color: PALETTE.grey } },
  } as const;
  const light = makeFigure([trace], {
    title: "T",
    layout: { shapes: [thresholdLine(0.5, { color: PALETTE.green })] },
  });
  const copy = structuredClone(light);
  const { data, layout } = darkFigure(light);
  assertEquals(data[0]?.marker, {
    color: [PALETTES.dark.blue, "#123456"],
    line: { color: PALETTES.dark.grey },
  });
  assertEquals(data[0]?.name, trace.name);
  assertEquals((layout.shapes as { line: { color: string } }[])[0]?.line.color, PALETTES.dark.green);
  assertEquals(layout.template, TEMPLATES.dark);
  assertEquals(light, copy);
});

function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

/** A colour in OKLab (Ottosson, 2020) as a reader of the matrix sees it. */
function seen(color: string, matrix: readonly Vector[]): Vector {
  const rgb = linear(color);
  const [r, g, b] = matrix.map((row) => Math.min(1, Math.max(0, dot(row, rgb)))) as unknown as Vector;
  const cones = ([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [
    0.0883024619,
    0.2817188376,
    0.6299787005,
  ]] as const).map((row) => Math.cbrt(dot(row, [r, g, b]))) as unknown as Vector;
  return [
    dot([0.2104542553, 0.793617785, -0.0040720468], cones),
    dot([1.9779984951, -2.428592205, 0.4505937099], cones),
    dot([0.0259040371, 0.7827717662, -0.808675766], cones),
  ];
}
