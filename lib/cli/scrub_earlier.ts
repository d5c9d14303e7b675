/**
 * Requests that follow one another on one model: what earlier scrubs erased is measured again under the new model, by their
 * own forget sets and thresholds, and so is what was requested of them and not treated, as the model did not know it.
 *
 * A checkpoint's record holds the fingerprints of what was requested of it and of the models before it, so that it can be
 * told which of them no given run measures.
 *
 * @module
 */
import { join } from "node:path";
import {
  DETECT_COLUMNS,
  OUTCOME_COLUMNS,
  SECRET_SCORE_COLUMNS,
  secretScoresPath,
} from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { readRows } from "../datasets/row_table.ts";
import { isMeasuredAbove } from "../metrics/threshold.ts";
import { RUN_FILES } from "../report/run_files.ts";
import { isAboveThen } from "../report/untreated_place.ts";
import type { Json } from "./command.ts";
import { command as evaluate } from "./commands/evaluate.ts";
import { command as probe } from "./commands/probe.ts";
import { CORPUS_OPTIONS } from "./corpus_options.ts";
import { resolvePath } from "./options.ts";
import { readRunRecord } from "./run_folder.ts";
import { keySetting } from "./secret_key.ts";
import type { Stages } from "./stages.ts";
import { MATCHED, readThresholds } from "./unlearn_thresholds.ts";
import { untreatedPlaces } from "./untreated_places.ts";

/** An earlier scrub. */
export interface EarlierScrub {
  /** Its folder. */
  folder: string;
  /** How its corpus is read, and where it is. */
  reading: { [name: string]: Json };
  /** Its forget set; undefined where the model knew nothing of what was requested. */
  forget?: string;
  /** By which thresholds a secret was known: a table, or each one's own. */
  above: string;
  /** Its checkpoint. */
  checkpoint: string;
  /** Of all that was requested. */
  fingerprints: string[];
}

/** What is left of what an earlier scrub erased. */
export interface EarlierResult {
  [key: string]: Json;
  /** Its secrets. */
  secrets: number;
  /** Those above their thresholds now. */
  above: number;
  /** Those that were above when that scrub had ended. */
  above_then: number;
  /** Places that were requested of it and not treated. */
  untreated: number;
  /** Those of them above their thresholds now. */
  untreated_above: number;
}

/**
 * Reads what earlier scrubs left.
 *
 * @throws {Error} where a folder is no finished scrub, or its fingerprints are of another key
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { readEarlier } from "./scrub_earlier.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const at = { cwd: "/", key: new Uint8Array(32) };
 * await assertRejects(() => readEarlier([folder], at), Error, "it is no finished scrub");
 * ```
 */
export async function readEarlier(
  folders: readonly string[],
  { cwd, key }: { cwd: string; key: Uint8Array },
): Promise<EarlierScrub[]> {
  return await Promise.all(folders.map(async (given) => {
    const folder = resolvePath(given, cwd);
    const refuse = (what: string): never => {
      throw new Error(`Cannot measure again what "${folder}" erased: ${what}`);
    };
    const record = await readRunRecord(folder);
    if (record?.command !== "scrub" || record.status !== "finished") {
      return refuse("it is no finished scrub: give the folder that one wrote");
    }
    const { settings, summary } = record;
    if (settings.key !== keySetting(key)) {
      refuse("its fingerprints are of another key: set CODESCRUB_KEY to its");
    }
    const rows = await readRows(join(folder, RUN_FILES.secrets), DETECT_COLUMNS);
    const names = ["corpus", ...Object.keys(CORPUS_OPTIONS)].filter((name) => settings[name] !== undefined);
    return {
      folder,
      reading: Object.fromEntries(names.map((name) => [name, settings[name]!])),
      ...summary?.known !== 0 && { forget: join(folder, RUN_FILES.sets, "forget_0.parquet") },
      above: settings.unseen === undefined ? MATCHED : join(folder, RUN_FILES.thresholds),
      checkpoint: join(folder, String(settings.method)),
      fingerprints: [...new Set(rows.map(({ fingerprint }) => fingerprint))],
    };
  }));
}

/**
 * The fingerprints of all that was requested of a model before.
 *
 * @param folder the model's
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestedBefore } from "./scrub_earlier.ts";
 *
 * assertEquals(await requestedBefore(await Deno.makeTempDir()), []);
 * ```
 */
export async function requestedBefore(folder: string): Promise<string[]> {
  const record = await readRunRecord(folder).catch(() => undefined); // another tool's file of that name
  const lists = [record?.settings.requested_before, record?.settings.requested];
  const texts = lists.flatMap((list) => Array.isArray(list) ? list : []);
  return [...new Set(texts.filter((text) => typeof text === "string"))].sort();
}

/**
 * Measures again what earlier scrubs erased, and what was requested of them besides.
 *
 * @param model the new one
 * @throws {RangeError} where an earlier corpus is no longer as it was; {Error} where its tables are gone
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { measureEarlier } from "./scrub_earlier.ts";
 * import { Stages } from "./stages.ts";
 *
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const stages = new Stages({ ...context, force: false, settings: {} }, "out");
 * const gone = { folder: "/gone", checkpoint: "/gone/ga", reading: {}, above: "matched", fingerprints: [] };
 * await assertRejects(() => measureEarlier(stages, [gone], { model: "embedded", dtype: "float32" }), Error, "/gone/secrets.parquet");
 * ```
 */
export async function measureEarlier(
  stages: Stages,
  earlier: readonly EarlierScrub[],
  { model, dtype }: { model: string; dtype: string },
): Promise<EarlierResult[]> {
  const results: EarlierResult[] = [];
  for (const [i, scrub] of earlier.entries()) {
    const under = { number: i, model, dtype };
    results.push({
      ...await measureErased(stages, scrub, under),
      ...await measureOthers(stages, scrub, under),
    });
  }
  return results;
}

/** Which earlier scrub, and under what it is measured. */
interface MeasuredUnder {
  number: number;
  model: string;
  dtype: string;
}

async function measureErased(
  stages: Stages,
  { reading, forget, checkpoint, folder }: EarlierScrub,
  { number, model, dtype }: MeasuredUnder,
): Promise<Pick<EarlierResult, "secrets" | "above" | "above_then">> {
  if (forget === undefined) return { secrets: 0, above: 0, above_then: 0 };
  const out = stages.path(`earlier_${number}.parquet`);
  await stages.run(`earlier ${number}`, evaluate, { ...reading, model: [model], dtype, forget, out });
  const boundsOf = await thresholdsOf(folder, checkpoint);
  const scores = await readRows(secretScoresPath(out), SECRET_SCORE_COLUMNS);
  const ends = scores.map((row) => ({ ...row, ...boundsOf(placeKey(row)) }));
  return {
    secrets: ends.length,
    above: ends.filter((row) => isMeasuredAbove(row, row.bounds)).length,
    above_then: ends.filter(({ wasAbove }) => wasAbove).length,
  };
}

/** What was requested and is in no row of that scrub's forget set: all of it where the model knew none. */
async function measureOthers(
  stages: Stages,
  { reading, forget, above, folder }: EarlierScrub,
  { number, model, dtype }: MeasuredUnder,
): Promise<Pick<EarlierResult, "untreated" | "untreated_above">> {
  const files = { requested: join(folder, RUN_FILES.secrets), probe: join(folder, RUN_FILES.probe), forget };
  const thresholds = { thresholds: above, ma: undefined, el10: undefined };
  const others = await untreatedPlaces({ ...files, probeAfter: files.probe }, thresholds);
  if (others.length === 0) return { untreated: 0, untreated_above: 0 };
  const probeAfter = stages.path(`earlier_${number}_requested.parquet`);
  await stages.run(`requested earlier ${number}`, probe, {
    ...{ ...reading, model, dtype, secrets: files.requested, el: true, out: probeAfter },
  });
  const places = await untreatedPlaces({ ...files, probeAfter }, thresholds);
  const untreated_above = places.filter((place) => isAboveThen(place, "after")).length;
  return { untreated: places.length, untreated_above };
}

interface Bounds {
  ma: number;
  el_10: number;
}

/** Each secret's thresholds, by its place, and whether it was above them when that scrub had ended. */
async function thresholdsOf(
  folder: string,
  checkpoint: string,
): Promise<(key: string) => { bounds: Bounds; wasAbove: boolean }> {
  const own = join(checkpoint, "secrets.parquet");
  const hasOwn = await Deno.stat(own).then(() => true, () => false);
  if (!hasOwn) { // the group's means were judged
    const thresholds = join(folder, RUN_FILES.thresholds);
    const given = await readThresholds({ thresholds, ma: undefined, el10: undefined, isPerSecret: true });
    return () => ({ bounds: given!, wasAbove: false });
  }
  const rows = new Map((await readRows(own, OUTCOME_COLUMNS)).map((row) => [placeKey(row), row]));
  return (key) => {
    const row = rows.get(key);
    if (!row) throw new RangeError(`Cannot use "${own}": it lacks a secret of the run's forget set`);
    return {
      bounds: { ma: row.ma_threshold, el_10: row.el_10_threshold },
      wasAbove: row.status === "still above",
    };
  };
}
