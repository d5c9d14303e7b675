import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Figure, makeFigure } from "../../lib/figures/figure.ts";
import { accuracyByClass } from "../../lib/figures/accuracy_by_class.ts";
import { forgettingCurves } from "../../lib/figures/forgetting_curves.ts";
import { maByDuplication } from "../../lib/figures/ma_by_duplication.ts";
import { memorizationDistribution } from "../../lib/figures/memorization_distribution.ts";
import { reliabilityDiagram } from "../../lib/figures/reliability_diagram.ts";
import { retainedQuality } from "../../lib/figures/retained_quality.ts";
import { secretsBeforeAfter } from "../../lib/figures/secrets_before_after.ts";

const EMPTY: readonly (readonly [string, () => Figure])[] = [
  ["accuracyByClass()", () => accuracyByClass([])],
  ["forgettingCurves()", () => forgettingCurves([], { thresholds: { ma: 0.4, el_10: 0.1 } })],
  ["maByDuplication()", () => maByDuplication([], { threshold: 0.4 })],
  ["memorizationDistribution()", () => memorizationDistribution([], { threshold: 0.4 })],
  ["reliabilityDiagram()", () => reliabilityDiagram([])],
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
