import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderReport } from "../../lib/report/report.ts";
import { renderSections } from "../../lib/report/sections.ts";
import { makeRun } from "./make_run.ts";

Deno.test("renderSections() leaves out what a run has no data for, and lists it once near the end", () => {
  const { attacks: _, passes: __, ...run } = makeRun();
  const sections = renderSections(run);
  const ids = sections.map(({ id }) => id);
  assertEquals(["attacks", "passes"].some((id) => ids.includes(id)), false);
  assertEquals(ids.slice(-2), ["missing", "glossary"]);
  const { text } = sections.at(-2)!.content;
  assertEquals(text.match(/<li>/g)?.length, 2);
  assertStringIncludes(
    text,
    "<code>codescrub attack</code> makes attacks/attacks.parquet, for “Attacks”, “What further training brings back”, " +
      "“How far secrets stand out”",
  );
  const page = renderReport(run);
  assert(!page.includes('href="#attacks"') && page.includes('href="#missing"'));
  assertEquals(page.match(/Not in this run/g)?.length, 2); // its heading and its entry in the contents
});

Deno.test("renderSections() has no such list when the run is whole", () => {
  assertEquals(renderSections(makeRun()).some(({ id }) => id === "missing"), false);
});
