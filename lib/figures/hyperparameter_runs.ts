/**
 * Many runs of unlearning out of one table of epochs: what each was set to, where it began and where it ended. The
 * figures of hyperparameters draw from these.
 *
 * @module
 */
import type { EpochScores } from "./score_curves.ts";
import { isScore } from "./style.ts";

/** One epoch of one run; `data/hyperparameters.csv` has such rows. */
export interface HyperparameterRow extends EpochScores {
  /** Its name, such as "codeeraser". */
  readonly method: string;
  /** Weight of the other tokens' cross entropy. */
  readonly gamma: number;
  /** Weight of the divergence. */
  readonly lambda: number;
  /** Weight of the retain side within lambda. */
  readonly alpha: number;
  /** Adam's learning rate. */
  readonly lr: number;
  /** Mean loss on unseen text, nats a token; null but at the start and in the epoch that the run ended with. */
  readonly unseen_nll: number | null;
  /** Whether the stopping rule kept this epoch's weights. */
  readonly kept: boolean;
  /** How the run ended. */
  readonly status: string;
}

/** What can be turned, in the order of the figures. */
export const HYPERPARAMETERS = {
  gamma: { label: "gamma", effect: "holds the other tokens" },
  lambda: { label: "lambda", effect: "weighs both divergences" },
  alpha: { label: "alpha", effect: "holds the retain set" },
  lr: { label: "learning rate", effect: "size of a step" },
} as const;

/** A name of {@linkcode HYPERPARAMETERS}. */
export type Hyperparameter = keyof typeof HYPERPARAMETERS;

/** All names. */
export const HYPERPARAMETER_NAMES = Object.keys(HYPERPARAMETERS) as readonly Hyperparameter[];

/** What a run was set to. */
export type RunSettings = Pick<HyperparameterRow, "method" | Hyperparameter>;

/** One run. */
export interface HyperparameterRun extends RunSettings {
  /** Its epochs in order. */
  readonly rows: readonly HyperparameterRow[];
  /** The model before. */
  readonly before: HyperparameterRow;
  /** The epoch that it ended with: the last one kept. */
  readonly after: HyperparameterRow;
  /** Whether it came below the thresholds. */
  readonly isReached: boolean;
}

/**
 * The runs of a table, in the order of their first rows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns } from "./hyperparameter_runs.ts";
 *
 * const settings = { method: "ga", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4, status: "not-converged" };
 * const scores = { el_10: null, retain_ma: 0.9, loss: null, unseen_nll: null };
 * const [run] = listRuns([
 *   { ...settings, ...scores, epoch: 0, ma: 1, kept: true },
 *   { ...settings, ...scores, epoch: 1, ma: 0.8, kept: true },
 *   { ...settings, ...scores, epoch: 2, ma: 0.9, kept: false },
 * ]);
 * assertEquals([run?.rows.length, run?.before.epoch, run?.after.epoch, run?.isReached], [3, 0, 1, false]);
 * ```
 */
export function listRuns(rows: readonly HyperparameterRow[]): HyperparameterRun[] {
  const keyOf = ({ method, gamma, lambda, alpha, lr }: RunSettings) =>
    JSON.stringify([method, gamma, lambda, alpha, lr]);
  return [...Map.groupBy(rows, keyOf).values()].map((unsorted) => {
    const epochs = unsorted.toSorted((a, b) => a.epoch - b.epoch);
    const before = epochs[0]!;
    const { method, gamma, lambda, alpha, lr } = before;
    return {
      ...{ method, gamma, lambda, alpha, lr },
      rows: epochs,
      before,
      after: epochs.findLast(({ kept }) => kept) ?? before,
      isReached: before.status === "reached",
    };
  });
}

/**
 * The runs that differ from `preset` in nothing but one hyperparameter, by its value, the preset's own among them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns, runsAlong } from "./hyperparameter_runs.ts";
 *
 * const preset = { method: "ssga", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 0, ma: 1, el_10: 1, retain_ma: 1, loss: null, unseen_nll: 3, kept: true };
 * const runs = listRuns([2, 0.5].map((gamma) => ({ ...preset, gamma, ...rest })));
 * assertEquals(runsAlong(runs, "gamma", preset).map(({ gamma }) => gamma), [0.5, 2]);
 * assertEquals(runsAlong(runs, "lr", preset).length, 1);
 * ```
 */
export function runsAlong(
  runs: readonly HyperparameterRun[],
  name: Hyperparameter,
  preset: RunSettings,
): HyperparameterRun[] {
  const others = ["method", ...HYPERPARAMETER_NAMES.filter((other) => other !== name)] as const;
  return runs
    .filter((run) =>
      others.every((other) => run[other as keyof RunSettings] === preset[other as keyof RunSettings])
    )
    .toSorted((a, b) => a[name] - b[name]);
}

/**
 * The runs along each hyperparameter that differ from `preset` in it alone; see {@linkcode runsAlong}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns, runsAlongEach } from "./hyperparameter_runs.ts";
 *
 * const preset = { method: "ssga", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 2, ma: 1, el_10: 1, retain_ma: 1, loss: null, unseen_nll: 3, kept: true };
 * const [run] = listRuns([{ ...preset, ...rest }]);
 * assertEquals(runsAlongEach([run!], preset).map(({ name, runs }) => [name, runs.length])[0], ["gamma", 1]);
 * ```
 */
export function runsAlongEach(
  runs: readonly HyperparameterRun[],
  preset: RunSettings,
): { name: Hyperparameter; runs: HyperparameterRun[] }[] {
  return HYPERPARAMETER_NAMES.map((name) => ({ name, runs: runsAlong(runs, name, preset) }));
}

/**
 * The epochs that a run took: up to the one that came below the thresholds, else all.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns, epochsOf } from "./hyperparameter_runs.ts";
 *
 * const preset = { method: "ssga", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 2, ma: 1, el_10: 1, retain_ma: 1, loss: null, unseen_nll: 3, kept: true };
 * const [run] = listRuns([{ ...preset, ...rest }]);
 * assertEquals(epochsOf(run!), 2);
 * ```
 */
export function epochsOf({ isReached, after, rows }: HyperparameterRun): number {
  return isReached ? after.epoch : rows.at(-1)!.epoch;
}

/**
 * How a run ended, in words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns, describeEnd } from "./hyperparameter_runs.ts";
 *
 * const preset = { method: "ssga", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 2, ma: 1, el_10: 1, retain_ma: 1, loss: null, unseen_nll: 3, kept: true };
 * const [run] = listRuns([{ ...preset, ...rest }]);
 * assertEquals(describeEnd(run!), "below the thresholds after 2 epochs");
 * ```
 */
export function describeEnd(run: HyperparameterRun): string {
  return `${run.isReached ? "below the thresholds" : "not below"} after ${epochsOf(run)} epochs`;
}

/**
 * A line of the loss on unseen text, where it was measured.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listRuns, unseenLossLine } from "./hyperparameter_runs.ts";
 *
 * const preset = { method: "ssga", gamma: 0.5, lambda: 0.1, alpha: 1, lr: 1e-4 };
 * const rest = { status: "reached", epoch: 2, ma: 1, el_10: 1, retain_ma: 1, loss: null, unseen_nll: 3, kept: true };
 * const [run] = listRuns([{ ...preset, ...rest }]);
 * assertEquals(unseenLossLine(run!), "<br>loss on unseen text 3.000 nats");
 * ```
 */
export function unseenLossLine({ after }: HyperparameterRun): string {
  return isScore(after.unseen_nll) ? `<br>loss on unseen text ${after.unseen_nll.toFixed(3)} nats` : "";
}

/**
 * A hyperparameter's value, short.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { valueText } from "./hyperparameter_runs.ts";
 *
 * assertEquals([0, 0.03, 10, 5e-5, 2e-4].map(valueText), ["0", "0.03", "10", "5e-5", "2e-4"]);
 * ```
 */
export function valueText(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);
}
