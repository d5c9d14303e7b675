/**
 * The stages of `scrub` before a model is changed, and the report: each a command that writes into the run's folder and goes
 * on by itself where it was stopped. A stage more is a call more.
 *
 * @module
 */
import { DETECT_COLUMNS, PROBE_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { readRows } from "../datasets/row_table.ts";
import { RUN_FILES } from "../report/run_files.ts";
import type { Json } from "./command.ts";
import { command as detect } from "./commands/detect.ts";
import { command as probe } from "./commands/probe.ts";
import { command as report } from "./commands/report.ts";
import { command as thresholds } from "./commands/thresholds.ts";
import { readKnown } from "./known_secrets.ts";
import { corpusFlags, type ScrubValues } from "./scrub_options.ts";
import { type GivenRequest, requestCommand, wantsDetection } from "./scrub_request.ts";
import type { Stages } from "./stages.ts";
import { MATCHED } from "./unlearn_thresholds.ts";

/** Names that are scrub's own. */
export const SCRUB_FILES = {
  found: "found.parquet",
  requested: "requested.parquet",
  attacks: "attacks",
  page: "report.html",
  certificate: "certificate.json",
} as const;

/** What is given to all stages. */
export interface ScrubWork {
  values: ScrubValues;
  /** Undefined where everything that is found is to be forgotten. */
  request: GivenRequest | undefined;
  /** The key of fingerprints. */
  key: Uint8Array;
}

/** What was found, before any model is run. */
export interface FoundSecrets {
  /** Of the request. */
  request?: { [key: string]: Json };
  places: number;
  values: number;
  documents: number;
  /** Fingerprints of the values. */
  fingerprints: string[];
}

/**
 * Finds what is to be forgotten.
 *
 * @throws {RangeError} where there is nothing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { findSecrets, type ScrubWork } from "./scrub_stages.ts";
 * import { Stages } from "./stages.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const stages = new Stages({ ...context, force: false, settings: {} }, folder);
 * const corpus = `${await Deno.makeTempDir()}/a.py`;
 * await Deno.writeTextFile(corpus, 'pw = "hunter2"');
 * const entries = [{ line: 1, kind: "value" as const, text: "hunter2" }];
 * const work = { values: { corpus } as ScrubWork["values"], request: { entries, digest: "", textDigest: "" }, key: new Uint8Array(32) };
 * const { places, values, fingerprints } = await findSecrets(stages, work);
 * assertEquals([places, values, fingerprints.length], [1, 1, 1]);
 * ```
 */
export async function findSecrets(
  stages: Stages,
  { values, request, key }: ScrubWork,
): Promise<FoundSecrets> {
  const { corpus, profile, compat, bigrams, allow } = values;
  const reading = corpusFlags(values);
  const secrets = stages.path(RUN_FILES.secrets);
  const needsFound = request !== undefined && wantsDetection(request.entries);
  const found = needsFound ? stages.path(SCRUB_FILES.found) : undefined;
  if (!request || needsFound) {
    await stages.run("detect", detect, {
      ...reading,
      corpus,
      profile,
      compat,
      bigrams,
      allow,
      out: found ?? secrets,
    });
  }
  const matched = request &&
    (await stages.run("request", requestCommand(request, key), {
      ...reading,
      corpus,
      found,
      out: secrets,
    }))
      .summary;
  const rows = await readRows(secrets, DETECT_COLUMNS);
  if (rows.length === 0) throw new RangeError("Cannot scrub: no secret was found in the corpus");
  const fingerprints = [...new Set(rows.map(({ fingerprint }) => fingerprint))].sort();
  return {
    ...matched && { request: matched },
    places: new Set(rows.map(placeKey)).size,
    values: fingerprints.length,
    documents: new Set(rows.map(({ doc_id }) => doc_id)).size,
    fingerprints,
  };
}

/** What the model knows of what was found. */
export interface KnownSecrets {
  /** Places above their threshold, and values that have one. */
  known: number;
  known_values: number;
}

/**
 * Scores what was found, and tells what is known.
 *
 * @throws {Error} as `probe`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { probeSecrets, type ScrubWork } from "./scrub_stages.ts";
 * import { Stages } from "./stages.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const stages = new Stages({ ...context, force: false, settings: {} }, folder);
 * const values = { model: "/nowhere", corpus: "/nowhere", controls: 9 } as ScrubWork["values"];
 * const work = { values, request: undefined, key: new Uint8Array(32) };
 * await assertRejects(() => probeSecrets(stages, work), Error, 'Cannot find model "/nowhere"');
 * ```
 */
export async function probeSecrets(stages: Stages, { values }: ScrubWork): Promise<KnownSecrets> {
  const { model, dtype, corpus, unseen, controls } = values;
  const probed = stages.path(RUN_FILES.probe);
  if (unseen !== undefined) {
    await stages.run("thresholds", thresholds, {
      ...{ model, dtype, texts: unseen, runs: 1 },
      out: stages.path(RUN_FILES.thresholds),
    });
  }
  await stages.run("probe", probe, {
    ...corpusFlags(values),
    ...{ model, dtype, corpus, secrets: stages.path(RUN_FILES.secrets), el: true },
    ...unseen === undefined && { controls },
    out: probed,
  });
  const isKnown = await readKnown(probed, aboveWhat(stages, values));
  const rows = (await readRows(probed, { ...PROBE_COLUMNS, fingerprint: "text?" })).filter(isKnown);
  return { known: rows.length, known_values: new Set(rows.map(({ fingerprint }) => fingerprint)).size };
}

/**
 * Writes the page of all tables that there are.
 *
 * @returns its path
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { writeReport } from "./scrub_stages.ts";
 * import { Stages } from "./stages.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const stages = new Stages({ ...context, force: false, settings: {} }, folder);
 * await assertRejects(() => writeReport(stages), Error, "it holds no table of a run");
 * ```
 */
export async function writeReport(stages: Stages): Promise<string> {
  const out = stages.path(SCRUB_FILES.page);
  await stages.run("report", report, { tables: [stages.out], out });
  return out;
}

/**
 * By which thresholds secrets are known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { aboveWhat } from "./scrub_stages.ts";
 *
 * assertEquals(aboveWhat({ path: (name) => name }, { unseen: undefined }), "matched");
 * ```
 */
export function aboveWhat(stages: Pick<Stages, "path">, { unseen }: Pick<ScrubValues, "unseen">): string {
  return unseen === undefined ? MATCHED : stages.path(RUN_FILES.thresholds);
}
