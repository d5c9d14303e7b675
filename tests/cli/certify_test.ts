import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { contentOf } from "../../lib/cli/run_content.ts";
import { ATTACK_COLUMNS, OUTCOME_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import type { Certificate } from "../../lib/report/certificate.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import type { Changeable } from "../report/certificates.ts";
import { callMain } from "./call_main.ts";
import { certified, KEY } from "./certified.ts";
import { type Flags, tiny } from "./tiny_cases.ts";
import { tinyWeights, writeTinyModel } from "./tiny_run.ts";

Deno.env.set("CODESCRUB_KEY", KEY);

Deno.test("certify writes what was erased and attacked, twice to the same bytes, and no piece of a secret", async () => {
  using at = await certified({ thresholds: "matched", ma: undefined, el10: undefined });
  const found: Certificate = JSON.parse(at.text);
  assertEquals(found.secrets.length, 4);
  const outcomes = await readRows(join(at.erased, "secrets.parquet"), OUTCOME_COLUMNS);
  assertEquals(found.secrets.map(({ status }) => status), outcomes.map(({ status }) => status));
  assertEquals(
    found.secrets.map((
      { ma, el_10, loss },
    ) => [ma.before, ma.after, ma.threshold, el_10.after, loss.ceiling]),
    outcomes.map((row) => [row.ma_before, row.ma, row.ma_threshold, row.el_10, row.nll_ceiling]),
  );
  for (const { ma, loss, attacks, fingerprint, document } of found.secrets) {
    assertEquals(attacks.length, 3 + 15); // of exposure and of extract
    const p = (variant: string) => attacks.find((row) => row.variant === variant)!.p_value;
    assertEquals([ma.p_value, loss.p_value], [p("ma"), p("loss")]);
    assertMatch(fingerprint + document, /^[0-9a-f]{128}$/);
  }
  assertEquals([found.method.thresholds, found.method.settings.seed, found.method.settings.lr], [
    "matched",
    42,
    3e-6,
  ]);
  assertEquals(Object.keys(found.model.after), ["config.json", "model.safetensors", "tokenizer.json"]);
  assertEquals(found.tables.thresholds, null);
  assertMatch(found.tables.retain!, /^[0-9a-f]{64}$/);
  assertEquals(found.not_tried.slice(0, 3), [
    "membership: not chosen by --attacks",
    "prefix: not chosen by --attacks",
    "quantize: not chosen by --attacks",
  ]);
  assertStringIncludes(found.does_not_prove, "does not prove");
  for (const piece of [...at.pieces, at.folder, "secret-0", "corpus.jsonl"]) {
    assert(!at.text.includes(piece), "no value, path or document's name");
  }
  const refused = await at.run("certify");
  assertMatch(refused.stderr, /certificate\.json": it is there already: give --force/);
  const request = at.path("request.txt");
  await Deno.writeTextFile(request, "hunter2\n");
  assertEquals((await at.run("certify", { force: true, request })).code, 0);
  const again: Certificate = JSON.parse(Deno.readTextFileSync(at.certificate));
  assertEquals(again.tables.request, fingerprintSecret("hunter2\n", new TextEncoder().encode(KEY)));
  const bare = createHash("sha256").update("hunter2\n").digest("hex");
  const records = Array.from(Deno.readDirSync(join(at.erased, ".codescrub")), ({ name }) => name);
  for (const name of records) {
    const record = Deno.readTextFileSync(join(at.erased, ".codescrub", name));
    assert(!record.includes(bare) && !record.includes(await contentOf(request)), "values could be guessed");
  }
  await at.fail("certify", { force: true, request, out: request }, /the command reads it: name another/);
  await at.run("certify", { force: true });
  assertEquals(Deno.readTextFileSync(at.certificate), at.text);
});

Deno.test("certify refuses tables of other runs, or that have changed since", async () => {
  using at = await certified();
  await at.run("certify", { out: at.path("kept.json") });
  const out = at.path("again.json");
  const fail = (changes: Flags, message: RegExp) => at.fail("certify", { out, ...changes }, message);
  await fail(
    { model: at.model },
    /Cannot certify ".*model": it holds no finished run of unlearn: run unlearn/,
  );
  await fail({ attacks: at.erased }, /Cannot certify ".*": it holds no finished run of attack: run attack/);
  await fail({ attacks: at.path("none") }, /it holds no finished run of attack/);
  await writeTinyModel(at.path("other"), { weights: encodeSafetensors(tinyWeights().reverse()) });
  await fail(
    { before: at.path("other") },
    /its unlearn read another model than ".*other": give the one that it read/,
  );
  await fail({ forget: at.secrets }, /its unlearn read another forget than ".*": give the one that it read/);
  const ofOther = at.path("of-other");
  const attacked = await at.run("attack", { attacks: "exposure", out: ofOther });
  assertEquals(attacked.code, 0, attacked.stderr);
  await fail({ attacks: ofOther }, /its attack read another model than ".*erased": give the one/);
  const table = join(at.erased, "secrets.parquet");
  const bytes = Deno.readFileSync(table);
  const rows = await readRows(table, OUTCOME_COLUMNS);
  await writeRows(table, rows.slice(1), OUTCOME_COLUMNS);
  await fail({}, /Cannot certify ".*erased": "secrets\.parquet" has changed since unlearn wrote it/);
  Deno.writeFileSync(table, bytes);
  assertEquals((await at.run("certify", { out })).code, 0);
});

Deno.test("certify tells nothing that records and tables were made to hold", async () => {
  using at = await certified();
  const planted = ["hunter2", "swordfish", "letmein77"].join("-") + "-aB3xK9qLm2Zw7RtY";
  const attacks = at.path("attacks");
  const record = async (folder: string, change: (record: Changeable) => void) => {
    const path = join(folder, "run.json");
    const changed = JSON.parse(await Deno.readTextFile(path));
    change(changed);
    await Deno.writeTextFile(path, JSON.stringify(changed));
  };
  await record(at.erased, ({ settings }) => {
    Object.assign(settings, { method: planted, stop: planted, corpus: planted, other: { a: planted } });
  });
  await Deno.writeTextFile(join(at.erased, `${planted}.bin`), "");
  const table = join(attacks, "attacks.parquet");
  const rows = await readRows(table, ATTACK_COLUMNS);
  const named = rows.map((row) =>
    row.variant === "loss" ? { ...row, attack: planted, variant: planted } : row
  );
  await writeRows(table, named, ATTACK_COLUMNS);
  const report = JSON.parse(await Deno.readTextFile(join(attacks, "attacks.json")));
  await Deno.writeTextFile(
    join(attacks, "attacks.json"),
    JSON.stringify({
      ...report,
      left_out: [planted],
      membership: [{ model: "after", score: planted, estimate: 1, low: 1, high: 1, reading: planted }],
    }),
  );
  const model = await contentOf(at.erased, { isFlat: true });
  const outputs = {
    "attacks.parquet": await contentOf(table),
    "attacks.json": await contentOf(join(attacks, "attacks.json")),
  };
  await record(attacks, (run) => Object.assign(run, { outputs, inputs: { ...run.inputs, model } }));
  const { code, stderr, stdout } = await at.run("certify", { force: true });
  assertEquals(code, 0, stderr);
  const text = Deno.readTextFileSync(at.certificate);
  assert(!(text + stdout + stderr).includes("swordfish"));
  const found: Certificate = JSON.parse(text);
  assertEquals([found.method.name, found.method.settings.stop], ["unknown", undefined]);
  assertStringIncludes(text, `"variant": "TEXT, ${planted.length} characters, hu..."`);
  assertEquals(Object.keys(found.model.after).filter((name) => name.startsWith("file ")), ["file 1"]);
});

Deno.test("certify needs secrets that were judged one by one", async () => {
  using at = await tiny();
  const erased = at.path("erased");
  await at.run("unlearn", { epochs: 1, stop: "group", out: erased });
  await at.run("attack", { model: erased, attacks: "exposure", out: at.path("attacks") });
  await at.fail(
    "certify",
    {},
    /Cannot certify ".*": it has no secrets\.parquet: run unlearn with --stop secret/,
  );
  const { code } = await callMain(["certify", "--model", erased]);
  assertEquals(code, 2);
});
