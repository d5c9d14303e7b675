import { assertEquals, assertStringIncludes } from "@std/assert";
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
