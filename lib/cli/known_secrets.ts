/**
 * Which secrets of a probe the model knows: those whose MA or EL_10 is above their threshold, by unseen text, or each by
 * its own, of made-up secrets in its place.
 *
 * @module
 */
import { CONTROL_COLUMNS, PROBE_COLUMNS } from "../datasets/columns.ts";
import { placeKey, type SecretPlace } from "../datasets/place.ts";
import { readRows, type RowOf } from "../datasets/row_table.ts";
import { isMeasuredAbove } from "../metrics/threshold.ts";
import { borrowedThresholds, NO_CONTROLS } from "./borrowed_thresholds.ts";
import { readThresholds } from "./unlearn_thresholds.ts";

const COLUMNS = {
  ...PROBE_COLUMNS,
  el_10: "float?",
  ...CONTROL_COLUMNS,
  controls: "int?",
  format: "text?",
} as const;

/** Columns that a probe has by --el and --controls only. */
const OPTIONAL = ["el_10", ...Object.keys(CONTROL_COLUMNS) as (keyof typeof CONTROL_COLUMNS)[]] as const;

type Row = RowOf<typeof COLUMNS>;

/**
 * Tells known secrets of a probe's table.
 *
 * @param above table that `thresholds` wrote, or "matched"
 * @returns whether a secret of the table is known; one without tokens is not
 * @throws {RangeError} where thresholds are matched and the table has none, as controls were not asked for or no format has
 * any; {Error} as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { readKnown } from "./known_secrets.ts";
 *
 * const path = `${await Deno.makeTempDir()}/probe.jsonl`;
 * const row = { tag: "KEY", start: 0, end: 9, window: 0, secret_tokens: 9, mask_tokens: 9, ma: 0.5 };
 * const columns = { doc_id: "text", tag: "text", start: "int", end: "int", window: "int", secret_tokens: "int" } as const;
 * const rows = [["a", 0.4], ["b", 0.6]].map(([doc_id, ma_threshold]) =>
 *   ({ ...row, doc_id: String(doc_id), ma_threshold: Number(ma_threshold) })
 * );
 * await writeRows(path, rows, { ...columns, mask_tokens: "int", ma: "float", ma_threshold: "float" });
 * const isKnown = await readKnown(path, "matched");
 * assertEquals(rows.map((row) => isKnown(row)), [true, false]);
 * ```
 */
export async function readKnown(probe: string, above: string): Promise<(secret: SecretPlace) => boolean> {
  const rows = await readBounded(probe, { thresholds: above, ma: undefined, el10: undefined });
  const known = new Set(rows.filter((row) => isMeasuredAbove(row, row.bounds)).map(placeKey));
  return (secret) => known.has(placeKey(secret));
}

/** A secret of a probe with its thresholds; that of EL_10 is infinite where nothing tells. */
export interface BoundedSecret extends SecretPlace {
  /** Null where it has no tokens. */
  ma: number | null;
  /** Null where it was not measured, or the secret is too short. */
  el_10: number | null;
  /** What they are compared with. */
  bounds: { ma: number; el_10: number };
}

/**
 * The secrets of a probe's table, each with the thresholds by which it is known.
 *
 * @param values what `unlearn` was given: a table, "matched", or numbers
 * @throws {RangeError} where thresholds are matched and the table has none; {Error} as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { PROBE_COLUMNS } from "../datasets/columns.ts";
 * import { readBounded } from "./known_secrets.ts";
 *
 * const path = `${await Deno.makeTempDir()}/probe.jsonl`;
 * const row = { doc_id: "a", tag: "KEY", start: 0, end: 9, window: 0, secret_tokens: 9, mask_tokens: 9, ma: 0.5 };
 * await writeRows(path, [row], PROBE_COLUMNS);
 * const [{ ma, bounds }] = await readBounded(path, { thresholds: undefined, ma: 0.3, el10: 0 }) as [any];
 * assertEquals([ma, bounds], [0.5, { ma: 0.3, el_10: 0 }]);
 * ```
 */
export async function readBounded(
  probe: string,
  values: { thresholds: string | undefined; ma: number | undefined; el10: number | undefined },
): Promise<BoundedSecret[]> {
  const given = await readThresholds({ ...values, isPerSecret: true });
  const rows = await readRows(probe, COLUMNS, { optional: OPTIONAL });
  const boundsOf = given ? () => given : ownBounds(probe, rows);
  return rows.map((row) => ({ ...row, bounds: boundsOf(row) }));
}

/** Of a secret without controls the thresholds are borrowed. */
function ownBounds(probe: string, rows: readonly Row[]): (row: Row) => { ma: number; el_10: number } {
  const scored = rows.filter(({ ma }) => ma !== null);
  if (scored.length > 0 && scored.every(({ ma_threshold }) => ma_threshold === null)) {
    const isAsked = scored.some(({ controls }) => controls !== null);
    throw new RangeError(
      `Cannot tell what is known by "${probe}": ` +
        (isAsked
          ? `none of its secrets has controls, as ${NO_CONTROLS}--unseen TEXTS of scrub, --above FILE of select`
          : "it has no controls: run probe with --controls, or give thresholds of unseen text"),
    );
  }
  const others = borrowedThresholds(rows, ["ma_threshold", "el_10_threshold"]);
  return ({ ma_threshold, el_10_threshold }) => ({
    ma: ma_threshold ?? others.ma_threshold!,
    el_10: el_10_threshold ?? others.el_10_threshold ?? Infinity, // of a probe without --el
  });
}
