/**
 * The tables of a folder: the shards of a data set, wherever they lie in it, and not what lies beside them. Hub
 * repositories and folders of `datasets.save_to_disk` have cards, licences, pictures and loading scripts, and source code
 * has a table here and there; where it cannot be told which of the two a folder is, it is refused.
 *
 * @module
 */
import { basename, join } from "node:path";
import { checkRegularFile } from "../files/read_file.ts";
import { CORPUS_EXTENSIONS, corpusFormat } from "./corpus_format.ts";
import { isJsonTable } from "./json_table.ts";
import { insideOf, walkFolder } from "./walk_folder.ts";

/** What a folder is read as. */
export type CorpusFormatName = "files" | "tables";

/** Options of {@linkcode folderTables}. */
export interface FolderTablesOptions {
  /** Patterns of files and folders to leave out, as in .gitignore. */
  exclude?: readonly string[] | undefined;
  /** What it is, where the user says so. */
  format?: CorpusFormatName | undefined;
  /** Called between files, so that signals come in. */
  breathe?: (() => Promise<void>) | undefined;
}

/** The tables of a folder. */
export interface FolderTables {
  /** Their paths, in the order of plain comparison. */
  tables: string[];
  /** How many other files lie beside them. */
  others: number;
}

/** What no one takes for source code beside shards, by its name. */
const CARD =
  /^(readme|licen[cs]e|copying|notice|citation|authors|contributing|changelog|dataset_infos?|dataset_dict|state|_success|_(common_)?metadata|thumbs\.db|(sha|md5)\d*sums?|checksums?)\b/i;
const CARD_EXTENSION =
  /\.(md|rst|txt|ya?ml|toml|cff|bib|html|png|jpe?g|gif|svg|webp|ico|pdf|sha\d*|md5|crc|log|lock|metadata|json|csv|arrow|parquet)$/i;
/** What holds data in a format that is not read here. */
const UNREAD_DATA =
  /\.(zip|tar|t?gz|tgz|bz2|xz|lz4|7z|rar|tfrecords?|h5|hdf5|np[yz]|pkl|pickle|feather|orc|avro|xlsx?|db|sqlite3?|bin|msgpack|zstd?|lmdb|pt)$/i;
const MAX_SCRIPT_BYTES = 2 ** 18;
const NAMED = 3;

/**
 * The tables that a folder consists of; null where it is source code.
 *
 * @throws {RangeError} If it cannot be told, if there are no tables where they are asked for, or if one is a link that
 * leads out of the folder; {TypeError} if one is no regular file
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { folderTables } from "./corpus_tables.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/data/python`, { recursive: true });
 * await Deno.writeTextFile(`${folder}/README.md`, "# A data set");
 * assertEquals(await folderTables(folder), null);
 * const table = `${folder}/data/python/0.jsonl`;
 * await Deno.writeTextFile(table, '{"text":"x"}');
 * assertEquals(await folderTables(folder), { tables: [table], others: 1 });
 * await Deno.writeTextFile(`${folder}/main.go`, "package main");
 * await assertRejects(() => folderTables(folder), RangeError, "give --format tables or --format files");
 * ```
 */
export async function folderTables(
  root: string,
  { exclude = [], format, breathe }: FolderTablesOptions = {},
): Promise<FolderTables | null> {
  if (format === "files") return null;
  const isPastTop = topOf(root);
  const found: Found = { shards: [], common: [], code: [], unread: [], others: 0, read: 0 };
  for (const { path, reason } of walkFolder(root, { exclude, maxBytes: Infinity })) {
    await breathe?.();
    sort(found, root, path, reason);
    const isSource = found.code.length > 0 && !found.shards.some(isAtTop) && isPastTop(path);
    if (format === undefined && isSource) return null;
  }
  const { shards, common, code, unread } = found;
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot read corpus "${root}": ${what}`);
  };
  const chosen = shards.length > 0 ? shards : common;
  if (format === undefined) {
    if (code.length > 0 && shards.some(isAtTop)) {
      refuse(
        `it holds tables (${list(shards)}) and other files (${
          list(code)
        }): give --format tables or --format files`,
      );
    }
    if (code.length > 0) return null;
    if (chosen.length === 0 && unread.length > 0 && found.read > 0) {
      refuse(
        `it holds no source code, and data that is not read (${
          list(unread)
        }): ${CORPUS_EXTENSIONS} is, and --format files reads what is there`,
      );
    }
    if (shards.length === 0) {
      const rest = await noTables(root, common);
      if (rest.length === common.length) return null;
      if (rest.length > 0) {
        refuse(
          `it holds tables and other JSON (${
            list(rest)
          }): give --format tables or --format files, or --exclude one`,
        );
      }
    }
  }
  if (chosen.length === 0) refuse(`it holds no tables: ${CORPUS_EXTENSIONS} is needed`);
  return { tables: await checkTables(root, chosen), others: found.others - chosen.length };
}

interface Found {
  /** Tables that source code does not have as a rule, and those that it has. */
  shards: string[];
  common: string[];
  code: string[];
  unread: string[];
  /** All files. */
  others: number;
  /** Files that would be read as source code. */
  read: number;
}

function sort(found: Found, root: string, path: string, reason: string | undefined): void {
  if (reason === undefined && !UNREAD_DATA.test(path)) found.read++;
  if (`/${path}`.includes("/.")) return; // .gitattributes, .cache, .DS_Store
  found.others++;
  const name = basename(path);
  const format = corpusFormat(path);
  if (format && (reason === undefined || !/link to a folder|unreadable/.test(reason))) {
    (format.isCommon ? found.common : found.shards).push(path);
  } else if (UNREAD_DATA.test(name)) found.unread.push(path);
  else if (reason === undefined && !CARD.test(name) && !CARD_EXTENSION.test(name)) {
    if (!isLoadingScript(root, path)) found.code.push(path);
  }
}

/** Whether no shards of a data set can come any more behind a path of a folder that has none so far. */
function topOf(root: string): (path: string) => boolean {
  const names = readNames(root);
  const isShard = (name: string) => corpusFormat(name)?.isCommon === false;
  if (names.some(isShard)) return () => false;
  return names.includes("data") ? (path) => path > "data0" : () => true; // "0" follows "/"
}

function readNames(root: string): string[] {
  try {
    return Array.from(Deno.readDirSync(root), ({ name }) => name);
  } catch {
    return []; // the walk says what is wrong with it
  }
}

/** Where a data set's shards lie beside code: in the folder itself or in its `data`. */
function isAtTop(path: string): boolean {
  return !path.includes("/") || path.startsWith("data/");
}

/** Whether it is a script of the `datasets` library, in the folder itself. */
function isLoadingScript(root: string, path: string): boolean {
  if (path.includes("/") || !path.endsWith(".py")) return false;
  if (path === `${basename(root)}.py`) return true;
  try {
    if (Deno.statSync(join(root, path)).size > MAX_SCRIPT_BYTES) return false;
    return /^\s*(import datasets|from datasets)\b/m.test(Deno.readTextFileSync(join(root, path)));
  } catch {
    return false;
  }
}

/** Which of the CSV and JSON files of a folder without code are no tables of rows. */
async function noTables(root: string, common: readonly string[]): Promise<string[]> {
  const rest: string[] = [];
  for (const path of common) {
    if (!path.endsWith(".csv") && !await isJsonTable(join(root, path))) rest.push(path);
  }
  return rest;
}

async function checkTables(root: string, paths: readonly string[]): Promise<string[]> {
  const isInside = insideOf(root);
  const tables = paths.map((path) => join(root, path));
  for (const table of tables) {
    await checkRegularFile(table, { what: "corpus" });
    if (isInside(await Deno.realPath(table))) continue;
    throw new RangeError(`Cannot read corpus "${table}": it is a link out of the corpus: copy the file`);
  }
  return tables;
}

/** Some names for a message. */
function list(paths: readonly string[]): string {
  const named = paths.slice(0, NAMED).map((path) => `"${path}"`).join(", ");
  return paths.length > NAMED ? `${named} and ${paths.length - NAMED} more` : named;
}
