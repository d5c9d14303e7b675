/**
 * The folder of one run of a sweep: it has what unlearning and evaluation wrote, and lies in the sweep's, which has what all
 * runs share and what each forget set scored before.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { SETTING_COLUMNS } from "../datasets/sweep_columns.ts";
import { readJson } from "./read_json.ts";
import { RUN_FILES, SWEEP_RUN_FILES } from "./run_files.ts";

/**
 * The name of a forget set, of its file and of what is measured of it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { setName } from "./sweep_run_folder.ts";
 *
 * assertEquals(setName({ k: 32, set: 0 }), "k32_set0");
 * ```
 */
export function setName({ k, set }: { k: number; set: number }): string {
  return `k${k}_set${set}`;
}

/** A run of a sweep. */
export interface SweepRunFolder {
  /** Its method. */
  readonly method: string;
  /** What a run's record says of its end, as far as a sweep keeps it. */
  readonly record: Readonly<Record<string, unknown>>;
  /** Paths of what it shares with other runs, which may be missing. */
  readonly shared: {
    readonly found: string;
    readonly thresholds: string;
    readonly probe: string;
    /** The model before, under the name that `evaluate` was given. */
    readonly evaluation: string;
    readonly scores: string;
  };
}

/**
 * Reads how a sweep's run ended; undefined where the folder is none.
 *
 * @throws {Error} as `readJson`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readSweepRun } from "./sweep_run_folder.ts";
 *
 * const folder = await Deno.makeTempDir();
 * assertEquals(await readSweepRun(folder), undefined);
 * const result = { run: "ga-k8-set0", method: "ga", k: 8, set: 0, epochs: 6 };
 * await Deno.writeTextFile(`${folder}/result.json`, JSON.stringify(result));
 * const { method, shared } = (await readSweepRun(folder))!;
 * assertEquals([method, shared.evaluation.endsWith("before/k8_set0.parquet")], ["ga", true]);
 * ```
 */
export async function readSweepRun(folder: string): Promise<SweepRunFolder | undefined> {
  const result = await readJson(join(folder, SWEEP_RUN_FILES.result)) ?? {};
  const { run, method, k, set, status, epochs, seconds, memory_bytes } = result;
  if (typeof run !== "string" || typeof method !== "string") return undefined;
  if (!Number.isInteger(k) || !Number.isInteger(set)) return undefined;
  const sweep = dirname(dirname(folder)); // its runs lie in a folder of their own
  const before = join(sweep, SWEEP_RUN_FILES.before, setName({ k: Number(k), set: Number(set) }));
  return {
    method,
    record: { settings: settingsOf(result), summary: { status, epochs, seconds, memory_bytes } },
    shared: {
      found: join(sweep, RUN_FILES.secrets),
      thresholds: join(sweep, RUN_FILES.thresholds),
      probe: join(sweep, RUN_FILES.probe),
      evaluation: `${before}.parquet`,
      scores: `${before}.secrets.parquet`,
    },
  };
}

/** What may differ between the runs of a sweep and does for this method. */
const SETTINGS = [
  ...["method", "seed", "k", "set", "settings", "lr", "max_epochs", "stop", "compat"],
  ...Object.keys(SETTING_COLUMNS),
];

function settingsOf(result: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const own = SETTINGS.filter((name) => result[name] !== null && result[name] !== undefined);
  return Object.fromEntries(own.map((name) => [name, result[name]]));
}
