/**
 * The paper's table 4: HumanEval's pass@1, 5 and 10 of each model before and after unlearning, and what is kept of them
 * (n = 50, temperature 0.2, top-p 0.95); and ours in the same columns, with the intervals that the paper does not give.
 *
 * @module
 */
import type { BootstrapOptions, Interval } from "../metrics/bootstrap.ts";
import { PAPER_TABLES } from "../metrics/paper_tables.ts";
import { comparePasses, meanPassAtK, type ProblemCounts } from "./pass_at_k.ts";
import { PASS_KS } from "./results.ts";

/** A number in percent and its 95 % interval, where there is one. */
export interface PassShare {
  /** The number; null where it is not defined. */
  estimate: number | null;
  /** The interval's lower end. */
  low: number | null;
  /** Its upper end. */
  high: number | null;
}

/** A model's row. */
export interface PassRow {
  /** Which model. */
  model: string;
  /** What was done to it: "original" is nothing. */
  method: string;
  /** pass@1, 5 and 10, percent. */
  passes: { k: typeof PASS_KS[number]; share: PassShare }[];
  /** The mean over k of after / before, percent; null of the original. */
  retention: PassShare | null;
}

/** What the table calls methods. */
const NAMES: { readonly [method: string]: string } = {
  before: "original",
  ga: "GA",
  cu: "CU",
  codeeraser: "CodeEraser",
};

/** The table as it was published. */
export const PAPER_PASSES: readonly PassRow[] = PAPER_TABLES.map((row) => ({
  ...{ model: `${row.model} (paper)`, method: NAMES[row.method]! },
  passes: PASS_KS.map((k) => ({ k, share: published(row[`pass_at_${k}`]) })),
  retention: row.retention === null ? null : published(row.retention),
}));

function published(estimate: number): PassShare {
  return { estimate, low: null, high: null };
}

/**
 * A row of ours beside {@linkcode PAPER_PASSES}, in percent of two decimals; a pass@k for which there are too few samples is
 * null.
 *
 * @param before of the same problems, for what is kept
 * @throws {RangeError} as `comparePasses`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { passRow } from "./paper_passes.ts";
 *
 * const before = [{ task_id: "a", n: 5, c: 5 }, { task_id: "b", n: 5, c: 5 }];
 * const row = passRow({ model: "ours", method: "CodeEraser" }, before.map((one) => ({ ...one, c: 4 })), { before });
 * assertEquals(row.passes.map(({ share }) => share.estimate), [80, 100, null]);
 * assertEquals(row.retention, { estimate: 90, low: 90, high: 90 });
 * ```
 */
export function passRow(
  name: Pick<PassRow, "model" | "method">,
  counts: readonly ProblemCounts[],
  { before, ...options }: BootstrapOptions & { before?: readonly ProblemCounts[] } = {},
): PassRow {
  const fewest = Math.min(...[...counts, ...before ?? []].map(({ n }) => n));
  const ks = PASS_KS.filter((k) => k <= fewest);
  const rates = ks.map((k) => ({ k, ...meanPassAtK(counts, k, options) }));
  const retention = before ? comparePasses(before, counts, ks, options).retention : undefined;
  return ratedRow(name, { rates, retention });
}

/** What is known of a model already. */
export interface RatedPasses {
  /** pass@k, shares of 1. */
  rates: readonly (Interval & { k: number })[];
  /** What is kept of the model before; undefined of that itself, null where it is not defined. */
  retention?: Interval | null | undefined;
}

/**
 * {@linkcode passRow} of numbers that are known already.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ratedRow } from "./paper_passes.ts";
 *
 * const row = ratedRow({ model: "ours", method: "original" }, { rates: [{ k: 1, estimate: 0.5, low: 0.25, high: 0.75 }] });
 * assertEquals(row.passes[0], { k: 1, share: { estimate: 50, low: 25, high: 75 } });
 * assertEquals([row.passes[1]!.share.estimate, row.retention], [null, null]);
 * ```
 */
export function ratedRow(
  name: Pick<PassRow, "model" | "method">,
  { rates, retention }: RatedPasses,
): PassRow {
  return {
    ...name,
    passes: PASS_KS.map((k) => ({ k, share: percent(rates.find((rate) => rate.k === k) ?? null) })),
    retention: retention === undefined ? null : percent(retention),
  };
}

/**
 * Our rows and the paper's below them, where the problems are HumanEval's: of others the paper says nothing.
 *
 * @param rows ours
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { besidePaperPasses } from "./paper_passes.ts";
 *
 * assertEquals(besidePaperPasses([], [{ task_id: "HumanEval/0" }]).length, 20);
 * assertEquals(besidePaperPasses([], [{ task_id: "Mine/0" }]), []);
 * ```
 */
export function besidePaperPasses(
  rows: readonly PassRow[],
  problems: readonly Pick<ProblemCounts, "task_id">[],
): PassRow[] {
  const isHumanEval = problems.length > 0 &&
    problems.every(({ task_id }) => task_id.startsWith("HumanEval/"));
  return isHumanEval ? [...rows, ...PAPER_PASSES] : [];
}

function percent(interval: Interval | null): PassShare {
  const round = (value: number | undefined) => value === undefined ? null : Math.round(value * 1e4) / 100;
  return { estimate: round(interval?.estimate), low: round(interval?.low), high: round(interval?.high) };
}
