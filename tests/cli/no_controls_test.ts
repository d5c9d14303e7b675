import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { borrowedThresholds } from "../../lib/cli/borrowed_thresholds.ts";
import { readKnown } from "../../lib/cli/known_secrets.ts";
import { MatchedThresholds } from "../../lib/cli/unlearn_thresholds.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { CONTROL_COLUMNS, FORGET_COLUMNS, PROBE_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { temporaryFolder } from "./run_cli.ts";
import { writeScrub } from "./scrub_case.ts";
import { tiny } from "./tiny_cases.ts";
import { writeTexts } from "./tiny_run.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A value of which there is no other: none of its characters stands for another. */
const ALONE = "-=-=-=-=-=-=-=-=";

Deno.test("scrub of nothing but values without controls says so, and names --unseen; select names --above", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  await writeTexts(at.path("corpus.jsonl"), { a: `# a\npin = "${ALONE}"\n`, b: "x = 1\n".repeat(40) });
  await at.request(`${ALONE}\n`);
  const { code, stderr } = await at.run();
  assertEquals(code, 1, stderr);
  assertMatch(
    stderr,
    /none of its secrets has controls, as no other value of their formats can be drawn: give thresholds of unseen texts, --unseen TEXTS of scrub, --above FILE of select/,
  );
  const rows = await readRows(at.path("run/probe.parquet"), { ...PROBE_COLUMNS, ...CONTROL_COLUMNS });
  assertEquals(rows.map(({ controls, ma_threshold }) => [controls, ma_threshold]), [[0, null]]);
  // thresholds of unseen texts are what the message asks for
  await writeTexts(at.path("unseen.jsonl"), { a: "7x".repeat(80), b: "7z".repeat(80) });
  const given = await at.run({ unseen: at.path("unseen.jsonl"), out: at.path("given") });
  assertEquals(JSON.parse(given.stdout).known, 0, given.stderr);
});

Deno.test("unlearn by thresholds of controls says where none of the secrets has any", async () => {
  using at = await tiny();
  await writeTexts(at.path("alone.jsonl"), { a: `pin = "${ALONE}"` });
  const forget = at.path("alone.parquet");
  const scores = { window: 0, ma: 0.95, mask_tokens: 42 };
  const spans = JSON.stringify([["KEY", 7, 7 + ALONE.length]]);
  await writeRows(forget, [{ doc_id: "a", spans, ...scores }], FORGET_COLUMNS);
  const inputs = { corpus: at.path("alone.jsonl"), forget, retain: undefined, method: "ga" };
  const given = { ...inputs, thresholds: "matched", out: at.path("out") };
  await at.fail(
    "unlearn",
    given,
    "Cannot give secrets thresholds of their own: no other value of their formats can be drawn: give thresholds of " +
      "unseen texts, --thresholds FILE",
  );
});

Deno.test("a secret without controls is held to the others' mean, by probe's table and by unlearn alike", async () => {
  using loaded = await loadModel("embedded");
  const under = { model: loaded.model, tokenizer: await openTokenizer("data/model") };
  const values = [["EMAIL", "ada@mail.invalid"], ["KEY", ALONE], ["KEY", "hunter2hunter2"]] as const;
  const text = values.map(([, value]) => `v = "${value}"\n`).join("");
  const secrets = values.map(([tag, value]) => {
    const start = text.indexOf(value);
    return { doc_id: "a", tag, start, end: start + value.length };
  });
  const given = { documents: [{ docId: "a", path: null, text }], secrets };
  using matched = await MatchedThresholds.create(under, given, { seed: 42, controls: 10 });
  const bounds = await matched.score();
  const [mail, alone, word] = bounds as [typeof bounds[0], typeof bounds[0], typeof bounds[0]];
  assertEquals(bounds.map(({ controls }) => controls), [10, 0, 10]);
  for (const name of ["ma", "el_10", "ma_floor", "nll_ceiling"] as const) {
    assertEquals(alone[name], (mail[name]! + word[name]!) / 2, name);
  }

  using folder = temporaryFolder();
  const path = `${folder.path}/probe.jsonl`;
  const tables = { doc_id: "text", tag: "text", start: "int", end: "int", window: "int" } as const;
  const numbers = { secret_tokens: "int", mask_tokens: "int", ma: "float", controls: "int" } as const;
  const own = { window: 0, secret_tokens: 9, mask_tokens: 9 };
  const isKnown = async (ma: number) => {
    const rows = secrets.map((secret, i) => ({
      ...{ ...secret, ...own, ma, controls: i === 1 ? 0 : 10 },
      ma_threshold: i === 1 ? null : bounds[i]!.ma,
    }));
    await writeRows(path, rows, { ...tables, ...numbers, ma_threshold: "float?" });
    return (await readKnown(path, "matched"))(rows[1]!);
  };
  assertEquals([await isKnown(alone.ma), await isKnown(alone.ma + 1e-6)], [false, true]);
});

Deno.test("readKnown() tells controls that there are not from such as were not asked for", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/probe.jsonl`;
  const columns = { doc_id: "text", tag: "text", start: "int", end: "int", window: "int" } as const;
  const numbers = { secret_tokens: "int", mask_tokens: "int", ma: "float" } as const;
  const row = {
    doc_id: "a",
    tag: "KEY",
    start: 0,
    end: 9,
    window: 0,
    secret_tokens: 9,
    mask_tokens: 9,
    ma: 0.5,
  };
  await writeRows(path, [row], { ...columns, ...numbers });
  await assertRejects(
    () => readKnown(path, "matched"),
    RangeError,
    "it has no controls: run probe with --controls",
  );
  await writeRows(path, [{ ...row, controls: 0 }], { ...columns, ...numbers, controls: "int" });
  await assertRejects(
    () => readKnown(path, "matched"),
    RangeError,
    "none of its secrets has controls, as no other",
  );
});

Deno.test("borrowedThresholds() leaves out what is not defined", () => {
  assertEquals(borrowedThresholds([{ ma: 0.5 }, { ma: NaN }, { ma: null }], ["ma"]), { ma: 0.5 });
  assertEquals(borrowedThresholds([], ["ma"]), { ma: null });
});
