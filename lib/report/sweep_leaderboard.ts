/**
 * A sweep as leaderboards, one a study: a row a method, its size and its settings where a study has several, means over
 * forget sets and seeds with their intervals over forget sets.
 *
 * @module
 */
import { sweepGroup, sweepMeans, type SweepMeasure, type SweepRunRow } from "../evaluation/sweep_means.ts";
import { isScore, modelStyle } from "../figures/style.ts";
import { bootstrapMean } from "../metrics/bootstrap.ts";
import { mean } from "../metrics/mean.ts";
import { clipText, joinWords } from "./format.ts";
import { type LeaderboardCell, type LeaderboardRow, renderLeaderboard } from "./leaderboard.ts";
import { LEADERBOARD_COLUMN_NAMES, type LeaderboardColumnName } from "./leaderboard_columns.ts";
import { type Markup, markup } from "./markup.ts";

/** A study of a sweep. */
export interface SweepLeaderboard {
  /** Its name in the sweep's file. */
  readonly study: string;
  /** The model before, at each size, then methods: first those under the threshold, among them what kept most. */
  readonly rows: readonly LeaderboardRow[];
}

/** A size of forget sets, or a method there. */
interface Line {
  readonly row: LeaderboardRow;
  readonly k: number;
  readonly runs: readonly SweepRunRow[];
}

/**
 * The leaderboards of a sweep's runs.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { SweepRunRow } from "../evaluation/sweep_means.ts";
 * import { sweepLeaderboards } from "./sweep_leaderboard.ts";
 *
 * const run = { studies: "methods", k: 8, settings: null, ma_threshold: 0.3, ma_before: 1 } as SweepRunRow;
 * const [board] = sweepLeaderboards([
 *   { ...run, method: "ga", set: 0, ma: 0.5 },
 *   { ...run, method: "cu", set: 0, ma: 0.2 },
 *   { ...run, method: "cu", set: 1, ma: 0.25 },
 * ]);
 * assertEquals(board!.rows.map(({ label }) => label), ["before", "CU", "GA"]);
 * assertEquals(board!.rows[1]!.cells.ma, { value: 0.225, low: 0.2, high: 0.25, isEnough: true });
 * ```
 */
export function sweepLeaderboards(rows: readonly SweepRunRow[]): SweepLeaderboard[] {
  const studies = [...new Set(rows.flatMap(({ studies }) => studies.split(",")))];
  return studies.map((study) => {
    const own = rows.filter(({ studies }) => studies.split(",").includes(study));
    const isOneSize = new Set(own.map(({ k }) => k)).size === 1;
    const sizes = [...Map.groupBy(own, ({ k }) => k)].map(([k, runs]) => beforeLine(k, runs));
    const methods = [...Map.groupBy(own, sweepGroup).values()].map(methodLine).toSorted(byResult);
    return {
      study,
      rows: [...sizes, ...methods].map(({ row, k }) =>
        isOneSize ? row : { ...row, label: `${row.label}, ${k} row${k === 1 ? "" : "s"}` }
      ),
    };
  });
}

/** What was measured of the model as it came, once for each forget set. */
function beforeLine(k: number, runs: readonly SweepRunRow[]): Line {
  const sets = [...Map.groupBy(runs, ({ set }) => set).values()];
  const cells = LEADERBOARD_COLUMN_NAMES.map((name) => {
    const values = sets.flatMap((own) => {
      const found = own.map((run) => (run as { [column: string]: unknown })[`${name}_before`]);
      return found.filter((value) => typeof value === "number").slice(0, 1);
    });
    return [name, values.length > 0 ? cellOf(bootstrapMean({ values }), values.length) : undefined];
  });
  return { row: { label: "before", isBefore: true, cells: Object.fromEntries(cells) }, k, runs };
}

function methodLine(runs: readonly SweepRunRow[]): Line {
  const { method, settings, k } = runs[0]!;
  const means = sweepMeans(runs.map((run) => ({ ...run, studies: "one" })));
  const cells = LEADERBOARD_COLUMN_NAMES.map((name) => {
    const found = means.find(({ measure }) => measure === name satisfies SweepMeasure);
    if (!found) return [name, undefined];
    if (name === "memory_bytes") return [name, { value: found.mean }]; // it is computed before a run, not measured
    const sets = new Set(runs.filter((run) => isScore(run[name])).map(({ set }) => set)).size;
    const cell = cellOf({ estimate: found.mean, low: found.low, high: found.high }, sets);
    const enough = isEnough(name, cell, runs);
    return [name, enough === undefined ? cell : { ...cell, isEnough: enough }];
  });
  const label = [modelStyle(method).label, ...settings === null ? [] : [settings]].join(", ");
  return { row: { label, cells: Object.fromEntries(cells) }, k, runs };
}

/** Of a single set there is no interval over sets. */
function cellOf(
  { estimate, low, high }: { estimate: number; low: number; high: number },
  sets: number,
): LeaderboardCell {
  return { value: estimate, ...sets > 1 && { low, high } };
}

/** Whether less would be no better; undefined of columns where it always is. */
function isEnough(
  name: LeaderboardColumnName,
  { value, low = value }: LeaderboardCell,
  runs: readonly SweepRunRow[],
): boolean | undefined {
  switch (name) {
    case "ma":
    case "relearned_ma":
      return value < mean(runs.map(({ ma_threshold }) => ma_threshold));
    case "el_10":
      return value <= mean(runs.map(({ el_10_threshold }) => el_10_threshold));
    case "recovered":
      return low <= 0; // no more than made-up secrets
    case "exposure":
      return value <= 1; // half of what was never seen has less than one bit
  }
}

/** What forgot enough comes first, then what kept most. */
function byResult(a: Line, b: Line): number {
  const order = ({ row: { cells } }: Line) => [
    cells.ma?.isEnough ? 0 : 1,
    -(cells.retain_ma?.value ?? -1),
    cells.ma?.value ?? 1,
  ];
  const [left, right] = [order(a), order(b)];
  const at = left.findIndex((value, i) => value !== right[i]);
  return a.k - b.k || (at < 0 ? 0 : left[at]! - right[at]!);
}

/**
 * Renders the leaderboards; null where there is no sweep.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderLeaderboards } from "./sweep_leaderboard.ts";
 *
 * assertEquals(renderLeaderboards({}), null);
 * ```
 */
export function renderLeaderboards({ sweep }: { readonly sweep?: readonly SweepRunRow[] }): Markup | null {
  if (!sweep || sweep.length === 0) return null;
  const boards = sweepLeaderboards(sweep).map(({ study, rows }, index) => {
    const own = sweep.filter(({ studies }) => studies.split(",").includes(study));
    const isFirst = index === 0; // which says how to read them all
    const caption = [`Study "${clipText(study, 40)}": ${countRuns(own)}.`, ...isFirst ? [ORDER] : []].join(
      " ",
    );
    return renderLeaderboard(rows, { caption, name: `Leaderboard: ${study}`, explains: isFirst });
  });
  return markup`<p class="lead">${describeSweep(sweep)}</p>${boards}<p class="missing">${
    describeOpen(sweep)
  }</p>`;
}

const ORDER =
  "Means over forget sets and seeds; those under the MA threshold first, among them what kept most. Intervals " +
  "are over forget sets: of few sets they are narrower than the truth.";

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`;
const countOf = <K extends keyof SweepRunRow>(rows: readonly SweepRunRow[], key: K) =>
  new Set(rows.map((row) => row[key])).size;

function countRuns(rows: readonly SweepRunRow[]): string {
  return `${plural(rows.length, "run")}, ${plural(countOf(rows, "method"), "method")} on ${
    plural(countOf(rows, "set"), "forget set")
  }`;
}

/** The sweep in two sentences: what was asked, and who did it. */
function describeSweep(rows: readonly SweepRunRow[]): string {
  const reached = rows.filter(({ status }) => status === "reached").length;
  const known = rows.map(({ ma_before }) => ma_before).filter(isScore);
  const kept = rows.map(({ retention }) => retention).filter(isScore);
  const percent = (value: number) => `${(100 * value).toFixed(0)} %`;
  const ends = new Set([percent(Math.min(...kept)), percent(Math.max(...kept))]);
  return [
    `${countRuns(rows)}.`,
    ...known.length === 0 ? [] : [
      `Before, the model named ${percent(mean(known))} of the secrets' tokens; ${reached} of ${
        plural(rows.length, "run")
      } reached the thresholds, below which it knows them no better than what it never saw (MA ${
        percent(mean(rows.map(({ ma_threshold }) => ma_threshold)))
      }).`,
    ],
    ...kept.length === 0 ? [] : [`Runs kept ${[...ends].join(" to ")} of the retain set's MA.`],
  ].join(" ");
}

/** What was not measured, so that nobody reads a dash as a pass. */
const OPEN: readonly [measure: SweepMeasure, what: string, part: string][] = [
  ["extracted", "whether an adversary still gets secrets out", '"attack"'],
  ["relearned_ma", "whether ordinary training brings them back", '"benign"'],
  ["pass_at_1", "whether the model still writes working programs", '"humaneval"'],
];

function describeOpen(rows: readonly SweepRunRow[]): string {
  const open = OPEN.filter(([measure]) => !rows.some((row) => isScore(row[measure])));
  const also =
    "That a score is below its threshold is no proof that a secret is gone: it is what these measures saw, on these " +
    "forget sets and this model. Leaked secrets must be revoked all the same.";
  if (open.length === 0) return also;
  return `Not measured: ${joinWords(open.map(([, what]) => what))} (${
    joinWords(open.map(([, , part]) => part))
  } in the sweep's file). ${also}`;
}
