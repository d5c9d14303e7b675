/**
 * A run's secrets one by one: what the probe found, and the forget set's scores under every model. Values are masked
 * unless they are asked for and were written.
 *
 * @module
 */
import type { FOUND_COLUMNS, PROBE_COLUMNS, SECRET_SCORE_COLUMNS } from "../datasets/columns.ts";
import { type FoundPlace, placeKey, type SecretPlace } from "../datasets/place.ts";
import type { RowOf } from "../datasets/row_table.ts";
import type { ReportedSecret } from "./run_tables.ts";

/** The tables that secrets are read from; each may be missing. */
export interface SecretSources {
  /** The table of `detect`: what found each place. */
  readonly found?: readonly RowOf<typeof FOUND_COLUMNS>[] | undefined;
  /** The table of `probe`: the scores of the model as it came. */
  readonly probe?: readonly RowOf<typeof PROBE_COLUMNS>[] | undefined;
  /** The table of `evaluate`: the forget set's secrets under every model. */
  readonly scores?: readonly RowOf<typeof SECRET_SCORE_COLUMNS>[] | undefined;
  /** The secrets themselves, by their places. */
  readonly values?: ReadonlyMap<string, string> | undefined;
}

/**
 * Joins the tables by places: a row a place that the probe or the evaluation scored; where neither has run, a row a place
 * that was found.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { joinSecrets } from "./join_secrets.ts";
 *
 * const place = { doc_id: "a.py", tag: "KEY", start: 3, end: 16 };
 * const probe = [{ ...place, window: 0, secret_tokens: 9, mask_tokens: 40, ma: 1 }];
 * const [secret] = joinSecrets({ probe });
 * assertEquals([secret?.description, secret?.ma_before, secret?.ma_after], ["KEY, 13 characters", 1, {}]);
 * ```
 */
export function joinSecrets(
  { found = [], probe, scores = [], values }: SecretSources,
): ReportedSecret[] {
  const places = new Map(found.map((row) => [placeKey(row), row]));
  const copies = countDocuments(found);
  // The evaluation describes some places of a value; the description holds at all of them.
  const descriptions = new Map(
    scores.map((row) => [places.get(placeKey(row))?.fingerprint, row.description]),
  );
  const secrets = new Map<string, ReportedSecret>();
  const begin = (row: SecretPlace, description: string) => {
    const place = places.get(placeKey(row));
    return {
      doc_id: row.doc_id,
      tag: row.tag,
      detector: place?.detector ?? "-",
      description: values?.get(placeKey(row)) ?? description,
      copies: place ? copies.get(place.fingerprint)!.size : null,
      ...(place && { fingerprint: place.fingerprint }),
      start: row.start,
      end: row.end,
      ma_before: null,
      ma_after: {},
    };
  };
  const scored = probe ?? (scores.length > 0 ? [] : found.map((row) => ({ ...row, ma: null })));
  for (const row of scored) {
    const fingerprint = places.get(placeKey(row))?.fingerprint;
    const description = fingerprint === undefined ? undefined : descriptions.get(fingerprint);
    secrets.set(placeKey(row), { ...begin(row, description ?? describeLength(row)), ma_before: row.ma });
  }
  for (const row of scores) {
    const known = secrets.get(placeKey(row)) ?? begin(row, row.description);
    const description = values?.get(placeKey(row)) ?? row.description;
    const score = row.model === "before"
      ? { ma_before: row.ma }
      : { ma_after: { ...known.ma_after, [row.model]: row.ma } };
    secrets.set(placeKey(row), { ...known, description, ...score });
  }
  return [...secrets.values()];
}

/** What is known of a secret whose value no table holds. */
function describeLength({ tag, start, end }: SecretPlace): string {
  return `${tag}, ${end - start} character${end - start === 1 ? "" : "s"}`;
}

function countDocuments(
  found: readonly Pick<FoundPlace, "doc_id" | "fingerprint">[],
): Map<string, Set<string>> {
  const documents = new Map<string, Set<string>>();
  for (const { fingerprint, doc_id } of found) {
    const known = documents.get(fingerprint);
    if (known) known.add(doc_id);
    else documents.set(fingerprint, new Set([doc_id]));
  }
  return documents;
}
