import { assertEquals, assertStringIncludes } from "@std/assert";
import { hyperparameterSliders } from "../../lib/figures/hyperparameter_sliders.ts";
import { makeRun, PRESET } from "./hyperparameter_runs.ts";

const ROWS = [
  ...makeRun({ gamma: 2 }, [[1, 1], [0.6, 0.9]], "not-converged"),
  ...makeRun({}, [[1, 1], [0.5, 0.9], [0.2, 0.8]]),
  ...makeRun({ lr: 1e-3 }, [[1, 1], [0.1, 0.2]]),
  ...makeRun({ method: "ga" }, [[1, 1], [0.1, 0.2]]),
];

interface Slider {
  active: number;
  steps: { label: string; args: [{ visible: boolean[] }, Record<string, unknown>] }[];
}

Deno.test("hyperparameterSliders() shows with each step the run of that value alone", () => {
  const { data, layout } = hyperparameterSliders(ROWS, { preset: PRESET });
  const sliders = layout.sliders as Slider[];
  assertEquals(sliders.map(({ active, steps }) => [active, steps.map(({ label }) => label)]), [
    [0, ["0.5", "2"]],
    [0, ["1e-4", "0.001"]],
  ]);
  const shownBy = (slider: number, step: number) => {
    const { visible } = sliders[slider]!.steps[step]!.args[0];
    assertEquals(visible.length, data.length);
    return data.filter((trace, i) => visible[i] && trace.opacity === undefined).map(({ y }) => y);
  };
  assertEquals(shownBy(0, 1), [[1, 0.6], [1, 0.9]]);
  assertEquals(shownBy(1, 1), [[1, 0.1], [1, 0.2]]);
  assertEquals(shownBy(1, 0), shownBy(0, 0));
  assertEquals(data.filter(({ visible }) => visible === true).map(({ y }) => y), shownBy(0, 0));
});

Deno.test("hyperparameterSliders() sends the other sliders back and says how the run ended", () => {
  const [gamma] = hyperparameterSliders(ROWS, { preset: PRESET }).layout.sliders as Slider[];
  const changes = gamma!.steps[1]!.args[1];
  assertEquals([changes["sliders[0].active"], changes["sliders[1].active"]], [1, 0]);
  assertStringIncludes(String(changes["title.subtitle.text"]), "gamma 2: not below after 1 epochs");
});

Deno.test("hyperparameterSliders() says that the preset's run is missing, or that there is nothing", () => {
  const { layout } = hyperparameterSliders(makeRun({ gamma: 2 }, [[1, 1]]), { preset: PRESET });
  assertEquals([layout.title.subtitle?.text, (layout.sliders ?? []) as unknown[]], [
    "the preset's run is missing",
    [],
  ]);
  const empty = hyperparameterSliders([], { preset: PRESET, thresholds: { ma: 0.3, el_10: null } });
  assertStringIncludes(JSON.stringify(empty.layout.annotations), "no rows to show");
});
