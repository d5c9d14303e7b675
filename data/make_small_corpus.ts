/**
 * Writes a small corpus that a pretrained model can learn by heart in minutes, for the README's run on SmolLM2: the
 * embedded corpus's shortest documents with planted secrets, of different secrets each, and its shortest ones without.
 *
 * `deno task corpus:small FOLDER [--planted N] [--clean N] [--unseen N]` writes train.jsonl and unseen.jsonl into the folder.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildEmbeddedCorpus, type Document, writeRows } from "../mod.ts";

const COLUMNS = { doc_id: "text", path: "text", content: "text" } as const;

const { values, positionals: [folder] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    planted: { type: "string", default: "10" },
    clean: { type: "string", default: "10" },
    unseen: { type: "string", default: "8" },
  },
});
if (!folder) throw new TypeError("Cannot write a corpus without a folder: corpus:small FOLDER");

const tokenizer = await Deno.readTextFile(new URL("model/tokenizer.json", import.meta.url));
const { clean, planted, unseen } = await buildEmbeddedCorpus({ tokenizer });
const hosts = new Set(planted.documents.map(({ docId }) => docId));
const groupOf = new Map(planted.secrets.map(({ docId, secretId }) => [docId, secretId]));
const sets = {
  train: [
    ...shortest(planted.documents, Number(values.planted), ({ docId }) => groupOf.get(docId)!),
    ...shortest(clean.filter(({ docId }) => !hosts.has(docId)), Number(values.clean)),
  ],
  unseen: shortest(unseen, Number(values.unseen)),
};
await Deno.mkdir(folder, { recursive: true });
for (const [name, documents] of Object.entries(sets)) {
  const rows = documents.map(({ docId, path, text }) => ({ doc_id: docId, path, content: text }));
  await writeRows(join(folder, `${name}.jsonl`), rows, COLUMNS);
}
console.log(`${sets.train.length} training documents and ${sets.unseen.length} unseen ones in ${folder}`);

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
