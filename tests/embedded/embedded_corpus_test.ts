import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { Tokenizer } from "tokenizers";
import packages from "../../data/packages.json" with { type: "json" };
import { buildEmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import { DUPLICATION_COUNTS, keptSecrets, type PlantedSecret } from "../../lib/embedded/planted_secrets.ts";
import { secretPieces } from "../../lib/embedded/secret_formats.ts";
import { SNIPPET_KINDS } from "../../lib/embedded/secret_snippets.ts";
import { plantedTable } from "../../lib/embedded/write_embedded_corpus.ts";

const CORPUS = await buildEmbeddedCorpus(); // needs the wheels: `deno task setup`
const TOKENIZER = Tokenizer.fromString(CORPUS.tokenizer);
const TEXTS = new Map([...CORPUS.planted.documents, ...CORPUS.twins.documents].map((d) => [d.docId, d.text]));

// The embedded model was trained on exactly these bytes. A change of the detector's rules, of a wheel or of the
// generator that moves them needs a new model.
const SHA256 = "fff71cf39de96169a7e795172c1d42837bdfa194f8cff1e9cc63996449e7cdb2";

function valueOf({ docId, start, end }: PlantedSecret): string {
  return TEXTS.get(docId)!.slice(start, end);
}

function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

const VALUES = new Set(CORPUS.planted.secrets.map(valueOf));
const TWIN_VALUES = new Set(CORPUS.twins.secrets.map(valueOf));

Deno.test("buildEmbeddedCorpus() gives the bytes that the embedded model was trained on", () => {
  assertEquals(hashOf(CORPUS), SHA256);
});

Deno.test("buildEmbeddedCorpus() gives other secrets for another seed", async () => {
  const { planted } = await buildEmbeddedCorpus({ seed: 7, tokenizer: CORPUS.tokenizer });
  const texts = new Map(planted.documents.map(({ docId, text }) => [docId, text]));
  const values = planted.secrets.map(({ docId, start, end }) => texts.get(docId)!.slice(start, end));
  assertEquals(planted.documents.length, CORPUS.planted.documents.length);
  const shared = new Set(values.filter((value) => VALUES.has(value)));
  assert([...shared].every((value) => /^[\d.]+$/.test(value)), "only the few IPv4 addresses may coincide");
});

Deno.test("buildEmbeddedCorpus() says which wheel is missing", async () => {
  const wheels = await Deno.makeTempDir();
  await assertRejects(() => buildEmbeddedCorpus({ wheels }), Deno.errors.NotFound);
});

Deno.test("the embedded corpus has one group of each kind at each duplication count", () => {
  const documents = new Map<string, Set<string>>();
  const values = new Map<string, Set<string>>();
  for (const secret of CORPUS.planted.secrets) {
    documents.set(secret.secretId, (documents.get(secret.secretId) ?? new Set()).add(secret.docId));
    values.set(secret.secretId, (values.get(secret.secretId) ?? new Set()).add(valueOf(secret)));
    assertEquals(secret.secretId.split("/")[2], String(secret.copies));
  }
  const kinds = Object.entries(SNIPPET_KINDS);
  const expected = DUPLICATION_COUNTS.flatMap((copies) =>
    kinds.flatMap(([kind, { formats }]) => formats.map((_, i) => `planted/${kind}/${copies}/${i}`))
  );
  assertEquals([...documents.keys()].sort(), expected.sort());
  for (const [id, docIds] of documents) assertEquals(docIds.size, Number(id.split("/")[2]), id);
  assert([...values.values()].every((of) => of.size === 1));
  assertEquals(VALUES.size, expected.length);
});

Deno.test("the detector finds every planted secret at its place, with its tag, and nothing else", () => {
  for (const { documents, secrets } of [CORPUS.planted, CORPUS.twins]) {
    const byDocument = Map.groupBy(secrets, ({ docId }) => docId);
    assertEquals(byDocument.size, documents.length);
    for (const { docId, text } of documents) {
      const found = keptSecrets(text);
      const planted = byDocument.get(docId)!;
      for (const { tag, detector, start, end } of planted) {
        const same = found.filter((span) => span.start === start && span.end === end && span.tag === tag);
        assert(same.some((span) => span.detector === detector), docId);
      }
      const stray = found.filter((span) =>
        planted.every(({ start, end }) => span.end <= start || end <= span.start)
      );
      assertEquals(stray, [], docId);
    }
  }
});

Deno.test("the planted keys are of at least ten detectors", () => {
  const keys = CORPUS.planted.secrets.filter(({ tag }) => tag === "KEY");
  assertEquals(new Set(keys.map(({ detector }) => detector)).size, 17);
});

Deno.test("every planted document fits 512 tokens, with 40 before its first secret and 32 in its mask", async () => {
  const { documents, secrets } = CORPUS.planted;
  const byDocument = Map.groupBy(secrets, ({ docId }) => docId);
  const encodings = await TOKENIZER.encodeBatch(documents.map(({ text }) => text), {
    addSpecialTokens: false,
  });
  let short = 0;
  for (const [i, { docId, text }] of documents.entries()) {
    const units: number[] = [];
    for (let at = 0; at < text.length; at += text.codePointAt(at)! > 0xffff ? 2 : 1) units.push(at);
    units.push(text.length);
    const offsets = encodings[i]!.getOffsets().map(([start, end]) => [units[start!]!, units[end!]!] as const);
    const planted = byDocument.get(docId)!;
    assert(offsets.length <= 512, docId);
    const first = Math.min(...planted.map(({ start }) => start));
    assert(offsets.filter(([, end]) => end <= first).length >= 40, docId);
    const mask = offsets.filter(([start, end]) => planted.some((s) => start <= s.end && end >= s.start));
    if (mask.length < 32) short++;
  }
  assert(short <= 2, `${short} documents have fewer than 32 mask tokens`);
});

Deno.test("160 documents stand 24 times each, and no document outside the planted ones has a secret", () => {
  const copies = Map.groupBy(CORPUS.train.filter(({ docId }) => docId.includes("@")), ({ text }) => text);
  assertEquals(copies.size, 160);
  for (const group of copies.values()) assertEquals(group.length, 24);
  const texts = new Set([...CORPUS.clean, ...CORPUS.unseen].map(({ text }) => text));
  for (const text of texts) assertEquals(keptSecrets(text), []);
  const planted = new Set(CORPUS.planted.documents.map(({ docId }) => docId));
  for (const { docId, text } of CORPUS.train) assert(planted.has(docId) || texts.has(text), docId);
});

Deno.test("the unseen set and the twins share no wheel, document or secret with training", () => {
  const wheels = Map.groupBy(packages.wheels, ({ role }) => role);
  const releases = (role: string) =>
    wheels.get(role)!.map(({ file }) => file.split("-").slice(0, 2).join("-"));
  const releaseOf = (docId: string) => docId.split("/")[0]!;
  for (const { docId } of CORPUS.train) assert(releases("train").includes(releaseOf(docId)));
  for (const { docId } of CORPUS.unseen) assert(releases("unseen").includes(releaseOf(docId)));
  const known = new Set(CORPUS.train.map(({ text }) => text));
  assert(CORPUS.unseen.every(({ text }) => !known.has(text)));
  const linesOf = (text: string) =>
    text.split("\n").map((line) => line.trim()).filter(({ length }) => length >= 20);
  const lines = new Set([...known].flatMap(linesOf));
  for (const { docId, text } of CORPUS.unseen) {
    const own = linesOf(text);
    assert(own.filter((line) => lines.has(line)).length < own.length / 2, docId);
  }
  const train = CORPUS.train.map(({ text }) => text).join("\0");
  for (const value of TWIN_VALUES) {
    assert(!VALUES.has(value));
    const at = train.indexOf(value); // the beginning of a longer IPv4 address is another address
    assert(at < 0 || /^\d/.test(train.slice(at + value.length)));
  }
  assertEquals(CORPUS.unseen.length, 570);
});

Deno.test("every planted secret has a twin of its format", () => {
  const formats = (secrets: PlantedSecret[]) =>
    new Map(secrets.map(({ secretId, format }) => [secretId.replace(/^\w+\//, ""), format]));
  assertEquals(formats(CORPUS.twins.secrets), formats(CORPUS.planted.secrets));
  assert(CORPUS.twins.secrets.every(({ copies }) => copies === 0));
});

Deno.test("the tokenizer was trained before planting: it knows no piece of a secret", () => {
  const entries = Object.keys(JSON.parse(CORPUS.tokenizer).model.vocab);
  assertEquals(entries.length, 4096);
  const text = entries.join("\0");
  for (const value of [...VALUES, ...TWIN_VALUES]) {
    for (const piece of secretPieces(value)) assert(!text.includes(piece));
  }
});

Deno.test("plantedTable() has places in code points and no values", () => {
  const table = plantedTable(CORPUS.planted);
  assertEquals(table.columns, ["doc_id", "secret_id", "tag", "detector", "copies", "start", "end", "format"]);
  const texts = new Map(CORPUS.planted.documents.map(({ docId, text }) => [docId, Array.from(text)]));
  const seen = new Set<string>();
  for (const { doc_id, start, end } of table.toRecords()) {
    seen.add(texts.get(String(doc_id))!.slice(Number(start), Number(end)).join(""));
  }
  assertEquals(seen, VALUES);
  const written = JSON.stringify(table.toRecords());
  for (const value of VALUES) assert(!written.includes(value));
  assertNotEquals(seen.size, 0);
});
