import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { forgettingRetention } from "../../lib/figures/forgetting_retention.ts";
import { makeRun } from "./hyperparameter_runs.ts";

const ROWS = [
  ...makeRun({ gamma: 1 }, [[0.8, 0.5], [0.4, 0.45]]), // forgot 50 %, kept 90 %
  ...makeRun({ gamma: 2 }, [[0.8, 0.5], [0.2, 0.35]]), // 75 %, 70 %
  ...makeRun({ gamma: 3 }, [[0.8, 0.5], [0.4, 0.3]], "not-converged"), // 50 %, 60 %: beaten by both
];
const find = (figure: ReturnType<typeof forgettingRetention>, name: string) =>
  figure.data.find((trace) => trace.name === name);

Deno.test("forgettingRetention() takes shares of what each run began with, and joins what no other beats", () => {
  const figure = forgettingRetention(ROWS);
  const points = find(figure, "CodeEraser")!;
  points.x.forEach((x, i) => assertAlmostEquals(Number(x), [0.5, 0.75, 0.5][i]!));
  points.y.forEach((y, i) => assertAlmostEquals(Number(y), [0.9, 0.7, 0.6][i]!));
  assertEquals(find(figure, "Pareto front")?.x.map((x) => Number(x).toFixed(2)), ["0.50", "0.75"]);
  assertEquals((points.marker as { symbol: string[] }).symbol, ["circle", "circle", "circle-open"]);
  assertStringIncludes(figure.layout.title.subtitle!.text, "3 runs, 2 of them beaten by no other");
});

Deno.test("forgettingRetention() names the front's runs by what sets them apart", () => {
  const { data, layout } = forgettingRetention(ROWS);
  assertEquals(data.find(({ mode }) => mode === "markers+text")?.text, ["gamma 1", "gamma 2"]);
  assertEquals([layout.xaxis2, (layout.yaxis as { domain: number[] }).domain], [undefined, [0, 1]]);
});

Deno.test("forgettingRetention() enlarges the corner in which many runs lie close together", () => {
  const close = [1, 2, 3, 4].flatMap((alpha) =>
    makeRun({ alpha }, [[0.8, 0.5], [0.2 - alpha / 100, 0.49 - alpha / 1000]])
  );
  const { data, layout } = forgettingRetention([
    ...close,
    ...makeRun({ gamma: 9 }, [[0.8, 0.5], [0.05, 0.1]]),
  ]);
  const inside = data.filter(({ name, xaxis }) => name === "CodeEraser" && xaxis === "x2");
  assertEquals(inside.map(({ x }) => x.length), [4]);
  const [low, high] = (layout.xaxis2 as { range: [number, number] }).range;
  assertEquals([low > 0.7, high < 0.9], [true, true]);
  const [all, corner] = [layout.yaxis, layout.yaxis2] as { domain: [number, number] }[];
  assertEquals(all!.domain[0] > corner!.domain[1], true); // the corner is below
  const names = data.filter(({ mode }) => mode === "markers+text");
  assertEquals(names.map(({ xaxis, text }) => [xaxis, text]), [
    [undefined, ["gamma 9, alpha 1"]],
    ["x2", ["alpha 1", "alpha 2", "alpha 3", "alpha 4"]],
  ]);
});

Deno.test("forgettingRetention() draws where forgetting is enough, as a share of the forget set's MA", () => {
  const [line] = forgettingRetention(ROWS, { threshold: 0.2 }).layout.shapes as { x0: number }[];
  assertAlmostEquals(line!.x0, 0.75);
});

Deno.test("forgettingRetention() leaves out runs that began with nothing, and takes no runs", () => {
  for (const rows of [[], makeRun({}, [[0, 1], [0, 1]]), makeRun({}, [[1, NaN], [0, 1]])]) {
    const { layout } = forgettingRetention(rows, { threshold: 0.3 });
    assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
    assertEquals(/NaN|Infinity/.test(JSON.stringify(layout)), false);
  }
});

Deno.test("forgettingRetention() keeps names of runs that lie close together off one another, and within the plot", () => {
  const rows = [{ alpha: 1 }, { alpha: 2 }].flatMap((settings, i) =>
    makeRun(settings, [[0.8, 0.5], [0.2 - i / 100, 0.49 - i / 1000]])
  );
  const names = forgettingRetention([...rows, ...makeRun({ alpha: 3 }, [[0.8, 0.5], [0.5, 0.1]])]).data
    .find(({ mode }) => mode === "markers+text")!;
  const [first, second] = names.textposition as string[];
  assertEquals([names.text, first === second], [["alpha 1", "alpha 2"], false]);
});
