/**
 * A sweep's runs as the report shows them: which of their means each figure draws, and the tables of methods.
 *
 * @module
 */
import { sweepGroup, sweepMeans, type SweepRunRow } from "../evaluation/sweep_means.ts";
import { sweepTables } from "../evaluation/sweep_tables.ts";
import {
  HYPERPARAMETER_NAMES,
  type HyperparameterRow,
  type RunSettings,
} from "../figures/hyperparameter_runs.ts";
import type { TradeoffRow } from "../figures/method_tradeoff.ts";
import type { SizeRow } from "../figures/size_effects.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import { bootstrapInterval } from "../metrics/bootstrap.ts";
import { mean } from "../metrics/mean.ts";
import { clipText } from "./format.ts";
import { type Markup, markup } from "./markup.ts";

/** What a group of runs that differ in set and seed alone has in common, and its means by measure. */
interface Group extends Pick<SweepRunRow, "method" | "k" | "settings"> {
  readonly runs: readonly SweepRunRow[];
  readonly mean: (measure: string) => number | null;
  readonly deviation: (measure: string) => number | null;
}

function groupsOf(rows: readonly SweepRunRow[]): Group[] {
  const runs = rows.map((row) => ({ ...row, studies: "all" }));
  const own = Map.groupBy(sweepMeans(runs), sweepGroup);
  return [...Map.groupBy(runs, sweepGroup)].map(([key, group]) => {
    const find = (measure: string) => own.get(key)?.find((row) => row.measure === measure);
    const { method, k, settings } = group[0]!;
    return {
      ...{ method, k, settings, runs: group },
      mean: (measure) => find(measure)?.mean ?? null,
      deviation: (measure) => find(measure)?.deviation ?? null,
    };
  });
}

/** The groups of the size that most of them have. */
function atMainSize(groups: readonly Group[]): Group[] {
  const sizes = [...Map.groupBy(groups, ({ k }) => k).values()].sort((a, b) => b.length - a.length);
  return sizes[0] ?? [];
}

/**
 * The mean threshold of runs.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepThreshold } from "./sweep.ts";
 *
 * assertEquals(sweepThreshold([]), null);
 * ```
 */
export function sweepThreshold(rows: readonly SweepRunRow[]): number | null {
  return rows.length === 0 ? null : mean(rows.map(({ ma_threshold }) => ma_threshold));
}

/**
 * What each method with no setting of its own forgot and kept, at the size that most runs have.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepTradeoff } from "./sweep.ts";
 *
 * assertEquals(sweepTradeoff([]), []);
 * ```
 */
export function sweepTradeoff(rows: readonly SweepRunRow[]): TradeoffRow[] {
  return atMainSize(groupsOf(rows.filter(({ settings }) => settings === null))).flatMap((group) => {
    const [before, after, kept, left] = ["ma_before", "ma", "retain_ma_before", "retain_ma"].map(group.mean);
    if (before == null || after == null || kept == null || left == null) return [];
    return [{
      ...{ method: group.method, forget: [before, after], retain: [kept, left], way: [] },
      forgottenInterval: shareLost(group, "ma"),
      keptInterval: invert(shareLost(group, "retain_ma")),
    }];
  });
}

/** The interval over forget sets of the share that is gone; undefined of fewer than two. */
function shareLost({ runs }: Group, measure: "ma" | "retain_ma"): readonly [number, number] | undefined {
  const both = runs.filter((run) => isScore(run[measure]) && isScore(run[`${measure}_before`]));
  const clusters = both.map(({ set }) => `${set}`);
  if (new Set(clusters).size < 2) return undefined;
  const samples = [`${measure}_before`, measure].map((column) => ({
    values: both.map((run) => run[column as typeof measure]!),
    clusters,
  }));
  const { low, high } = bootstrapInterval(samples, ([before, after]) => 1 - mean(after!) / mean(before!));
  return [low, high];
}

function invert(interval: readonly [number, number] | undefined): readonly [number, number] | undefined {
  return interval && [1 - interval[1], 1 - interval[0]];
}

/**
 * Methods with no setting of their own that ran at several sizes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweepSizes } from "./sweep.ts";
 *
 * assertEquals(sweepSizes([]), []);
 * ```
 */
export function sweepSizes(rows: readonly SweepRunRow[]): SizeRow[] {
  const methods = Map.groupBy(
    groupsOf(rows.filter(({ settings }) => settings === null)),
    ({ method }) => method,
  );
  return [...methods].filter(([, own]) => own.length > 1).flatMap(([method, own]) =>
    own.map(({ k, mean, deviation }) => ({
      ...{ method, k, ma: mean("ma"), ma_deviation: deviation("ma") },
      ...{ retain_ma: mean("retain_ma"), retain_ma_deviation: deviation("retain_ma") },
    }))
  );
}

/** Runs by hyperparameters, and the one that the others differ from. */
export interface SweptSettings {
  readonly rows: readonly HyperparameterRow[];
  /** Undefined where no method has a run with no setting of its own. */
  readonly preset: RunSettings | undefined;
}

const TURNED = new RegExp(`^((${HYPERPARAMETER_NAMES.join("|")}) [^,]+(, |$))*$`);

/**
 * The runs by what the figures of hyperparameters know, at the size that most have, as their first and last epochs.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sweptSettings } from "./sweep.ts";
 *
 * assertEquals(sweptSettings([]), { rows: [], preset: undefined });
 * ```
 */
export function sweptSettings(rows: readonly SweepRunRow[]): SweptSettings {
  const groups = atMainSize(groupsOf(rows.filter(({ settings }) => TURNED.test(settings ?? ""))));
  const counts = [...Map.groupBy(groups, ({ method }) => method).values()].sort((a, b) =>
    b.length - a.length
  );
  const own = counts[0]?.find(({ settings }) => settings === null);
  return { rows: groups.flatMap(epochsOf), preset: own && settingsOf(own) };
}

function settingsOf({ method, runs }: Group): RunSettings {
  const { gamma, lambda, alpha, lr } = runs[0]!;
  return { method, gamma: gamma ?? 0, lambda: lambda ?? 0, alpha: alpha ?? 0, lr };
}

function epochsOf(group: Group): HyperparameterRow[] {
  const isReached = group.runs.every(({ status }) => status === "reached");
  const own = {
    ...settingsOf(group),
    status: isReached ? "reached" : "not-converged",
    loss: null,
    kept: true,
  };
  const at = (suffix: string) => ({
    ma: group.mean(`ma${suffix}`),
    el_10: group.mean(`el_10${suffix}`),
    retain_ma: group.mean(`retain_ma${suffix}`),
    unseen_nll: group.mean(`unseen_nll${suffix}`),
  });
  return [
    { ...own, ...at("_before"), epoch: 0 },
    { ...own, ...at(""), epoch: group.mean("epochs") ?? 0 },
  ];
}

/**
 * The tables of methods, beside the paper's; null where there is no sweep.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderSweep } from "./sweep.ts";
 *
 * assertEquals(renderSweep({}), null);
 * ```
 */
export function renderSweep({ sweep }: { readonly sweep?: readonly SweepRunRow[] }): Markup | null {
  if (!sweep || sweep.length === 0) return null;
  const tables = sweepTables(sweepMeans(sweep), "this sweep").map(({ title, note, header, rows }) => {
    const shown = (cell: string, column: number) =>
      clipText(header[column] === "method" ? modelStyle(cell).label : cell);
    return markup`<div class="scroll" role="region" aria-label="Table: ${
      clipText(title)
    }" tabindex="0"><table class="numbers means">
<caption>${clipText(title)}. ${note}</caption>
<thead><tr>${header.map((head) => markup`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${
      rows.map(([first = "", ...cells]) =>
        markup`
<tr><th scope="row">${clipText(first)}</th>${
          cells.map((cell, index) => markup`<td>${shown(cell, index + 1)}</td>`)
        }</tr>`
      )
    }</tbody></table></div>`;
  });
  return markup`${tables}`;
}
