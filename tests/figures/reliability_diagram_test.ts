import { assertEquals } from "@std/assert";
import { type CertaintyRow, reliabilityDiagram } from "../../lib/figures/reliability_diagram.ts";

function bin(model: string, low: number, own: Partial<CertaintyRow> = {}): CertaintyRow {
  return { model, low, high: low + 0.25, tokens: 100, confidence: low + 0.125, accuracy: low, ...own };
}

Deno.test("reliabilityDiagram() draws the model before first, its bins in order, areas by tokens, none without", () => {
  const rows = [
    bin("ga", 0.75, { accuracy: 1, tokens: 400 }),
    bin("before", 0.5),
    bin("before", 0.25),
    bin("before", 0, { tokens: 0, confidence: null, accuracy: null }),
  ];
  const { data, layout } = reliabilityDiagram(rows);
  assertEquals(data.map(({ name, x, y }) => [name, x, y]), [
    ["as sure as it is right", [0, 1], [0, 1]],
    ["before", [0.375, 0.625], [0.25, 0.5]],
    ["GA", [0.875], [1]],
  ]);
  const sizes = data.slice(1).map(({ marker }) => (marker as { size: number[] }).size);
  assertEquals(sizes, [[13, 13], [26]]);
  assertEquals(
    layout.title.subtitle?.text,
    "before: off by 12.5%, surer than it is right; GA: off by 12.5%, right more often than it is sure",
  );
});

Deno.test("reliabilityDiagram() names no side where a model is as often too sure as too unsure, and keeps text text", () => {
  const rows = [bin("<b>", 0, { accuracy: 0.25 }), bin("<b>", 0.5)];
  const { data, layout } = reliabilityDiagram(rows);
  assertEquals(data[1]!.name, "&lt;b&gt;");
  assertEquals(layout.title.subtitle?.text, "&lt;b&gt;: off by 12.5%");
});
