/**
 * Whether the model still writes code: pass@k before and after, as a table and as rows of a figure.
 *
 * @module
 */
import type { ProblemPassRow } from "../figures/problem_passes.ts";
import type { PassRateRow } from "../figures/pass_rates.ts";
import { comparePasses, meanPassAtK, type ProblemCounts } from "../humaneval/pass_at_k.ts";
import { PASS_KS } from "../humaneval/results.ts";
import { formatCount, formatInterval } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { ReportedPasses, RunTables } from "./run_tables.ts";

/**
 * The passes of a table of problems. Problems of which either model has no samples are not compared.
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
export function reportedPasses(problems: readonly ProblemPassRow[]): ReportedPasses {
  const after = problems.map(({ task_id, samples: n, passed: c }): ProblemCounts => ({ task_id, n, c }));
  const before = problems.flatMap(({ task_id, samples_before: n, passed_before: c }): ProblemCounts[] =>
    n === null || c === null ? [] : [{ task_id, n, c }]
  );
  const ratesOf = (model: string, counts: readonly ProblemCounts[]): PassRateRow[] =>
    ksOf(counts).map((k) => ({ model, k, ...meanPassAtK(counts, k) }));
  const isCompared = before.length > 0 && before.length === after.length;
  const ks = ksOf([...before, ...after]);
  return {
    problems,
    rates: [...ratesOf("before", before), ...ratesOf("after", after)],
    ...isCompared && { comparison: comparePasses(before, after, ks) },
  };
}

/** Of the paper's k those that all problems have samples for. */
function ksOf(counts: readonly ProblemCounts[]): number[] {
  return counts.length === 0 ? [] : PASS_KS.filter((k) => counts.every(({ n }) => k <= n));
}

/**
 * Renders a row a k; null where the run has none.
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
  const { rates, comparison, problems } = passes;
  const rateOf = (model: string, k: number) => rates.find((rate) => rate.model === model && rate.k === k);
  const rows = [...new Set(rates.map(({ k }) => k))].map((k) => {
    const difference = comparison?.differences.find((own) => own.k === k)?.difference;
    const cells = [rateOf("before", k), rateOf("after", k), difference].map((value) => formatInterval(value));
    return markup`
<tr><th scope="row">pass@${String(k)}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  const kept = comparison?.retention &&
    ` Of what was solved before ${
      formatInterval(comparison.retention)
    } is kept: the mean over k of after / before.`;
  return markup`<div class="scroll" role="region" aria-label="Table of pass@k" tabindex="0"><table>
<caption>The probability that one of k samples passes its problem's tests, the mean over ${
    formatCount(problems.length)
  } problems with 95 %
intervals over problems; the programs were run in a sandbox.${kept ?? ""}</caption>
<thead><tr>${
    ["Measure", "Before", "After", "Difference"].map((column) => markup`<th scope="col">${column}</th>`)
  }</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}
