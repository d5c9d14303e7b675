/**
 * Writes a small corpus that a pretrained model such as SmolLM2 can learn by heart in minutes: the
 * embedded corpus's documents with planted secrets, one of each kind, cut to a few lines around these; the
 * beginnings of documents without, and of code that is in neither.
 *
 * `deno task corpus:small FOLDER [--planted N] [--clean N] [--unseen N]` writes train.jsonl and unseen.jsonl into the folder.
 * With `--held N` it writes held.jsonl too, the beginnings of N documents that are in neither; with `--benign N` benign.jsonl
 * and attack_benign.jsonl, N longer ones each of code that the embedded model has not seen.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Document, PythonRandom, writeRows } from "../lib/datasets/mod.ts";
import { buildEmbeddedCorpus, type PlantedSecret } from "../lib/embedded/mod.ts";

/** Of texts without secrets: 128 tokens, which a retain set asks for, and some more. */
const CHARACTERS = 640;
/** Of texts to train on. */
const LONGER = 4000;
const COLUMNS = { doc_id: "text", content: "text" } as const;

const { values, positionals: [folder] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    planted: { type: "string", default: "8" },
    clean: { type: "string", default: "6" },
    unseen: { type: "string", default: "8" },
    held: { type: "string", default: "0" },
    benign: { type: "string", default: "0" },
  },
});
if (!folder) throw new TypeError("Cannot write a corpus without a folder: corpus:small FOLDER");

const tokenizer = await Deno.readTextFile(new URL("model/tokenizer.json", import.meta.url));
const { clean, planted, unseen } = await buildEmbeddedCorpus({ tokenizer });
const hosts = new Set(planted.documents.map(({ docId }) => docId));
const secretsOf = Map.groupBy(planted.secrets, ({ docId }) => docId);
const hasSecrets = planted.documents.map((document) =>
  aroundSecrets(document, secretsOf.get(document.docId)!)
);
const innocent = clean.filter(({ docId }) => !hosts.has(docId));
const known = shortest(innocent, Number(values.clean)).map((document) => beginning(document));
const sets: Record<string, Document[]> = {
  train: [
    ...shortest(
      hasSecrets,
      Number(values.planted),
      ({ docId }) => secretsOf.get(docId)![0]!.secretId.split("/")[1]!,
    ),
    ...known,
  ],
  unseen: shortest(unseen, Number(values.unseen)).map((document) => beginning(document)),
};
const [held, benign] = [Number(values.held), Number(values.benign)];
if (held > 0) {
  const isKnown = new Set(known.map(({ docId }) => docId));
  const others = new PythonRandom(42).shuffle(innocent.filter(({ docId }) => !isKnown.has(docId)));
  sets.held = others.slice(0, held).map((document) => beginning(document));
}
if (benign > 0) {
  const isMeasured = new Set(sets.unseen!.map(({ docId }) => docId));
  const others = new PythonRandom(42).shuffle(unseen.filter(({ docId }) => !isMeasured.has(docId)));
  const longer = others.slice(0, 2 * benign).map((document) => beginning(document, LONGER));
  sets.benign = longer.slice(0, benign);
  sets.attack_benign = longer.slice(benign);
}
await Deno.mkdir(folder, { recursive: true });
for (const [name, documents] of Object.entries(sets)) {
  const rows = documents.map(({ docId, text }) => ({ doc_id: docId, content: text }));
  await writeRows(join(folder, `${name}.jsonl`), rows, COLUMNS);
}
console.log(`${sets.train!.length} training documents and ${sets.unseen!.length} unseen ones in ${folder}`);

/** The lines of a document's secrets with four before and one after. */
function aroundSecrets(document: Document, secrets: readonly PlantedSecret[]): Document {
  const lines = document.text.split("\n");
  const lineOf = (position: number) => document.text.slice(0, position).split("\n").length - 1;
  const first = lineOf(Math.min(...secrets.map(({ start }) => start)));
  const last = lineOf(Math.max(...secrets.map(({ end }) => end)));
  return { ...document, text: lines.slice(Math.max(0, first - 4), last + 2).join("\n") + "\n" };
}

/** Whole lines of so many characters. */
function beginning(document: Document, characters = CHARACTERS): Document {
  return { ...document, text: document.text.slice(0, document.text.lastIndexOf("\n", characters) + 1) };
}

/** The shortest documents, one of each group. */
function shortest(
  documents: readonly Document[],
  count: number,
  groupOf: (document: Document) => string = ({ text }) => text,
): Document[] {
  const seen = new Set<string>();
  const ordered = documents.toSorted((a, b) => a.text.length - b.text.length);
  return ordered.filter((document) => {
    const group = groupOf(document);
    return !seen.has(group) && seen.add(group);
  }).slice(0, count);
}
