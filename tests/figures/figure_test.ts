import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Figure, makeFigure } from "../../lib/figures/figure.ts";
import {
  modelStyle,
  PALETTE,
  plotText,
  tagStyle,
  TEMPLATES,
  thresholdLine,
} from "../../lib/figures/style.ts";
import { forgettingCurves } from "../../lib/figures/forgetting_curves.ts";
import { maByDuplication } from "../../lib/figures/ma_by_duplication.ts";
import { memorizationDistribution } from "../../lib/figures/memorization_distribution.ts";
import { retainedQuality } from "../../lib/figures/retained_quality.ts";
import { secretsBeforeAfter } from "../../lib/figures/secrets_before_after.ts";

const EMPTY: readonly (readonly [string, () => Figure])[] = [
  ["forgettingCurves()", () => forgettingCurves([], { thresholds: { ma: 0.4, el_10: 0.1 } })],
  ["maByDuplication()", () => maByDuplication([], { threshold: 0.4 })],
  ["memorizationDistribution()", () => memorizationDistribution([], { threshold: 0.4 })],
  ["retainedQuality()", () => retainedQuality([])],
  ["secretsBeforeAfter()", () => secretsBeforeAfter([], "ga", { threshold: 0.4 })],
];

for (const [name, draw] of EMPTY) {
  Deno.test(`${name} says that there is nothing to show when the table is empty`, () => {
    const { data, layout } = draw();
    assertEquals(data, []);
    assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
    assertEquals(JSON.stringify(layout).includes("NaN"), false);
  });
}

Deno.test("makeFigure() keeps title, subtitle and its own options when given all", () => {
  const { layout } = makeFigure([{ type: "bar", x: [1], y: [1] }], {
    title: "T",
    subtitle: "S",
    layout: { height: 99 },
  });
  assertEquals(layout.title.text, "<b>T</b>");
  assertEquals(layout.title.subtitle, { text: "S" });
  assertEquals(layout.height, 99);
});

Deno.test("makeFigure() gives plain data when written as JSON and read again", () => {
  const figure = makeFigure([{ type: "bar", x: ["a"], y: [null] }], { title: "T" });
  assertEquals(JSON.parse(JSON.stringify(figure)), figure);
});

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

Deno.test("PALETTE has distinct colours, 3:1 or more on white for those of methods", () => {
  assertEquals(new Set(Object.values(PALETTE)).size, Object.keys(PALETTE).length);
  for (const model of ["before", "ga", "codeeraser"]) {
    const { color } = modelStyle(model);
    for (const paper of [TEMPLATES.light, TEMPLATES.dark].map(({ layout }) => layout.paper_bgcolor)) {
      assertEquals(contrast(color, paper) >= 3, true, `${model}: ${color} on ${paper}`);
    }
  }
});

/** WCAG 2's contrast ratio of two `#rrggbb` colours. */
function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [a, b].map(luminance).toSorted((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
