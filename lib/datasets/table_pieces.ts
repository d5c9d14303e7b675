/**
 * The pieces of one table of a corpus.
 *
 * @module
 */
import { checkRegularFile } from "../files/read_file.ts";
import type { FrameSource, LinesSource, PieceSource, Shard } from "./corpus_piece.ts";
import type { CorpusColumns, CorpusRow } from "./corpus_columns.ts";
import { frameRanges, frameSizes } from "./frame_table.ts";
import { missingColumn } from "./corpus_columns.ts";
import type { RowIds } from "./seen_ids.ts";
import { rowOf, streamJsonRows, streamTable, type TableRow } from "./stream_table.ts";

/** A piece without its number. */
export interface KeyedSource {
  source: PieceSource;
  /** Names of the documents, and the version of what they are read from. */
  key: string;
  /** About how many bytes it has when it is read. */
  bytes: number;
  /** Bytes of the corpus' tables up to its end. */
  read: number;
}

/** How a table is cut into pieces. */
export interface TablePart {
  columns: CorpusColumns;
  shard: Shard;
  /** Documents a piece, at most. */
  documents: number;
  /** Bytes a piece, but for a larger document. */
  bytes: number;
  breathe: () => Promise<void>;
  /** The number of the table's first row. */
  first: number;
  /** The ids of the tables before. */
  ids: RowIds;
  /** Bytes of the tables before. */
  read: number;
}

/**
 * Pieces of a Parquet or Arrow file; the number of the next file's first row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { RowIds } from "./seen_ids.ts";
 * import { frameSources } from "./table_pieces.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.parquet`;
 * pl.DataFrame({ text: ["x", "y", "z"] }).writeParquet(file);
 * const pieces = frameSources(file, {
 *   columns: { text: "text", id: [], path: null },
 *   shard: { index: 0, count: 1 },
 *   documents: 2,
 *   bytes: 100,
 *   breathe: () => Promise.resolve(),
 *   first: 0,
 *   ids: new RowIds([]),
 *   read: 0,
 * });
 * assertEquals((await Array.fromAsync(pieces)).map(({ bytes }) => bytes), [2, 1]);
 * ```
 */
export async function* frameSources(file: string, part: TablePart): AsyncGenerator<KeyedSource, number> {
  const { columns, shard, documents, breathe, ids } = part;
  const { version, size } = await versionOf(file);
  let number = part.first;
  let begun: { range: FrameSource["range"]; first: number } | null = null;
  let [bytes, total] = [0, 0];
  const take = (end: number): KeyedSource => {
    const { range, first } = begun!;
    const source = {
      kind: "frame" as const,
      range: { ...range, count: number - first },
      first,
      columns,
      shard,
    };
    const taken = { source, key: `${version} ${first - part.first}`, bytes, read: part.read + end };
    [begun, bytes] = [null, 0];
    return taken;
  };
  for await (const { count, ...range } of frameRanges(file)) {
    await breathe();
    for (const [i, found] of (await frameSizes({ ...range, count }, columns)).entries()) {
      ids.add(found.row, { file, number });
      begun ??= { range: { ...range, start: range.start + i, count: 0 }, first: number };
      if (number++ % shard.count === shard.index) bytes += found.bytes;
      total += found.bytes;
      const isFull = number - begun.first >= documents * shard.count || bytes >= part.bytes;
      if (isFull) yield take(Math.min(size, total));
    }
    if (begun && range.batch) yield take(Math.min(size, range.batch.own[1])); // of one batch each
  }
  if (begun) yield take(size);
  return number;
}

/**
 * Pieces of a plain file of JSON, which are read again where they are needed; the number of the next file's first row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RowIds } from "./seen_ids.ts";
 * import { lineSources } from "./table_pieces.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.json`;
 * await Deno.writeTextFile(file, '[{"text":"x"}, {"text":"y"}]');
 * const pieces = lineSources(file, {
 *   columns: { text: "text", id: [], path: null },
 *   shard: { index: 0, count: 1 },
 *   documents: 1,
 *   bytes: 100,
 *   breathe: () => Promise.resolve(),
 *   first: 0,
 *   ids: new RowIds([]),
 *   read: 0,
 * });
 * assertEquals((await Array.fromAsync(pieces)).map(({ read }) => read), [14, 28]);
 * ```
 */
export async function* lineSources(file: string, part: TablePart): AsyncGenerator<KeyedSource, number> {
  const { columns, shard, documents, breathe, first, ids } = part;
  const { version } = await versionOf(file);
  const texts = new TextSeen(file, columns);
  let number = first;
  let [begun, wanted]: [LinesSource | null, number] = [null, 0];
  const take = (): KeyedSource[] => {
    const taken = begun!;
    const isEmpty = wanted === 0;
    [begun, wanted] = [null, 0];
    const bytes = taken.end - taken.start;
    return isEmpty
      ? []
      : [{ source: taken, key: `${version} ${taken.first}`, bytes, read: part.read + taken.end }];
  };
  for await (const { row, place, ...where } of streamJsonRows(file, { breathe, ids: columns.id })) {
    texts.note(row);
    ids.add(rowOf(row, columns, { path: file, place }), { file, number });
    begun ??= { kind: "lines", file, ...where, first: number, columns, shard };
    begun.end = where.end;
    if (number++ % shard.count === shard.index) wanted++;
    if (wanted >= documents || where.end - begun.start >= part.bytes) yield* take();
  }
  texts.check();
  if (begun) yield* take();
  return number;
}

/**
 * Pieces of CSV or packed JSON, whose rows go along; the number of the next file's first row.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RowIds } from "./seen_ids.ts";
 * import { rowSources } from "./table_pieces.ts";
 *
 * const file = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(file, "text\nx\ny\n");
 * const [piece] = await Array.fromAsync(rowSources(file, {
 *   columns: { text: "text", id: [], path: null },
 *   shard: { index: 1, count: 2 },
 *   documents: 9,
 *   bytes: 100,
 *   breathe: () => Promise.resolve(),
 *   first: 0,
 *   ids: new RowIds([]),
 *   read: 0,
 * }));
 * assertEquals(piece!.source, { kind: "rows", rows: [[1, { content: "y" }]] });
 * ```
 */
export async function* rowSources(file: string, part: TablePart): AsyncGenerator<KeyedSource, number> {
  const { columns, shard, documents, breathe, first, ids } = part;
  const { version } = await versionOf(file);
  const texts = new TextSeen(file, columns);
  let rows: [number, CorpusRow][] = [];
  let [number, characters, read] = [first, 0, part.read];
  const take = (): KeyedSource => {
    const source = { kind: "rows" as const, rows };
    const taken = { source, key: `${version} ${rows[0]![0]}`, bytes: characters, read };
    [rows, characters] = [[], 0];
    return taken;
  };
  const onBytes = (bytes: number) => void (read += bytes);
  for await (const { row, place } of streamTable(file, { breathe, ids: columns.id, onBytes })) {
    texts.note(row);
    const own = rowOf(row, columns, { path: file, place });
    ids.add(own, { file, number });
    if (number % shard.count === shard.index) {
      rows.push([number, own]);
      characters += String(own.content ?? "").length;
    }
    number++;
    if (rows.length === documents || characters >= part.bytes) yield take();
  }
  texts.check();
  if (rows.length > 0) yield take();
  return number;
}

/** Knows whether any row of a file has the column of texts: a shard of other columns is refused, not skipped row by row. */
class TextSeen {
  readonly #file: string;
  readonly #name: string;
  #rows = 0;
  #isSeen = false;
  #first: readonly string[] = [];

  constructor(file: string, { text }: CorpusColumns) {
    this.#file = file;
    this.#name = text;
  }

  note(row: TableRow): void {
    if (this.#rows++ === 0 && !(row instanceof RangeError)) this.#first = Object.keys(row);
    this.#isSeen ||= row instanceof RangeError || row[this.#name] !== undefined;
  }

  /** @throws {SyntaxError} If there were rows and none had it. */
  check(): void {
    if (this.#rows > 0 && !this.#isSeen) throw missingColumn(this.#file, this.#name, this.#first);
  }
}

async function versionOf(file: string): Promise<{ version: string; size: number }> {
  const { size, mtime } = await checkRegularFile(file, { what: "corpus" });
  return { version: `${size} ${mtime?.getTime()}`, size };
}
