/**
 * `merge`: what one process would have written, byte for byte, of the tables that shards wrote: their rows in the corpus'
 * order, or what `thresholds` and `retain` make of all rows; and of the folders that shards of `humaneval` wrote.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { nameColumns } from "../../datasets/name_columns.ts";
import { FINDING_COLUMNS } from "../../datasets/finding_columns.ts";
import { readTable, tableFormat } from "../../datasets/tables.ts";
import { defineCommand } from "../command.ts";
import { writeSarif } from "../detect_outputs.ts";
import { mergeHumanEval } from "../merge_humaneval.ts";
import { mergeShards } from "../merge_shards.ts";
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
    sarif: {
      kind: "path",
      describe: "findings of `detect --places` also as SARIF 2.1.0, without values",
      metavar: "F",
    },
    prefix: {
      kind: "string",
      default: "",
      describe: "what paths begin with in SARIF, seen from the repository's root, such as src/",
      metavar: "P",
    },
  },
  writes: true,
  async run({ table, out = table, sarif, prefix }, context) {
    const shards = await findShards(table);
    if ((await Deno.stat(shards[0]!)).isDirectory) {
      if (sarif !== undefined) throw noFindings(table);
      return await mergeHumanEval(shards, out, context);
    }
    const [own, wanted] = [tableFormat(table), tableFormat(out)];
    if (wanted === ".parquet" && own !== wanted) {
      throw new RangeError(
        `Cannot write "${out}" of shards in ${own}: give --out a name that ends in ${own}`,
      );
    }
    if (sarif !== undefined) await checkPlaces(shards);
    using run = await openRunFiles([out, ...(sarif === undefined ? [] : [sarif])], {
      command: "merge",
      context,
      ...(sarif !== undefined && { kind: "file" as const }),
      inputs: Object.fromEntries(shards.map((path) => [basename(path), path])),
    });
    const whole = await mergeShards(shards, await checkShards(shards));
    const summary = { shards: shards.length, rows: whole.rows, out, ...(sarif !== undefined && { sarif }) };
    await run.finish(summary, async () => {
      await whole.write(out);
      if (sarif !== undefined) await writeSarif(sarif, { parts: [out], prefix, properties: {} });
    });
    const written = [out, ...(sarif === undefined ? [] : [sarif])].map((path) => `\nwritten: ${path}`);
    return { text: `${summary.rows} rows of ${shards.length} shards${written.join("")}`, summary };
  },
});

/** SARIF shows places, which only `detect --places` writes. */
async function checkPlaces(shards: readonly string[]): Promise<void> {
  for (const path of shards) {
    const { columns } = await readTable(path);
    if (columns.length > 0 && Object.keys(FINDING_COLUMNS).some((name) => !columns.includes(name))) {
      throw noFindings(path);
    }
  }
}

function noFindings(path: string): Error {
  return new TypeError(`Cannot write "${path}" as SARIF: it has no places: give the shards --places`);
}

/**
 * The shards' files, or folders, beside a table's path, by their number.
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
  const refuse = (what: string): never => {
    throw new Error(`Cannot merge "${table}": ${what}`);
  };
  const counts = new Set<number>();
  const names = new Set<string>();
  try {
    for await (const { name } of Deno.readDir(dirname(table))) {
      names.add(name);
      const [, index, count] = /-(\d{5})-of-(\d{5})(?=\.|$)/.exec(name) ?? [];
      const shard = { index: Number(index), count: Number(count) };
      if (index !== undefined && shardPath(basename(table), shard) === name) counts.add(shard.count);
    }
  } catch (cause) {
    throw new Error(`Cannot merge "${table}": "${dirname(table)}" cannot be read`, { cause });
  }
  const [count] = counts;
  if (count === undefined) {
    tableFormat(table);
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
 * @throws {Error} If columns differ, there are no numbers to order by, or two shards have one number.
 */
async function checkShards(shards: readonly string[]): Promise<number> {
  let columns: string[] | undefined;
  let [rows, different] = [0, 0];
  const numbers = new Set<number>();
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
    const own = new Set(frame.getColumn("row").toArray().map(Number)); // of detect many rows are of one document
    different += own.size;
    rows += frame.height;
    for (const number of own) numbers.add(number);
    if (numbers.size < different) {
      throw new RangeError(`Cannot merge "${path}": an earlier shard has rows of it too`);
    }
  }
  return rows;
}
