/**
 * A corpus for whole runs of the command line: a small part of what the embedded model was trained on, that it knows
 * well, and code that it has not seen; texts end soon after their secrets, as what takes longest grows with the square of
 * a text's length.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pl from "nodejs-polars";
import type { Document } from "../../lib/datasets/corpus.ts";
import { buildEmbeddedCorpus, type EmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import { writeTable } from "../../lib/datasets/tables.ts";

/** The embedded model's folder. */
export const MODEL = fileURLToPath(new URL("../../data/model", import.meta.url));

/** What `writeSmallCorpus` wrote. */
export interface SmallCorpus {
  /** 48 documents with secrets, 24 vendored ones without. */
  train: string;
  /** 16 unseen documents. */
  unseen: string;
  /** Every value that was ever planted, twins included: what no output may show. */
  values: string[];
}

/** Writes train.jsonl.gz and unseen.jsonl.gz into `folder`. */
export async function writeSmallCorpus(folder: string): Promise<SmallCorpus> {
  const tokenizer = await Deno.readTextFile(join(MODEL, "tokenizer.json"));
  const corpus = await buildEmbeddedCorpus({ tokenizer });
  const files = { train: join(folder, "train.jsonl.gz"), unseen: join(folder, "unseen.jsonl.gz") };
  const ends = new Map<string, number>();
  for (const { docId, end } of corpus.planted.secrets) ends.set(docId, Math.max(end, ends.get(docId) ?? 0));
  const short = (documents: readonly Document[], least: number) =>
    documents.map(({ text, ...rest }): Document => ({
      ...rest,
      text: begun(text, Math.max(least, ends.get(rest.docId) ?? 0)),
    }));
  const vendored = corpus.train.filter(({ docId }) => docId.endsWith("@00")).slice(0, 24);
  // what is retained has 128 tokens at least
  await writeDocuments([...short(wellKnown(corpus), 200), ...short(vendored, 400)], files.train);
  await writeDocuments(short(corpus.unseen.slice(0, 16), 200), files.unseen);
  return { ...files, values: plantedValues(corpus) };
}

/** A text's lines up to one that ends at or behind a character. */
function begun(text: string, character: number): string {
  const at = text.indexOf("\n", character);
  return at < 0 ? text : text.slice(0, at + 1);
}

/** Writes documents as a corpus of doc_id, path and content. */
export async function writeDocuments(documents: readonly Document[], path: string): Promise<void> {
  const column = (name: "docId" | "path" | "text") => documents.map((document) => document[name]);
  const frame = pl.DataFrame({ doc_id: column("docId"), path: column("path"), content: column("text") });
  await writeTable(frame, path);
}

/** The values of all planted secrets and of their twins, each once. */
export function plantedValues({ planted, twins }: Pick<EmbeddedCorpus, "planted" | "twins">): string[] {
  return [
    ...new Set([planted, twins].flatMap(({ documents, secrets }) => {
      const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
      return secrets.map(({ docId, start, end }) => texts.get(docId)!.slice(start, end));
    })),
  ];
}

/** 48 documents whose secrets stand 32 or 64 times in the training set, of every kind of snippet as many. */
function wellKnown({ planted }: EmbeddedCorpus): Document[] {
  const byGroup = new Map<string, Set<string>>();
  for (const { secretId, copies, docId } of planted.secrets.toSorted((a, b) => a.end - b.end)) {
    if (copies < 32) continue;
    const group = secretId.replace(/\/\d+$/, "");
    byGroup.set(group, (byGroup.get(group) ?? new Set()).add(docId));
  }
  const groups = [...byGroup.values()].map((ids) => [...ids]);
  const ids = new Set(
    Array.from({ length: 64 }, (_, i) => groups.flatMap((of) => of[i] ?? [])).flat().slice(0, 48),
  );
  return planted.documents.filter(({ docId }) => ids.has(docId));
}
