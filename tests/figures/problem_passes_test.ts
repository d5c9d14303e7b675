import { assert, assertEquals } from "@std/assert";
import { passRates } from "../../lib/figures/pass_rates.ts";
import { problemPasses } from "../../lib/figures/problem_passes.ts";

const row = (task_id: string, passed: number, passed_before: number | null) => {
  return { task_id, samples: 10, passed, samples_before: passed_before === null ? null : 10, passed_before };
};

Deno.test("problemPasses() counts problems by their shares, and says what only one model solves", () => {
  const rows = [row("a", 10, 10), row("b", 10, 10), row("c", 0, 3), row("d", 1, 0), row("e", 0, 0)];
  const { data: [line, bubbles], layout } = problemPasses(rows);
  assertEquals([line!.x, line!.y], [[0, 1], [0, 1]]);
  assertEquals([bubbles!.x, bubbles!.y, bubbles!.text], [[1, 0.3, 0, 0], [1, 0, 0.1, 0], [
    "2",
    "1",
    "1",
    "1",
  ]]);
  const said = "5 problems: 2 solved before and after, 1 before only, 1 after only";
  assertEquals(layout.title.subtitle!.text, said);
});

Deno.test("problemPasses() shows problems' names as text, and no more than a few of a bubble", () => {
  const rows = [row("<b>&x</b>", 1, 1), ...Array.from({ length: 20 }, (_, i) => row(`p${i}`, 5, 5))];
  const [few, many] = problemPasses(rows).data[1]!.customdata as string[];
  assertEquals(few, "&lt;b&gt;&amp;x&lt;/b&gt;");
  assert(many!.endsWith("p11<br>and 8 more"), many);
});

Deno.test("without a run before, and without rows, nothing is drawn", () => {
  for (const rows of [[], [row("a", 1, null)], [{ ...row("a", 0, 1), samples: 0 }]]) {
    const { data, layout } = problemPasses(rows);
    assertEquals([data, layout.title.subtitle!.text], [[], "no run before to compare with"]);
  }
  assertEquals([passRates([]).data, passRates([]).layout.title.subtitle!.text], [[], "no samples"]);
});

Deno.test("passRates() draws each model beside the other, with unequal ends of its intervals", () => {
  const rate = (model: string, k: number, estimate: number) => ({
    model,
    k,
    estimate,
    low: estimate - 0.1,
    high: estimate + 0.2,
  });
  const rows = [
    rate("before", 10, 0.5),
    rate("before", 1, 0.25),
    rate("after", 1, 0.125),
    rate("after", 10, 0.5),
  ];
  const { data: [before, after], layout } = passRates(rows);
  assertEquals([before!.y, after!.y], [[0.25, 0.5], [0.125, 0.5]]);
  assert(Number(before!.x[0]) < 0 && Number(after!.x[0]) > 0 && Number(before!.x[1]) < 1);
  const { array, arrayminus } = before!.error_y as { array: number[]; arrayminus: number[] };
  assert(array.every((end, i) => end > arrayminus[i]!));
  assertEquals((layout.xaxis as { ticktext: string[] }).ticktext, ["pass@1", "pass@10"]);
});
