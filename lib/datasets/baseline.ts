/**
 * What an earlier scan found, so that a later one tells only of what is new: a table of `detect`. A finding is known when
 * its value stood in that file before, wherever in it. The table has fingerprints, so a value is known under the key that
 * it was written with alone.
 *
 * @module
 */
import { DETECT_COLUMNS } from "./columns.ts";
import { readRows } from "./row_table.ts";

/** The findings that are known; may be sent to a worker. */
export type Baseline = ReadonlySet<string>;

/** What tells a finding from another. */
export interface BaselineFinding {
  doc_id: string;
  path: string | null;
  fingerprint: string;
}

const FORMAT = /\.(?:parquet|jsonl|jsonl\.gz|csv)$/;

/**
 * Reads a baseline.
 *
 * @throws {SyntaxError} If it is no table that `detect` wrote; {Error} as `readTable`.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { isKnown, readBaseline } from "./baseline.ts";
 *
 * const path = `${await Deno.makeTempDir()}/known.csv`;
 * await Deno.writeTextFile(path, "doc_id,path,tag,detector,start,end,fingerprint\na.py,a.py,KEY,AWS,4,24,0f\n");
 * const finding = { doc_id: "a.py", path: "a.py", fingerprint: "0f" };
 * assertEquals(isKnown(finding, await readBaseline(path)), true);
 * await assertRejects(() => readBaseline(".secrets.baseline"), SyntaxError, "no table that detect wrote");
 * ```
 */
export async function readBaseline(path: string): Promise<Baseline> {
  if (!FORMAT.test(path)) {
    throw new SyntaxError(
      `Cannot read baseline "${path}": it is no table that detect wrote: give the .parquet, .jsonl, .jsonl.gz or .csv ` +
        "of an earlier detect --out",
    );
  }
  return new Set((await readRows(path, DETECT_COLUMNS)).map(keyOf));
}

/**
 * Whether a baseline has a finding.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isKnown } from "./baseline.ts";
 *
 * assertEquals(isKnown({ doc_id: "a", path: null, fingerprint: "0f" }, new Set()), false);
 * ```
 */
export function isKnown(finding: BaselineFinding, baseline: Baseline): boolean {
  return baseline.has(keyOf(finding));
}

/** A document of a git history is another with each commit; its path is the same. */
function keyOf({ doc_id, path, fingerprint }: BaselineFinding): string {
  return `${path ?? doc_id}\0${fingerprint}`;
}
