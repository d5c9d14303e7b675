/**
 * A corpus is a folder of source files, a single one, a table with a text column, or a folder of such tables: documents in
 * one order on every machine. What gives no document is counted with its reason. Texts keep every character of their file,
 * a byte order mark too, so that offsets hold; only a lone surrogate (from JSON) becomes U+FFFD, of the same length, and is
 * counted.
 *
 * @module
 */
import { type Document, readPiece, type SkippedDocument } from "./corpus_piece.ts";
import { corpusPieces, type PieceOptions } from "./corpus_pieces.ts";
import { type CorpusOptions, type CorpusSource, resolveCorpus } from "./resolve_corpus.ts";

export type { Document };

/** A corpus in memory. */
export interface Corpus {
  /** The documents: by path for a folder, in the order of the rows for a table. */
  documents: Document[];
  /** Files and rows that gave no document. Ignored ones are not listed. */
  skipped: SkippedDocument[];
  /** How many lone surrogates became U+FFFD. */
  replacedSurrogates: number;
  /** What was read. */
  source: CorpusSource;
}

/** Options of {@linkcode readCorpus}. */
export interface ReadCorpusOptions extends CorpusOptions {
  /** How many characters all texts may have together; 2^30 by default, as a heap of V8 ends at 4 GiB. */
  maxCharacters?: number;
}

/** What a stream of documents has met so far. */
export interface CorpusCounts {
  /** Files and rows that gave no document. */
  skipped: SkippedDocument[];
  /** How many lone surrogates became U+FFFD. */
  replacedSurrogates: number;
  /** Bytes of the corpus' tables, packed as they are; 0 for files of source code. */
  read: number;
}

/**
 * The documents of a corpus one by one, in memory that does not grow with it.
 *
 * @param counts is told what was met so far
 * @throws {Error} As `corpusPieces`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { streamDocuments } from "./corpus.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.jsonl`;
 * await Deno.writeTextFile(path, '{"id":"a","code":"x = 1"}\n{"id":"b"}\n');
 * const counts = { skipped: [], replacedSurrogates: 0, read: 0 };
 * const documents = await Array.fromAsync(streamDocuments(path, {}, counts));
 * assertEquals(documents, [{ docId: "a", path: null, text: "x = 1" }]);
 * assertEquals(counts, { skipped: [{ path: "b", reason: "no text" }], replacedSurrogates: 0, read: 37 });
 * ```
 */
export async function* streamDocuments(
  corpus: string | CorpusSource,
  options: PieceOptions = {},
  counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 },
): AsyncGenerator<Document> {
  for await (const { source, read } of corpusPieces(corpus, { ...options, isInline: true })) {
    const { documents, skipped, unnamed, replacedSurrogates } = await readPiece(source);
    counts.skipped.push(...skipped, ...unnamed);
    counts.replacedSurrogates += replacedSurrogates;
    counts.read = read;
    for (const { docId, path, text } of documents) yield { docId, path, text };
  }
}

/**
 * Reads a corpus into memory; one that does not fit comes from {@linkcode streamDocuments}.
 *
 * @throws {Error} If there is no such path, or it holds no document; {RangeError} if its texts are too large.
 * @throws {SyntaxError} If a table is damaged, has no column of texts, or one id twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readCorpus } from "./corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 1\n");
 * await Deno.writeTextFile(`${folder}/b.bin`, "\0");
 * const { documents, skipped } = await readCorpus(folder);
 * assertEquals(documents, [{ docId: "a.py", path: "a.py", text: "x = 1\n" }]);
 * assertEquals(skipped, [{ path: "b.bin", reason: "binary" }]);
 * ```
 */
export async function readCorpus(
  path: string,
  { maxCharacters = MAX_CHARACTERS, ...options }: ReadCorpusOptions = {},
): Promise<Corpus> {
  const source = await resolveCorpus(path, options);
  const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  const documents: Document[] = [];
  let characters = 0;
  for await (const document of streamDocuments(source, options, counts)) {
    characters += document.text.length;
    if (characters > maxCharacters) throw tooLarge(path, document, { characters, maxCharacters });
    documents.push(document);
  }
  const { skipped, replacedSurrogates } = counts;
  if (documents.length === 0) throw emptyCorpus(path, skipped);
  return { documents, skipped, replacedSurrogates, source };
}

/**
 * What to throw for a corpus that has another number of documents when it is read again.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { changedCorpus } from "./corpus.ts";
 *
 * const message = 'Cannot read corpus "src": it had 3 documents and then 2: it changed meanwhile';
 * assertEquals(changedCorpus("src", 3, 2).message, message);
 * ```
 */
export function changedCorpus(path: string, before: number, now: number): Error {
  return new Error(
    `Cannot read corpus "${path}": it had ${before} documents and then ${now}: it changed meanwhile`,
  );
}

/**
 * What to throw for a corpus without a document.
 *
 * @param skipped the files or rows that gave none, and why
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { emptyCorpus } from "./corpus.ts";
 *
 * const skipped = [{ reason: "binary" }, { reason: "empty" }];
 * assertEquals(emptyCorpus("src", skipped).message, 'Cannot read corpus "src": it is empty (2 files or rows skipped)');
 * assertEquals(emptyCorpus("a.xlsx", [skipped[0]!]).message, 'Cannot read corpus "a.xlsx": it is empty (1 skipped: binary)');
 * ```
 */
export function emptyCorpus(path: string, skipped: readonly { reason: string }[]): Error {
  const [first, ...more] = skipped;
  const what = first === undefined
    ? ""
    : more.length === 0
    ? ` (1 skipped: ${first.reason})`
    : ` (${skipped.length} files or rows skipped)`;
  return new Error(`Cannot read corpus "${path}": it is empty${what}`);
}

/** What texts that are held may have together by default: a heap of V8 ends at 4 GiB. */
export const MAX_CHARACTERS = 2 ** 30;

/**
 * What to throw for texts that are too large to be held together.
 *
 * @param document at which they became so
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tooLarge } from "./corpus.ts";
 *
 * const document = { docId: "a", path: null, text: "x" };
 * const { message } = tooLarge("a.csv", document, { characters: 9, maxCharacters: 8 });
 * const found = "its texts up to one of its rows have 9 characters, at most 8 are held: divide it";
 * assertEquals(message, `Cannot hold corpus "a.csv": ${found}`);
 * ```
 */
export function tooLarge(
  corpus: string,
  { path, docId }: Document,
  { characters, maxCharacters }: { characters: number; maxCharacters: number },
): RangeError {
  const place = path === docId ? `"${path}"` : "one of its rows";
  const found = `its texts up to ${place} have ${characters} characters`;
  return new RangeError(
    `Cannot hold corpus "${corpus}": ${found}, at most ${maxCharacters} are held: divide it`,
  );
}
