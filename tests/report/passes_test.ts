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
  const cells = "<td>–</td><td>–</td><td>1.000 [0.025, 1.000]</td><td>0.000</td><td>–</td>";
  assertStringIncludes(one, `<th scope="row">pass@1</th>${cells}`);
  assertEquals(page([]), "");
});

Deno.test("renderPasses() says what the programs were run in as the record says it, and nothing where it says nothing", () => {
  const say = (origin: Parameters<typeof reportedPasses>[1]) =>
    renderPasses({ title: "t", version: "v", passes: reportedPasses([row("a", 5, 5)], origin) })!.text;
  assertStringIncludes(say({ sandbox: "pyodide" }), "were run in a sandbox (Pyodide)");
  assertStringIncludes(say({ sandbox: "bubblewrap" }), "were run in a sandbox (bubblewrap)");
  assertStringIncludes(say({ sandbox: "none" }), "were run without a sandbox");
  for (const origin of [{}, { sandbox: "constructor" }]) assert(!say(origin).includes("programs were run"));
});

Deno.test("renderPasses() has McNemar's test of greedy samples alone", () => {
  const greedy = ["a", "b"].map((task_id) => ({ ...row(task_id, 0, 1), samples: 1 }));
  const say = (temperature: number, rows = greedy) =>
    renderPasses({ title: "t", version: "v", passes: reportedPasses(rows, { temperature }) })!.text;
  assertStringIncludes(say(0), "Solved before only 2, after only 0: McNemar&#39;s exact p 0.5000.");
  assert(!say(0.8).includes("McNemar"));
  assert(!say(0, [row("a", 5, 5)]).includes("McNemar"));
});

Deno.test("renderPasses() has the paper's rows below ours where the problems are HumanEval's", () => {
  const rows = page([row("HumanEval/0", 5, 5), row("HumanEval/1", 0, 5)]);
  const beside = rows.slice(rows.indexOf("beside the paper's"));
  assertStringIncludes(
    beside,
    '<tr><th scope="row">this run</th><td>original</td><td>20.00 [20.00, 20.00]</td>',
  );
  assertStringIncludes(beside, "<td>13.37</td><td>18.79</td><td>21.12</td><td>–</td>");
  assertStringIncludes(beside, "<td>CodeEraser</td><td>61.65</td><td>73.41</td><td>76.69</td><td>99.99</td>");
  assertEquals(beside.match(/<th scope="row">/g)?.length, 22);
  assert(!page([row("Made/0", 5, 5)]).includes("beside the paper"));
});
