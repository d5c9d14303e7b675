/**
 * A corpus as a stream of pieces of some hundred documents, for work that must not hold it as a whole: files of source
 * code, or tables. Documents of a piece have about 4 MiB together at most, or it is one larger one. A piece is small where
 * its documents need not be read to name them (files by their paths, rows of plain JSON by their bytes, those of Parquet
 * and Arrow by their numbers), so it can be read by another thread, or not at all.
 *
 * Invariant: the same corpus and options give the same pieces, however often and wherever they are made.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { checkRegularFile } from "../files/read_file.ts";
import type { CorpusPiece, Shard, SkippedDocument } from "./corpus_piece.ts";
import { corpusFormat } from "./corpus_format.ts";
import { countRows } from "./frame_table.ts";
import { type CorpusOptions, type CorpusSource, resolveCorpus } from "./resolve_corpus.ts";
import { historySources } from "./history_pieces.ts";
import { RowIds } from "./seen_ids.ts";
import { frameSources, type KeyedSource, lineSources, rowSources } from "./table_pieces.ts";
import { walkFolder, walkRoot } from "./walk_folder.ts";

/** Options of {@linkcode corpusPieces}. */
export interface PieceOptions extends CorpusOptions {
  /** Only the documents of one shard. */
  shard?: Shard | undefined;
  /** Documents a piece. */
  documents?: number;
  /** Rows of plain JSON go along too, for a reader that would otherwise parse them twice. */
  isInline?: boolean;
}

const noBreath = () => Promise.resolve();
const WHOLE: Shard = { index: 0, count: 1 };
const PIECE_DOCUMENTS = 256;
const PIECE_BYTES = 2 ** 22;

/**
 * The pieces of a corpus.
 *
 * @param corpus its path, or what {@linkcode resolveCorpus} found there
 * @throws {Error} As `resolveCorpus`; {SyntaxError} if a table is damaged, or has one id twice
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPiece } from "./corpus_piece.ts";
 * import { corpusPieces } from "./corpus_pieces.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py", "c.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const pieces = await Array.fromAsync(corpusPieces(folder, { documents: 2 }));
 * const ids = await Promise.all(pieces.map(async (piece) => (await readPiece(piece.source)).documents.length));
 * assertEquals(ids, [2, 1]);
 * ```
 */
export async function* corpusPieces(
  corpus: string | CorpusSource,
  options: PieceOptions = {},
): AsyncGenerator<CorpusPiece> {
  const source = typeof corpus === "string" ? await resolveCorpus(corpus, options) : corpus;
  let index = 0;
  const pieces = source.columns
    ? tableSources(source, options)
    : source.history
    ? historySources(source.history, options)
    : folderSources(source.path, options);
  for await (const { key, ...piece } of pieces) {
    yield { index: index++, key: createHash("sha256").update(key).digest("hex").slice(0, 16), ...piece };
  }
}

/**
 * How many documents a corpus has, skipped ones included; null where only reading it would tell.
 *
 * @throws {SyntaxError} If a Parquet or Arrow file is damaged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countDocuments } from "./corpus_pieces.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py", "c.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * assertEquals(await countDocuments(folder, { shard: { index: 1, count: 2 } }), 1);
 * ```
 */
export async function countDocuments(
  corpus: string | CorpusSource,
  options: PieceOptions = {},
): Promise<number | null> {
  const { exclude = [], shard = WHOLE, breathe = noBreath } = options;
  const { path, tables, history } = typeof corpus === "string"
    ? await resolveCorpus(corpus, options)
    : corpus;
  if (history) return null;
  let count = 0;
  if (tables.length === 0) {
    for (const _ of walkFolder(path, { exclude })) {
      count++;
      await breathe();
    }
  } else {
    if (!tables.every((file) => /\.(parquet|arrow)$/.test(file))) return null;
    for (const file of tables) count += await countRows(file);
  }
  return Math.ceil((count - shard.index) / shard.count);
}

/**
 * How many bytes the tables of a corpus have, packed as they are.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { tableBytes } from "./corpus_pieces.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, "text\nx\n");
 * assertEquals(await tableBytes([path]), 7);
 * ```
 */
export async function tableBytes(tables: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const table of tables) bytes += (await Deno.stat(table)).size;
  return bytes;
}

/**
 * How many bytes a corpus has on the disk: its tables packed as they are, or its files of source code, which are listed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { corpusBytes } from "./corpus_pieces.ts";
 * import { resolveCorpus } from "./resolve_corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * assertEquals(await corpusBytes(await resolveCorpus(folder)), 12);
 * ```
 */
export async function corpusBytes(source: CorpusSource, options: PieceOptions = {}): Promise<number> {
  if (source.columns) return await tableBytes(source.tables);
  let total = 0;
  for await (const { bytes } of folderSources(source.path, options)) total += bytes;
  return total;
}

async function* tableSources(
  { tables, columns }: CorpusSource,
  { shard = WHOLE, documents = PIECE_DOCUMENTS, breathe = noBreath, isInline = false }: PieceOptions,
): AsyncGenerator<KeyedSource> {
  const ids = new RowIds(columns!.id);
  let [first, read] = [0, 0];
  for (const file of tables) {
    const { rows, packing } = corpusFormat(file)!;
    const sources = rows === "parquet" || rows === "arrow"
      ? frameSources
      : rows === "json" && !packing && !isInline
      ? lineSources
      : rowSources;
    const limits = { shard, documents, bytes: PIECE_BYTES };
    const { size } = await checkRegularFile(file, { what: "corpus" });
    first = yield* sources(file, { ...limits, columns: columns!, breathe, first, ids, read });
    read += size;
  }
}

async function* folderSources(root: string, options: PieceOptions): AsyncGenerator<KeyedSource> {
  const { exclude = [], shard = WHOLE, documents = PIECE_DOCUMENTS, breathe = noBreath } = options;
  let paths: [number, string][] = [];
  let [skipped, unnamed]: [SkippedDocument[], SkippedDocument[]] = [[], []];
  let versions: string[] = [];
  let [number, bytes] = [0, 0];
  const count = () => paths.length + skipped.length + unnamed.length;
  const take = (): KeyedSource => {
    const taken: KeyedSource = {
      source: { kind: "files", root: walkRoot(root), paths, skipped, unnamed },
      key: versions.join("\0"),
      bytes,
      read: 0,
    };
    [paths, skipped, unnamed, versions, bytes] = [[], [], [], [], 0];
    return taken;
  };
  for (const file of walkFolder(root, { exclude })) {
    await breathe();
    const own = number++;
    if (own % shard.count !== shard.index) continue;
    if (file.reason !== undefined) {
      const { path, reason, isUnnamed } = file;
      (isUnnamed ? unnamed : skipped).push({ path, reason });
      versions.push(file.path, file.reason);
    } else {
      if (paths.length > 0 && bytes + file.size > PIECE_BYTES) yield take();
      paths.push([own, file.path]);
      versions.push(file.path, `${file.size} ${file.modified}`);
      bytes += file.size;
    }
    if (count() === documents) yield take();
  }
  if (count() > 0) yield take();
}
