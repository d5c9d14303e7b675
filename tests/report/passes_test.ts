import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { comparePasses } from "../../lib/humaneval/pass_at_k.ts";
import { renderPasses, reportedPasses } from "../../lib/report/passes.ts";

const row = (task_id: string, passed: number, samples_before: number | null) => {
  return { task_id, samples: 5, passed, samples_before, passed_before: samples_before === null ? null : 1 };
};
const page = (rows: Parameters<typeof reportedPasses>[0]) =>
  renderPasses({ title: "t", version: "v", passes: reportedPasses(rows) })?.text ?? "";

Deno.test("reportedPasses() compares what both models tried, by the k that both have samples for", () => {
  const { rates, comparison } = reportedPasses([row("a", 5, 2), row("b", 0, 2)]);
  assertEquals(rates.map(({ model, k, estimate }) => [model, k, estimate]), [
    ["before", 1, 0.5],
    ["after", 1, 0.5],
    ["after", 5, 0.5],
  ]);
  const before = ["a", "b"].map((task_id) => ({ task_id, n: 2, c: 1 }));
  const after = [{ task_id: "a", n: 5, c: 5 }, { task_id: "b", n: 5, c: 0 }];
  assertEquals(comparison, comparePasses(before, after, [1]));
  assertEquals(reportedPasses([row("a", 5, 2), row("b", 0, null)]).comparison, undefined);
});

Deno.test("renderPasses() has a row a k, with a dash for what was not measured, and what is kept", () => {
  const both = page([row("a", 5, 5), row("b", 0, 5)]);
  assertEquals(both.match(/<th scope="row">pass@\d+<\/th>/g)?.length, 2);
  assertStringIncludes(both, "is kept");
  const one = page([row("a", 5, null)]);
  assert(!one.includes("is kept"));
  assertStringIncludes(one, '<th scope="row">pass@1</th><td>–</td><td>1.000 [1.000, 1.000]</td><td>–</td>');
  assertEquals(page([]), "");
});
