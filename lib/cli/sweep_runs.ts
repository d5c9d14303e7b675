/**
 * The runs of a sweep: every method of every study by its sizes, settings, sets and seeds; what two studies ask for is one
 * run. A run is called by what sets it apart, so that a study more in the file leaves the names of others alone.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { reasonOf } from "../files/reason.ts";
import { type OptionSpec, type OptionValue, type OptionValues, UsageError } from "./command.ts";
import type { GivenDevices } from "./devices_option.ts";
import { LASTING_OPTIONS } from "./lasting_options.ts";
import { methodParameters } from "./method_options.ts";
import { checkLasting, judgesEach } from "./stop_rule.ts";
import { type Compat, MARGINS } from "../unlearning/early_stop.ts";
import { methodDefaults, type MethodName } from "../unlearning/objectives.ts";
import { EMBEDDED, refuseSweep, type SweepConfig, type SweepStudy, SWEPT_OPTIONS } from "./sweep_config.ts";

/** Characters of a folder's name: file systems take 255 bytes. */
const LONGEST_NAME = 160;

/** Values of `SWEPT_OPTIONS` by name. */
export type Settings = { [name: string]: OptionValue | undefined };

/** One run of a sweep. */
export interface SweepRun {
  /** Its folder. */
  name: string;
  /** The studies that ask for it. */
  studies: string[];
  method: MethodName;
  seed: number;
  /** Rows of its forget set. */
  k: number;
  /** Which of the disjoint forget sets of that size, from 0. */
  set: number;
  /** What is otherwise than in the file's `unlearn`. */
  settings: Settings;
}

/** What the runs depend on beside the file. */
export interface ListOptions {
  /** Rows that qualify for forget sets; sizes and sets that they do not make are left out. */
  rows: number;
  /** The seed of a study that names none. */
  seed: number;
}

/**
 * The runs, in the order in which they are made.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns } from "./sweep_runs.ts";
 *
 * const study = { methods: ["ga", "ssga"], k: [8, 512], sets: 2, grid: {}, vary: { lr: [1e-3, 2e-3] } } as const;
 * const config = { unlearn: { lr: 1e-3 }, studies: { rates: study } } as unknown as Parameters<typeof listRuns>[0];
 * const names = listRuns(config, { rows: 12, seed: 42 }).map(({ name }) => name);
 * assertEquals(names.slice(0, 3), ["ga-k8-set0", "ssga-k8-set0", "ga-k8-set0-lr0.002"]);
 * assertEquals([names.length, names.at(-1)], [8, "ssga-k12-set0-lr0.002"]); // of 12 rows no two sets of 8 can be made
 * ```
 */
export function listRuns(config: Pick<SweepConfig, "unlearn" | "studies">, options: ListOptions): SweepRun[] {
  const runs = new Map<string, SweepRun>();
  for (const [study, own] of Object.entries(config.studies)) {
    for (const run of runsOf(own, config, options)) {
      const known = runs.get(run.name);
      if (!known) runs.set(run.name, { ...run, studies: [study] });
      else if (!known.studies.includes(study)) known.studies.push(study);
    }
  }
  return [...runs.values()];
}

function* runsOf(
  study: SweepStudy,
  { unlearn }: Pick<SweepConfig, "unlearn">,
  { rows, seed: own }: ListOptions,
): Generator<Omit<SweepRun, "studies">> {
  for (const asked of study.k) {
    const k = Math.min(asked, rows);
    const sets = Math.min(study.sets, Math.floor(rows / k));
    for (const values of settingsOf(study)) {
      for (let set = 0; set < sets; set++) {
        for (const method of study.methods) {
          for (const seed of study.seeds ?? [own]) {
            const settings = changesOf(values, unlearn, method);
            const name = nameOf({ method, seed, k, set, settings }, own);
            yield { name, method, seed, k, set, settings };
          }
        }
      }
    }
  }
}

/** Every point of the grid, by itself and with each value of what varies alone. */
function settingsOf({ grid, vary }: Pick<SweepStudy, "grid" | "vary">): Settings[] {
  let points: Settings[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    points = points.flatMap((point) => values!.map((value) => ({ ...point, [name]: value })));
  }
  const alone = Object.entries(vary).flatMap(([name, values]) =>
    values!.map((value): Settings => ({ [name]: value }))
  );
  return points.flatMap((point) => [point, ...alone.map((one) => ({ ...point, ...one }))]);
}

/** The values that are otherwise than the run would have them without; those of `lasting` are nothing to a run without it. */
function changesOf(values: Settings, unlearn: SweepConfig["unlearn"], method: MethodName): Settings {
  const compat = (values.compat ?? unlearn.compat) as Compat | undefined;
  const defaults: { [name: string]: unknown } = {
    ...methodDefaults(method, compat),
    margin: MARGINS[compat ?? SWEPT_OPTIONS.compat.default],
  };
  const isLasting = values.lasting ?? unlearn.lasting ?? false;
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      if (!isLasting && name !== "lasting" && Object.hasOwn(LASTING_OPTIONS, name)) return false;
      const spec = SWEPT_OPTIONS[name as keyof typeof SWEPT_OPTIONS];
      const usual = unlearn[name] ?? defaults[name] ?? defaultOf(spec);
      return value !== usual;
    }).sort(([a], [b]) => a < b ? -1 : 1),
  );
}

function defaultOf(spec: OptionSpec): OptionValue | undefined {
  if (spec.kind === "flag") return false;
  return "default" in spec ? spec.default : undefined;
}

function nameOf({ method, seed, k, set, settings }: Omit<SweepRun, "name" | "studies">, own: number): string {
  const changes = Object.entries(settings).map(([name, value]) => `${name}${value}`);
  const parts = [method, `k${k}`, `set${set}`, ...seed === own ? [] : [`seed${seed}`], ...changes];
  const name = parts.join("-").replaceAll(/[^\w.=,-]/g, "_");
  if (name.length <= LONGEST_NAME) return name;
  const digest = createHash("sha256").update(parts.join("-")).digest("hex").slice(0, 12);
  return `${name.slice(0, LONGEST_NAME - 13)}-${digest}`;
}

/**
 * A run's settings in words; empty where it has none of its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSettings } from "./sweep_runs.ts";
 *
 * assertEquals(describeSettings({ alpha: 10, lambda: 0.3 }), "alpha 10, lambda 0.3");
 * ```
 */
export function describeSettings(settings: Settings): string {
  return Object.entries(settings).map(([name, value]) => `${name} ${value}`).join(", ");
}

/**
 * The options by which `unlearn` makes a run: the file's, and the run's own; those of `--lasting` where it is asked for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unlearnValues } from "./sweep_runs.ts";
 *
 * const { lr, stop } = unlearnValues({ lr: 1e-3 }, { stop: "group" });
 * assertEquals([lr, stop], [1e-3, "group"]);
 * ```
 */
export function unlearnValues(shared: Settings, own: Settings): OptionValues<typeof SWEPT_OPTIONS> {
  const { lr, epochs, stop, compat } = SWEPT_OPTIONS;
  const defaults = { lr: lr.default, epochs: epochs.default, stop: stop.default, compat: compat.default };
  const values = { ...defaults, ...shared, ...own } as OptionValues<typeof SWEPT_OPTIONS>;
  if (values.lasting) return values;
  const names = Object.entries(values).filter(([name]) => !Object.hasOwn(LASTING_OPTIONS, name));
  return Object.fromEntries(names) as typeof values;
}

/**
 * Refuses what would fail when its turn comes: parameters that a method does not take, a training between secrets that are
 * judged together, means without unseen texts; and what makes no run.
 *
 * @param path of the file
 * @param options.runs of these studies, on the devices
 * @throws {UsageError} naming the study
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkRuns, listRuns } from "./sweep_runs.ts";
 *
 * const study = { methods: ["wga"], k: [8], sets: 1, grid: { delta: [1] }, vary: {} } as const;
 * const config = { corpus: "src", unlearn: {}, studies: { a: study } } as unknown as Parameters<typeof checkRuns>[1];
 * const runs = listRuns(config, { rows: 8, seed: 42 });
 * assertThrows(() => checkRuns("a.json", config, { runs }), Error, "studies.a: Cannot use --delta with wga");
 * ```
 */
export function checkRuns(
  path: string,
  { corpus, unseen, unlearn, studies }: Pick<SweepConfig, "corpus" | "unseen" | "unlearn" | "studies">,
  { runs, ...devices }: { runs: readonly SweepRun[] } & GivenDevices,
) {
  const hasUnseen = corpus === EMBEDDED || unseen !== undefined;
  const idle = Object.entries(studies).flatMap(([study, { grid, vary }]) =>
    Object.keys({ ...grid, ...vary })
      .filter((name) => name !== "lasting" && Object.hasOwn(LASTING_OPTIONS, name))
      .filter((name) => !runs.some((run) => run.studies.includes(study) && Object.hasOwn(run.settings, name)))
      .map((name) => `studies.${study}: ${name} is of runs with "lasting", and varies in none`)
  );
  const problems = runs.flatMap(({ studies, method, settings }) => {
    try {
      const values = unlearnValues(unlearn, settings);
      methodParameters({ ...values, method, ...devices });
      checkLasting(values);
      if (!hasUnseen && !judgesEach(values)) throw new UsageError('means are judged by "unseen" texts');
      return [];
    } catch (error) {
      return [`studies.${studies[0]}: ${reasonOf(error)}`];
    }
  });
  const all = [...new Set([...problems, ...idle])];
  if (all.length > 0) throw refuseSweep(path, all);
}
