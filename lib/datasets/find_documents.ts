/**
 * Some documents of a corpus by their ids, in one pass that holds these and nothing else: what a set or a table of
 * secrets names, in memory that does not grow with the corpus.
 *
 * Of a folder only the files that are asked for are read, and once all are found, the rest of it isn't walked: a path
 * names one file. Tables are read to their end in any case: an id that stands a second time, or a damaged row, is an
 * error wherever it is, and would otherwise depend on what is looked for.
 *
 * @module
 */
import { type Document, emptyCorpus, MAX_CHARACTERS, streamDocuments, tooLarge } from "./corpus.ts";
import { type PieceSource, readPiece } from "./corpus_piece.ts";
import { corpusPieces } from "./corpus_pieces.ts";
import { norOthers } from "./nor_others.ts";
import { type CorpusOptions, type CorpusSource, resolveCorpus } from "./resolve_corpus.ts";

/** Options of {@linkcode pickDocuments}. */
export interface PickDocumentsOptions extends CorpusOptions {
  /** Called after each piece with how many bytes of the corpus lie behind it, as `corpusBytes` counts them. */
  onRead?: ((bytes: number) => void | Promise<void>) | undefined;
  /** Called for a wanted file or row that gave no document. */
  onSkipped?: (docId: string, reason: string) => void;
}

/** Options of {@linkcode findDocuments}. */
export interface FindDocumentsOptions extends Omit<PickDocumentsOptions, "onSkipped"> {
  /** How many characters the texts may have together; 2^30 by default, as for `readCorpus`. */
  maxCharacters?: number;
}

/**
 * The documents of a corpus with the given ids, one by one in the corpus' order; of ids that it lacks nothing is said.
 *
 * @throws {Error} As `corpusPieces`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pickDocuments } from "./find_documents.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.jsonl`;
 * await Deno.writeTextFile(path, '{"id":"a","code":"x"}\n{"id":"b","code":"y"}\n');
 * const documents = await Array.fromAsync(pickDocuments(path, new Set(["b", "c"])));
 * assertEquals(documents, [{ docId: "b", path: null, text: "y" }]);
 * ```
 */
export async function* pickDocuments(
  corpus: string | CorpusSource,
  ids: ReadonlySet<string>,
  { onRead, onSkipped, ...options }: PickDocumentsOptions = {},
): AsyncGenerator<Document> {
  const source = typeof corpus === "string" ? await resolveCorpus(corpus, options) : corpus;
  const areFiles = source.columns === null;
  let [bytes, met] = [0, 0];
  for await (const piece of corpusPieces(source, { ...options, isInline: true })) {
    const { documents, skipped } = await readPiece(wantedOf(piece.source, ids));
    for (const { path, reason } of skipped) {
      if (!ids.has(path)) continue;
      onSkipped?.(path, reason);
      met++;
    }
    for (const { docId, path, text } of documents) {
      if (!ids.has(docId)) continue;
      yield { docId, path, text };
      met++;
    }
    bytes = areFiles ? bytes + piece.bytes : piece.read;
    await onRead?.(bytes);
    if (areFiles && met === ids.size) return;
  }
}

/** A piece without the files that are not asked for. */
function wantedOf(source: PieceSource, ids: ReadonlySet<string>): PieceSource {
  if (source.kind !== "files") return source;
  return { ...source, paths: source.paths.filter(([, path]) => ids.has(path)) };
}

/**
 * Finds documents by their ids, all of them.
 *
 * @returns each once, in the order in which their ids are first given
 * @throws {RangeError} If the corpus lacks some: the first and their number are named; or if their texts are too large.
 * @throws {Error} As `readCorpus`.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { findDocuments } from "./find_documents.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py", "c.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const documents = await findDocuments(folder, ["c.py", "a.py", "c.py"]);
 * assertEquals(documents.map(({ docId }) => docId), ["c.py", "a.py"]);
 * await assertRejects(() => findDocuments(folder, ["a.py", "d.py"]), RangeError, 'Cannot find document "d.py"');
 * ```
 */
export async function findDocuments(
  corpus: string | CorpusSource,
  ids: Iterable<string>,
  { maxCharacters = MAX_CHARACTERS, ...options }: FindDocumentsOptions = {},
): Promise<Document[]> {
  const source = typeof corpus === "string" ? await resolveCorpus(corpus, options) : corpus;
  const wanted = new Set(ids);
  const found = new Map<string, Document>();
  const reasons = new Map<string, string>();
  let characters = 0;
  const onSkipped = (docId: string, reason: string) => void reasons.set(docId, reason);
  for await (const document of pickDocuments(source, wanted, { ...options, onSkipped })) {
    characters += document.text.length;
    if (characters > maxCharacters) throw tooLarge(source.path, document, { characters, maxCharacters });
    found.set(document.docId, document);
  }
  if (found.size === 0) await refuseEmpty(source, options);
  const missing = [...wanted].filter((id) => !found.has(id));
  if (missing.length > 0) throw missingDocuments(missing, reasons);
  return [...wanted].map((id) => found.get(id)!);
}

function missingDocuments([first, ...others]: readonly string[], reasons: Map<string, string>): RangeError {
  const reason = reasons.get(first!);
  const why = reason === undefined ? "" : `: what has that name there was skipped (${reason})`;
  return new RangeError(
    `Cannot find document "${first}" in the corpus${
      norOthers(others.length)
    }${why}: give the corpus that the set was made from`,
  );
}

/**
 * Refuses a corpus that has no document at all; for where none of those that were looked for is there.
 *
 * @throws {Error} As {@linkcode emptyCorpus}.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { refuseEmpty } from "./find_documents.ts";
 * import { resolveCorpus } from "./resolve_corpus.ts";
 *
 * const source = await resolveCorpus(await Deno.makeTempDir());
 * await assertRejects(() => refuseEmpty(source), Error, "it is empty");
 * ```
 */
export async function refuseEmpty(source: CorpusSource, options: CorpusOptions = {}): Promise<void> {
  const counts = { skipped: [], replacedSurrogates: 0, read: 0 };
  for await (const _ of streamDocuments(source, options, counts)) return;
  throw emptyCorpus(source.path, counts.skipped);
}
