/**
 * Whether the model still writes code: pass@k before and after, as a table and as rows of a figure, and beside the paper's.
 *
 * @module
 */
import type { ProblemPassRow } from "../figures/problem_passes.ts";
import { modelStyle } from "../figures/style.ts";
import { comparePasses, meanPassAtK, type ProblemCounts } from "../humaneval/pass_at_k.ts";
import { besidePaperPasses, type PassShare, ratedRow } from "../humaneval/paper_passes.ts";
import { compareGreedy, PASS_KS } from "../humaneval/results.ts";
import { clipText, formatCount, formatInterval, formatScore } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { PassesOrigin, ReportedPasses, ReportedPassRate } from "./reported_passes.ts";
import type { RunTables } from "./run_tables.ts";

/** What is said of where the programs were run; of what is not known nothing. */
const RUN_IN: Readonly<Record<string, string>> = {
  pyodide: "; the programs were run in a sandbox (Pyodide)",
  bubblewrap: "; the programs were run in a sandbox (bubblewrap)",
  none: "; the programs were run without a sandbox, with the user's rights",
};

/**
 * The passes of a table of problems. Problems of which either model has no samples are not compared.
 *
 * @param origin how they were drawn and judged; McNemar's test is of greedy samples alone
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reportedPasses } from "./passes.ts";
 *
 * const before = { samples_before: 1, passed_before: 1 };
 * const { rates, comparison } = reportedPasses([{ task_id: "a", samples: 1, passed: 0, ...before }]);
 * assertEquals(rates.map(({ model, k, estimate }) => [model, k, estimate]), [["before", 1, 1], ["after", 1, 0]]);
 * assertEquals(comparison?.differences[0]?.difference.estimate, -1);
 * ```
 */
export function reportedPasses(
  problems: readonly ProblemPassRow[],
  origin: PassesOrigin = {},
): ReportedPasses {
  const after = problems.map(({ task_id, samples: n, passed: c }): ProblemCounts => ({ task_id, n, c }));
  const before = problems.flatMap(({ task_id, samples_before: n, passed_before: c }): ProblemCounts[] =>
    n === null || c === null ? [] : [{ task_id, n, c }]
  );
  const ratesOf = (model: string, counts: readonly ProblemCounts[]): ReportedPassRate[] =>
    ksOf(counts).map((k) => ({ model, k, ...meanPassAtK(counts, k) }));
  const isCompared = before.length > 0 && before.length === after.length;
  const ks = ksOf([...before, ...after]);
  const isGreedy = isCompared && origin.temperature === 0 && [...before, ...after].every(({ n }) => n === 1);
  return {
    ...origin,
    problems,
    rates: [...ratesOf("before", before), ...ratesOf("after", after)],
    ...isCompared && { comparison: comparePasses(before, after, ks) },
    ...isGreedy && { greedy: compareGreedy(before, after) },
  };
}

/** Of the paper's k those that all problems have samples for. */
function ksOf(counts: readonly ProblemCounts[]): number[] {
  return counts.length === 0 ? [] : PASS_KS.filter((k) => counts.every(({ n }) => k <= n));
}

/**
 * Renders a row a k, and below the paper's rows beside ours where the problems are HumanEval's; null where the run has
 * none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderPasses } from "./passes.ts";
 *
 * assertEquals(renderPasses({ title: "Run", version: "v" }), null);
 * ```
 */
export function renderPasses({ passes }: RunTables): Markup | null {
  if (!passes?.rates.length) return null;
  const { rates, comparison, problems, sandbox = "" } = passes;
  const rateOf = (model: string, k: number) => rates.find((rate) => rate.model === model && rate.k === k);
  const rows = [...new Set(rates.map(({ k }) => k))].map((k) => {
    const difference = comparison?.differences.find((own) => own.k === k)?.difference;
    const cells = [
      ...["before", "after"].flatMap((model) => {
        const rate = rateOf(model, k);
        return [formatInterval(rate), formatScore(rate?.standard_error)];
      }),
      formatInterval(difference),
    ];
    return markup`
<tr><th scope="row">pass@${String(k)}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  const columns = ["Measure", "Before", "Standard error", "After", "Standard error", "Difference"];
  const runIn = Object.hasOwn(RUN_IN, sandbox) ? RUN_IN[sandbox]! : "";
  return markup`<div class="scroll" role="region" aria-label="Table of pass@k" tabindex="0"><table>
<caption>The probability that one of k samples passes its problem's tests, the mean over ${
    formatCount(problems.length)
  } problems with 95 %
intervals and standard errors over problems${runIn}.${describeComparison(passes)}</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>${renderBesidePaper(passes)}`;
}

function describeComparison({ comparison, greedy }: ReportedPasses): string {
  const kept = comparison?.retention &&
    ` Of what was solved before ${
      formatInterval(comparison.retention)
    } is kept: the mean over k of after / before.`;
  const tested = greedy &&
    ` Solved before only ${formatCount(greedy.onlyBefore)}, after only ${formatCount(greedy.onlyAfter)}: ` +
      `McNemar's exact p ${formatScore(greedy.pValue, 4)}.`;
  return `${kept ?? ""}${tested ?? ""}`;
}

/** Ours and the paper's, percent. */
function renderBesidePaper({ rates, comparison, problems, method }: ReportedPasses): Markup | null {
  const of = (model: string) => rates.filter((rate) => rate.model === model);
  const after = { model: "this run", method: method === undefined ? "after" : modelStyle(method).label };
  const own = [
    ...of("before").length > 0
      ? [ratedRow({ model: "this run", method: "original" }, { rates: of("before") })]
      : [],
    ratedRow(after, { rates: of("after"), retention: comparison?.retention }),
  ];
  const rows = besidePaperPasses(own, problems);
  if (rows.length === 0) return null;
  const columns = ["Model", "Method", ...PASS_KS.map((k) => `pass@${k}`), "Kept"];
  const body = rows.map((row) => {
    const cells = [...row.passes.map(({ share }) => share), row.retention].map(formatShare);
    return markup`
<tr><th scope="row">${clipText(row.model)}</th><td>${clipText(row.method)}</td>${
      cells.map((cell) => markup`<td>${cell}</td>`)
    }</tr>`;
  });
  return markup`
<div class="scroll" role="region" aria-label="Table of pass@k beside the paper's" tabindex="0"><table>
<caption>HumanEval beside the paper's (its tests, 50 samples, temperature 0.2), percent, ours with 95 % intervals. Kept is
the mean over k of after / before, of the k that there are samples for.</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

/** The paper gives no intervals. */
function formatShare(share: PassShare | null): string {
  if (!share || share.estimate === null || share.low === null || share.high === null) {
    return formatScore(share?.estimate, 2);
  }
  return formatInterval({ estimate: share.estimate, low: share.low, high: share.high }, 2);
}
