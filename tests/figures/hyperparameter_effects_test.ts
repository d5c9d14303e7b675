import { assertEquals, assertStringIncludes } from "@std/assert";
import { hyperparameterEffects } from "../../lib/figures/hyperparameter_effects.ts";
import { makeRun, PRESET } from "./hyperparameter_runs.ts";

const ROWS = [
  ...makeRun({}, [[1, 1], [0.5, 0.9], [0.2, 0.8]]),
  ...makeRun({ gamma: 2 }, [[1, 1], [0.6, 0.95]], "not-converged"),
];

Deno.test("hyperparameterEffects() has a column a hyperparameter: retain MA, unseen loss, epochs", () => {
  const { data } = hyperparameterEffects(ROWS, { preset: PRESET });
  assertEquals(data.length, 12); // four columns of three panels
  assertEquals(data.slice(0, 3).map(({ name, x, y }) => [name, x, y]), [
    ["retain MA", ["0.5", "2"], [0.8, 0.95]],
    ["unseen loss", ["0.5", "2"], [3.5, 3.5]],
    ["epochs", ["0.5", "2"], [2, 1]],
  ]);
  assertEquals(data[3]?.x, ["0.1"]); // lambda was not changed
  assertEquals(new Set(data.map(({ xaxis }) => xaxis)).size, 12);
});

Deno.test("hyperparameterEffects() draws runs that were never below hollow, and says so on the bar", () => {
  const [retain, , epochs] = hyperparameterEffects(ROWS, { preset: PRESET }).data;
  assertEquals((retain?.marker as { symbol: string[] }).symbol, ["diamond", "diamond-open"]);
  assertEquals(epochs?.text, ["2", "> 1"]);
});

Deno.test("hyperparameterEffects() has axes for one value and for none", () => {
  const flat = hyperparameterEffects(makeRun({}, [[1, 0.8]]), { preset: PRESET });
  const [low, high] = (flat.layout.yaxis as { range: number[] }).range;
  assertEquals(low! < 0.8 && 0.8 < high!, true);
  const empty = hyperparameterEffects([], { preset: PRESET });
  assertStringIncludes(JSON.stringify(empty.layout.annotations), "no rows to show");
});
