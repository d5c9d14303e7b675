import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderComparison } from "../../lib/report/comparison.ts";
import { renderLeaderboard } from "../../lib/report/leaderboard.ts";
import { renderRunComparison } from "../../lib/report/run_comparison.ts";
import { secondsOf } from "../../lib/report/run_tables.ts";
import { makeRun } from "./make_run.ts";

const text = (markup: string) => markup.replace(/<[^>]+>/g, "");
const cells = (page: string, head: string) =>
  [...page.split(`<th scope="row">${head}</th>`)[1]!.split("</tr>")[0]!.matchAll(/<td>(.*?)<\/td>/gs)]
    .map(([, cell]) => cell!);
const heads = (page: string) => [...page.matchAll(/<th scope="col">(.*?)<\/th>/g)].map(([, head]) => head!);

Deno.test("renderComparison() has a row a method, the best in bold, all under the threshold on the forget set", () => {
  const { attacks: _, passes: __, ...run } = makeRun();
  const results = run.results!.map((row) => ({ ...row, ma_low: row.ma! - 0.01, ma_high: row.ma! + 0.01 }));
  const unlearned = [
    { method: "codeeraser", isPaper: false, hasFailed: false, epochs: 6, memoryBytes: 2 ** 30 },
    { method: "ga", isPaper: false, hasFailed: false, epochs: 13 },
  ];
  const page = renderComparison({ ...run, results, unlearned, seconds: { ga: 60, codeeraser: 90 } })!.text;
  const columns = heads(page);
  const cellsOf = (title: string) =>
    ["before", "CodeEraser", "GA"].map((head) => cells(page, head)[columns.indexOf(title) - 1]);
  assertEquals(cellsOf("Retain set MA\u00a0↑").map((cell) => text(cell!)), [
    "0.990 [0.980, 1.000]",
    "0.970 [0.960, 0.980]",
    "0.100 [0.090, 0.110]",
  ]);
  assertEquals(cellsOf("Forget set MA\u00a0↓").map((cell) => cell!.includes("<b>")), [false, true, true]);
  assertEquals(cellsOf("Retain set MA\u00a0↑").map((cell) => cell!.includes("<b>")), [false, true, false]);
  assertEquals(cellsOf("Epochs\u00a0↓"), ["–", "<b>6</b>", "13"]);
  assertEquals(cellsOf("Time\u00a0↓"), ["–", "1 min 30 s", "<b>1 min 0 s</b>"]);
  assertEquals(cellsOf("Memory\u00a0↓"), ["–", "1.0 GiB", "–"]);
  assertEquals(columns.some((head) => head.startsWith("Extracted") || head.startsWith("pass@1")), false);
});

Deno.test("renderLeaderboard() has all in bold that the best one's interval does not tell from it, and dashes", () => {
  const cell = (value: number, spread: number) => ({ value, low: value - spread, high: value + spread });
  const page = renderLeaderboard([
    { label: "before", isBefore: true, cells: { retain_ma: cell(1, 0) } },
    { label: "a", cells: { retain_ma: cell(0.9, 0.05), membership: { value: 0.5 } } },
    { label: "b", cells: { retain_ma: cell(0.8, 0.06), recovered: { ...cell(0.01, 0.02), isEnough: true } } },
    { label: "c", cells: { retain_ma: cell(0.7, 0.05), recovered: cell(0.2, 0.02) } },
  ], { name: "<b>", caption: "Of <three>." })!.text;
  const columns = heads(page);
  assertEquals(columns, [
    ...["Method", "Retain set MA\u00a0↑", "Relearned above controls\u00a0↓", "Membership, area"],
  ]);
  const isBold = (head: string) => cells(page, head).map((text) => text.includes("<b>"));
  assertEquals(["before", "a", "b", "c"].map(isBold), [
    ...[[false, false, false], [true, false, false], [true, true, false], [false, false, false]],
  ]);
  assertEquals(cells(page, "before").slice(1), ["–", "–"]);
  assertStringIncludes(page, "Of &lt;three&gt;. A row a method.");
});

Deno.test("renderComparison() counts what any attack extracted, and what relearning brings back beside controls", () => {
  const run = makeRun();
  const share = (estimate: number) => ({ estimate, low: estimate, high: estimate });
  const attacks = {
    ...run.attacks!,
    method: "ga",
    extracted: [{ model: "after", secrets: share(0.25), controls: share(0) }],
  };
  const page = renderComparison({ ...run, attacks })!.text;
  const of = (head: string) => text(cells(page, "GA")[heads(page).indexOf(head) - 1]!);
  assertEquals(of("Extracted\u00a0↓"), "0.250 [0.250, 0.250]");
  assertEquals(of("Extracted, of controls"), "0.000 [0.000, 0.000]");
  assertEquals(of("Relearned above controls\u00a0↓"), "0.400 [0.400, 0.400]"); // on innocent texts, not on half of the set
  assertEquals(of("Exposure, bits\u00a0↓"), "2.00 [2.00, 2.00]");
});

Deno.test("renderComparison() gives attacks to the model that they name, and to none where it could be several", () => {
  const run = makeRun();
  const attacks = (method?: string) => {
    const page = renderComparison({ ...run, attacks: { ...run.attacks!, ...method && { method } } })!.text;
    const column = heads(page).indexOf("MA after relearning\u00a0↓") - 1;
    return column < 0 ? null : ["CodeEraser", "GA"].map((head) => text(cells(page, head)[column]!));
  };
  assertEquals([attacks(), attacks("ga")], [null, ["–", "0.800 [0.800, 0.800]"]]);
});

Deno.test("secondsOf() takes the stage of unlearn where a run has one method only", () => {
  const model = { method: "ga", isPaper: false, hasFailed: false };
  const run = { title: "", version: "", seconds: { unlearn: 5 } };
  assertEquals(secondsOf({ ...run, unlearned: [model] }, "ga"), 5);
  assertEquals(secondsOf({ ...run, unlearned: [model, { ...model, method: "cu" }] }, "ga"), undefined);
  assertEquals(secondsOf({ ...run, unlearned: [{ ...model, seconds: 7 }] }, "ga"), 7);
});

Deno.test("renderRunComparison() shows what differs, curves over one another and secrets that differ most first", () => {
  const place = { start: 3, end: 16 };
  const run = (after: number, lr: number) => {
    const { attacks: _, ...own } = makeRun();
    return {
      ...own,
      config: { seed: 42, unlearn: { lr } },
      secrets: own.secrets!.map((row, i) => ({
        ...row,
        ...place,
        ma_after: { codeeraser: i === 0 ? 0.3 : after },
      })),
    };
  };
  const runs = [{ name: "slow", run: run(0.5, 1e-5) }, { name: "<fast>", run: run(0.25, 1e-4) }];
  const page = renderRunComparison(runs, "CodeScrub 0.1.0");
  assertStringIncludes(page, "<h1>2 runs beside one another</h1>");
  assertEquals(cells(page, "unlearn.lr"), ["0.00001", "0.0001"]);
  assert(!page.includes('<th scope="row">seed</th>'));
  const changes = page.split('class="changes"')[1]!;
  assertStringIncludes(text(changes), "of 2 secrets 1 score less and 0 more");
  assertEquals(changes.indexOf("−0.250") < changes.indexOf("±0.000"), true);
  assertStringIncludes(page, 'id="run-curves-data"');
  assertEquals(cells(page, "Unseen code is predicted as well as before").length, 2);
  assert(!page.includes("<fast>") && page.includes("&lt;fast&gt;"));
});

Deno.test("renderRunComparison() compares two methods' settings by their names, whatever the methods are called", () => {
  const runs = ["ga", "cu"].map((method, i) => ({
    name: method,
    run: {
      ...{ title: "Run", version: "CodeScrub 0.1.0" },
      unlearned: [{ method, isPaper: false, hasFailed: false, settings: { method, lr: 1e-4, alpha: i } }],
    },
  }));
  const page = renderRunComparison(runs, "CodeScrub 0.1.0");
  assertEquals([cells(page, "method"), cells(page, "alpha")], [["ga", "cu"], ["0", "1"]]);
  assertStringIncludes(page, "2 of 3 settings, versions and origins differ.");
});
