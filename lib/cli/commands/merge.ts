/**
 * `merge`: the tables that shards wrote as one, in the corpus' order: what one process would have written, byte for byte.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { assembleParts } from "../../datasets/assemble_parts.ts";
import { nameColumns } from "../../datasets/columns.ts";
import { readTable, tableFormat } from "../../datasets/tables.ts";
import { privateIf } from "../../files/write_file.ts";
import { defineCommand } from "../command.ts";
import { openRunFiles } from "../run_files.ts";
import { shardPath } from "../shard.ts";

/**
 * The command `merge`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./merge.ts";
 *
 * assertEquals(Object.keys(command.args), ["table"]);
 * ```
 */
export const command = defineCommand({
  args: {
    table: {
      kind: "path",
      describe: "what the shards were given as --out; their files stand beside it",
      required: true,
    },
  },
  options: {
    out: { kind: "path", describe: "the whole table; that very path by default", metavar: "F" },
  },
  writes: true,
  async run({ table, out = table }, context) {
    const shards = await findShards(table);
    using run = await openRunFiles([out], {
      command: "merge",
      context,
      inputs: Object.fromEntries(shards.map((path) => [basename(path), path])),
    });
    const isPrivate = shards.some((path) => ((Deno.statSync(path).mode ?? 0) & 0o077) === 0); // detect --reveal
    const summary = { shards: shards.length, rows: await checkShards(shards), out };
    await run.finish(summary, () => assembleParts(shards, out, { sortBy: "row", ...privateIf(isPrivate) }));
    return { text: `${summary.rows} rows of ${shards.length} shards\nwritten: ${out}`, summary };
  },
});

/**
 * The shards' files beside a table's path, by their number.
 *
 * @throws {Error} If there are none, of two divisions, or some are missing.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { findShards } from "./merge.ts";
 *
 * const table = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(table.replace("a.csv", "a-00001-of-00002.csv"), "");
 * await assertRejects(() => findShards(table), Error, "1 of 2 shards is missing: 0");
 * await Deno.writeTextFile(table.replace("a.csv", "a-00000-of-00002.csv"), "");
 * assertEquals((await findShards(table)).length, 2);
 * ```
 */
export async function findShards(table: string): Promise<string[]> {
  tableFormat(table);
  const refuse = (what: string): never => {
    throw new Error(`Cannot merge "${table}": ${what}`);
  };
  const counts = new Set<number>();
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(dirname(table))) {
      names.add(name);
      const [, index, count] = /-(\d{5})-of-(\d{5})\./.exec(name) ?? [];
      const shard = { index: Number(index), count: Number(count) };
      if (index !== undefined && shardPath(basename(table), shard) === name) counts.add(shard.count);
    }
  } catch (cause) {
    throw new Error(`Cannot merge "${table}": "${dirname(table)}" cannot be read`, { cause });
  }
  const [count] = counts;
  if (count === undefined) {
    return refuse(`there is no "${shardPath(basename(table), { index: 0, count: 1 })}"`);
  }
  if (counts.size > 1) refuse(`there are shards of ${[...counts].sort((a, b) => a - b).join(" and of ")}`);
  const files = Array.from({ length: count }, (_, index) => shardPath(basename(table), { index, count }));
  const missing = files.flatMap((name, index) => names.has(name) ? [] : [index]);
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(", ") + (missing.length > 10 ? ", ..." : "");
    refuse(`${missing.length} of ${count} shards ${missing.length === 1 ? "is" : "are"} missing: ${some}`);
  }
  return files.map((name) => join(dirname(table), name));
}

/**
 * How many rows the shards have.
 *
 * @throws {Error} If columns differ, there are no numbers to order by, or two shards have one document.
 */
async function checkShards(shards: readonly string[]): Promise<number> {
  let columns: string[] | undefined;
  let [rows, documents] = [0, 0];
  const ids = new Set<string>();
  for (const path of shards) {
    const frame = await readTable(path);
    if (frame.columns.length === 0) continue; // JSON lines of no rows
    columns ??= frame.columns;
    if (frame.columns.join() !== columns.join()) {
      throw new TypeError(
        `Cannot merge "${path}": its columns are ${nameColumns(frame.columns)}, those of the first ${
          nameColumns(columns)
        }`,
      );
    }
    if (!frame.columns.includes("row") || !frame.columns.includes("doc_id")) {
      throw new TypeError(`Cannot merge "${path}": it has no columns "doc_id" and "row": no shard wrote it`);
    }
    const own = new Set(frame.getColumn("doc_id").toArray().map(String));
    documents += own.size;
    rows += frame.height;
    for (const id of own) ids.add(id);
    if (ids.size < documents) {
      throw new RangeError(`Cannot merge "${path}": an earlier shard has a document of it too`);
    }
  }
  return rows;
}
