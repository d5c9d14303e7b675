/**
 * What `unlearn` says: of each epoch beside the bar, of a learning rate that does not suit the model, and at its end.
 *
 * @module
 */
import { METRICS, perMetric, THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import type { OutcomeCounts } from "../metrics/threshold.ts";
import { type Compat, isReached, type StopThresholds } from "../unlearning/early_stop.ts";
import { scaledRate } from "../training/rate_watch.ts";
import { objectiveOf } from "../unlearning/objectives.ts";
import type { RateNote } from "../unlearning/rate_notes.ts";
import type { UnlearnEpoch } from "../unlearning/unlearn_epoch.ts";
import type { ChunkSummary } from "./chunks.ts";
import type { CommandResult } from "./command.ts";
import { formatTable } from "./console.ts";

/**
 * An epoch's scores beside the bar, and how many secrets are above where each is judged.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeEpoch } from "./unlearn_report.ts";
 *
 * const scores = { ma: 0.5, el_10: null, retain_ma: 0.75 };
 * assertEquals(describeEpoch(scores), "MA 0.500, EL_10 -, retain MA 0.750");
 * assertEquals(describeEpoch({ ...scores, above: 3 }), "3 above, MA 0.500, EL_10 -, retain MA 0.750");
 * ```
 */
export function describeEpoch(
  { ma, el_10, retain_ma, above }: Pick<UnlearnEpoch, "ma" | "el_10" | "retain_ma"> & {
    above?: number | undefined;
  },
): string {
  const show = (value: number | null) => value === null ? "-" : value.toFixed(3);
  const secrets = above === undefined ? "" : `${above} above, `;
  return `${secrets}MA ${show(ma)}, EL_10 ${show(el_10)}, retain MA ${show(retain_ma)}`;
}

/**
 * A learning rate that does not suit the model, in a line that says which to try.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeRate } from "./unlearn_report.ts";
 *
 * const note = { problem: "slow", epoch: 4, reason: "MA has hardly moved in 4 epochs", lr: 3e-5 } as const;
 * assertEquals(describeRate(note), "The learning rate is small for this model: MA has hardly moved in 4 epochs: try --lr 0.00003");
 * ```
 */
export function describeRate({ problem, reason, lr }: Pick<RateNote, "problem" | "reason" | "lr">): string {
  const size = problem === "slow" ? "small" : "large";
  return `The learning rate is ${size} for this model: ${reason}: try --lr ${lr}`;
}

/**
 * The scores of an epoch or a checkpoint.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { metricsOf } from "./unlearn_report.ts";
 *
 * const scores = { ma: 1, el_3: 1, el_5: 1, el_10: 1, retain_ma: null };
 * assertEquals(metricsOf(scores), scores);
 * ```
 */
export function metricsOf(scores: Metrics): Metrics {
  return { ...perMetric(THRESHOLD_METRICS, (metric) => scores[metric]), retain_ma: scores.retain_ma };
}

type Metrics = Pick<UnlearnEpoch, ThresholdMetric | "retain_ma">;

/** What a run ended with. */
export interface UnlearnSummary {
  /** How the run ended. */
  status: string;
  /** The number that was not finite, where a run diverged. */
  reason?: string;
  /** The epoch whose weights are written. */
  epoch: number;
  /** All epochs. */
  epochs: number;
  /** What was to be reached. */
  thresholds: StopThresholds;
  /** The scores of the model as it came. */
  before: Metrics;
  /** The scores of the checkpoint as it was written. */
  after: Metrics;
  /** How many secrets ended how, where each was judged. */
  secrets?: OutcomeCounts;
  /** How many secrets each training brought back, where the run was to last. */
  relapses?: number[];
  /** How its chunks ended, where the set was cut. */
  chunks?: ChunkSummary;
  /** What its first epochs said of the learning rate. */
  notes: string[];
  /** The folder. */
  out: string;
}

/** The share of the retain set's MA: a run that leaves so much and does not end would have borne larger steps. */
const SPARED = 0.9;

/** What the rules look at but for the paper's, which looks at all. */
const JUDGED: readonly ThresholdMetric[] = ["ma", "el_10"];

/** What {@linkcode describeUnlearning} needs beside the summary. */
export interface UnlearnSettings {
  /** Its name. */
  method: string;
  /** The stopping rule, by whose it is. */
  compat: Compat;
  /** Adam's learning rate. */
  lr: number;
  /** What was noted of it. */
  rates: readonly RateNote[];
}

/** How a run ends that was to last and does: there is nothing that training could bring back, or its last one did not. */
const WITHSTANDS = ["reached", "nothing-to-do"];

/**
 * Whether a run did what it was to do, by the numbers of the written checkpoint.
 *
 * @param compat the stopping rule, by whose it is
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isForgotten } from "./unlearn_report.ts";
 *
 * const after = { ma: 0.3, el_3: 0, el_5: 0, el_10: 0, retain_ma: 1 };
 * const summary = { status: "reached", thresholds: { ma: 0.3, el_10: 0.1 }, after };
 * assertEquals([isForgotten(summary, "sound"), isForgotten(summary, "paper")], [false, true]);
 * ```
 */
export function isForgotten(
  { status, reason, thresholds, after, secrets, relapses }: Pick<
    UnlearnSummary,
    "status" | "reason" | "thresholds" | "after" | "secrets" | "relapses"
  >,
  compat: Compat,
): boolean {
  if (reason !== undefined || status === "comes-back") return false;
  if (relapses && !WITHSTANDS.includes(status)) return false;
  if (secrets) return secrets.remembered === 0 && secrets.still_above <= secrets.above_by_chance;
  return isReached(after, thresholds, compat);
}

/**
 * The result: a run is done only by the numbers of the written checkpoint.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeUnlearning } from "./unlearn_report.ts";
 *
 * const scores = { ma: 0.2, el_3: 0, el_5: 0, el_10: 0, retain_ma: 1 };
 * const summary = { status: "reached", epoch: 3, epochs: 3, thresholds: { ma: 0.3, el_10: 0.1 }, before: scores, after: scores };
 * const { failure } = describeUnlearning({ ...summary, notes: [], out: "out" }, {
 *   method: "ga",
 *   compat: "sound",
 *   lr: 1e-5,
 *   rates: [],
 * });
 * assertEquals(failure, undefined);
 * ```
 */
export function describeUnlearning(
  summary: UnlearnSummary,
  { method, compat, lr, rates }: UnlearnSettings,
): CommandResult {
  const { status, reason, epoch, epochs, thresholds, before, after, secrets, relapses, chunks, out } =
    summary;
  const cell = (value: number | null) => value === null ? null : value.toFixed(4);
  const row = (name: string, scores: Partial<Metrics>) => [
    name,
    ...THRESHOLD_METRICS.map((metric) => cell(scores[metric] ?? null)),
    cell(scores.retain_ma ?? null),
  ];
  const judged = compat === "paper" ? THRESHOLD_METRICS : JUDGED;
  const labels = THRESHOLD_METRICS.map((metric) => METRICS[metric].label);
  const table = formatTable(["", ...labels, "retain MA"], [
    row("before", before),
    row("as written", after),
    row("below", Object.fromEntries(judged.map((metric) => [metric, thresholds[metric] ?? null]))),
  ]);
  const isDone = isForgotten(summary, compat);
  const [rate] = rates;
  const isSpared = (after.retain_ma ?? 1) >= SPARED * (before.retain_ma ?? 1);
  const trains = !objectiveOf(method).edits;
  const other = !trains
    ? "more --neurons"
    : isSpared && status === "not-converged"
    ? `--lr ${scaledRate(lr, 10)}`
    : "another --lr";
  const advice = status === "reached" // by the weights as they were trained
    ? "rounding them for the checkpoint brings it back: try --save-dtype float32"
    : chunks && cameBack(chunks)
    ? "the chunks were down and came back: try a larger --replay or more --chunk-passes"
    : rate
    ? `try --lr ${rate.lr}`
    : `try more --epochs or ${other}`;
  const found = secrets
    ? `${secrets.still_above} of ${countAll(secrets)} secrets are above their thresholds${aboveNote(secrets)}`
    : judged.map((metric) => `${METRICS[metric].label} is ${cell(after[metric])}`).join(", ");
  const shortfall = status === "comes-back"
    ? `Cannot call it forgotten: training brings ${relapses!.at(-1)} secrets back the last time too, ` +
      `of ${relapses!.length}: try more --cycles`
    : `Cannot call it forgotten: ${found} after ${secrets ? epochs : epoch} epochs (${status}): ${advice}`;
  const lines = [
    table,
    ...secrets ? [describeOutcomes(secrets)] : [],
    ...relapses?.length ? [`brought back by training, each time: ${relapses.join(", ")}`] : [],
    ...chunks ? [chunkLine(chunks)] : [],
    `${method}: ${status}, weights of epoch ${epoch}`,
    `written: ${out}`,
  ];
  return {
    text: lines.join("\n"),
    summary: { method, done: isDone, ...summary } as unknown as CommandResult["summary"],
    ...(!isDone && {
      failure: reason === undefined
        ? shortfall
        : `${reason}: the weights of epoch ${epoch} are written: try --lr ${scaledRate(lr, 0.1)}`,
    }),
  };
}

type Outcomes = NonNullable<UnlearnSummary["secrets"]>;

/** How many secrets ended how, in a line. */
function describeOutcomes(secrets: Outcomes): string {
  const { erased, still_above, below_never_seen, without_tokens } = secrets;
  const others = without_tokens > 0 ? `, ${without_tokens} without tokens` : "";
  return `${countAll(secrets)} secrets: ${erased} erased, ${still_above} still above${aboveNote(secrets)}, ` +
    `${below_never_seen} below never seen${others}`;
}

/** What is to be known of those above: how many chance explains at most, and how many it does not. */
function aboveNote({ above_by_chance, remembered }: Outcomes): string {
  const notes = [
    ...above_by_chance > 0 ? [`up to ${above_by_chance} by chance`] : [],
    ...remembered > 0 ? [`${remembered} likelier than any made-up one`] : [],
  ];
  return notes.length > 0 ? ` (${notes.join("; ")})` : "";
}

function countAll({ erased, still_above, below_never_seen, without_tokens }: Outcomes): number {
  return erased + still_above + below_never_seen + without_tokens;
}

/** Whether each turn did what it was to do. */
function cameBack({ ended }: ChunkSummary): boolean {
  return Object.keys(ended).every((status) => status === "reached" || status === "nothing-to-do");
}

function chunkLine({ count, largest, replayed, passes, ended, above }: ChunkSummary): string {
  const turns = Object.entries(ended).map(([status, turns]) => `${turns} ${status}`).join(", ");
  return `${count} chunks of at most ${largest} rows, ${replayed} earlier ones with each; ${passes} ` +
    `${passes === 1 ? "pass" : "passes"}: ${turns}; secrets above after each pass: ${above.join(", ")}`;
}
