import { assertEquals } from "@std/assert";
import { scoreCurves, scoreThresholds } from "../../lib/figures/score_curves.ts";

const ROWS = [
  { epoch: 0, ma: 0.99, el_10: 0.95, retain_ma: 0.98, loss: null },
  { epoch: 1, ma: 0.6, el_10: null, retain_ma: NaN, loss: 1.5 },
];

Deno.test("scoreCurves() keeps what was not measured as a gap, not as a zero", () => {
  const [ma, el, retain] = scoreCurves(ROWS);
  assertEquals([ma?.y, el?.y], [[0.99, 0.6], [0.95, null]]);
  assertEquals(JSON.parse(JSON.stringify(retain?.y)), [0.98, null]);
  assertEquals(ma?.customdata, ["", "<br>loss 1.500"]);
});

Deno.test("scoreCurves() gives every trace the options it is told", () => {
  const traces = scoreCurves(ROWS, { xaxis: "x2", showlegend: false });
  assertEquals(traces.map(({ xaxis, showlegend }) => [xaxis, showlegend]), Array(3).fill(["x2", false]));
  assertEquals(scoreCurves([]), []);
});

Deno.test("scoreThresholds() draws a line a known threshold in its curve's colour, none for the retain set", () => {
  const lines = scoreThresholds("y", { ma: 0.46, el_10: 0.05 });
  const colors = scoreCurves(ROWS).map(({ line }) => (line as { color: string }).color);
  assertEquals(lines.map(({ line, y0 }) => [(line as { color: string }).color, y0]), [
    [colors[0], 0.46],
    [colors[1], 0.05],
  ]);
  assertEquals(scoreThresholds("y", undefined), []);
});
