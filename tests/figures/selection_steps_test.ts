import { assertEquals, assertStringIncludes } from "@std/assert";
import { selectionSteps } from "../../lib/figures/selection_steps.ts";

const OPTIONS = { title: "T", unit: "rows <r>" };

Deno.test("selectionSteps() gives each step its share of the step above, none after nothing", () => {
  const steps = [{ step: "<all>", count: 2000 }, { step: "none", count: 0 }, {
    step: "still none",
    count: 0,
  }];
  const { data, layout } = selectionSteps(steps, OPTIONS);
  assertEquals(data[0]?.text, ["2,000", "0 (0.0%)", "0"]);
  assertEquals(data[0]?.y[0], "&lt;all&gt;");
  assertEquals(layout.title.subtitle?.text, "0 of 2,000 rows &lt;r&gt; are taken");
});

Deno.test("selectionSteps() says that there is nothing to show without steps", () => {
  assertStringIncludes(JSON.stringify(selectionSteps([], OPTIONS).layout.annotations), "no rows to show");
});
