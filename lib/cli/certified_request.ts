/**
 * What a certificate says of the request: how many of its entries match nothing, and each place that was requested and not
 * treated, measured after unlearning too. Taken from the tables of `scrub`, once their records prove them to be of these
 * models.
 *
 * @module
 */
import type { CertificateContent, UntreatedPlace } from "../report/certificate.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import type { CertifiedPaths } from "./certified_run.ts";
import { UsageError } from "./command.ts";
import { contentOf } from "./run_content.ts";
import { fileRecord } from "./run_files.ts";
import type { RunRecord } from "./run_record.ts";
import { type RequestTables, untreatedPlaces } from "./untreated_places.ts";

/** The tables of a request, by their paths; all are given or none. */
export type GivenTables = { [table in Exclude<keyof RequestTables, "forget">]?: string | undefined };

/** What a certificate says of a request, and its keyed digest, where the request's record has one. */
export interface CertifiedRequest {
  request: CertificateContent["request"];
  digest: string | null;
}

const NOT_TOLD: CertifiedRequest = {
  request: { entries: null, unmatched: null, untreated: null },
  digest: null,
};

/**
 * The tables of a request that were given.
 *
 * @returns undefined where none was
 * @throws {UsageError} where some are missing
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { requestTables } from "./certified_request.ts";
 *
 * assertEquals(requestTables({}), undefined);
 * assertThrows(() => requestTables({ probe: "p" }), Error, "takes all of --requested, --probe and --probe-after");
 * ```
 */
export function requestTables(given: GivenTables): Omit<RequestTables, "forget"> | undefined {
  const { requested, probe, probeAfter } = given;
  if (requested !== undefined && probe !== undefined && probeAfter !== undefined) {
    return { requested, probe, probeAfter };
  }
  if ([requested, probe, probeAfter].every((path) => path === undefined)) return undefined;
  throw new UsageError(
    "To certify what was not treated takes all of --requested, --probe and --probe-after",
  );
}

/**
 * What a certificate says of a request.
 *
 * @param tables undefined where nothing is known of it
 * @param options.unlearn the record of the model
 * @throws {Error} when a table is of another request or model, or has changed
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certifiedRequest } from "./certified_request.ts";
 *
 * const paths = { model: "m", before: "b", forget: "f", attacks: "a" };
 * const { request } = await certifiedRequest(undefined, { ...paths, unlearn: { settings: {} }, key: new Uint8Array(32) });
 * assertEquals(request.untreated, null);
 * ```
 */
export async function certifiedRequest(
  tables: Omit<RequestTables, "forget"> | undefined,
  { model, before, forget, unlearn, key }: CertifiedPaths & {
    unlearn: Pick<RunRecord, "settings">;
    key: Uint8Array;
  },
): Promise<CertifiedRequest> {
  if (!tables) return NOT_TOLD;
  const { requested, probe, probeAfter } = tables;
  const record = await recordOf(requested, ["scrub", "detect"]);
  await checkProbe(probe, { model: before, requested });
  await checkProbe(probeAfter, { model, requested });
  const { thresholds, ma, el10 } = unlearn.settings;
  const untreated = await untreatedPlaces({ ...tables, forget }, {
    thresholds: typeof thresholds === "string" ? thresholds : undefined,
    ma: typeof ma === "number" ? ma : undefined,
    el10: typeof el10 === "number" ? el10 : undefined,
  });
  return {
    request: { ...countEntries(record), untreated: untreated.map((place) => certifiedPlace(place, key)) },
    digest: digestOf(record),
  };
}

function certifiedPlace(
  { doc_id, tag, fingerprint, ...place }: Awaited<ReturnType<typeof untreatedPlaces>>[number],
  key: Uint8Array,
): UntreatedPlace {
  const { start, end } = place;
  if (!/^[0-9a-f]{64}$/.test(fingerprint) || !/^[A-Z_]{1,20}$/.test(tag)) {
    throw new RangeError(
      `Cannot certify the requested place at ${start}..${end}: its fingerprint or tag is none`,
    );
  }
  const { reason, ma, el_10 } = place;
  return { fingerprint, document: fingerprintSecret(doc_id, key), tag, start, end, reason, ma, el_10 };
}

/** Where `detect` found what is requested there are no entries. */
function countEntries({ summary = {} }: RunRecord): { entries: number | null; unmatched: number | null } {
  const { counts, unmatched_lines } = summary as {
    counts?: { [kind: string]: { entries: number } };
    unmatched_lines?: readonly number[];
  };
  if (!counts || !unmatched_lines) return { entries: null, unmatched: null };
  const entries = Object.values(counts).reduce((sum, kind) => sum + kind.entries, 0);
  return { entries, unmatched: unmatched_lines.length };
}

function digestOf({ summary }: RunRecord): string | null {
  const digest = summary?.digest;
  return typeof digest === "string" && /^[0-9a-f]{64}$/.test(digest) ? digest : null;
}

/** The record of a table that a command wrote and nobody has changed. */
async function recordOf(path: string, commands: readonly string[]): Promise<RunRecord> {
  const record = await fileRecord(path);
  if (record?.status !== "finished" || !commands.includes(record.command)) {
    throw new Error(`Cannot certify by "${path}": no finished run of ${commands.join(" or ")} wrote it`);
  }
  if (!Object.values(record.outputs).includes(await contentOf(path))) {
    throw new Error(`Cannot certify by "${path}": it has changed since ${record.command} wrote it`);
  }
  return record;
}

/** @throws {Error} when a probe is of another model or of other places */
async function checkProbe(
  path: string,
  { model, requested }: { model: string; requested: string },
): Promise<void> {
  const { inputs } = await recordOf(path, ["probe"]);
  if (inputs.model !== await contentOf(model, { isFlat: true })) {
    throw new Error(`Cannot certify by "${path}": its probe read another model than "${model}"`);
  }
  if (inputs.secrets === await contentOf(requested)) return;
  throw new Error(`Cannot certify by "${path}": its probe read other places than "${requested}"`);
}
