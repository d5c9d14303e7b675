/**
 * The stages of `scrub` in their order, each a command that writes into the run's folder and goes on by itself where it was
 * stopped. A stage more is a call more.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { join } from "node:path";
import { DETECT_COLUMNS, PROBE_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { readRows } from "../datasets/row_table.ts";
import { RUN_FILES } from "../report/run_files.ts";
import type { Json } from "./command.ts";
import { RELEARN_RATES } from "../attacks/relearn.ts";
import { command as attack } from "./commands/attack.ts";
import { command as certify } from "./commands/certify.ts";
import { command as detect } from "./commands/detect.ts";
import { command as evaluate } from "./commands/evaluate.ts";
import { command as probe } from "./commands/probe.ts";
import { command as report } from "./commands/report.ts";
import { command as retain } from "./commands/retain.ts";
import { command as select } from "./commands/select.ts";
import { command as thresholds } from "./commands/thresholds.ts";
import { command as unlearn } from "./commands/unlearn.ts";
import { readKnown } from "./known_secrets.ts";
import { ALONE, inWords } from "./method_options.ts";
import { corpusFlags, furtherTexts, retains, type ScrubValues, unlearnFlags } from "./scrub_options.ts";
import { type GivenRequest, requestCommand, wantsDetection } from "./scrub_request.ts";
import type { Stages } from "./stages.ts";
import { judgesEach } from "./stop_rule.ts";
import { MATCHED } from "./unlearn_thresholds.ts";

/** Names that are scrub's own. */
export const SCRUB_FILES = {
  found: "found.parquet",
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
 * const work = { values: { corpus } as ScrubWork["values"], request: { entries, digest: "" }, key: new Uint8Array(32) };
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
    (await stages.run("request", requestCommand(request.entries, key), {
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

/** What the stages that change the model and measure it gave. */
export interface ErasedSecrets {
  select: { [key: string]: Json };
  unlearn: { [key: string]: Json };
  evaluate: { [key: string]: Json };
  attack: { [key: string]: Json };
}

/**
 * Erases what is known, measures the result and attacks it.
 *
 * @param noted what the checkpoint's record says of requests
 * @throws {Error} as the commands
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { eraseSecrets, type ScrubWork } from "./scrub_stages.ts";
 * import { Stages } from "./stages.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const stages = new Stages({ ...context, force: false, settings: {} }, folder);
 * const values = { model: "embedded", corpus: "/nowhere", method: "ga", k: 9 } as ScrubWork["values"];
 * const work = { values, request: undefined, key: new Uint8Array(32) };
 * await assertRejects(() => eraseSecrets(stages, work, {}), Error, "probe.parquet");
 * ```
 */
export async function eraseSecrets(
  stages: Stages,
  { values }: ScrubWork,
  noted: { [name: string]: string[] },
): Promise<ErasedSecrets> {
  const { model, dtype, corpus, method, unseen, k } = values;
  const reading = corpusFlags(values);
  const above = aboveWhat(stages, values);
  const forget = stages.path(`${RUN_FILES.sets}/forget_0.parquet`);
  const selected = await stages.run("select", select, {
    ...{ ...reading, corpus, k, above, probe: stages.path(RUN_FILES.probe) },
    out: stages.path(RUN_FILES.sets),
  });
  const kept = retains(values) ? stages.path(RUN_FILES.retain) : undefined;
  if (kept !== undefined) {
    const { maxTexts, minBleu, any } = values;
    await stages.run("retain", retain, {
      ...{ ...reading, model, dtype, texts: corpus, secrets: stages.path(RUN_FILES.secrets) },
      ...{ maxTexts, minBleu, any },
      out: kept,
    }).catch((cause) => {
      if (!(cause instanceof RangeError)) throw cause;
      const what = reasonOf(cause).replace(/^Cannot/, "cannot");
      const others = inWords(ALONE, "or");
      throw new RangeError(
        `Cannot scrub by ${method}, which keeps a retain set: ${what}, or --any, or --method ${others}, which have none`,
        { cause },
      );
    });
  }
  const unlearned = await stages.run("unlearn", unlearn, {
    ...{ ...reading, model, dtype, corpus, forget, retain: kept, thresholds: above, method },
    ...unlearnFlags(values),
    out: stages.path(method),
  }, noted);
  const after = stages.path(method);
  const further = { benign: furtherTexts(values), maxBenign: values.maxBenign }; // those that were looked through
  const evaluated = await stages.run("evaluate", evaluate, {
    ...{ ...reading, before: model, model: [after], dtype, corpus, forget, retain: kept, unseen },
    ...further,
    skipUnseenEl: unseen !== undefined, // what it costs unseen code is its loss
    out: stages.path(RUN_FILES.evaluation),
  });
  const { attacks, exposureControls } = values;
  const attacked = await stages.run("attack", attack, {
    ...{ ...reading, model: after, before: model, dtype, corpus, forget, ...further },
    ...{ attacks, controls: exposureControls, relearnRates: RELEARN_RATES.map(String) },
    out: stages.path(SCRUB_FILES.attacks),
  });
  if (judgesEach(values)) {
    const { request } = values;
    await stages.run("certify", certify, {
      ...{ model: after, before: model, forget, attacks: stages.path(SCRUB_FILES.attacks) },
      request: request === "-" ? undefined : request, // what came by standard input is no file to take a digest of
      out: join(after, SCRUB_FILES.certificate),
    });
  }
  return {
    select: selected.summary,
    unlearn: unlearned.summary,
    evaluate: evaluated.summary,
    attack: attacked.summary,
  };
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

/** By which thresholds secrets are known. */
function aboveWhat(stages: Stages, { unseen }: ScrubValues): string {
  return unseen === undefined ? MATCHED : stages.path(RUN_FILES.thresholds);
}
