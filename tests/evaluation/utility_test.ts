import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { forgetExamples } from "../../lib/datasets/examples.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { classifyCode, CODE_CLASSES } from "../../lib/evaluation/code_classes.ts";
import { tokenClasses } from "../../lib/evaluation/token_classes.ts";
import { reliabilityRows, scoreUtility, type UtilityRow, utilityRows } from "../../lib/evaluation/utility.ts";
import {
  codeText,
  hostTexts,
  NOT_COUNTED,
  secretTexts,
  type UtilityText,
} from "../../lib/evaluation/utility_texts.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { bootstrapDifference } from "../../lib/metrics/bootstrap.ts";
import { NextTokenScorer } from "../../lib/metrics/next_tokens.ts";
import { predictWith } from "../metrics/plain_definitions.ts";
import { readFixture } from "../models/fixtures.ts";
import { continueGreedily, newTinyModel, openTinyTokenizer } from "./tiny_model.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const DOCUMENTS = [
  { docId: "a.py", path: null, text: "import os\n\n\ndef f(x):\n    return 'a b' + x  # c\n" },
  { docId: "b.rb", path: null, text: "class A\n  def f = @x + 1\nend\r\n" },
  { docId: "c.lua", path: null, text: "local x = 'a'\nreturn x\n" },
  { docId: "d.py", path: null, text: "x" },
  { docId: "e.py", path: null, text: "" },
  { docId: "f.py", path: null, text: "\ufeffпривет = '😀'\ny = $$ ?? (\n" },
];

async function textsOf(documents = DOCUMENTS, tokens = 128): Promise<UtilityText[]> {
  const tokenizer = await openTinyTokenizer();
  return await Promise.all(
    documents.map(async (document) =>
      await codeText(document, await tokenizer.encode(document.text), { tokens })
    ),
  );
}

const find = (rows: readonly UtilityRow[], like: Partial<UtilityRow>) =>
  rows.filter((row) =>
    Object.entries(like).every(([name, value]) => row[name as keyof UtilityRow] === value)
  );

Deno.test("utilityRows() counts every predicted token in one class, and every language's in all", async () => {
  using model = newTinyModel();
  using scorer = new NextTokenScorer(model);
  const texts = await textsOf();
  const scores = await scoreUtility(scorer, { set: "unseen", classes: CODE_CLASSES, units: [texts] });
  const rows = utilityRows(scores, { model: "before" });
  const predicted = texts.reduce((sum, { ids }) => sum + Math.max(0, ids.length - 1), 0);
  for (const measure of ["accuracy", "nll"] as const) {
    const total = (like: Partial<UtilityRow>) =>
      find(rows, { measure, ...like }).reduce((sum, { count }) => sum + count, 0);
    assertEquals(total({ language: "all", class: "all" }), predicted);
    assertEquals(total({ language: "all" }), 2 * predicted);
    const languages = ["other", "python", "ruby"];
    assertEquals(
      languages.reduce((sum, language) => sum + total({ language, class: "all" }), 0),
      predicted,
    );
  }
  assertEquals([...new Set(rows.map(({ language }) => language))], ["all", "other", "python", "ruby"]);
  assertEquals(find(rows, { language: "python", class: "all", measure: "ece" })[0]!.documents, 4);
  const lua = new Set(find(rows, { language: "other" }).map((row) => row.class));
  assertEquals(lua, new Set(["all", "whitespace", "other"]));
  const bins = reliabilityRows(scores, "before");
  assertEquals(bins.reduce((sum, { tokens }) => sum + tokens, 0), predicted);
});

Deno.test("utilityRows() gives the accuracy and loss of each class that the plain definition gives", async () => {
  using model = newTinyModel();
  using scorer = new NextTokenScorer(model);
  using predict = predictWith(model);
  const tokenizer = await openTinyTokenizer();
  const found = new Map<string, { hits: number; count: number }>();
  for (const { text } of DOCUMENTS.filter(({ docId }) => docId.endsWith(".py"))) {
    const { ids, starts, ends } = await tokenizer.encode(text);
    const classes = tokenClasses({ starts, ends }, await classifyCode(text, "python"));
    for (let t = 1; t < ids.length; t++) {
      const hit = Number(predict([...ids.subarray(0, t)]) === ids[t]);
      for (const name of ["all", CODE_CLASSES[classes[t]!]!]) {
        const sums = found.get(name) ?? { hits: 0, count: 0 };
        found.set(name, { hits: sums.hits + hit, count: sums.count + 1 });
      }
    }
  }
  const units = [await textsOf()];
  const scores = await scoreUtility(scorer, { set: "unseen", classes: CODE_CLASSES, units });
  const rows = find(utilityRows(scores, { model: "m" }), { language: "python", measure: "accuracy" });
  assertEquals(rows.length, found.size);
  for (const row of rows) {
    const { hits, count } = found.get(row.class)!;
    assertEquals([row.count, row.value], [count, hits / count], row.class);
    assert(row.low! <= row.value! && row.value! <= row.high!);
  }
});

Deno.test("line_accuracy is the share of lines that greedy decoding from their start writes token by token", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using scorer = new NextTokenScorer(loaded.model);
  using predict = predictWith(loaded.model);
  // texts that it has memorized, some tokens changed, cut into made-up lines
  const given = [texts[0]!, texts[1]!.map((token, t) => t % 9 === 8 ? 63 : token), texts[2]!].map(
    (text, i) => {
      const ids = Int32Array.from(text.slice(0, 24));
      const lines = [1, 4, 9, 10, 17].map((from, k, all) => ({ from, to: all[k + 1] ?? 24 }));
      return { document: `${i}`, language: null, ids, from: 1, classes: new Uint8Array(24), lines };
    },
  );
  let whole = 0;
  for (const { ids, lines } of given) {
    for (const { from, to } of lines) {
      const decoded = continueGreedily(predict, [...ids.subarray(0, from)], to - from);
      if (`${decoded}` === `${ids.subarray(from, to)}`) whole++;
    }
  }
  assert(whole > 3 && whole < 15);
  const scores = await scoreUtility(scorer, { set: "retain", classes: ["x"], units: [given] });
  const [row] = find(utilityRows(scores, { model: "m" }), { measure: "line_accuracy" });
  assertEquals([row!.count, row!.value], [15, whole / 15]);
});

Deno.test("utilityRows() pairs documents: a change has the interval of bootstrapDifference() of equal documents", async () => {
  const { folder, texts, unseen } = await readFixture("trained");
  using after = newTinyModel();
  using loaded = await loadModel(folder);
  const given = [...texts, ...unseen].map((text, i) => ({
    ...{ document: `${i}`, language: null, ids: Int32Array.from(text.slice(0, 21)), from: 1, lines: [] },
    classes: new Uint8Array(21),
  }));
  const scored = [];
  for (const model of [loaded.model, after]) {
    using scorer = new NextTokenScorer(model);
    const units = [given.slice(0, 3), given.slice(3)];
    scored.push(await scoreUtility(scorer, { set: "unseen", classes: ["x"], units }));
  }
  const [earlier, later] = scored as [typeof scored[0], typeof scored[0]];
  assertEquals([...earlier!.documents.keys()], given.map(({ document }) => document));
  const rates = [later!, earlier!].map(({ documents }) => ({
    values: [...documents.values()].map(({ sums }) => sums[1]! / sums[0]!),
    clusters: given.map(({ document }) => document),
  }));
  const expected = bootstrapDifference(rates[0]!, rates[1]!);
  const [row] = utilityRows(later!, { model: "after", before: earlier! });
  assertAlmostEquals(row!.change!, expected.estimate, 1e-12);
  assertAlmostEquals(row!.change_low!, expected.low, 1e-12);
  assertAlmostEquals(row!.change_high!, expected.high, 1e-12);
  assert(row!.change_high! < 0, "the other model knows less of what the first was trained on");
  const [own] = utilityRows(earlier!, { model: "before" });
  assertEquals([own!.change, own!.change_low, own!.change_high], [null, null, null]);
  const [same] = utilityRows(earlier!, { model: "again", before: earlier! });
  assertEquals([same!.change, same!.change_low, same!.change_high], [0, 0, 0]);
});

Deno.test("codeText() reads the wanted tokens, parses what is near them and takes lines that are whole", async () => {
  const lines = Array.from({ length: 3000 }, (_, i) => `x${i} = 'v'`);
  const document = { docId: "a.py", path: null, text: `"""doc\n\n"""\n${lines.join("\n")}\n` };
  const encoded = await (await openTinyTokenizer()).encode(document.text);
  const first = await codeText(document, encoded, { tokens: 64 });
  const whole = await codeText(document, encoded, { tokens: Infinity });
  assertEquals(first.classes, whole.classes.slice(0, 64));
  assertEquals(first.lines, whole.lines.slice(0, first.lines.length));
  assert(first.lines.at(-1)!.to < 64, "a line that is cut is left out");
  const window = encoded.ids.length - 500;
  const last = await codeText(document, encoded, { window, tokens: 512 });
  assertEquals(last.ids, encoded.ids.slice(window));
  assertEquals(last.classes, whole.classes.slice(window));
  assertEquals(last.lines.at(-1)!.to + window, whole.lines.at(-1)!.to);
});

Deno.test("codeText() takes a text of one line of a megabyte in no time", async () => {
  const document = { docId: "a.go", path: null, text: `x = [${"1, 'a', ".repeat(1 << 17)}]` };
  const ids = new Int32Array(512), starts = new Uint32Array(512).map((_, t) => t * 4);
  const began = performance.now();
  const text = await codeText(document, { ids, starts, ends: starts.map((start) => start + 4) }, {
    tokens: 512,
  });
  assertEquals([text.classes.length, text.lines], [512, []]);
  assert(performance.now() - began < 20_000);
});

Deno.test("codeText() goes by --language only where a name tells none", async () => {
  const encoded = await (await openTinyTokenizer()).encode("x = 1\n");
  const languages = [];
  for (const docId of ["17", "a.rb", "a.lua"]) {
    const document = { docId, path: null, text: "x = 1\n" };
    languages.push((await codeText(document, encoded, { tokens: 9, language: "python" })).language);
  }
  assertEquals(languages, ["python", "ruby", "python"]);
});

Deno.test("hostTexts() counts all tokens but those that touch a secret, and lines without one", async () => {
  const tokenizer = await openTinyTokenizer();
  const text = "a = 1\nkey = 'aB3xYz'\nb = 2\n# c\n";
  const documents = [{ docId: "h.py", path: null, text }];
  const start = text.indexOf("aB3");
  const rows = [{ doc_id: "h.py", window: 0, spans: `[["KEY",${start},${start + 6}]]` }];
  const examples = await forgetExamples({ tokenizer, documents }, rows);
  const [host] = await hostTexts({ tokenizer, documents }, { examples });
  const { starts, ends, ids } = await tokenizer.encode(text);
  const touches = Array.from(ids, (_, t) => starts[t]! <= start + 6 && ends[t]! >= start);
  assertEquals(Array.from(host!.classes, (own) => own === NOT_COUNTED), touches);
  const shown = host!.lines.map(({ from, to }) => text.slice(starts[from], ends[to - 1]).trim());
  assertEquals(shown, ["b = 2", "# c"]);
});

Deno.test("secretTexts() scores a secret's tokens after the text before it, in code points", async () => {
  const tokenizer = await openTinyTokenizer();
  const text = "😀 k = aB3, m = é@x";
  const documents = [{ docId: "a", path: null, text }];
  const points = [...text];
  const place = (tag: string, from: string, length: number) => {
    const start = points.indexOf(from);
    return { doc_id: "a", tag, start, end: start + length };
  };
  const places = [place("KEY", "a", 3), place("EMAIL", "é", 3)];
  const [key, email] = await secretTexts({ tokenizer, documents }, { places, kinds: ["EMAIL", "KEY"] });
  assertEquals(await tokenizer.decode(key!.ids.slice(key!.from)), "aB3");
  assertEquals(await tokenizer.decode(key!.ids.slice(0, key!.from)), "😀 k = ");
  assertEquals(await tokenizer.decode(email!.ids.slice(email!.from)), "é@x");
  assertEquals([key!.classes[key!.from], email!.classes[email!.from]], [1, 0]);
  assertEquals([key!.document, email!.document], ["a", "a"]);
});
