import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { contentOf } from "../../lib/cli/run_content.ts";
import { ATTACK_COLUMNS, OUTCOME_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import type { Certificate } from "../../lib/report/certificate.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { type Changeable, forged } from "../report/certificates.ts";
import { callMain } from "./call_main.ts";
import { certifiedCommands, type Flags, tiny } from "./tiny_cases.ts";
import { tinyWeights, writeTexts, writeTinyModel } from "./tiny_run.ts";

const KEY = "a key for tests of certificates";
Deno.env.set("CODESCRUB_KEY", KEY);

/** A tiny run with its unlearned model, attacked; `path("erased/certificate.json")` is its certificate. */
async function certified(changes: Flags = {}) {
  const at = await tiny();
  for (const args of certifiedCommands(at, changes)) {
    const { code, stderr } = await callMain(args);
    assertEquals(code, 0, stderr);
  }
  const path = at.path("erased/certificate.json");
  return { ...at, erased: at.path("erased"), certificate: path, text: Deno.readTextFileSync(path) };
}

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
    assertEquals(attacks.length, 3 + 10);
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
  const { code } = await at.run("certify", { force: true, request: at.forget });
  assertEquals(code, 0);
  const again: Certificate = JSON.parse(Deno.readTextFileSync(at.certificate));
  assertEquals(again.tables.request, found.tables.forget);
  await at.run("certify", { force: true });
  assertEquals(Deno.readTextFileSync(at.certificate), at.text);
});

Deno.test("verify holds a certificate to its model's files, and to all that is measured again", async () => {
  using at = await certified();
  const hashes = await at.run("verify", { corpus: undefined, forget: undefined, json: true });
  assertEquals(hashes.code, 0, hashes.stderr);
  const { holds, measured_again, claims } = JSON.parse(hashes.stdout);
  assertEquals([holds, measured_again, claims], [true, false, []]);
  assertStringIncludes(hashes.stderr, "scores: not measured again: that takes --corpus and --forget");
  // no key is needed for hashes, and the one of who made it to measure again
  Deno.env.set("CODESCRUB_KEY", "another key of enough bytes");
  try {
    assertEquals((await at.run("verify", { corpus: undefined, forget: undefined })).code, 0);
    await at.fail("verify", {}, /fingerprints are of another key: set CODESCRUB_KEY or/);
    await at.fail("certify", { force: true }, /its fingerprints are of another key: set CODESCRUB_KEY or/);
  } finally {
    Deno.env.set("CODESCRUB_KEY", KEY);
  }
  const whole = await at.run("verify", { json: true });
  assertEquals(whole.code, 0, whole.stderr);
  const measured = JSON.parse(whole.stdout);
  assertEquals([measured.holds, measured.measured_again, measured.claims.length], [true, true, 3 + 10]);
  for (const { secrets, failed, difference } of measured.claims) {
    assertEquals([secrets, failed], [4, []]);
    assert((difference ?? 0) < 1e-5, "on one machine");
  }
  assertMatch(whole.stderr, /^MA +4 +4 +0\.0\d+ +a token$/m);
});

Deno.test("verify refuses another model, whichever of its files is another", async () => {
  using at = await certified();
  const given = { corpus: undefined, forget: undefined };
  await at.fail(
    "verify",
    { ...given, model: at.model },
    /Cannot verify ".*" by ".*model": it is another model than the certificate's \(config\.json differs/,
  );
  const copy = at.path("copy");
  const names = ["config.json", "model.safetensors", "tokenizer.json"];
  const changed: [string, () => void, RegExp][] = [
    ["weights", () => {
      const weights = tinyWeights();
      weights[0]!.values[0] = 1;
      Deno.writeFileSync(join(copy, "model.safetensors"), encodeSafetensors(weights));
    }, /\(model\.safetensors differs\)/],
    ["a file more", () => Deno.writeTextFileSync(join(copy, "merges.txt"), ""), /\(merges\.txt differs\)/],
    ["a file less", () => Deno.removeSync(join(copy, "config.json")), /\(a file that is missing differs\)/],
  ];
  for (const [, change, message] of changed) {
    await Deno.mkdir(copy, { recursive: true });
    for (const name of names) await Deno.copyFile(join(at.erased, name), join(copy, name));
    assertEquals((await at.run("verify", { ...given, model: copy })).code, 0, "a copy is the model");
    change();
    await at.fail("verify", { ...given, model: copy }, message);
    await Deno.remove(copy, { recursive: true });
  }
});

Deno.test("verify fails where a certificate that fits its digest lies, and says how many secrets it lies of", async () => {
  using at = await certified();
  const lie = async (change: (certificate: Changeable) => void, message: RegExp) => {
    const certificate = at.path("forged.json");
    await Deno.writeTextFile(certificate, forged(at.text, change));
    const { code, stdout, stderr } = await at.run("verify", { certificate, json: true });
    assertEquals([code, JSON.parse(stdout).holds], [1, false]);
    assertMatch(stderr.trimEnd().split("\n").at(-1)!, message);
    return JSON.parse(stdout);
  };
  const summary = (one: Changeable, name: string, by: number) => one.summary[name].after.estimate += by / 4;
  const { claims } = await lie((one) => {
    one.secrets[2].loss.after += 0.5;
    summary(one, "loss", 0.5);
  }, /The certificate ".*forged\.json" does not hold: 1 of its 4 secrets do not score as it says$/);
  assertEquals(claims.find(({ claim }: { claim: string }) => claim === "loss").failed, [2]);
  await lie((one) => one.secrets[0].attacks.at(-1).extracted = true, /1 of its 4 secrets do not score/);
  await lie(
    (one) => one.secrets[1].fingerprint = "0".repeat(64),
    /does not hold: 1 of its 4 secrets are not in the forget set; it leaves out 1 secrets of the forget set$/,
  );
  await lie((one) => {
    for (const name of ["ma", "el_10", "loss"]) {
      for (const when of ["before", "after"]) {
        const values = one.secrets.slice(0, 3).map((secret: Changeable) => secret[name][when]);
        one.summary[name][when].estimate = (values[0] + values[1] + values[2]) / 3;
      }
    }
    const gone = one.secrets.pop().status;
    one.summary[gone.replace(" ", "_").replace("-", "_")]--;
    one.summary.secrets--;
    one.summary.values--;
  }, /does not hold: it leaves out 1 secrets of the forget set$/);
});

Deno.test("verify refuses what is no sound certificate, another forget set, and half of what it needs", async () => {
  using at = await certified();
  const certificate = at.path("bad.json");
  const texts: [string, RegExp][] = [
    [at.text.slice(0, 500), /Cannot read certificate ".*bad\.json": .*: get it again from who made it$/],
    [at.text.replace('"seed": 42', '"seed": 43'), /so it was edited: get it again from who made it$/],
    [
      at.text.replace('"version": 1', '"version": 9'),
      /it is of format 9, this version reads 1: verify it with/,
    ],
    ["[1, 2]", /it is no certificate of erasure$/],
    [forged(at.text, (one) => one.secrets[0].ma.after = "0"), /secrets\[0\]\.ma\.after is no number$/],
  ];
  for (const [text, message] of texts) {
    await Deno.writeTextFile(certificate, text);
    await at.fail("verify", { certificate }, message);
  }
  await at.fail(
    "verify",
    { certificate: at.path("none.json") },
    /Cannot read certificate ".*": no such file/,
  );
  await at.fail("verify", { forget: undefined }, "To measure again takes both --corpus and --forget", 2);
  await at.fail("verify", { corpus: undefined }, "To measure again takes both --corpus and --forget", 2);
  const others = at.path("others.jsonl");
  await writeTexts(others, { a: "x" });
  await at.fail("verify", { forget: others }, /by ".*others\.jsonl": it is another forget set than the cert/);
  await at.fail("verify", { corpus: others }, /Cannot find document "secret-0" in the corpus/);
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
  await Deno.writeTextFile(join(attacks, "attacks.json"), JSON.stringify({ ...report, left_out: [planted] }));
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

Deno.test("verify --public-key takes a signature that certify --sign-key made, and no other", async () => {
  using at = await certified();
  const keyFiles = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const [key, pub] = [at.path(`${name}.pem`), at.path(`${name}.pub.pem`)];
    Deno.writeTextFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }) as string, {
      mode: 0o600,
    });
    Deno.writeTextFileSync(pub, publicKey.export({ type: "spki", format: "pem" }) as string);
    return { key, pub };
  };
  const [own, other] = [keyFiles("own"), keyFiles("other")];
  const hashes = { corpus: undefined, forget: undefined };
  await at.fail(
    "verify",
    { ...hashes, "public-key": own.pub },
    /Cannot read signature ".*\.sig": no such file/,
  );
  const certificate = at.path("signed.json");
  const given = { out: certificate, "sign-key": own.key };
  Deno.chmodSync(own.key, 0o644);
  await at.fail(
    "certify",
    given,
    /Cannot sign with ".*own\.pem": others may read it \(mode 644\): chmod 600/,
  );
  Deno.chmodSync(own.key, 0o600);
  await at.fail("certify", { ...given, "sign-key": own.pub }, /others may read it/);
  Deno.chmodSync(own.pub, 0o600);
  await at.fail(
    "certify",
    { ...given, "sign-key": own.pub },
    /it is no private Ed25519 key: make one with openssl/,
  );
  assertEquals((await at.run("certify", given)).code, 0);
  assertEquals(Deno.statSync(`${certificate}.sig`).size, 64);
  const verify = { ...hashes, certificate, "public-key": own.pub };
  const { code, stdout } = await at.run("verify", { ...verify, json: true });
  assertEquals([code, JSON.parse(stdout).signed], [0, true]);
  await at.fail(
    "verify",
    { ...verify, "public-key": other.pub },
    /its signature is not of it and ".*other\.pub\.pem"/,
  );
  await at.fail("verify", { ...verify, "public-key": own.key }, /it is no public Ed25519 key: make one with/);
  // the same certificate in other bytes, with a digest that fits
  await Deno.writeTextFile(certificate, forged(at.text, (one) => one.method.settings.lr = 1));
  assertEquals((await at.run("verify", { ...hashes, certificate })).code, 0, "a digest is no signature");
  await at.fail("verify", verify, /its signature is not of it and/);
  const rsa = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
  await Deno.writeTextFile(other.pub, rsa.export({ type: "spki", format: "pem" }) as string);
  await at.fail("verify", { ...verify, "public-key": other.pub }, /it is no public Ed25519 key/);
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
