import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { renderAttacks, reportedAttacks } from "../../lib/report/attacks.ts";
import { escapeHtml, markup, scriptJson } from "../../lib/report/markup.ts";
import { renderResultsTable } from "../../lib/report/results_table.ts";
import { renderRunDetails } from "../../lib/report/run_details.ts";
import { listMethods, type RunTables } from "../../lib/report/run_tables.ts";
import { renderAllSecrets, renderTopSecrets } from "../../lib/report/secrets_tables.ts";
import { renderUtility } from "../../lib/report/utility.ts";
import { makeRun } from "./make_run.ts";

Deno.test("escapeHtml() keeps tabs and line ends and replaces what HTML forbids", () => {
  assertEquals(escapeHtml("a\tb\r\nc"), "a\tb\r\nc");
  assertEquals(escapeHtml("\u0000\u0007\u007f\u0085\u202e\ud800\uffff"), "\ufffd".repeat(7));
  assertEquals(escapeHtml("\u{1f600}"), "\u{1f600}");
});

Deno.test("markup() escapes inside lists and leaves null out", () => {
  assertEquals(markup`${["<", markup`<b>`, [null, undefined, 0]]}`.text, "&lt;<b>0");
});

Deno.test("scriptJson() gives the value back when parsed", () => {
  const value = { "</script>": ["<!--", "\u2028", "&amp;", "\ud800", null, 1.5] };
  const { text } = scriptJson(value);
  assert(!/[<>&\u2028]/.test(text));
  assertEquals(JSON.parse(text), value);
  assertEquals(scriptJson(undefined).text, "null");
});

Deno.test("listMethods() puts CodeEraser first when it ran, whatever the tables' order", () => {
  assertEquals(listMethods(makeRun()), ["codeeraser", "ga"]);
  assertEquals(listMethods({ title: "", version: "", history: makeRun().history?.slice(2) ?? [] }), ["ga"]);
  assertEquals(listMethods({ title: "", version: "" }), []);
});

Deno.test("renderResultsTable() marks forget-set scores when they are below their threshold only", () => {
  const { text } = renderResultsTable(makeRun())!;
  const marks = text.match(/<td class="below">/g) ?? [];
  // MA and EL_10 of both methods; EL_3 and EL_5 stay at 0.5 and 0.4, and no other set is marked.
  assertEquals(marks.length, 4);
  assertStringIncludes(text, '0.3000<span class="hidden"> below the\nthreshold</span>');
});

Deno.test("renderResultsTable() says in words what a method left above its threshold, or at it", () => {
  const run = makeRun();
  const { text } = renderResultsTable(run)!;
  // EL_3 and EL_5 of both methods; of the model before everything is above, which needs no word
  const both = ['<td class="above">above 0.5000', '<td class="above">above 0.4000'];
  assertEquals(text.match(/<td class="above">[^<]*/g), [...both, ...both]);
  const results = (run.results ?? []).map((row) => ({ ...row, el_3: 0.18 }));
  assertStringIncludes(renderResultsTable({ ...run, results })!.text, '<td class="above">at 0.1800');
  assertEquals(renderResultsTable({ ...run, thresholds: null })!.text.includes('class="above"'), false);
});

Deno.test("renderTopSecrets() shows each secret beside its kind's twins when the run has them", () => {
  const run = makeRun();
  const lastCells = ({ text }: { text: string }) =>
    [...text.matchAll(/<t[hd][^>]*>([^<]*)<\/t[hd]><\/tr>/g)].map(([, cell]) => cell);
  assertEquals(lastCells(renderTopSecrets(run)!), ["Twins", "0.200", "–"]); // a key, and an e-mail, which has none
  const caption = "Twins: the mean MA of secrets of that kind that were never trained on.";
  assertStringIncludes(renderAllSecrets(run)!.text, caption);
  const { twins: _, ...without } = run;
  assertEquals(lastCells(renderTopSecrets(without)!)[0], "MA after GA");
});

Deno.test("renderResultsTable() puts the model before first when its row comes last", () => {
  const run = makeRun();
  const { text } = renderResultsTable({ ...run, results: run.results?.toReversed() ?? [] })!;
  const names = [...text.matchAll(/<th scope="row">([^<]*)/g)].map(([, name]) => name);
  assertEquals(names.filter((_, index) => index % 3 === 0), ["before", "before", "before"]);
});

Deno.test("renderTopSecrets() sorts by MA before and then by copies when there are many", () => {
  const [secret] = makeRun().secrets ?? [];
  assert(secret !== undefined);
  const secrets = [[0.9, 1], [1, 2], [1, 64], [null, 1], [0.95, 1], [0.99, 1]] as const;
  const run = {
    ...makeRun(),
    secrets: secrets.map(([ma_before, copies]) => ({
      ...secret,
      ma_before,
      copies,
      doc_id: `${ma_before} ${copies}`,
    })),
  };
  const documents = [...renderTopSecrets(run)!.text.matchAll(/<td>([\d.]+ \d+)</g)].map((
    [, id],
  ) => id);
  assertEquals(documents, ["1 64", "1 2", "0.99 1", "0.95 1", "0.9 1"]);
});

Deno.test("renderTopSecrets() shows a value once when it stands in many documents", () => {
  const [secret] = makeRun().secrets ?? [];
  assert(secret !== undefined);
  const secrets = ["f", "f", "g", undefined, undefined].map((fingerprint, index) => ({
    ...secret,
    doc_id: `document ${index}`,
    ...(fingerprint === undefined ? {} : { fingerprint }),
  }));
  const { text } = renderTopSecrets({ ...makeRun(), secrets })!;
  assertEquals(text.match(/document \d/g), ["document 0", "document 2", "document 3", "document 4"]);
});

Deno.test("renderAllSecrets() offers states only when a row can have them", () => {
  const states = (run: RunTables) =>
    [...renderAllSecrets(run)!.text.matchAll(/<option value="(treated|above)">/g)].map(([, state]) => state);
  assertEquals(states(makeRun()), ["treated", "above"]);
  assertEquals(states({ ...makeRun(), thresholds: null }), ["treated"]);
  const secrets = makeRun().secrets?.map((row) => ({ ...row, ma_after: {} })) ?? [];
  assertEquals(states({ title: "", version: "", secrets }), []);
});

Deno.test("renderAllSecrets() marks the forget set and what stayed in it", () => {
  const [secret] = makeRun().secrets ?? [];
  assert(secret !== undefined);
  const secrets = [0.1, 0.9, null].map((codeeraser) => ({ ...secret, ma_after: { codeeraser } }));
  const { text } = renderAllSecrets({ ...makeRun(), secrets: [...secrets, { ...secret, ma_after: {} }] })!;
  const classes = [...text.matchAll(/<tr( class="[a-z ]*")?><td>/g)].map(([, found = ""]) => found.trim());
  assertEquals(classes, ['class="treated"', 'class="treated above"', 'class="treated"', ""]);
});

Deno.test("renderRunDetails() flattens settings and adds up the seconds", () => {
  const { text } = renderRunDetails(makeRun())!;
  assertStringIncludes(text, '<th scope="row">nested.name</th><td>value</td>');
  assertStringIncludes(text, '<th scope="row">nested.list</th><td>[&quot;item&quot;]</td>');
  assertStringIncludes(text, '<th scope="row">total</th><td>1 min 17 s</td>');
});

Deno.test("renderRunDetails() states both counts when there are too many settings", () => {
  const config = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`k${index}`, index]));
  assertStringIncludes(
    renderRunDetails({ ...makeRun(), config })!.text,
    "Configuration: the first 300 of 400",
  );
});

Deno.test("renderUtility() gives a row a set and model of all classes, with intervals and changes", () => {
  const { text } = renderUtility(makeRun())!;
  const rows = [...text.matchAll(/<tr><th scope="row">(.*?)<\/th>(.*?)<\/tr>/gs)].map(([, set, cells]) => [
    set,
    ...cells!.matchAll(/<td>(.*?)<\/td>/gs).map(([, cell]) => cell),
  ]);
  const before = Array(4).fill("0.500 [0.125, 0.750]");
  const after = Array(4).fill("0.250 [0.125, 0.750]; -0.250 [-0.500, 0.000]");
  assertEquals(rows, [
    ["Unseen code", "before", "1,234", ...before],
    ["Unseen code", "CodeEraser", "1,234", ...after],
    ["Around the erased secrets", "before", "1,234", ...before],
    ["Around the erased secrets", "CodeEraser", "1,234", ...after],
  ]);
});

Deno.test("renderUtility() leaves out what the run has none of, and shows a dash for what is undefined", () => {
  const run = { title: "", version: "" };
  assertEquals(renderUtility(run), null);
  const [row] = makeRun().utility!;
  const { text } = renderUtility({ ...run, utility: [{ ...row!, value: null, low: null, high: null }] })!;
  assertEquals(text.match(/<td>–<\/td>/g)?.length, 4);
});

Deno.test("renderResultsTable() has each mean's interval on a line of its own, where the table of evaluate has one", () => {
  const run = makeRun();
  const results = run.results!.map((row) =>
    row.set === "forget" && row.model === "codeeraser"
      ? { ...row, ma_low: 0.25, ma_high: 0.4567, nll_low: 2, nll_high: 3.125 }
      : row
  );
  const { text } = renderResultsTable({ ...run, results })!;
  const cells = [...text.matchAll(/<td[^>]*>((?:(?!<\/td>).)*class="interval">.*?)<\/td>/gs)].map((
    [, cell],
  ) => cell!.replaceAll(/<[^>]+>/g, "").replaceAll(/\s+/g, " "));
  assertEquals(cells, ["✓ 0.3000 below the threshold [0.250, 0.457]", "2.50 [2.00, 3.13]"]);
});

Deno.test("renderAttacks() has the interval of every mean and share, of controls too", () => {
  const rows = (["x", "y"] as const).map((fingerprint, i) => ({
    ...{
      doc_id: fingerprint,
      start: 0,
      end: 9,
      fingerprint,
      model: "after",
      attack: "extract",
      variant: "greedy",
    },
    ...{ score: i, extracted: i === 1, p_value: null, threshold: null },
    ...{ controls: 4, controls_score: i / 4, controls_extracted: i / 4 },
  }));
  const { text } = renderAttacks({ title: "", version: "", attacks: reportedAttacks(rows) })!;
  const cells = [...text.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) =>
    cell!.replaceAll(/<[^>]+>/g, "").replaceAll("\u00a0", " ")
  );
  assertEquals(cells, [
    ...["greedy", "after", "2", "0.500 [0.000, 1.000]", "0.125 [0.000, 0.250]", "0.375 [0.000, 0.750]"],
    ...["50.0% [0.0%, 100.0%]", "12.5% [0.0%, 25.0%]"],
  ]);
});
