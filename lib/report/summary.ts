/**
 * The run in four findings: what was memorized, what was erased, what it cost, what is not proved. Sentences with the numbers of the tables,
 * and nothing that the tables do not say; a finding without its table names it.
 *
 * @module
 */
import type { ResultRow } from "../figures/retained_quality.ts";
import { isScore, modelStyle, PALETTE, percentText } from "../figures/style.ts";
import type { Finding, FindingBar } from "./finding.ts";
import { formatChange, formatCount, formatPoints, formatScore, joinWords } from "./format.ts";
import { describeKindsAfter, describeTwins } from "./kinds.ts";
import { findOpen } from "./not_proved.ts";
import { describeMissing, type RunPartName } from "./run_files.ts";
import { METRICS, THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import {
  countAbove,
  describeRelearning,
  findResult,
  listMethods,
  type RunTables,
  standingOf,
} from "./run_tables.ts";

/**
 * Says what was memorized, what was erased, what it cost and what is not proved.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { summarizeRun } from "./summary.ts";
 *
 * const [memorized] = summarizeRun({
 *   title: "Run",
 *   version: "CodeScrub 0.1.0",
 *   thresholds: { ma: 0.46, el_3: 0.2, el_5: 0.1, el_10: 0.05 },
 *   documents: [{ doc_id: "a", ma: 0.9 }, { doc_id: "b", ma: 0.1 }],
 * });
 * assertEquals(memorized?.number, "50.0%");
 * ```
 */
export function summarizeRun(run: RunTables): Finding[] {
  const [method] = listMethods(run);
  const findings = [findMemorized(run), findErasure(run, method), findCost(run, method)];
  return run.sweep ? findings : [...findings, findOpen(run)]; // the checks are of one model
}

function findMemorized(run: RunTables): Finding {
  const heading = "What was memorized";
  const threshold = run.thresholds?.ma;
  const scores = (run.documents ?? []).map((row) => row.ma).filter(isScore);
  if (!isScore(threshold) || scores.length === 0) {
    return missingFinding(heading, scores.length === 0 ? "documents" : "thresholds", run);
  }
  const above = scores.filter((ma) => ma > threshold).length;
  const strong = scores.filter((ma) => ma >= 0.9).length;
  return {
    heading,
    number: percentText(above / scores.length),
    label: "of documents with secrets are known better than unseen text",
    bars: [
      { label: `above ${percentText(threshold)}`, rate: above / scores.length, color: PALETTE.vermillion },
      { label: "90% or more", rate: strong / scores.length, color: PALETTE.vermillion },
    ],
    sentences: [
      ...describeFound(run),
      `In ${formatCount(above)} of ${
        formatCount(scores.length)
      } documents with secrets the model predicts more of ` +
      `the secrets than of text that it never saw (mean MA above ${percentText(threshold)}); in ${
        formatCount(strong)
      } it ` +
      "predicts at least nine tokens of ten.",
      ...describeDuplication(run),
      ...describeTwins(run),
    ],
  };
}

function describeDuplication({ duplication = [] }: RunTables): string[] {
  const sorted = duplication.filter((row) => isScore(row.ma)).toSorted((a, b) => a.copies - b.copies);
  const trained = sorted.filter((row) => row.copies > 0);
  const [first, last, never] = [trained[0], trained.at(-1), sorted.find((row) => row.copies === 0)];
  if (!first || !last || first === last) return [];
  const twins = never
    ? ` Made-up ones like them that no document held (twins) have ${percentText(never.ma)}.`
    : "";
  return [
    `Secrets that stood in ${countOf(first.copies, "training document")} have a mean MA of ${
      percentText(first.ma)
    }, those in ${formatCount(last.copies)} ${percentText(last.ma)}.${twins}`,
  ];
}

function findErasure(run: RunTables, method: string | undefined): Finding {
  const heading = "What was erased";
  const before = findResult(run, "forget", "before");
  const after = method === undefined ? undefined : findResult(run, "forget", method);
  if (!before || !after || method === undefined) {
    return missingFinding(heading, method === undefined ? "history" : "results", run);
  }
  const { label } = modelStyle(method);
  return {
    heading,
    number: `${percentText(before.ma)} → ${percentText(after.ma)}`,
    label: `memorization accuracy of the forget set's secrets, ${label}`,
    bars: compareModels(run, "forget", "ma"),
    ...(isScore(run.thresholds?.ma) && { mark: run.thresholds.ma }),
    sentences: [
      ...describeForgetSet(run, method),
      `${label} took the forget set's MA from ${formatChange(before.ma, after.ma)} and its EL_10 from ` +
      `${formatChange(before.el_10, after.el_10)}.${describeThresholds(run, after)}`,
      ...describeRest(run, method),
      ...describeReturn(run),
      ...describeKindsAfter(run, method),
    ],
  };
}

/** The number of a finding that the run has no table for. */
export const NOTHING = "–";

/** The scores that have thresholds. */
const SCORES = THRESHOLD_METRICS.map((column) => ({ column, name: METRICS[column].label }));
type Score = typeof SCORES[number];

/** Every score that has a threshold: MA and EL_10 end a run, the others tell whether shorter pieces stayed. */
function describeThresholds({ thresholds }: RunTables, after: ResultRow): string {
  const checks = SCORES.flatMap(({ column, name }) => {
    const standing = standingOf(after[column], thresholds?.[column]);
    return standing ? [{ standing, name, score: after[column], threshold: thresholds?.[column] }] : [];
  });
  const below = checks.filter(({ standing }) => standing === "below");
  const above = checks.filter(({ standing }) => standing !== "below");
  const thresholdsOf = joinWords(below.map(({ name, threshold }) => `${name} (${percentText(threshold)})`));
  const scoresOf = joinWords(
    above.map(({ name, score, threshold, standing }) =>
      `${name} (${percentText(score)}, ${standing} ${percentText(threshold)})`
    ),
  );
  if (checks.length === 0) return "";
  if (above.length === 0) return ` That is below what text it never saw scores in ${thresholdsOf}.`;
  if (below.length === 0) return ` That is not below what text it never saw scores in ${scoresOf}.`;
  return ` That is below what text it never saw scores in ${thresholdsOf}, but not in ${scoresOf}.`;
}

/** What was to be erased, where more was found. */
function describeForgetSet({ secrets = [], found }: RunTables, method: string): string[] {
  const own = secrets.filter(({ ma_after }) => Object.hasOwn(ma_after, method));
  if (own.length === 0 || !found || found.places <= own.length) return [];
  const documents = new Set(own.map(({ doc_id }) => doc_id)).size;
  return [
    `To be erased were ${countOf(own.length, "secret")} in ${
      countOf(documents, "document")
    }, the forget set; nothing ` +
    "was asked of the others.",
  ];
}

/** How many of the forget set's secrets are still above the means' threshold. */
function describeRest(run: RunTables, method: string): string[] {
  const counts = countAbove(run, method);
  if (!counts) return [];
  const { above, scored } = counts;
  if (above === 0) {
    return [`Not one of its ${formatCount(scored)} secrets alone is still above the MA threshold.`];
  }
  return [
    `Taken one by one, ${formatCount(above)} of its ${formatCount(scored)} secrets ` +
    `${above === 1 ? "is" : "are"} still above the MA threshold.`,
  ];
}

/** What ordinary training on other code brings back. */
function describeReturn(run: RunTables): string[] {
  const back = listMethods(run).flatMap((model) => {
    const ma = findResult(run, "relearned", model)?.ma;
    return isScore(ma) ? [`${percentText(ma)} with ${modelStyle(model).label}`] : [];
  });
  if (back.length === 0) return [];
  return [`After ${describeRelearning(run)} MA is ${joinWords(back)}.`];
}

function findCost(run: RunTables, method: string | undefined): Finding {
  const heading = "What it cost";
  const before = findResult(run, "retain", "before");
  const after = method === undefined ? undefined : findResult(run, "retain", method);
  if (!before || !after || method === undefined) {
    return missingFinding(heading, method === undefined ? "history" : "results", run);
  }
  const { column, name } = findWorst(before, after);
  const shown = SCORES.filter((metric) => metric.column === "ma" || metric.column === column);
  return {
    heading,
    number: formatPoints(before[column], after[column]),
    label: `${name} on code worth keeping, the score that ${modelStyle(method).label} lowered most` +
      (column === "ma" ? "" : ` (MA: ${formatPoints(before.ma, after.ma)})`),
    bars: shown.flatMap((metric) =>
      compareModels(run, "retain", metric.column).map((bar) =>
        shown.length === 1 ? bar : { ...bar, group: metric.name }
      )
    ),
    sentences: [
      describeCost(run, method),
      ...listMethods(run).filter((other) => other === "ga" && other !== method)
        .filter((other) => findResult(run, "retain", other))
        .map((other) => describeCost(run, other)),
    ],
  };
}

/** The score that fell most: a text can go on to be predicted token by token when it is no longer continued. */
function findWorst(before: ResultRow, after: ResultRow): Score {
  const fall = ({ column }: Score) => {
    const [from, to] = [before[column], after[column]];
    return isScore(from) && isScore(to) ? from - to : -Infinity;
  };
  return SCORES.reduce((worst, metric) => fall(metric) > fall(worst) ? metric : worst);
}

function describeCost(run: RunTables, method: string): string {
  const [before, after] = ["before", method].map((model) => findResult(run, "retain", model));
  const [unseenBefore, unseenAfter] = ["before", method].map((model) => findResult(run, "unseen", model));
  const changes = SCORES.filter(({ column }) => isScore(before?.[column]) && isScore(after?.[column]))
    .map(({ column, name }) => `${name} from ${formatChange(before?.[column], after?.[column])}`);
  const loss = isScore(unseenBefore?.nll) && isScore(unseenAfter?.nll)
    ? `; loss on unseen text went from ${formatScore(unseenBefore.nll, 2)} to ` +
      `${formatScore(unseenAfter.nll, 2)} nats per token`
    : "";
  return `On code worth keeping (the retain set) ${modelStyle(method).label}${
    method === "ga" ? ", plain gradient ascent," : ""
  } moved ${joinWords(changes)}${loss}.`;
}

/** A score of the model before and after each method. */
function compareModels(
  run: RunTables,
  set: "forget" | "retain",
  column: ThresholdMetric,
): FindingBar[] {
  return ["before", ...listMethods(run)].flatMap((model) => {
    const rate = findResult(run, set, model)?.[column];
    const { label, color } = modelStyle(model);
    return isScore(rate) ? [{ label, rate, color }] : [];
  });
}

function describeFound({ found }: RunTables): string[] {
  if (!found) return [];
  const { places, values, documents } = found;
  return [
    `Detection found ${countOf(places, "place")} of ${countOf(values, "different secret")} in ` +
    `${countOf(documents, "document")}.`,
  ];
}

function countOf(count: number, what: string): string {
  return `${formatCount(count)} ${what}${count === 1 ? "" : "s"}`;
}

function missingFinding(heading: string, part: RunPartName, run: RunTables): Finding {
  const found = part === "documents" ? describeFound(run) : [];
  const sentences = [...found, describeMissing(part).replaceAll("`", "")];
  if (found.length > 0) {
    const number = formatCount(run.found?.values);
    return { heading: "What was found", number, label: "different secrets", bars: [], sentences };
  }
  return { heading, number: NOTHING, label: "not in this run", bars: [], sentences };
}
