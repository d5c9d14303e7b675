/**
 * The passes of `dedupe`: over the corpus alone, which is written as it is read; or over the corpus, over the training
 * corpus, and over the corpus again.
 *
 * @module
 */
import { basename, dirname, join, relative } from "node:path";
import type { Document } from "../datasets/corpus.ts";
import { readPiece } from "../datasets/corpus_piece.ts";
import { corpusPieces, countDocuments } from "../datasets/corpus_pieces.ts";
import { keepRows } from "../datasets/keep_rows.ts";
import { joinPieces, packPieces } from "../datasets/pack_pieces.ts";
import { RowIds } from "../datasets/seen_ids.ts";
import { makeFolder } from "../files/folders.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { corpusStage } from "./corpus_stage.ts";
import type { DedupeTexts } from "./dedupe_texts.ts";
import { type Shown, type ShownCorpus, shownDocuments } from "./shown_documents.ts";

/** Characters of a file's texts, where they come from source code. */
const SHARD_CHARACTERS = 2 ** 28;

/**
 * Decides what to keep of a corpus, all of it, with the training corpus at hand.
 *
 * @returns how often the training corpus was read
 * @throws {Error} as `streamDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { decideKept } from "./dedupe_corpus.ts";
 * import { DedupeTexts } from "./dedupe_texts.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.jsonl`, '{"text":"x"}\n{"text":"x"}\n');
 * const corpus = { source: await resolveCorpus(`${folder}/a.jsonl`), options: {} };
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
 * using texts = new DedupeTexts({ scratch: "", isListed: false });
 * assertEquals(await decideKept(corpus, corpus, texts, context), 0); // too short to be looked for
 * assertEquals([texts.isKept(0), texts.isKept(1)], [true, false]);
 * ```
 */
export async function decideKept(
  corpus: ShownCorpus,
  training: ShownCorpus,
  texts: DedupeTexts,
  context: Shown,
): Promise<number> {
  let passes = 0;
  const search = async () => {
    if (!texts.hasMore) return;
    passes++;
    for await (const document of shownDocuments("Searching the training corpus", training, context)) {
      texts.search(document);
    }
    texts.forget();
  };
  for await (const document of shownDocuments("Comparing", corpus, context)) {
    if (texts.add(document) && texts.lookFor(document)) await search();
  }
  await search();
  return passes;
}

/** What was written. */
export interface KeptCorpus {
  /** Texts. */
  kept: number;
  /** Rows and files that gave no text, and were left out. */
  skipped: number;
}

/**
 * Writes the texts of a corpus that are kept into a folder: the rows of its tables, by the tables' own names and formats,
 * or files of source code as packed JSON lines of `doc_id`, `path` and `content`.
 *
 * @param keep is asked once for each text, in order
 * @throws {Error} as `keepRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { writeKept } from "./dedupe_corpus.ts";
 *
 * const [folder, out] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
 * for (const name of ["a.py", "b.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const corpus = { source: await resolveCorpus(folder), options: {} };
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
 * const counts = await writeKept(corpus, out, ({ docId }) => docId === "b.py", context);
 * assertEquals([counts, [...Deno.readDirSync(out)][0]!.name], [{ kept: 1, skipped: 0 }, "texts-00000.jsonl.gz"]);
 * ```
 */
export async function writeKept(
  { source, options }: ShownCorpus,
  folder: string,
  keep: (document: Document) => boolean,
  { progress, breathe }: Shown,
): Promise<KeptCorpus> {
  const { path, tables, columns } = source;
  const reading = { ...options, breathe };
  const total = await countDocuments(source, reading);
  const stage = await corpusStage(progress, "Writing", { source, total });
  const counts = { kept: 0, skipped: 0 };
  if (columns === null) {
    await writeFiles(folder, keptFiles({ source, options: reading }, { keep, counts, reach: stage.reach }));
    stage.done();
    return counts;
  }
  const ids = new RowIds(columns.id);
  let [first, documents, read] = [0, 0, 0];
  for (const table of tables) {
    const name = tables[0] === path ? basename(table) : relative(path, table);
    await makeFolder(join(folder, dirname(name)));
    const { rows, documents: own, kept } = await keepRows(table, join(folder, name), {
      ...{ columns, first, ids, breathe },
      keep: (document) => {
        if (++documents % 256 === 0) stage.reach({ documents, read });
        return keep(document);
      },
      onBytes: (bytes) => void (read += bytes),
    });
    first += rows;
    counts.kept += kept;
    counts.skipped += rows - own;
    await breathe();
  }
  stage.done();
  return counts;
}

interface KeptFilesOptions {
  keep: (document: Document) => boolean;
  counts: KeptCorpus;
  reach: (place: { documents: number; read: number }) => void;
}

async function* keptFiles(
  { source, options }: ShownCorpus,
  { keep, counts, reach }: KeptFilesOptions,
): AsyncGenerator<Document> {
  let met = 0;
  for await (const { source: piece } of corpusPieces(source, options)) {
    const { documents, skipped, unnamed } = await readPiece(piece);
    counts.skipped += skipped.length + unnamed.length;
    met += documents.length + skipped.length + unnamed.length;
    for (const { docId, path, text } of documents) {
      if (!keep({ docId, path, text })) continue;
      counts.kept++;
      yield { docId, path, text };
    }
    reach({ documents: met, read: 0 });
  }
}

async function writeFiles(folder: string, documents: AsyncGenerator<Document>): Promise<void> {
  let next = await documents.next();
  async function* lines(): AsyncGenerator<Uint8Array> {
    for (let size = 0; !next.done && size < SHARD_CHARACTERS; next = await documents.next()) {
      const { docId, path, text } = next.value;
      yield new TextEncoder().encode(`${JSON.stringify({ doc_id: docId, path, content: text })}\n`);
      size += text.length;
    }
  }
  for (let shard = 0; shard === 0 || !next.done; shard++) {
    const file = join(folder, `texts-${String(shard).padStart(5, "0")}.jsonl.gz`);
    await writeFileAtomic(file, {
      bytes: 0,
      pieces: packPieces(joinPieces(lines()), "gzip", { isFast: true }),
    });
  }
}
