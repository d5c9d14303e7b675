import { assertAlmostEquals, assertEquals } from "@std/assert";
import { forgettingCurves } from "../../lib/figures/forgetting_curves.ts";
import { methodTradeoff } from "../../lib/figures/method_tradeoff.ts";
import { retainedQuality } from "../../lib/figures/retained_quality.ts";
import source from "../../lib/report/stack_panels.js" with { type: "text" };
import { makeRun } from "./make_run.ts";

// deno-lint-ignore no-explicit-any -- Plotly's layout
const stackPanels: (layout: any) => any = new Function(`${source}; return stackPanels`)();
const CROWD = ["ga", "cu", "npo", "wga", "ceu", "prod", "rmu", "pdu", "ssga"];
const layoutOf = (figure: { layout: unknown }) => JSON.parse(JSON.stringify(figure.layout));

Deno.test("stackPanels() puts panels of the whole width under one another, each under its heading", () => {
  const before = layoutOf(forgettingCurves(makeRun().history!));
  const layout = stackPanels(structuredClone(before));
  assertEquals([layout.xaxis.domain, layout.xaxis2.domain], [[0, 1], [0, 1]]);
  assertEquals(layout.yaxis.domain[1], 1);
  assertAlmostEquals(layout.yaxis2.domain[0], 0);
  assertAlmostEquals(layout.yaxis2.domain[1], 0.66 / 1.66);
  assertEquals(layout.yaxis.domain[0] > layout.yaxis2.domain[1], true);
  assertEquals(
    layout.annotations.map(({ text, x, y }: { text: string; x: number; y: number }) => [text, x, y]),
    [
      ["<b>CodeEraser</b>", 0, 1],
      ["<b>GA</b>", 0, layout.yaxis2.domain[1]],
    ],
  );
  assertEquals([layout.yaxis2.showticklabels, layout.yaxis2.title.text], [true, "score"]);
  assertEquals(layout.height > before.height, true);
});

Deno.test("stackPanels() keeps an axis's own title, and leaves a single panel as it is", () => {
  const layout = stackPanels(layoutOf(retainedQuality(makeRun().results!)));
  assertEquals(layout.yaxis2.title.text, "nats per token");
  const single = { xaxis: { domain: [0, 1] }, yaxis: {}, margin: { t: 1, b: 1 }, height: 9 };
  assertEquals(stackPanels(structuredClone(single)), single);
  const { layout: stacked } = methodTradeoff(CROWD.map((method, i) => ({
    ...{ method, forget: [1, i < 6 ? 0.2 + i / 100 : 0.9], retain: [1, 0.95 + i / 1000], way: [] },
  })));
  assertEquals(Object.hasOwn(stacked, "xaxis2"), true);
  assertEquals(stackPanels(structuredClone(stacked)), stacked); // stands under one another already
});
