/**
 * The search for pieces of planted secrets in whatever the project publishes: a file is taken apart as its reader would
 * (Parquet, gzip, JSON, HTML, a tokenizer's byte alphabet), and every text of it is searched for every piece.
 *
 * @module
 */
import { join } from "node:path";
import { textAsText } from "../../lib/datasets/text_column.ts";
import { readTable } from "../../lib/datasets/tables.ts";

/** The length of a piece. */
export const PIECE_LENGTH = 9;

/** Finds pieces in a text of any length; returns those that stand in it, each once. */
export type FindPieces = (text: string) => string[];

/**
 * Prepares the search: a text is read once, whatever the number of pieces.
 *
 * @param pieces all of `PIECE_LENGTH` characters
 */
export function pieceFinder(pieces: Iterable<string>): FindPieces {
  const known = new Set(pieces);
  const seen = new Uint8Array(2 ** 20); // most places of a text are ruled out by their first four characters
  const hash = (text: string, i: number) =>
    (text.charCodeAt(i) * 0x9e3b ^ text.charCodeAt(i + 1) * 0x1f35 ^ text.charCodeAt(i + 2) * 0x71 ^
      text.charCodeAt(i + 3) * 0x2003) & 0xfffff;
  for (const piece of known) {
    if (piece.length !== PIECE_LENGTH) {
      throw new RangeError(`Cannot search for a piece of ${piece.length} characters`);
    }
    seen[hash(piece, 0)] = 1;
  }
  return (text) => {
    const found = new Set<string>();
    for (let i = 0; i + PIECE_LENGTH <= text.length; i++) {
      if (seen[hash(text, i)] === 0) continue;
      const piece = text.slice(i, i + PIECE_LENGTH);
      if (known.has(piece)) found.add(piece);
    }
    return [...found];
  };
}

/** Every file below a folder that holds a piece, with how many; names count too. */
export async function findLeaks(folder: string, find: FindPieces): Promise<string[]> {
  const leaks: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    const count = isDirectory ? 0 : (await textsOf(path)).flatMap(find).length;
    if (count + find(name).length > 0) leaks.push(`${path}: ${count + find(name).length} pieces`);
    if (isDirectory) leaks.push(...await findLeaks(path, find));
  }
  return leaks;
}

/** All texts in a file: its bytes as they stand, and whatever its format hides. */
export async function textsOf(path: string): Promise<string[]> {
  const bytes = await Deno.readFile(path);
  const raw = [new TextDecoder().decode(bytes), new TextDecoder("latin1").decode(bytes)];
  if (/\.(parquet|csv|jsonl|jsonl\.gz)$/.test(path)) return [...raw, ...await cellsOf(path)];
  if (path.endsWith(".gz")) return [...raw, await gunzip(bytes)];
  if (/\.(json|ipynb)$/.test(path)) {
    const json = JSON.parse(raw[0]!);
    return [...raw, ...stringsOf(json), ...(json?.model?.vocab ? vocabularyOf(json) : [])];
  }
  if (/\.(html|svg|md)$/.test(path)) return [...raw, ...unescaped(raw[0]!)];
  return raw;
}

async function cellsOf(path: string): Promise<string[]> {
  const frame = await readTable(path);
  return frame.columns.flatMap((name) => {
    const column = frame.select(name);
    let cells: unknown[];
    try {
      cells = column.getColumn(name).toArray();
    } catch { // bytes
      cells = textAsText(column, name).frame.getColumn(name).toArray();
    }
    return cells.flatMap((cell) => typeof cell === "string" ? [cell] : stringsOf(cell));
  });
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

/** Keys and strings at any depth; the strings of a list joined too, as a notebook cuts its lines. */
function stringsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  const inside = Object.values(value).flatMap(stringsOf);
  if (!Array.isArray(value)) return [...Object.keys(value), ...inside];
  return value.every((item) => typeof item === "string") ? [...inside, value.join("")] : inside;
}

/** Without tags and entities, and without the escapes of JSON in scripts. */
function unescaped(html: string): string[] {
  const names: { [name: string]: string } = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };
  const decode = (text: string) =>
    text.replace(
      /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
      (whole, hex, decimal, name) =>
        hex || decimal ? String.fromCodePoint(parseInt(hex ?? decimal, hex ? 16 : 10)) : names[name] ?? whole,
    );
  const plain = html.replace(/\\u([0-9a-f]{4})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
    .replace(/\\(["\\/])/g, "$1");
  return [decode(html), decode(html.replace(/<[^>]*>/g, "")), plain];
}

interface TokenizerJson {
  model: { vocab: { [entry: string]: number }; merges?: (string | [string, string])[] };
}

/** The entries of a byte-level vocabulary as text, one by one and one after another, and its merges put together. */
function vocabularyOf({ model }: TokenizerJson): string[] {
  const entries = Object.entries(model.vocab).sort(([, a], [, b]) => a - b).map(([entry]) =>
    decodeBytes(entry)
  );
  const merges = (model.merges ?? []).map((merge) =>
    decodeBytes(typeof merge === "string" ? merge.replace(" ", "") : merge.join(""))
  );
  return [
    ...entries,
    entries.join(""),
    ...merges,
    merges.join(""),
  ];
}

/** GPT-2's alphabet: printable Latin-1 stands for itself, every other byte for a character from U+0100 on. */
function decodeBytes(entry: string): string {
  const isPlain = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 255 && byte !== 173);
  const shifted = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !isPlain(byte));
  const bytes = [...entry].map((character) => {
    const code = character.codePointAt(0)!;
    return code >= 256 ? shifted[code - 256] ?? 63 : code;
  });
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
