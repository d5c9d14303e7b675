/**
 * What was requested and is in no row of the forget set, with its scores before and after: what the model did not know,
 * what `--k` left, and what has no tokens.
 *
 * @module
 */
import { DETECT_COLUMNS, FORGET_COLUMNS, PROBE_COLUMNS } from "../datasets/columns.ts";
import { readForgetSpans } from "../datasets/forget_spans.ts";
import { placeKey, type SecretPlace } from "../datasets/place.ts";
import { readRows } from "../datasets/row_table.ts";
import type { UntreatedPlace } from "../report/certificate.ts";
import { untreatedReason } from "../report/untreated_place.ts";
import { type BoundedSecret, readBounded } from "./known_secrets.ts";

/** The tables of a request. */
export interface RequestTables {
  /** Its places, as `detect` writes them. */
  requested: string;
  /** Probe of them under the model before. */
  probe: string;
  /** Probe of them under the model that has unlearned. */
  probeAfter: string;
  /** The forget set; undefined where nothing was treated. */
  forget: string | undefined;
}

/** A place that was not treated, as tables name it. */
export interface UntreatedSecret extends SecretPlace, Pick<UntreatedPlace, "reason" | "ma" | "el_10"> {
  /** HMAC of its value. */
  fingerprint: string;
}

const SCORES = { ...PROBE_COLUMNS, el_10: "float?" } as const;

/**
 * The requested places outside the forget set.
 *
 * @param thresholds what `unlearn` was given
 * @throws {Error} as `readRows` and `readBounded`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DETECT_COLUMNS, FORGET_COLUMNS, PROBE_COLUMNS } from "../datasets/columns.ts";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { untreatedPlaces } from "./untreated_places.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const path = (name: string) => `${folder}/${name}.jsonl`;
 * const places = ["a", "b"].map((doc_id) => ({ doc_id, tag: "KEY", start: 0, end: 9 }));
 * await writeRows(path("requested"), places.map((place) => ({ ...place, detector: "", fingerprint: "f", path: null })), DETECT_COLUMNS);
 * const probed = (ma: number) => places.map((place) => ({ ...place, window: 0, secret_tokens: 9, mask_tokens: 9, ma }));
 * await writeRows(path("probe"), probed(0.2), PROBE_COLUMNS);
 * await writeRows(path("after"), probed(0.1), PROBE_COLUMNS);
 * await writeRows(path("forget"), [{ doc_id: "a", window: 0, ma: 1, mask_tokens: 9, spans: '[["KEY",0,9]]' }], FORGET_COLUMNS);
 * const tables = { requested: path("requested"), probe: path("probe"), probeAfter: path("after"), forget: path("forget") };
 * const [place] = await untreatedPlaces(tables, { thresholds: undefined, ma: 0.3, el10: 0 });
 * assertEquals([place!.doc_id, place!.reason, place!.ma], ["b", "not known", { before: 0.2, after: 0.1, threshold: 0.3 }]);
 * ```
 */
export async function untreatedPlaces(
  { requested, probe, probeAfter, forget }: RequestTables,
  thresholds: Parameters<typeof readBounded>[1],
): Promise<UntreatedSecret[]> {
  const places = new Map((await readRows(requested, DETECT_COLUMNS)).map((row) => [placeKey(row), row]));
  const rows = forget === undefined ? [] : await readRows(forget, FORGET_COLUMNS);
  const treated = new Set(rows.flatMap(spansOf));
  const before = byPlace(await readBounded(probe, thresholds));
  const after = byPlace(await readRows(probeAfter, SCORES, { optional: ["el_10"] }));
  return [...places].filter(([key]) => !treated.has(key)).map(([key, place]) => {
    const { doc_id, tag, start, end, fingerprint } = place;
    const scores = scoresOf(before.get(key), after.get(key));
    return { doc_id, tag, start, end, fingerprint, reason: untreatedReason(scores), ...scores };
  });
}

/** The secrets of a forget row; those of a neighbouring window are masked there and not treated. */
function spansOf(row: { doc_id: string; spans: string }): string[] {
  return readForgetSpans(row).filter(({ tag }) => tag !== null).map(placeKey);
}

function byPlace<R extends SecretPlace>(rows: readonly R[]): Map<string, R> {
  return new Map(rows.map((row) => [placeKey(row), row]));
}

/** Scores before and after; of a place that a probe leaves out there are none. */
function scoresOf(
  before: BoundedSecret | undefined,
  after: { ma: number | null; el_10: number | null } | undefined,
): Pick<UntreatedPlace, "ma" | "el_10"> {
  const scores = (name: "ma" | "el_10") => {
    const bound = before?.bounds[name];
    const threshold = bound !== undefined && Number.isFinite(bound) ? bound : null;
    return { before: before?.[name] ?? null, after: after?.[name] ?? null, threshold };
  };
  return { ma: scores("ma"), el_10: scores("el_10") };
}
