import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import {
  CERTIFICATE_SHAPE,
  type CertifiedSecret,
  MAX_CERTIFICATE_BYTES,
  writeCertificate,
} from "../../lib/report/certificate.ts";
import { notReached } from "../../lib/report/certificate_words.ts";
import { CLAIM_TOLERANCES } from "../../lib/report/check_claims.ts";
import { readCertificate } from "../../lib/report/read_certificate.ts";
import type { Shape } from "../../lib/report/shape.ts";
import { untreatedReason } from "../../lib/report/untreated_place.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { certificateContent, certifiedSecret, type Changeable, forged } from "./certificates.ts";

/** A certificate of three secrets, and a check that a changed one is refused. */
async function written() {
  const folder = temporaryFolder();
  const path = join(folder.path, "certificate.json");
  const secrets = [certifiedSecret(1), certifiedSecret(2, { ma: 0.5 }), certifiedSecret(3, { loss: 7 })];
  const certificate = await writeCertificate(path, certificateContent(secrets));
  const text = Deno.readTextFileSync(path);
  const refuse = async (changed: string | Uint8Array, message: string, error: typeof Error = SyntaxError) => {
    const other = join(folder.path, "other.json");
    Deno.writeFileSync(other, typeof changed === "string" ? new TextEncoder().encode(changed) : changed);
    await assertRejects(() => readCertificate(other), error, message);
  };
  return { path, text, certificate, refuse, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("readCertificate() gives back what writeCertificate() wrote, in any layout and order of keys", async () => {
  using at = await written();
  assertEquals(await readCertificate(at.path), at.certificate);
  assertEquals(at.certificate.secrets.map(({ status }) => status), [
    "erased",
    "still above",
    "below never-seen",
  ]);
  const turned = Object.fromEntries(Object.entries(JSON.parse(at.text)).reverse());
  Deno.writeTextFileSync(at.path, "\ufeff" + JSON.stringify(turned, null, 7));
  assertEquals((await readCertificate(at.path)).digest, at.certificate.digest);
  assertEquals(at.text.split("\n").filter((line) => line.includes('"variant"')).length, 6, "a line each");
});

Deno.test("readCertificate() refuses what is edited, cut off, of another kind or of a newer format", async () => {
  using at = await written();
  const edited = "its content is not what its digest says, so it was edited: get it again from who made it";
  await at.refuse(at.text.replace('"after": 0.5', '"after": 0.2'), edited);
  await at.refuse(at.text.replace(/"digest": ".{64}"/, `"digest": "${"0".repeat(64)}"`), edited);
  await at.refuse(at.text.replace('"status": "still above"', '"status": "erased"'), edited);
  await at.refuse(at.text.replace('"version": 2', '"version": 2, "version": 2'), edited);
  for (const end of [0, 1, 300, at.text.length - 3]) {
    await at.refuse(at.text.slice(0, end), "get it again from who made it");
  }
  await at.refuse("{}", "it is no certificate of erasure");
  await at.refuse("[]", "it is no certificate of erasure");
  await at.refuse('{ "format": "codescrub-certificate" }', "version is missing");
  const newer = "it is of format 3, this version reads 2: verify it with a newer CodeScrub";
  await at.refuse(at.text.replace('"version": 2', '"version": 3, "signature": {}'), newer);
  await at.refuse(forged(at.text, (one) => one.version = 0), "it contradicts itself: there is no format 0");
  await at.refuse(new Uint8Array([0xff, 0xfe]), "it is not UTF-8");
});

Deno.test("readCertificate() refuses numbers that are none, wrong types, unknown fields and hidden characters", async () => {
  using at = await written();
  await at.refuse(at.text.replace('"after": 0.5', '"after": NaN'), "Cannot read certificate");
  await at.refuse(at.text.replace('"after": 0.5', '"after": 1e999'), "secrets[1].ma.after is no number");
  const cases: [(one: Changeable) => void, string][] = [
    [(one) => one.secrets[1].ma.after = "0.5", "secrets[1].ma.after is no number"],
    [(one) => one.secrets[0].attacks[1].extracted = 1, "secrets[0].attacks[1].extracted is no truth value"],
    [(one) => one.secrets[0].start = 1.5, "secrets[0].start is no whole number"],
    [(one) => one.secrets[0].start = -1, "secrets[0].start is no whole number"],
    [(one) => one.secrets = {}, "secrets is no list"],
    [(one) => one.secrets[2] = null, "secrets[2] is no object"],
    [(one) => one.summary = [], "summary is no object"],
    [(one) => delete one.summary.ma, "summary.ma is missing"],
    [(one) => one.extra = 1, "it has fields that are unknown"],
    [(one) => one.secrets[0].value = "x", "secrets[0] has fields that are unknown"],
    [(one) => one.model.after["x"] = 1, "model.after[...] is no text"],
    [(one) => one.method.settings.lr = [1], "method.settings[...] is no text, number or truth value"],
    [(one) => one.not_tried = ["\x1b[2J"], "not_tried[0] is no text"],
    [(one) => one.statement = "a\u202eb", "statement is no text"],
    [(one) => one.secrets[0].tag = null, "secrets[0].tag is no text"],
  ];
  for (const [change, message] of cases) await at.refuse(forged(at.text, change), message);
});

Deno.test("readCertificate() refuses a certificate whose words and numbers do not agree", async () => {
  using at = await written();
  const cases: [(one: Changeable) => void, string][] = [
    [(one) => one.secrets[1].status = "erased", "the scores of secrets[1] are not those of its status"],
    [(one) => one.secrets[1].ma.after = 0.2, "the scores of secrets[1] are not those of its status"],
    [(one) => one.secrets.pop(), "summary.secrets is not that of its secrets"],
    [(one) => one.summary.erased = 3, "summary.erased is not that of its secrets"],
    [(one) => one.secrets[1].fingerprint = one.secrets[0].fingerprint, "summary.values is not that"],
    [(one) => one.summary.ma.after.estimate = 0, "summary.ma.after is not the mean of its secrets"],
    [(one) => one.summary.loss.before = null, "summary.loss.before is not the mean of its secrets"],
    [
      (one) => one.secrets[2].attacks[0] = { ...one.secrets[2].attacks[0], ...RANKED, p_value: 0.01 },
      "the p-values of secrets[2] are not those of its attacks",
    ],
    [(one) => one.request.unmatched = 4, "request.unmatched is more than its entries"],
    [
      (one) => one.request.untreated = [{ ...untreatedPlace(0.4), reason: "left by --k" }],
      "the scores of request.untreated[0] are not those of its reason",
    ],
  ];
  for (const [change, message] of cases) {
    await at.refuse(forged(at.text, change), `it contradicts itself: ${message}`);
  }
});

const RANKED = { attack: "exposure", variant: "loss", extracted: null };

/** A requested place that was not treated, its threshold 0.5. */
function untreatedPlace(before: number | null, after: number | null = before, fingerprint = "a") {
  const place = { fingerprint, document: "b", tag: "KEY", start: 0, end: 9 };
  const [ma, el_10] = [{ before, after, threshold: 0.5 }, { before: null, after: 0, threshold: null }];
  return { ...place, reason: untreatedReason({ ma, el_10 }), ma, el_10 };
}

Deno.test("readCertificate() reads format 1, which does not tell what was requested", async () => {
  using at = await written();
  const old = forged(at.text, (one) => {
    one.version = 1;
    delete one.request;
    delete one.attack;
  });
  Deno.writeTextFileSync(at.path, old);
  const { version, request, attack, secrets } = await readCertificate(at.path);
  assertEquals([version, request.untreated, attack.seed], [1, null, null]);
  assertEquals(secrets, at.certificate.secrets);
  await at.refuse(old.replace('"version":1', '"version":2'), "request is missing");
  await at.refuse(old.replace('"after":0.5', '"after":0.2'), "so it was edited");
});

Deno.test("notReached() says what was asked and not treated, and what of it is above its threshold", () => {
  const untreated = [
    untreatedPlace(0.4, 0.6),
    untreatedPlace(0.4, 0.3, "c"),
    untreatedPlace(0.9, 0.9, "d"),
    untreatedPlace(null),
  ];
  assertEquals(
    notReached([certifiedSecret(1)], { membership: [], request: { entries: 9, unmatched: 2, untreated } }),
    [
      "2 of 9 entries of the request match nothing in the corpus: nothing was done about them",
      "1 requested place of 1 value was known to the model, and left out of the forget set by --k",
      "2 requested places of 2 values were not known to the model before, and not treated",
      "1 requested place of 1 value has no tokens that could be measured",
      "2 requested places of 2 values are above threshold under this model (of 4 outside the forget set; 5 % of what " +
      "was never seen are too)",
    ],
  );
});

Deno.test("readCertificate() refuses files that are huge, nested without end, or no files", async () => {
  using at = await written();
  using file = Deno.openSync(at.path, { write: true });
  file.truncateSync(MAX_CERTIFICATE_BYTES + 1);
  await assertRejects(
    () => readCertificate(at.path),
    RangeError,
    `at most ${MAX_CERTIFICATE_BYTES} are read`,
  );
  await assertRejects(() => readCertificate("/dev/zero"), TypeError, "it is a device");
  await assertRejects(() => readCertificate(`${at.path}.none`), Error, "no such file");
  const depth = 200_000;
  await at.refuse("[".repeat(depth) + "]".repeat(depth), "it is no certificate of erasure");
  const deep = '{"a":'.repeat(depth) + "1" + "}".repeat(depth);
  await at.refuse(at.text.replace('"key": "', `"key": ${deep}, "k": "`), "it has fields that are unknown");
  await at.refuse(at.text.replace(/"key": "\w+"/, `"key": ${deep}`), "key is no text");
});

Deno.test("notReached() says whatever tells secrets from what was never seen", () => {
  const attack = { attack: "exposure", variant: "rank", score: 9, extracted: null, threshold: null };
  const none = { controls: 99, controls_score: 1, controls_extracted: null };
  const exposed = (secret: CertifiedSecret, p_value: number) => ({
    ...secret,
    attacks: [...secret.attacks, { ...attack, ...none, p_value }],
  });
  const given = certifiedSecret(4);
  given.attacks[0]!.extracted = true;
  const secrets = [exposed(certifiedSecret(1), 0.05), exposed(certifiedSecret(2), 0.06), given];
  const auc = (score: string, estimate: number) => ({
    ...{ score, estimate, low: estimate - 0.1, high: estimate + 0.1, reading: "" },
  });
  const membership = [auc("loss", 0.8), auc("zlib", 0.55), auc("before", 0.1)];
  const request = { entries: null, unmatched: null, untreated: null };
  assertEquals(notReached(secrets, { membership, request }), [
    "1 of 3 secrets is given away to an attack (extract)",
    "1 of 3 secrets is likelier than made-up ones in its place (exposure, p at most 0.05; 5 % of what was never seen are too)",
    "the secrets are told from made-up ones, as likelier than these, by membership (area of loss 0.80)",
    "the secrets are told from made-up ones, as less likely than these, by membership (area of before 0.10)",
  ]);
  assertEquals(notReached([certifiedSecret(1)], { membership: [], request }), []);
});

/** The fields of a shape and their types as docs/certificate.md names them. */
function fieldsOf(shape: Shape, path = ""): [string, string][] {
  if (typeof shape === "string") return [[path, shape]];
  if ("map" in shape) return [[path, "map"]];
  if ("maybe" in shape) {
    const { maybe } = shape;
    if (typeof maybe === "object" && "list" in maybe) return fieldsOf(maybe, path);
    const isInterval = typeof maybe === "object" && "fields" in maybe && "estimate" in maybe.fields;
    return [[path, isInterval ? "interval?" : `${maybe}?`]];
  }
  if ("list" in shape) {
    return typeof shape.list === "string" ? [[path, "list"]] : fieldsOf(shape.list, `${path}[]`);
  }
  return Object.entries(shape.fields).flatMap(([name, field]) =>
    fieldsOf(field, path === "" ? name : `${path}.${name}`)
  );
}

Deno.test("docs/certificate.md names every field with its type, and every tolerance", () => {
  const text = Deno.readTextFileSync("docs/certificate.md");
  const rows = Array.from(
    text.matchAll(/^\| `([^`]+)` +\| (\w+\??) +\| (\S.*?) +\|$/gm),
    ([, name, type]) => [name, type],
  );
  assertEquals(rows, fieldsOf(CERTIFICATE_SHAPE));
  const { el_10, loss } = CLAIM_TOLERANCES;
  for (const said of [`| ${el_10} `, `| ${loss} nats a token`, `| ${(loss / Math.E).toFixed(4)} a token`]) {
    assertStringIncludes(text, said);
  }
});
