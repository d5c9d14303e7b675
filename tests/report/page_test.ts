import { assert, assertEquals } from "@std/assert";
import { renderReport } from "../../lib/report/report.ts";
import type { RunTables } from "../../lib/report/run_tables.ts";
import { findBrowser } from "../find_program.ts";
import { makeRun } from "./make_run.ts";
import { pageProblems } from "./page_problems.ts";
import { RUN } from "./sweep_run.ts";

const browser = await findBrowser();

/** What detection alone leaves: many documents, of names that break. */
function detected(): RunTables {
  const secrets = ["api", "config_of_a_long_name"].flatMap((name, i) =>
    Array.from({ length: 3 }, (_, line) => ({
      ...{
        doc_id: `services/payment/${name}.py`,
        tag: "EMAIL",
        detector: "Email",
        start: line,
        end: line + 9,
      },
      ...{
        description: "EMAIL, 9 characters",
        copies: 3,
        fingerprint: `${i}`,
        ma_before: null,
        ma_after: {},
      },
    }))
  );
  const found = { places: 6, values: 2, documents: 2 };
  return { title: "What detection found", version: "CodeScrub 0.1.0", found, secrets };
}

/** What a sweep leaves: two methods, two sizes, and settings one by one. */
function swept(): RunTables {
  const eraser = { ...RUN, method: "codeeraser", retain_ma: 0.9, unseen_nll: 4 };
  const sweep = [RUN, eraser, { ...eraser, k: 8 }, { ...eraser, settings: "alpha 10", alpha: 10 }];
  return { title: "Methods", version: "CodeScrub 0.1.0", sweep };
}

const RUNS = { "a whole run": makeRun(), "detection alone": detected(), "a sweep": swept() };
for (const [name, run] of Object.entries(RUNS)) {
  Deno.test({
    name: `renderReport() fits windows of all widths: ${name}`,
    ignore: browser === undefined,
    async fn() {
      const html = renderReport(run);
      for (const width of [390, 900]) {
        assertEquals(await pageProblems(browser!, html, { width }), [], `${width} pixels`);
      }
    },
  });
}

Deno.test({
  name: "pageProblems() sees words that are broken, fields that are short and links that lead nowhere",
  ignore: browser === undefined,
  async fn() {
    const html =
      `<table style="table-layout: fixed; width: 60px; overflow-wrap: anywhere"><thead><tr><th>Documents</th>` +
      `</tr></thead></table><input placeholder="many words" style="width: 9px"><a href="#no">a</a>` +
      `<p style="width: 500px">a</p>`;
    const found = await pageProblems(browser!, html, { width: 390 });
    for (const problem of ["wider than", "broken: Doc", "cut: many", "leads nowhere: #no"]) {
      assert(found.some((text) => text.startsWith(problem)), `${problem} of ${found.join("; ")}`);
    }
  },
});
