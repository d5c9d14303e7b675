/**
 * A corpus as a stream of pieces of some hundred documents, for work that must not hold it as a whole: a folder of
 * source files, a table, or a data set of the Hub (a folder of Parquet or JSON lines shards, or one with them in
 * `data/`). Documents of a piece have about 4 MiB together at most, or it is one larger one. A piece is small where its documents
 * need not be read to name them (files by their paths, rows of Parquet by their numbers), so it can be read by another
 * thread, or not at all.
 *
 * Invariant: the same corpus and options give the same pieces, however often and wherever they are made.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { isSourceCorpus, textColumn } from "./corpus.ts";
import type { CorpusPiece, LinesSource, PieceSource, Shard, SkippedDocument } from "./corpus_piece.ts";
import { RowIds } from "./seen_ids.ts";
import { shardFiles } from "./shard_files.ts";
import { parquetRange, parquetShape, streamJsonRows, streamRows, textSizes } from "./stream_table.ts";
import { walkFolder, walkRoot } from "./walk_folder.ts";

/** Options of {@linkcode corpusPieces}. */
export interface PieceOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[];
  /** Only the documents of one shard. */
  shard?: Shard;
  /** Documents a piece. */
  documents?: number;
  /** Called between files of a folder, so that signals come in; what it throws ends the walk. */
  breathe?: () => Promise<void>;
}

const noBreath = () => Promise.resolve();
const WHOLE: Shard = { index: 0, count: 1 };
const PIECE_DOCUMENTS = 256;
const PIECE_BYTES = 2 ** 22;
const SIZES_AT_ONCE = 2 ** 12;

/**
 * The pieces of a corpus.
 *
 * @throws {Error} If there is no such path; {SyntaxError} if a table is damaged, has no `content` or `text`, or one
 * `doc_id` twice
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
export async function* corpusPieces(path: string, options: PieceOptions = {}): AsyncGenerator<CorpusPiece> {
  let index = 0;
  for await (const { source, key, bytes } of sourcesOf(path, options)) {
    yield { index: index++, key: createHash("sha256").update(key).digest("hex").slice(0, 16), bytes, source };
  }
}

interface KeyedSource {
  source: PieceSource;
  /** Names of the documents, and the version of what they are read from. */
  key: string;
  bytes: number;
}

async function* sourcesOf(path: string, options: PieceOptions): AsyncGenerator<KeyedSource> {
  const tables = await corpusTables(path);
  if (tables.length > 0) yield* tableSources(tables, options);
  else yield* folderSources(path, options);
}

/**
 * How many documents a corpus has, skipped ones included; null where only reading it would tell.
 *
 * @throws {SyntaxError} If a Parquet file is damaged.
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
export async function countDocuments(path: string, options: PieceOptions = {}): Promise<number | null> {
  const { exclude = [], shard = WHOLE, breathe = noBreath } = options;
  const files = await corpusTables(path);
  let count = 0;
  if (files.length === 0) {
    for (const _ of walkFolder(path, { exclude })) {
      count++;
      await breathe();
    }
  } else {
    if (!files.every((file) => file.endsWith(".parquet"))) return null;
    for (const file of files) count += (await parquetShape(file)).rows;
  }
  return Math.ceil((count - shard.index) / shard.count);
}

/**
 * The tables that a corpus consists of: itself, or a data set's shards; none for source files.
 *
 * @throws {Error} If there is no such path; {TypeError} if one is no regular file; {RangeError} if one is a link that
 * leads out of the folder
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { corpusTables } from "./corpus_pieces.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/data`);
 * await Deno.writeTextFile(`${folder}/README.md`, "# A data set");
 * assertEquals(await corpusTables(folder), []);
 * await Deno.writeTextFile(`${folder}/data/train.jsonl`, '{"text":"x"}');
 * assertEquals(await corpusTables(folder), [`${folder}/data/train.jsonl`]);
 * ```
 */
export async function corpusTables(path: string): Promise<string[]> {
  return await isSourceCorpus(path) ? await shardFiles(path) : [path];
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

async function* tableSources(files: readonly string[], options: PieceOptions): AsyncGenerator<KeyedSource> {
  const ids = new RowIds();
  let first = 0;
  for (const file of files) {
    const sources = file.endsWith(".parquet")
      ? parquetSources
      : file.endsWith(".jsonl")
      ? lineSources
      : rowSources;
    first = yield* sources(file, { ...options, first, ids });
  }
}

interface TablePart extends PieceOptions {
  /** The number of the file's first row. */
  first: number;
  /** Those of the files before. */
  ids: RowIds;
}

/** Pieces of a Parquet file; the number of the next file's first row. */
async function* parquetSources(
  file: string,
  { shard = WHOLE, documents = PIECE_DOCUMENTS, breathe = noBreath, first, ids }: TablePart,
): AsyncGenerator<KeyedSource, number> {
  const { rows, columns } = await parquetShape(file);
  const column = rows > 0 ? textColumn(file, columns) : "";
  const wanted = ["doc_id", "path", column].filter((name) => columns.includes(name));
  const version = await versionOf(file);
  const own = wanted.filter((name) => name === "doc_id");
  let [begun, bytes] = [0, 0];
  for (let start = 0; start < rows; start += SIZES_AT_ONCE) {
    await breathe();
    const range = { start, count: SIZES_AT_ONCE };
    const named = own.length > 0 ? await parquetRange(file, { ...range, columns: own }) : null;
    for (const [i, size] of (await textSizes(file, { ...range, column })).entries()) {
      const number = first + start + i;
      ids.add(named?.[i] ?? {}, { file, number });
      if (number % shard.count === shard.index) bytes += size;
      const end = start + i + 1;
      if (end - begun < documents * shard.count && bytes < PIECE_BYTES && end < rows) continue;
      const place = { start: begun, count: end - begun, first: first + begun };
      const source = { kind: "parquet" as const, file, ...place, columns: wanted, shard };
      yield { source, key: `${version} ${begun}`, bytes };
      [begun, bytes] = [end, 0];
    }
  }
  return first + rows;
}

/** Pieces of a plain file of JSON lines, which are read again where they are needed; the number of the next file's first row. */
async function* lineSources(
  file: string,
  { shard = WHOLE, documents = PIECE_DOCUMENTS, breathe, first, ids }: TablePart,
): AsyncGenerator<KeyedSource, number> {
  const version = await versionOf(file);
  const names = new Set<string>();
  let number = first;
  let [begun, wanted]: [LinesSource | null, number] = [null, 0];
  for await (const { row, rowsBefore, start, end } of streamJsonRows(file, { breathe })) {
    noteColumns(names, row);
    ids.add(row, { file, number });
    begun ??= { kind: "lines", file, rowsBefore, start, end, first: number, shard };
    begun.end = end;
    if (number++ % shard.count === shard.index) wanted++;
    if (wanted < documents && end - begun.start < PIECE_BYTES) continue;
    if (wanted > 0) yield { source: begun, key: `${version} ${begun.first}`, bytes: begun.end - begun.start };
    [begun, wanted] = [null, 0];
  }
  if (number > first) textColumn(file, [...names]);
  if (begun && wanted > 0) {
    yield { source: begun, key: `${version} ${begun.first}`, bytes: begun.end - begun.start };
  }
  return number;
}

/** Pieces of packed JSON lines or CSV, which go along; the number of the next file's first row. */
async function* rowSources(
  file: string,
  { shard = WHOLE, documents = PIECE_DOCUMENTS, breathe, first, ids }: TablePart,
): AsyncGenerator<KeyedSource, number> {
  const version = await versionOf(file);
  let rows: [number, Record<string, unknown>][] = [];
  let [number, characters] = [first, 0];
  const names = new Set<string>();
  const take = (): KeyedSource => {
    const taken: KeyedSource = {
      source: { kind: "rows", rows },
      key: `${version} ${rows[0]![0]}`,
      bytes: characters,
    };
    [rows, characters] = [[], 0];
    return taken;
  };
  for await (const { doc_id, path, content, text } of streamRows(file, { breathe })) {
    const row = { doc_id, path, content, text };
    noteColumns(names, row);
    ids.add(row, { file, number });
    if (number % shard.count === shard.index) {
      rows.push([number, row]);
      characters += String(content ?? text ?? "").length;
    }
    number++;
    if (rows.length === documents || characters >= PIECE_BYTES) yield take();
  }
  if (number > first) textColumn(file, [...names]);
  if (rows.length > 0) yield take();
  return number;
}

function noteColumns(names: Set<string>, { content, text }: Record<string, unknown>): void {
  if (content !== undefined) names.add("content");
  if (text !== undefined) names.add("text");
}

async function versionOf(file: string): Promise<string> {
  const { size, mtime } = await Deno.stat(file);
  return `${size} ${mtime?.getTime()}`;
}
