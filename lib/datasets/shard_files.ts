/**
 * The tables of a data set of the Hub: a folder of Parquet or JSON lines shards, or one with them in `data/`.
 *
 * @module
 */
import { join } from "node:path";
import { checkRegularFile } from "../read_file.ts";
import { insideOf } from "./walk_folder.ts";

/** What a data set may hold beside its shards. */
const CARD = /^(README|LICENSE|dataset_infos?|\.gitattributes|\.huggingface|\.cache|data$)/i;
const SHARD_FILE = /\.(parquet|jsonl|jsonl\.gz)$/;

/**
 * The shards of a data set's folder, its own and those of its `data/`; none where it holds anything else.
 *
 * @throws {TypeError} If one is no regular file; {RangeError} if one is a link that leads out of the folder.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { shardFiles } from "./shard_files.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.jsonl`, '{"text":"x"}');
 * assertEquals(await shardFiles(folder), [`${folder}/a.jsonl`]);
 * await Deno.symlink("/dev/zero", `${folder}/b.jsonl`);
 * await assertRejects(() => shardFiles(folder), TypeError, "it is a device");
 * ```
 */
export async function shardFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  for (const folder of [root, join(root, "data")]) {
    const entries = readFolder(folder);
    if (entries.some(({ name }) => !SHARD_FILE.test(name) && !CARD.test(name))) return [];
    const shards = entries.filter(({ name, isDirectory }) => !isDirectory && SHARD_FILE.test(name));
    files.push(...shards.map(({ name }) => join(folder, name)).sort());
  }
  const isInside = insideOf(root);
  for (const file of files) {
    await checkRegularFile(file, { what: "corpus" });
    if (isInside(await Deno.realPath(file))) continue;
    throw new RangeError(`Cannot read corpus "${file}": it is a link out of the corpus: copy the file`);
  }
  return files;
}

function readFolder(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return []; // the walk says what is wrong with it
  }
}
