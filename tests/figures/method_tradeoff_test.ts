import { assertEquals, assertStringIncludes } from "@std/assert";
import { labelSides } from "../../lib/figures/label_sides.ts";
import { methodTradeoff } from "../../lib/figures/method_tradeoff.ts";
import { runCurves } from "../../lib/figures/run_curves.ts";

const row = (method: string, forget: number, retain: number) => ({
  method,
  forget: [1, forget] as const,
  retain: [0.5, retain] as const,
  way: [{ ma: 1, retain_ma: 0.5 }, { ma: null, retain_ma: 0.5 }, { ma: forget, retain_ma: retain }],
});

Deno.test("methodTradeoff() names each point, and joins what no other beats", () => {
  const { data, layout } = methodTradeoff([
    row("ga", 0.2, 0.1),
    row("codeeraser", 0.3, 0.45),
    row("cu", 0.4, 0.2),
  ], {
    threshold: 0.35,
  });
  const named = data.filter(({ text }) => text !== undefined);
  assertEquals(named.map(({ text }) => text), [["GA"], ["CodeEraser"], ["CU"]]);
  assertEquals(data.find(({ name }) => name === "Pareto front")?.x, [0.7, 0.8]);
  assertEquals(data[0]?.x, [0, 0.8]); // what was not measured is left out of the way
  assertStringIncludes(layout.title.subtitle!.text, "3 methods, 2 of them beaten by no other");
});

Deno.test("methodTradeoff() draws intervals, and no label over another or outside", () => {
  const rows = Array.from({ length: 5 }, (_, i) => row(`m${i}`, 0.2 + i / 200, 0.48));
  const { data } = methodTradeoff([{ ...rows[0]!, forgottenInterval: [0.7, 0.85] }, ...rows.slice(1)]);
  const points = data.filter(({ mode }) => mode === "markers+text");
  const { array, arrayminus } = points[0]!.error_x as { array: number[]; arrayminus: number[] };
  assertEquals([array, arrayminus].map(([end]) => Math.round(1000 * end!)), [50, 100]);
  assertEquals(points[0]!.error_y, undefined);
  assertEquals(new Set(points.map(({ textposition }) => textposition)).size, 5);
});

Deno.test("labelSides() keeps labels inside, and clear of one another in plots of all sizes", () => {
  const sizes = [{ width: 300, height: 100 }];
  const edges = [0.01, 0.99].map((x) => ({ x, y: 0.5, label: "at the edge" }));
  const [left, right] = labelSides(edges, { sizes });
  assertEquals([left!.includes("right"), right!.includes("left")], [true, true]);
  const pair = [{ x: 0.3, y: 0.5, label: "a long name" }, { x: 0.7, y: 0.5, label: "another long name" }];
  const [wide, high] = [{ width: 900, height: 14 }, { width: 200, height: 300 }];
  const sidesIn = (...sizes: typeof wide[]) => labelSides(pair, { sizes }).map((side) => side.split(" ")[0]);
  assertEquals(sidesIn(wide), ["middle", "middle"]); // nothing fits above or below
  assertEquals(new Set(sidesIn(high)), new Set(["top", "bottom"])); // nor beside one another
  assertEquals(sidesIn(wide, high).includes("middle"), true);
  const [barred] = labelSides([{ x: 0.5, y: 0.5, label: "held", across: [0.1, 0.9], up: [0.5, 1] }], {
    sizes,
  });
  assertEquals(["bottom left", "bottom right"].includes(barred!), true, barred); // clear of its own bars
  assertEquals(labelSides([], { sizes }), []);
});

Deno.test("methodTradeoff() shows a crowded corner larger, and names each method once", () => {
  const crowd = Array.from({ length: 9 }, (_, i) => row(`m${i}`, 0.2 + i / 200, 0.47 + i / 500));
  const { data, layout } = methodTradeoff([...crowd, row("ga", 0.2, 0.1)], { threshold: 0.3 });
  const named = data.filter(({ mode }) => mode === "markers+text");
  assertEquals(named.map(({ name, xaxis = "x" }) => [name, xaxis]), [
    ["GA", "x"],
    ...crowd.map(({ method }) => [method, "x2"]),
  ]);
  assertEquals(
    data.filter(({ mode, xaxis = "x" }) => mode === "markers" && xaxis === "x").length,
    crowd.length,
  );
  const { range } = layout.xaxis2 as { range: [number, number] };
  assertEquals(crowd.every(({ forget: [, left] }) => range[0] < 1 - left && 1 - left < range[1]), true);
  assertEquals(range[1] - range[0] < 0.15, true);
  assertEquals(methodTradeoff(crowd).layout.xaxis2, undefined); // nothing else: the whole is the corner
});

Deno.test("methodTradeoff() leaves out what began with nothing", () => {
  const { layout } = methodTradeoff([{ ...row("ga", 0, 0), forget: [0, 0] }]);
  assertStringIncludes(JSON.stringify(layout.annotations), "no rows to show");
});

Deno.test("runCurves() tells more runs than there are colours apart", () => {
  const rows = Array.from({ length: 9 }, (_, i) => ({ run: `<run ${i}>`, epoch: 0, ma: 1, retain_ma: null }));
  const { data } = runCurves(rows);
  const looks = data.filter(({ showlegend }) => showlegend).map(({ line }) => JSON.stringify(line));
  assertEquals(new Set(looks).size, 9);
  assertEquals(data[0]?.name, "&lt;run 0&gt;");
});
