/**
 * The parts of an output that is not whole yet, in a run's scratch folder: a Parquet file each, and what was counted
 * beside it in a JSON file, whose being there says that the part is whole. A run that was killed goes on from them.
 *
 * @module
 */
import { existsSync } from "node:fs";
import type { Columns, RowOf } from "../datasets/row_table.ts";
import { writeRows } from "../datasets/row_table.ts";
import { type AssembleOptions, assembleParts } from "../datasets/assemble_parts.ts";
import { makeFolder, removePath } from "../files/folders.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import type { Json } from "./command.ts";

/** What names a part: its place among all, and what changes when it must be made anew. */
export interface PartName {
  /** The part's place among all, from 0. */
  index: number;
  /** Letters and digits. */
  key: string;
}

/**
 * Where a part stands, without an extension.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { partPath } from "./part_files.ts";
 *
 * assertEquals(partPath("/out", { index: 7, key: "ab" }), "/out/part-00000007-ab");
 * ```
 */
export function partPath(folder: string, { index, key }: PartName): string {
  return `${folder}/part-${String(index).padStart(8, "0")}-${key}`;
}

/**
 * What was counted of a part; undefined where there is none that is whole.
 *
 * @param path without an extension
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPartCounts } from "./part_files.ts";
 *
 * assertEquals(await readPartCounts(`${await Deno.makeTempDir()}/part-00000000-ab`), undefined);
 * ```
 */
export async function readPartCounts<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(`${path}.json`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Removes the scratch folder where nothing is in it to go on from.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { existsSync } from "node:fs";
 * import { removeWithoutParts } from "./part_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await removeWithoutParts(folder);
 * assert(!existsSync(folder));
 * ```
 */
export async function removeWithoutParts(folder: string): Promise<void> {
  const hasParts = [...Deno.readDirSync(folder)].some(({ name }) => name.startsWith("part-"));
  if (!hasParts) await removePath(folder);
}

/**
 * What work on all parts gives; where it fails the parts are of no use, and go with their folder.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { existsSync } from "node:fs";
 * import { orRemove } from "./part_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => orRemove(folder, () => Promise.reject(new RangeError("too few"))), RangeError, "too few");
 * if (existsSync(folder)) throw new Error("it is still there");
 * ```
 */
export async function orRemove<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (existsSync(folder)) await removePath(folder); // without rows there are no parts
    throw error;
  }
}

/** Rows of an output that are made together. */
export interface WorkUnit<C extends Columns, T extends Json> extends PartName {
  /** Makes them, and counts. */
  make: () => Promise<{ rows: readonly RowOf<C>[]; counts: T }>;
}

/** Options of {@linkcode makeParts}. */
export interface MakePartsOptions<C extends Columns, T extends Json> {
  /** Where parts are written; made when the first one is. */
  folder: string;
  /** Those of the rows. */
  columns: C;
  /** Called for each part, with whether an earlier run had made it. */
  onPart?: (counts: T, wasThere: boolean) => void | Promise<void>;
}

/**
 * Makes the parts that are not there yet.
 *
 * @returns the parts' files and what was counted of each, in the order of the units
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { makeParts } from "./part_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * let made = 0;
 * const unit = { index: 0, key: "ab", make: () => Promise.resolve({ rows: [{ ma: 1 }], counts: ++made }) };
 * for (let i = 0; i < 2; i++) assertEquals((await makeParts([unit], { folder, columns: { ma: "float" } })).counts, [1]);
 * ```
 */
export async function makeParts<C extends Columns, T extends Json>(
  units: AsyncIterable<WorkUnit<C, T>> | Iterable<WorkUnit<C, T>>,
  { folder, columns, onPart }: MakePartsOptions<C, T>,
): Promise<{ parts: string[]; counts: T[] }> {
  const parts: string[] = [];
  const all: T[] = [];
  for await (const unit of units) {
    const path = partPath(folder, unit);
    const known = await readPartCounts<T>(path);
    parts.push(`${path}.parquet`);
    all.push(known ?? await makePart(path, unit, { folder, columns }));
    await onPart?.(all.at(-1)!, known !== undefined);
  }
  return { parts, counts: all };
}

async function makePart<C extends Columns, T extends Json>(
  path: string,
  { make }: WorkUnit<C, T>,
  { folder, columns }: MakePartsOptions<C, T>,
): Promise<T> {
  const { rows, counts } = await make();
  await makeFolder(folder, { mode: 0o700 });
  await writePart(path, counts, (file) => writeRows(file, rows, columns));
  return counts;
}

/**
 * Writes a part: its rows, and then its counts, by which it is whole.
 *
 * @param path without an extension
 * @param writeTable writes its rows into a Parquet file
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readPartCounts, writePart } from "./part_files.ts";
 *
 * const path = `${await Deno.makeTempDir()}/part-00000000-ab`;
 * await writePart(path, { spans: 1 }, (file) => Deno.writeTextFile(file, ""));
 * assertEquals(await readPartCounts(path), { spans: 1 });
 * ```
 */
export async function writePart(
  path: string,
  counts: unknown,
  writeTable: (file: string) => Promise<unknown>,
): Promise<void> {
  await writeTable(`${path}.parquet`);
  await writeFileAtomic(`${path}.json`, JSON.stringify(counts));
}

/**
 * The output that parts make; without parts a table without rows.
 *
 * @param parts of `makeParts`
 * @throws {Error} as `assembleParts`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeParts } from "./part_files.ts";
 *
 * const out = `${await Deno.makeTempDir()}/a.csv`;
 * await writeParts([], out, { columns: { doc_id: "text", row: "int" }, sortBy: "row" });
 * assertEquals(await Deno.readTextFile(out), "doc_id\n");
 * ```
 */
export async function writeParts(
  parts: readonly string[],
  out: string,
  { columns, ...options }: AssembleOptions & { columns: Columns },
): Promise<void> {
  if (parts.length > 0) return await assembleParts(parts, out, options);
  const { sortBy, ...others } = options;
  const kept = Object.entries(columns).filter(([name]) => name !== sortBy);
  await writeRows(out, [], Object.fromEntries(kept), others);
}
