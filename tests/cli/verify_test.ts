import { assert, assertEquals, assertMatch } from "@std/assert";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { type Changeable, forged } from "../report/certificates.ts";
import { certified, KEY } from "./certified.ts";
import { tinyWeights, writeTexts } from "./tiny_run.ts";

Deno.env.set("CODESCRUB_KEY", KEY);

Deno.test("verify holds a certificate to its model's files, and to all that is measured again", async () => {
  using at = await certified();
  const alone = { corpus: undefined, forget: undefined } as const;
  const open = await at.run("verify", { ...alone, json: true });
  assertEquals(open.code, 1, "what measured nothing does not pass for what held");
  const { holds, measured_again, claims } = JSON.parse(open.stdout);
  assertEquals([holds, measured_again, claims], [null, false, []]);
  assertMatch(
    open.stderr,
    /^nothing was measured, so whether it holds is open: that takes --corpus and --forget$/m,
  );
  assertMatch(
    open.stderr,
    /^codescrub: Cannot say whether the certificate ".*" holds: nothing was measured: give --corp/m,
  );
  const files = { ...alone, "files-only": true } as const;
  const asked = await at.run("verify", { ...files, json: true });
  assertEquals([asked.code, JSON.parse(asked.stdout).holds], [0, null], asked.stderr);
  await at.fail("verify", { "files-only": true }, /--files-only measures nothing: leave out --corpus/, 2);
  // no key is needed for hashes, and the one of who made it to measure again
  Deno.env.set("CODESCRUB_KEY", "another key of enough bytes");
  try {
    assertEquals(
      (await at.run("verify", { corpus: undefined, forget: undefined, "files-only": true })).code,
      0,
    );
    await at.fail("verify", {}, /fingerprints are of another key: set CODESCRUB_KEY or/);
    await at.fail("certify", { force: true }, /its fingerprints are of another key: set CODESCRUB_KEY or/);
  } finally {
    Deno.env.set("CODESCRUB_KEY", KEY);
  }
  const whole = await at.run("verify", { json: true });
  assertEquals(whole.code, 0, whole.stderr);
  const measured = JSON.parse(whole.stdout);
  assertEquals([measured.holds, measured.measured_again, measured.claims.length], [true, true, 3 + 15 + 11]);
  for (const { secrets, failed, difference } of measured.claims) {
    assertEquals([secrets, failed], [4, []]);
    assert((difference ?? 0) < 1e-5, "on one machine");
  }
  assertMatch(whole.stderr, /^MA +4 +4 +0\.0\d+ +a token$/m);
});

Deno.test("verify refuses another model, whichever of its files is another", async () => {
  using at = await certified();
  const given = { corpus: undefined, forget: undefined, "files-only": true } as const;
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
    return { ...JSON.parse(stdout), stderr };
  };
  const summary = (one: Changeable, name: string, by: number) => one.summary[name].after.estimate += by / 4;
  const { claims, stderr } = await lie((one) => {
    one.secrets[2].loss.after += 0.5;
    summary(one, "loss", 0.5);
  }, /The certificate ".*forged\.json" does not hold: 1 of its 4 secrets do not score as it says$/);
  assertEquals(claims.find(({ claim }: { claim: string }) => claim === "loss").failed, [2]);
  assertMatch(stderr, /^does not hold: secrets\[2\] \(KEY\): loss$/m);
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
      at.text.replace('"version": 2', '"version": 9'),
      /it is of format 9, this version reads 2: verify it with/,
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
  const hashes = { corpus: undefined, forget: undefined, "files-only": true } as const;
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
