/**
 * How a method's run ended, as its run.json tells: by which rule, after how many epochs, and what became of each secret
 * where each had bounds of its own. A record is JSON that anyone may have written, so each number is looked at.
 *
 * @module
 */
import type { StopCounts, UnlearnedModel } from "./run_tables.ts";
import { toRecord } from "./read_json.ts";

/**
 * What a run's record says of its end.
 *
 * @param method as the report names the model
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readUnlearned } from "./unlearned.ts";
 *
 * const counts = { erased: 3, still_above: 1, below_never_seen: 0, without_tokens: 0, above_by_chance: 1 };
 * const record = { settings: { compat: "paper" }, summary: { status: "reached", epochs: 6, secrets: counts } };
 * const { epochs, secrets } = readUnlearned("ga", record);
 * assertEquals([epochs, secrets], [6, counts]);
 * assertEquals(readUnlearned("ga", {}), { method: "ga", isPaper: false, hasFailed: false });
 * assertEquals(readUnlearned("ga", { settings: { lr: 1, corpus: "/c" } }).settings, { lr: 1 });
 * ```
 */
export function readUnlearned(method: string, record: Readonly<Record<string, unknown>>): UnlearnedModel {
  const summary = toRecord(record.summary);
  const settings = toRecord(record.settings);
  const { epochs, seconds, memory_bytes: memoryBytes } = summary;
  const secrets = readCounts(toRecord(summary.secrets));
  const { ma: threshold } = toRecord(summary.thresholds);
  return {
    method,
    isPaper: settings.compat === "paper",
    hasFailed: summary.reason !== undefined || summary.status === "comes-back",
    ...isNumber(epochs) && { epochs },
    ...isNumber(seconds) && { seconds },
    ...isNumber(memoryBytes) && { memoryBytes },
    ...isNumber(threshold) && { threshold },
    ...secrets && { secrets },
    ...Object.keys(settings).length > 0 && { settings: withoutPaths(settings) },
  };
}

/** What names a file or folder. */
const PATHS = ["model", "corpus", "forget", "retain", "thresholds", "out", "benign"];

function withoutPaths(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !PATHS.includes(name)));
}

function readCounts(found: Readonly<Record<string, unknown>>): StopCounts | undefined {
  const names = ["erased", "still_above", "below_never_seen", "without_tokens", "above_by_chance"] as const;
  if (!names.every((name) => isNumber(found[name]))) return undefined;
  const counts = Object.fromEntries(names.map((name) => [name, found[name]])) as unknown as StopCounts;
  return isNumber(found.remembered) ? { ...counts, remembered: found.remembered } : counts; // older records have none
}

const isNumber = (value: unknown): value is number => Number.isFinite(value);
