import { assertEquals } from "@std/assert";
import { forgettingCurves } from "../../lib/figures/forgetting_curves.ts";

function history(method: string, ...epochs: readonly number[]) {
  return epochs.map((epoch) => ({
    method,
    epoch,
    ma: 1 - epoch / 10,
    el_10: epoch > 1 ? 0.1 : null,
    retain_ma: 0.9,
    loss: epoch === 0 ? null : epoch,
  }));
}

const ROWS = [...history("codeeraser", 2, 0, 1), ...history("ga", 0, 1)];

Deno.test("forgettingCurves() draws a panel a method with epochs in order when rows are mixed", () => {
  const { data, layout } = forgettingCurves(ROWS);
  assertEquals(data.map((trace) => [trace.name, trace.xaxis, trace.x.length]), [
    ["forget set MA", "x", 3],
    ["forget set EL_10", "x", 3],
    ["retain set MA", "x", 3],
    ["forget set MA", "x2", 2],
    ["retain set MA", "x2", 2],
  ]);
  assertEquals(data[0]?.x, [0, 1, 2]);
  assertEquals(data[1]?.y, [null, null, 0.1]);
  assertEquals((layout.annotations as { text: string }[]).map(({ text }) => text), [
    "<b>CodeEraser</b>",
    "<b>GA</b>",
  ]);
});

Deno.test("forgettingCurves() names each curve once in the legend when there are two methods", () => {
  const shown = forgettingCurves(ROWS).data.filter((trace) => trace.showlegend);
  assertEquals(shown.map((trace) => trace.name), ["forget set MA", "forget set EL_10", "retain set MA"]);
});

Deno.test("forgettingCurves() has the same axes in each panel, whatever epochs a method takes", () => {
  const { layout } = forgettingCurves([...history("codeeraser", 0, 1, 2), ...history("ga", 0, 3, 8)]);
  const rangeOf = (axis: string) => (layout[axis] as { range: number[] }).range;
  assertEquals(rangeOf("xaxis"), rangeOf("xaxis2"));
  assertEquals(rangeOf("yaxis"), rangeOf("yaxis2"));
  assertEquals(rangeOf("xaxis")[0]! < 0 && rangeOf("xaxis")[1]! > 8, true);
});

Deno.test("forgettingCurves() labels both thresholds in every panel when they are known", () => {
  const { layout } = forgettingCurves(ROWS, { thresholds: { ma: 0.46, el_10: 0.055 } });
  const shapes = layout.shapes as { label: { text: string }; yref: string; line: { dash: string } }[];
  assertEquals(shapes.map(({ label, yref, line }) => [label.text, yref, line.dash]), [
    ["MA threshold 46.0%", "y", "dash"],
    ["EL_10 threshold 5.5%", "y", "dash"],
    ["MA threshold 46.0%", "y2", "dash"],
    ["EL_10 threshold 5.5%", "y2", "dash"],
  ]);
  assertEquals(forgettingCurves(ROWS, { thresholds: { ma: null, el_10: null } }).layout.shapes, []);
});

Deno.test("forgettingCurves() keeps panels apart and inside the figure when there are five methods", () => {
  const rows = ["ga", "ssga", "cu", "codeeraser", "pecu"].flatMap((method) => history(method, 0, 1));
  const { layout } = forgettingCurves(rows);
  const boxes = ["", "2", "3", "4", "5"].map((suffix) => {
    const domain = (axis: string) => (layout[`${axis}axis${suffix}`] as { domain: [number, number] }).domain;
    return [...domain("x"), ...domain("y")] as const;
  });
  for (const [index, a] of boxes.entries()) {
    assertEquals(a.every((edge) => edge >= 0 && edge <= 1 + 1e-12), true, `panel ${index}: ${a}`);
    for (const b of boxes.slice(index + 1)) {
      assertEquals(a[1] < b[0] || b[1] < a[0] || a[3] < b[2] || b[3] < a[2], true, `${a} meets ${b}`);
    }
  }
});
