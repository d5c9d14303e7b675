/**
 * Every secret's MA over the epochs of unlearning. The stopping rule looks at the mean alone: here one sees which
 * secrets fall first, and which stay above the threshold when the mean is below it.
 *
 * @module
 */
import { type Figure, makeFigure, type Trace } from "./figure.ts";
import {
  isScore,
  modelStyle,
  PALETTE,
  percentText,
  plotText,
  SCORE_AXIS,
  tagStyle,
  thresholdLine,
} from "./style.ts";

/** One secret after one epoch. */
export interface TrajectoryRow {
  /** Which secret: any name that tells them apart, such as its place in the forget set. */
  readonly secret: number | string;
  /** EMAIL, IP_ADDRESS or KEY. */
  readonly tag: string;
  /** Kind, length and first two characters. */
  readonly description: string;
  /** Epochs done. */
  readonly epoch: number;
  /** Its MA; null where undefined. */
  readonly ma: number | null;
}

/** Options of {@linkcode secretTrajectories}. */
export interface SecretTrajectoriesOptions {
  /** The method whose run it is, such as "codeeraser". */
  method: string;
  /** Mean MA on unseen text. */
  threshold?: number | null;
}

interface Trajectory {
  readonly tag: string;
  readonly description: string;
  readonly points: readonly TrajectoryRow[];
  /** MA after the last epoch. */
  readonly last: number;
}

/**
 * Draws a line a secret, coloured by its kind, and the mean over secrets. Those that end above the threshold are
 * drawn strong and marked.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretTrajectories } from "./secret_trajectories.ts";
 *
 * const secret = { secret: 0, tag: "KEY", description: "KEY, 20 characters, AK..." };
 * const rows = [{ ...secret, epoch: 0, ma: 1 }, { ...secret, epoch: 1, ma: 0.6 }];
 * const { layout } = secretTrajectories(rows, { method: "ga", threshold: 0.46 });
 * assertEquals(layout.title.subtitle?.text, "1 of 1 secrets ends above the threshold, the mean at 60.0%");
 * ```
 */
export function secretTrajectories(
  rows: readonly TrajectoryRow[],
  { method, threshold = null }: SecretTrajectoriesOptions,
): Figure {
  const secrets = listTrajectories(rows);
  const isStubborn = ({ last }: Trajectory) => isScore(threshold) && last > threshold;
  const tags = [...new Set(secrets.map(({ tag }) => tag))];
  const data = secrets.length === 0 ? [] : [
    ...tags.flatMap((tag) => [
      ...secretTraces(secrets.filter((secret) => secret.tag === tag && !isStubborn(secret)), tag, "fell"),
      ...secretTraces(secrets.filter((secret) => secret.tag === tag && isStubborn(secret)), tag, "stayed"),
    ]),
    meanTrace(secrets),
  ];
  return makeFigure(data, {
    title: `Secret by secret: ${plotText(modelStyle(method).label)}`,
    subtitle: describe(secrets, secrets.filter(isStubborn).length, threshold),
    layout: {
      height: 440,
      xaxis: { title: { text: "epoch" }, tickformat: "d", rangemode: "tozero" },
      yaxis: { ...SCORE_AXIS, title: { text: "secret MA" } },
      shapes: isScore(threshold) ? [thresholdLine(threshold, { name: "MA threshold", side: "start" })] : [],
    },
  });
}

function listTrajectories(rows: readonly TrajectoryRow[]): Trajectory[] {
  const bySecret = Map.groupBy(rows.filter(({ ma }) => isScore(ma)), ({ secret }) => secret);
  return [...bySecret.values()].map((unsorted) => {
    const points = unsorted.toSorted((a, b) => a.epoch - b.epoch);
    const { tag, description, ma } = points.at(-1)!;
    return { tag, description, points, last: ma! };
  });
}

/** The lines of several secrets in one trace: a gap ends each. */
function secretTraces(secrets: readonly Trajectory[], tag: string, end: "fell" | "stayed"): Trace[] {
  if (secrets.length === 0) return [];
  const { label, color, symbol } = tagStyle(tag);
  const points = secrets.flatMap((secret) => [...secret.points, null]);
  const isStrong = end === "stayed";
  return [{
    type: "scatter",
    mode: isStrong ? "lines+markers" : "lines",
    name: `${plotText(label)}${isStrong ? ", stays above" : ""} (${secrets.length})`,
    x: points.map((point) => point?.epoch ?? null),
    y: points.map((point) => point?.ma ?? null),
    customdata: points.map((point) => point === null ? "" : plotText(point.description)),
    line: { color, width: isStrong ? 2.4 : 1.2 },
    marker: { color, symbol, size: 6 },
    opacity: isStrong ? 1 : 0.5,
    hovertemplate: "<b>%{customdata}</b><br>epoch %{x}: MA %{y:.1%}<extra></extra>",
  }];
}

function meanTrace(secrets: readonly Trajectory[]): Trace {
  const epochs = [...new Set(secrets.flatMap(({ points }) => points.map(({ epoch }) => epoch)))];
  epochs.sort((a, b) => a - b);
  const means = epochs.map((epoch) =>
    mean(
      secrets.flatMap(({ points }) => points.filter((point) => point.epoch === epoch)).map(({ ma }) => ma!),
    )
  );
  return {
    type: "scatter",
    mode: "lines",
    name: "mean of all",
    x: epochs,
    y: means,
    line: { color: PALETTE.grey, width: 4, dash: "dot" },
    hovertemplate: "epoch %{x}: mean over secrets %{y:.1%}<extra></extra>",
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function describe(secrets: readonly Trajectory[], stubborn: number, threshold: number | null): string {
  if (secrets.length === 0) return "no secret";
  const end = percentText(mean(secrets.map(({ last }) => last)));
  if (!isScore(threshold)) return `${secrets.length} secrets, the mean ends at ${end}`;
  return `${stubborn} of ${secrets.length} secrets ${stubborn === 1 ? "ends" : "end"} above the threshold, ` +
    `the mean at ${end}`;
}
