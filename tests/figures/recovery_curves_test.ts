import { assertEquals } from "@std/assert";
import { recoveryCurves, type RecoveryRow } from "../../lib/figures/recovery_curves.ts";

const at = (training: string, rate: number | null, steps: number, ma: number): RecoveryRow => {
  return { training, rate, steps, ma, low: ma - 0.05, high: ma + 0.1, controls: 0.1 };
};

Deno.test("recoveryCurves() begins each curve at the model as it is, in the order of the steps", () => {
  const figure = recoveryCurves([
    at("texts", 3e-4, 100, 0.7),
    at("texts", 3e-4, 20, 0.6),
    at("", null, 0, 0.2),
    at("half", 3e-4, 20, 0.8),
    at("texts", 1e-4, 20, 0.3),
  ]);
  const curves = figure.data.filter(({ mode }) => mode === "lines+markers");
  assertEquals(curves.map(({ name, x, y }) => [name, x, y]), [
    ["texts at 3e-4", ["0", "20", "100"], [0.2, 0.6, 0.7]],
    ["half at 3e-4", ["0", "20"], [0.2, 0.8]],
    ["texts at 1e-4", ["0", "20"], [0.2, 0.3]],
  ]);
  const { array, arrayminus } = curves[0]!.error_y as { array: number[]; arrayminus: number[] };
  assertEquals([array, arrayminus].map(([first]) => first!.toFixed(2)), ["0.10", "0.05"]);
  assertEquals(figure.data.length, 6, "each has its made-up secrets");
  assertEquals(
    figure.layout.title.subtitle!.text,
    "at most 80.0% (made-up secrets 10.0%): 20 steps on half",
  );
  const { categoryarray } = figure.layout.xaxis as { categoryarray: string[] };
  assertEquals(categoryarray, ["0", "20", "100"]);
});

Deno.test("recoveryCurves() draws what has no controls, and nothing of nothing", () => {
  const figure = recoveryCurves([{ ...at("a <b>", 1e-4, 5, 0.5), controls: null }]);
  assertEquals(figure.data.map(({ name, y }) => [name, y]), [
    ["a &lt;b&gt; at 1e-4", [0.5]],
    ["made-up secrets", [null]],
  ]);
  const [, controls] = recoveryCurves([at("texts", 3e-4, 20, 0.6)]).data;
  assertEquals(controls!.mode, "lines+markers"); // else one point would not be seen
  for (const rows of [[], [at("", null, 0, 0.2)]]) assertEquals(recoveryCurves(rows).data, []);
});

Deno.test("recoveryCurves() draws the made-up secrets' intervals as a band behind their line, as bars of a single point", () => {
  const sure = { controls_low: 0.05, controls_high: 0.2 };
  const [band, curve, line] = recoveryCurves([
    { ...at("texts", 3e-4, 20, 0.6), ...sure },
    { ...at("", null, 0, 0.2), ...sure, controls_high: 0.15 },
    { ...at("texts", 3e-4, 100, 0.7), controls_low: null, controls_high: null },
  ]).data;
  assertEquals([band!.fill, band!.x, band!.y], ["toself", ["0", "20", "20", "0"], [0.05, 0.05, 0.2, 0.15]]);
  assertEquals([band!.showlegend, band!.legendgroup], [false, curve!.legendgroup]);
  assertEquals([line!.name, line!.error_y], ["made-up secrets", undefined]);
  const [, single, ...others] = recoveryCurves([{ ...at("texts", 3e-4, 20, 0.6), ...sure }]).data;
  const { array, arrayminus } = single!.error_y as { array: number[]; arrayminus: number[] };
  assertEquals([array, arrayminus, others], [[0.1], [0.05], []]);
});
