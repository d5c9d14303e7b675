/**
 * One run of unlearning while it goes on: on the left what it is for (scores and their thresholds), on the right what
 * it does (the terms of its loss). Drawn anew after each epoch, so the axes do not jump: epochs that are still to come
 * have their room.
 *
 * @module
 */
import { type Figure, makeFigure, panelHeading, type Trace } from "./figure.ts";
import {
  epochAxis,
  epochCurves,
  type EpochScores,
  type ForgetThresholds,
  scoreCurves,
  scoreThresholds,
} from "./score_curves.ts";
import { isScore, modelStyle, PALETTE, percentText, plotText, SCORE_AXIS } from "./style.ts";

/** The state after one epoch with the terms of its loss, each before the update; null where a method has no such term. */
export interface ProgressRow extends EpochScores {
  /** Mean cross entropy of secret tokens, nats: driven up. */
  readonly ce_secret: number | null;
  /** Mean cross entropy of the other tokens: held down. */
  readonly ce_normal: number | null;
  /** Mean KL(before || now) of the forget step: driven up. */
  readonly kl_forget: number | null;
  /** Mean KL(before || now) of the retain step: held down. */
  readonly kl_retain: number | null;
}

/** Options of {@linkcode unlearningProgress}. */
export interface UnlearningProgressOptions {
  /** The method whose run it is, such as "codeeraser". */
  method: string;
  /** What unseen text scores: the marks to get under. */
  thresholds?: ForgetThresholds;
  /** Epochs to leave room for. Default 6. */
  epochs?: number;
}

const TERMS = [
  { column: "ce_secret", label: "CE, secret tokens", color: PALETTE.purple, symbol: "circle", dash: "solid" },
  { column: "ce_normal", label: "CE, other tokens", color: PALETTE.orange, symbol: "square", dash: "dot" },
  { column: "kl_forget", label: "KL, forget step", color: PALETTE.sky, symbol: "triangle-up", dash: "solid" },
  { column: "kl_retain", label: "KL, retain step", color: PALETTE.grey, symbol: "diamond", dash: "dot" },
] as const;

/**
 * Draws a run as far as it has come.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unlearningProgress } from "./unlearning_progress.ts";
 *
 * const terms = { ce_secret: 0.02, ce_normal: 2.5, kl_forget: null, kl_retain: null };
 * const row = { epoch: 1, ma: 0.4, el_10: null, retain_ma: 0.97, loss: -0.02, ...terms };
 * const { data } = unlearningProgress([row], { method: "ga" });
 * assertEquals(data.map(({ name }) => name), [
 *   "forget set MA",
 *   "retain set MA",
 *   "CE, secret tokens",
 *   "CE, other tokens",
 * ]);
 * ```
 */
export function unlearningProgress(
  rows: readonly ProgressRow[],
  { method, thresholds, epochs = 6 }: UnlearningProgressOptions,
): Figure {
  const last = Math.max(epochs, ...rows.map(({ epoch }) => epoch));
  return makeFigure([...scoreCurves(rows), ...termTraces(rows)], {
    title: `Unlearning with ${plotText(modelStyle(method).label)}`,
    subtitle: describeEpoch(rows.at(-1)),
    layout: {
      height: 470,
      margin: { l: 64, r: 24, t: 108, b: 104 },
      xaxis: { ...epochAxis(last), domain: [0, 0.46], anchor: "y" },
      yaxis: { ...SCORE_AXIS, anchor: "x", title: { text: "score" } },
      xaxis2: { ...epochAxis(last), domain: [0.56, 1], anchor: "y2" },
      yaxis2: { anchor: "x2", rangemode: "tozero" },
      shapes: scoreThresholds("y", thresholds),
      annotations: [panelHeading("what it is for", { x: 0 }), panelHeading("loss terms, nats", { x: 0.56 })],
    },
  });
}

function describeEpoch(row: ProgressRow | undefined): string {
  if (row === undefined) return "not begun";
  const { epoch, ma, el_10, retain_ma } = row;
  const el = isScore(el_10) ? `, EL_10 ${percentText(el_10)}` : "";
  return `after epoch ${epoch}: forget set MA ${percentText(ma)}${el}, retain set MA ${
    percentText(retain_ma)
  }`;
}

function termTraces(rows: readonly ProgressRow[]): Trace[] {
  return epochCurves(rows, TERMS, ({ label }) => ({
    xaxis: "x2",
    yaxis: "y2",
    hovertemplate: `epoch %{x}, before its update<br>${label} %{y:.4f} nats<extra></extra>`,
  }));
}
