/**
 * What the name of a corpus' file says of it: how its rows stand in it, and whether it is packed.
 *
 * @module
 */
import { basename } from "node:path";

/** How the rows of a table stand in its file, and by what it is packed. */
export interface CorpusFormat {
  /** JSON is lines of objects, or one array of them. */
  rows: "json" | "csv" | "parquet" | "arrow";
  /** Null for none. */
  packing: "gzip" | "zstd" | null;
  /** Source code has such files too: alone they make no data set. */
  isCommon: boolean;
}

const ROWS = {
  jsonl: "json",
  ndjson: "json",
  json: "json",
  csv: "csv",
  parquet: "parquet",
  arrow: "arrow",
} as const;
const PACKINGS = { gz: "gzip", zst: "zstd" } as const;
const NAME = /\.(?:(jsonl|ndjson|json|csv)(?:\.(gz|zst))?|(parquet|arrow))$/;

/** What `datasets.save_to_disk` and the Hub's client leave beside shards. */
const NO_SHARD = /^(dataset_infos?|dataset_dict|state|cache-.*|tmp.*)\.(json|arrow)$/;

/**
 * The format of a table by its name; null where it is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { corpusFormat } from "./corpus_format.ts";
 *
 * assertEquals(corpusFormat("file-000000000001.json.gz"), { rows: "json", packing: "gzip", isCommon: false });
 * assertEquals(corpusFormat("data/package.json")?.isCommon, true);
 * assertEquals([corpusFormat("a.py"), corpusFormat("state.json")], [null, null]);
 * ```
 */
export function corpusFormat(path: string): CorpusFormat | null {
  const match = NAME.exec(path);
  if (!match || NO_SHARD.test(basename(path))) return null;
  const extension = (match[1] ?? match[3]) as keyof typeof ROWS;
  const packing = PACKINGS[match[2] as keyof typeof PACKINGS] ?? null;
  return { rows: ROWS[extension], packing, isCommon: !packing && /^(json|csv)$/.test(extension) };
}

/** The extensions of tables, for messages. */
export const CORPUS_EXTENSIONS = ".jsonl, .json or .csv (.gz or .zst too), .parquet or .arrow";
