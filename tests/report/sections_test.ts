import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderReport } from "../../lib/report/report.ts";
import { renderSections } from "../../lib/report/sections.ts";
import { makeRun } from "./make_run.ts";

Deno.test("renderSections() leaves out what a run has no data for, and lists it once near the end", () => {
  const { attacks: _, passes: __, ...run } = makeRun();
  const sections = renderSections(run);
  const ids = sections.map(({ id }) => id);
  assertEquals(["attacks", "passes"].some((id) => ids.includes(id)), false);
  assertEquals(ids.slice(-3), ["missing", "glossary", "cite"]);
  const { text } = sections.at(-3)!.content;
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

Deno.test("renderSections() numbers the figures that there are, in their order, and lists them in the contents", () => {
  const { twins: _, ...run } = makeRun();
  const { parts = [], content } = renderSections(run).find(({ id }) => id === "figures")!;
  const numbers = [...content.text.matchAll(/href="#([\w-]+)">Figure (\d+)\.<\/a>/g)].map((
    [, id, number],
  ) => [id, number]);
  assertEquals(parts.map(({ id, title }) => [id, title.split(".")[0]]), numbers);
  assertEquals(numbers.map(([, number]) => Number(number)), numbers.map((_, i) => i + 1));
  assertStringIncludes(renderReport(run), `<a href="#${parts[0]!.id}">${parts[0]!.title}</a>`);
});

Deno.test("renderSections() has no such list when the run is whole", () => {
  assertEquals(renderSections(makeRun()).some(({ id }) => id === "missing"), false);
});
