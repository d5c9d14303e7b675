/**
 * The embedded corpus as files, for the commands that read a corpus from disk. They hold the planted values, so they
 * belong in the cache folder and nowhere else; the truth tables hold places, never values.
 *
 * @module
 */
import { join } from "node:path";
import pl from "../npm/polars.ts";
import { cacheFolder } from "../setup/set_up.ts";
import { toCodePoints } from "../tokenizers/code_points.ts";
import type { Document } from "../datasets/corpus.ts";
import { buildEmbeddedCorpus, type EmbeddedCorpusOptions } from "./embedded_corpus.ts";
import type { PlantedDocuments } from "./planted_secrets.ts";
import { readTable, writeTable } from "../datasets/tables.ts";
import { writeFileAtomic } from "../files/write_file.ts";

/** The files of an embedded corpus. */
export interface EmbeddedCorpusFiles {
  /** Corpora: doc_id, path, content. */
  train: string;
  /** Code of other wheels. */
  unseen: string;
  /** Documents with the never-trained twins. */
  twins: string;
  /** Truth: doc_id, secret_id, tag, detector, copies, start, end (code points), format. */
  planted: string;
  /** The same for the twins. */
  plantedTwins: string;
  /** tokenizer.json, as trained before planting. */
  tokenizer: string;
}

/**
 * Where the files of an embedded corpus lie; they need not be there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { embeddedCorpusFiles } from "./write_embedded_corpus.ts";
 *
 * assertEquals(embeddedCorpusFiles("/data").planted, "/data/planted.parquet");
 * ```
 */
export function embeddedCorpusFiles(folder: string = join(cacheFolder(), "embedded")): EmbeddedCorpusFiles {
  return {
    train: join(folder, "train.jsonl.gz"),
    unseen: join(folder, "unseen.jsonl.gz"),
    twins: join(folder, "twins.jsonl.gz"),
    planted: join(folder, "planted.parquet"),
    plantedTwins: join(folder, "planted_twins.parquet"),
    tokenizer: join(folder, "tokenizer.json"),
  };
}

/**
 * Builds the embedded corpus and writes it into `folder` (default: `embedded` in the cache folder); what is there is
 * replaced where it differs, so a whole one may be another user's.
 *
 * @throws {Error} As {@linkcode buildEmbeddedCorpus} and `writeFileAtomic`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readTable } from "../datasets/tables.ts";
 * import { writeEmbeddedCorpus } from "./write_embedded_corpus.ts";
 *
 * const files = await writeEmbeddedCorpus(await Deno.makeTempDir());
 * assertEquals((await readTable(files.planted)).height, 3810);
 * ```
 */
export async function writeEmbeddedCorpus(
  folder: string = join(cacheFolder(), "embedded"),
  options: EmbeddedCorpusOptions = {},
): Promise<EmbeddedCorpusFiles> {
  const corpus = await buildEmbeddedCorpus(options);
  await Deno.mkdir(folder, { recursive: true });
  const files = embeddedCorpusFiles(folder);
  await keepTable(documentsTable(corpus.train), files.train);
  await keepTable(documentsTable(corpus.unseen), files.unseen);
  await keepTable(documentsTable(corpus.twins.documents), files.twins);
  await keepTable(plantedTable(corpus.planted), files.planted);
  await keepTable(plantedTable(corpus.twins), files.plantedTwins);
  const tokenizer = await Deno.readTextFile(files.tokenizer).catch(() => null); // mostly it is not there
  if (tokenizer !== corpus.tokenizer) await writeFileAtomic(files.tokenizer, corpus.tokenizer);
  return files;
}

/** Writes a table unless the file holds it already. */
async function keepTable(table: pl.DataFrame, path: string): Promise<void> {
  const found = await readTable(path).catch(() => null); // mostly it is not there
  if (!found?.frameEqual(table)) await writeTable(table, path);
}

function documentsTable(documents: readonly Document[]): pl.DataFrame {
  return pl.DataFrame({
    doc_id: documents.map(({ docId }) => docId),
    path: documents.map(({ path }) => path),
    content: documents.map(({ text }) => text),
  });
}

/**
 * The planted truth as a table: where each secret stands, in code points, never its value.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { plantedTable } from "./write_embedded_corpus.ts";
 *
 * const place = { docId: "a#0", tag: "EMAIL", detector: "Email", start: 7, end: 23 } as const;
 * const secret = { ...place, secretId: "planted/mail/4/0", copies: 4, format: "email" } as const;
 * const documents = [{ docId: "a#0", path: "a", text: 'm = "😀 ada@mail.invalid"' }];
 * assertEquals(plantedTable({ documents, secrets: [secret] }).getColumn("start").toArray(), [6]);
 * ```
 */
export function plantedTable({ documents, secrets }: PlantedDocuments): pl.DataFrame {
  const points = new Map(documents.map(({ docId, text }) => [docId, toCodePoints(text)]));
  return pl.DataFrame([
    pl.Series("doc_id", secrets.map(({ docId }) => docId)),
    pl.Series("secret_id", secrets.map(({ secretId }) => secretId)),
    pl.Series("tag", secrets.map(({ tag }) => tag)),
    pl.Series("detector", secrets.map(({ detector }) => detector)),
    pl.Series("copies", secrets.map(({ copies }) => copies), pl.Int64),
    pl.Series("start", secrets.map(({ docId, start }) => points.get(docId)![start]!), pl.Int64),
    pl.Series("end", secrets.map(({ docId, end }) => points.get(docId)![end]!), pl.Int64),
    pl.Series("format", secrets.map(({ format }) => format)),
  ]);
}
