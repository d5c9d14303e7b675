import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exportFigure } from "../../lib/report/export_figure.ts";
import { FIGURE_NAMES } from "../../lib/report/figure_sections.ts";
import { renderReport } from "../../lib/report/report.ts";
import { contrast } from "../figures/contrast.ts";
import type { ReportedSecret } from "../../lib/report/run_tables.ts";
import { makeRun } from "./make_run.ts";

/** Every element that the report may hold; data must add none. */
const ELEMENTS =
  "html head meta title style body a header h1 p nav ul li main section div h2 h3 span table caption " +
  "thead tbody tfoot tr th td figure figcaption noscript label input output dl dt dd footer script " +
  "button select option details summary code ol b strong pre";
const ATTRIBUTES =
  "lang charset name content http-equiv class href id aria-label aria-labelledby aria-hidden " +
  "aria-live aria-controls aria-describedby role tabindex scope rowspan colspan style type for placeholder " +
  "autocomplete hidden value data-figure";

/** What would be markup, script, template or noise if it were not text. */
const HOSTILE = [
  `</script><img src=x onerror=alert(1)>`,
  `"><svg onload=alert(1)>'`,
  `</title></style></textarea><!-- `,
  `--!> ]]> \u2028\u2029 &lt;b&gt; &#60;`,
  "\u0000\u001b[31m \ud800 \u202e \u{1f600}",
  "toString",
  "${7*7} {{7*7}} %{y} $x^2$ <b>bold</b><a href='javascript:alert(1)'>link</a>",
];

interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/**
 * Reads the page as strictly as possible: every "<" outside of script and style must open or close one of ELEMENTS
 * with attributes of ATTRIBUTES in double quotes.
 */
function readPage(page: string): { elements: Element[]; scripts: string[]; text: string } {
  const scripts: string[] = [];
  const rest = page.replace(
    /(<(script|style)[^>]*>)(.*?)<\/\2>/gs,
    (_, opening: string, _name, body: string) => {
      scripts.push(body);
      return opening;
    },
  );
  const elements: Element[] = [];
  const tag = /<(?:!doctype html|(\/?)([a-z][a-z0-9]*)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*)>/g;
  const text = rest.replace(tag, (_, closing, name: string | undefined, attributes: string) => {
    if (name === undefined || closing) return " ";
    assert(ELEMENTS.split(" ").includes(name), `unexpected <${name}>`);
    const found = [...attributes.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)];
    for (const [, attribute = ""] of found) {
      assert(ATTRIBUTES.split(" ").includes(attribute), `unexpected ${attribute} of <${name}>`);
    }
    elements.push({ name, attributes: new Map(found.map(([, key = "", value = ""]) => [key, value])) });
    return " ";
  });
  assertEquals(
    /[<>]/.exec(text)?.[0],
    undefined,
    `stray bracket: ${text.slice(text.search(/[<>]/)).slice(0, 80)}`,
  );
  return { elements, scripts, text };
}

function count(elements: readonly Element[], name: string): number {
  return elements.filter((element) => element.name === name).length;
}

Deno.test("renderReport() keeps hostile text as text when it stands in every string of every table", () => {
  const plain = readPage(renderReport(makeRun((text) => `${text} plain`)));
  for (const hostile of HOSTILE) {
    const page = renderReport(makeRun((text) => text + hostile));
    const { elements, scripts, text } = readPage(page);
    for (const name of ["script", "style", "a", "figure", "table", "tr", "td", "p"]) {
      assertEquals(count(elements, name), count(plain.elements, name), `${name} with ${hostile}`);
    }
    assertEquals(scripts.length, plain.scripts.length);
    for (const script of scripts.slice(1)) assert(!/<\/script|<!--/i.test(script));
    assertEquals(["\u0000", "\u001b", "\u202e"].filter((character) => text.includes(character)), []);
    assert(page.isWellFormed());
  }
});

Deno.test("renderReport() shows hostile text readably when it is escaped", () => {
  const page = renderReport({ title: HOSTILE[0] ?? "", version: "CodeScrub 0.1.0" });
  const heading = /<h1>.*<\/h1>/.exec(page)?.[0];
  assertEquals(heading, "<h1>&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;</h1>");
});

/** Those of a run; a sweep's stand in a report of their own: `sweep_test.ts`. */
const NAMES = FIGURE_NAMES.filter((name) => !name.startsWith("sweep-"));

Deno.test("renderReport() gives Plotly no markup but its own when tables are hostile", () => {
  for (const hostile of HOSTILE) {
    const page = renderReport(makeRun((text) => text + hostile));
    for (const name of NAMES) {
      const strings: string[] = [];
      JSON.stringify(exportFigure(page, name), (_, value) => {
        if (typeof value === "string") strings.push(value);
        return value;
      });
      for (const string of strings) {
        const rest = string.replace(/<\/?b>|<br>|<extra><\/extra>/g, "");
        assert(!rest.includes("<"), `${name}: ${string}`);
      }
    }
  }
});

Deno.test("renderReport() asks for nothing from outside when opened", () => {
  const page = renderReport(makeRun());
  const { elements } = readPage(page);
  for (const { name, attributes } of elements) {
    assertEquals(attributes.has("src"), false, name);
    const href = attributes.get("href");
    if (href !== undefined) assertEquals(href[0], "#", href);
  }
  const policy = elements.find(({ attributes }) => attributes.has("http-equiv"))?.attributes.get("content");
  assertStringIncludes(policy ?? "", "default-src &#39;none&#39;");
});

Deno.test("renderReport() contains plotly.js once and every figure's data when the run is whole", () => {
  const { elements, scripts } = readPage(renderReport(makeRun()));
  assertEquals(scripts.filter((script) => script.includes("plotly.js (basic - minified)")).length, 1);
  const plots = elements.filter(({ attributes }) => attributes.get("class")?.startsWith("plot"));
  assertEquals(plots.map(({ attributes }) => attributes.get("id")), NAMES);
  assertEquals(plots.every(({ attributes }) => attributes.get("role") === "img"), true);
});

Deno.test("renderReport() can be walked without eyes or mouse", () => {
  const { elements } = readPage(renderReport(makeRun()));
  const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
  assertEquals(new Set(ids).size, ids.length);
  for (const { attributes } of elements) {
    for (const reference of ["for", "aria-labelledby", "aria-controls", "aria-describedby"]) {
      const id = attributes.get(reference);
      if (id !== undefined) assert(ids.includes(id), `${reference}="${id}"`);
    }
    const href = attributes.get("href");
    if (href !== undefined) assert(ids.includes(href.slice(1)), href);
  }
  assertEquals(count(elements, "h1"), 1);
  assertEquals(count(elements, "table"), count(elements, "caption"));
  const scrolling = elements.filter(({ attributes }) => attributes.get("class")?.startsWith("scroll"));
  assertEquals(scrolling.length > 0, true);
  for (const { attributes } of scrolling) {
    assertEquals([attributes.get("tabindex"), attributes.get("role")], ["0", "region"]);
  }
});

const TABLES = ["thresholds", "results", "documents", "twins", "duplication", "history", "secrets"] as const;

for (const table of [...TABLES, "config", "versions", "seconds"] as const) {
  Deno.test(`renderReport() says what is missing when a run has no ${table}`, () => {
    const { [table]: _, ...run } = makeRun();
    const whole = readPage(renderReport(makeRun())).text;
    const { text } = readPage(renderReport(run));
    const missing = (page: string) => page.split(/not in this run|Not in this run/).length - 1;
    assertEquals(missing(whole), 0);
    assert(missing(text) > 0);
    assert(!/undefined|NaN|\[object/.test(text));
  });
}

Deno.test("renderReport() still makes a page when a run has no table at all", () => {
  const { text, elements } = readPage(renderReport({ title: "Nothing", version: "CodeScrub 0.1.0" }));
  for (
    const needed of [
      "the scores of documents",
      "the history of unlearning",
      "the results per set and model",
      "the versions",
    ]
  ) assertStringIncludes(text.replaceAll("&#39;", "'"), needed);
  assertEquals(count(elements, "figure"), 0);
});

Deno.test("renderReport() shows a dash when a metric is null", () => {
  const results = (makeRun().results ?? []).map((row) => ({ ...row, ma: null, el_10: null, nll: null }));
  const page = renderReport({ ...makeRun(), results });
  assert(page.includes("<td>–</td>"));
  assert(!/NaN|>null</.test(readPage(page).text));
});

function manySecrets(count: number, text: string): ReportedSecret[] {
  return Array.from({ length: count }, (_, index): ReportedSecret => ({
    doc_id: `some/longer/folder/of/a/real/repository/with_a_long_name/module_${index}.py`,
    tag: "KEY",
    detector: "Base64HighEntropyString",
    description: text,
    copies: 8,
    ma_before: 1 - index / 1e6,
    ma_after: index >= count - 50 ? { ga: 0.1, codeeraser: 0.2 } : {},
  }));
}

for (const text of ["KEY, 40 characters, Zx...", '"'.repeat(500)]) {
  Deno.test(`renderReport() stays under 3 MB and says so when there are 100,000 secrets, such as ${text.slice(0, 5)}`, () => {
    const secrets = manySecrets(100_000, text);
    const documents = secrets.map(({ doc_id, ma_before }) => ({ doc_id, ma: ma_before }));
    const page = renderReport({ ...makeRun(), secrets, documents });
    const bytes = new TextEncoder().encode(page).length;
    assert(bytes < 3e6, `${bytes} bytes`);
    const shown = page.split('<table id="all-secrets"')[1]?.split("</table>")[0] ?? "";
    const rows = shown.split("<tr").length - 2;
    assert(rows > 1000, `${rows} rows`);
    assertStringIncludes(
      shown,
      `${rows.toLocaleString("en")} of 100,000 places of secrets: the forget set and then`,
    );
    assertStringIncludes(
      shown,
      "probe.parquet and evaluation.secrets.parquet in the run's folder hold all".replace("'", "&#39;"),
    );
    assertEquals(shown.split('class="treated"').length - 1, 50);
  });
}

Deno.test("renderReport() says that there is nothing to forget when no secret was found", () => {
  const found = { places: 0, values: 0, documents: 0 };
  const page = renderReport({ ...makeRun(), secrets: [], documents: [], duplication: [], found });
  const { text } = readPage(page);
  assertStringIncludes(text, "No secret was found");
  assertStringIncludes(text, "Detection found 0 places of 0 different secrets in 0 documents.");
  assert(!/undefined|NaN|Infinity/.test(text));
});

Deno.test("renderReport() shows the one model that was measured when nothing was unlearned yet", () => {
  const { history: _, results = [], secrets = [], ...run } = makeRun();
  const { text, elements } = readPage(renderReport({
    ...run,
    results: results.filter(({ model }) => model === "before"),
    secrets: secrets.map((row) => ({ ...row, ma_after: {} })),
  }));
  assertStringIncludes(text, "codescrub unlearn");
  assert(!text.includes("CodeEraser 0"));
  assertEquals(elements.filter(({ attributes }) => attributes.get("value") === "treated").length, 0);
});

Deno.test("renderReport() warns when the secrets themselves stand in the page", () => {
  assertStringIncludes(renderReport(makeRun()), "Secrets are masked.");
  const page = renderReport({ ...makeRun(), revealed: true });
  assertStringIncludes(page, "<strong>The secrets themselves stand in this page");
  assert(!/masked/i.test(readPage(page).text));
});

Deno.test("renderReport()'s texts have a contrast of 4.5:1 on every ground, light and dark", async () => {
  const style = await Deno.readTextFile(new URL("../../lib/report/page.css", import.meta.url));
  const found = [...style.matchAll(/--(\w+): light-dark\((#\w{6}), (#\w{6})\)/g)];
  const colors = new Map(found.map(([, name, light, dark]) => [name, [light, dark] as const]));
  for (const name of ["text", "soft", "accent", "good", "bad"]) {
    for (const ground of ["paper", "raised"]) {
      for (const theme of [0, 1] as const) {
        const ratio = contrast(colors.get(name)![theme]!, colors.get(ground)![theme]!);
        assert(ratio >= 4.5, `${name} on ${ground}: ${ratio.toFixed(2)}`);
      }
    }
  }
});

Deno.test("renderReport() bounds every text when a table holds very long ones", () => {
  const page = renderReport(makeRun((text) => text + "x".repeat(20_000)));
  assert(!/x{400}/.test(readPage(page).text));
  assertEquals(page.length < 1.4e6, true, `${page.length} characters`);
});
