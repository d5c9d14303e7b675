import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { EVALUATION_COLUMNS, SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { RELIABILITY_COLUMNS, UTILITY_COLUMNS } from "../../lib/datasets/utility_columns.ts";
import { CODE_CLASSES } from "../../lib/evaluation/code_classes.ts";
import { tiny } from "./tiny_cases.ts";
import { writeTexts, writeTinyModel } from "./tiny_run.ts";

const at = await tiny();
Deno.test.afterAll(() => at[Symbol.dispose]());

const FOUND = at.path("found.parquet"), UNSEEN = at.path("unseen.jsonl"), OTHER = at.path("other");
const PLACES = await readRows(at.secrets, SECRET_COLUMNS);
const COLUMNS = { ...SECRET_COLUMNS, fingerprint: "text" } as const;
const VALUES = PLACES.map((place, i) => ({ ...place, fingerprint: `value ${i}` }));
await writeRows(FOUND, VALUES, COLUMNS);
await writeTinyModel(OTHER);
await writeTexts(UNSEEN, {
  "a.py": "def f(x):\n    return x + 'é😀'  # c\n\n\nf(1)\n",
  "b.rb": "class A\r\n  def f = @x\r\nend\r\n",
  "c.txt": "Lorem ipsum dolor.\nSit amet.\n",
  "d.py": "\ufeffdef f(:\n  ]] } '''unclosed\n",
  "e.py": "x",
  "f.js": `x = [${"1, 'a', ".repeat(1 << 14)}]`,
});

const flags = { before: at.model, model: OTHER, unseen: UNSEEN, utility: true, secrets: FOUND } as const;
const tables = async (out: string) => ({
  rows: await readRows(`${out}.utility.csv`, UTILITY_COLUMNS),
  bins: await readRows(`${out}.reliability.csv`, RELIABILITY_COLUMNS),
});

Deno.test("evaluate --utility writes measures by set, language and class, and a reliability table", async () => {
  const result = await at.run("evaluate", { ...flags, out: at.path("e.csv") });
  assertEquals(result.code, 0, result.stderr);
  const { rows, bins } = await tables(at.path("e"));
  assertEquals(new Set(rows.map(({ set }) => set)), new Set(["unseen", "retain", "hosts", "other_secrets"]));
  assertEquals(new Set(rows.map(({ model }) => model)), new Set(["before", "other"]));
  const own = (set: string) => rows.filter((row) => row.set === set && row.model === "other");
  const unseen = own("unseen");
  const languages = ["all", "javascript", "other", "python", "ruby"];
  assertEquals([...new Set(unseen.map(({ language }) => language))], languages);
  for (const language of languages) {
    const counts = unseen.filter((row) => row.language === language && row.measure === "nll");
    const [all, ...classes] = counts;
    assertEquals(all!.class, "all");
    assertEquals(classes.reduce((sum, { count }) => sum + count, 0), all!.count, language);
    assert(classes.every((row) => CODE_CLASSES.some((name) => name === row.class)));
  }
  assertEquals([...new Set(own("other_secrets").map((row) => row.class))], ["all", "KEY"]);
  assertEquals(own("other_secrets")[0]!.documents, 12, "four of sixteen values are in the forget set");
  assertEquals(own("hosts")[0]!.documents, 4);
  for (const row of rows) {
    assert(row.value === null || (row.low! <= row.value && row.value <= row.high!), JSON.stringify(row));
    if (row.model === "before") {
      assertEquals([row.change, row.change_low, row.change_high], [null, null, null]);
    } else assertEquals([row.change, row.change_low, row.change_high], [0, 0, 0], "equal models");
  }
  const evaluated = await readRows(at.path("e.csv"), EVALUATION_COLUMNS);
  const { nll, ma } = evaluated.find(({ set, model }) => set === "retain" && model === "other")!;
  const [accuracy, loss] = own("retain");
  assertAlmostEquals(loss!.value!, nll!, 1e-6); // of texts of equal length the mean over tokens is that over texts
  assertAlmostEquals(accuracy!.value!, ma!, 1e-6);
  for (const set of ["unseen", "other_secrets"]) {
    const tokens = bins.filter((bin) => bin.set === set && bin.model === "other");
    assertEquals(tokens.length, 15);
    const all = own(set).find((row) => row.class === "all" && row.measure === "nll")!;
    assertEquals(tokens.reduce((sum, bin) => sum + bin.tokens, 0), all.count);
  }
  assertStringIncludes(result.stdout, "1 unseen text is in a language that no grammar is known of");
  assert(/^unseen +identifier +other +\d+ +0\.\d{3} \[0\.\d{3}, 0\.\d{3}\] +0\.000 \[/m.test(result.stdout));
  assert(/^retain +other +\d+ +0\.\d{3} \[/m.test(result.stdout));
});

Deno.test("evaluate gives the same scores with --utility and without it, and no more tables then", async () => {
  const plain = await at.run("evaluate", {
    ...{ ...flags, utility: undefined, secrets: undefined },
    out: at.path("plain.csv"),
  });
  assertEquals(plain.code, 0, plain.stderr);
  const read = (name: string) => readRows(at.path(name), EVALUATION_COLUMNS);
  assertEquals(await read("plain.csv"), await read("e.csv"));
  const names = [...Deno.readDirSync(at.folder)].map(({ name }) => name).filter((name) =>
    /^plain/.test(name)
  );
  assertEquals(names.toSorted(), ["plain.csv", "plain.secrets.csv"]);
});

Deno.test("evaluate --utility --language reads texts whose names tell no language by that grammar", async () => {
  const result = await at.run("evaluate", {
    ...{ ...flags, secrets: undefined, before: undefined, language: "ruby" },
    out: at.path("l.csv"),
  });
  assertEquals(result.code, 0, result.stderr);
  const { rows } = await tables(at.path("l"));
  const unseen = rows.filter(({ set }) => set === "unseen");
  assertEquals([...new Set(unseen.map(({ language }) => language))], ["all", "javascript", "python", "ruby"]);
  assert(rows.every(({ set }) => set !== "other_secrets"));
  assert(!result.stdout.includes("no grammar"));
});

Deno.test("evaluate --utility tells what it cannot use", async () => {
  await at.fail("evaluate", { secrets: FOUND }, 'Cannot use "--secrets" without "--utility"', 2);
  await at.fail("evaluate", { ...flags, language: "lua" }, /lua/, 2);
  await at.fail("evaluate", { ...flags, secrets: at.secrets }, /"fingerprint"/);
  const lacking = at.path("few.parquet");
  await writeRows(lacking, VALUES.slice(1), COLUMNS);
  await at.fail("evaluate", { ...flags, secrets: lacking }, "1 of its 4 are not in the table of secrets");
  await at.fail("evaluate", { ...flags, out: at.path("e.csv") }, "it is there already: give --force");
});
