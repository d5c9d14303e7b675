/**
 * What a run leaves open: the checks that failed, those that nobody made, and what no report can show.
 *
 * @module
 */
import type { Check } from "./check.ts";
import type { Finding } from "./finding.ts";
import { joinWords } from "./format.ts";
import type { RunTables } from "./run_tables.ts";
import { judgeRun } from "./verdict.ts";

/** What no table of a run speaks of. */
const NEVER =
  "No report shows that other copies, backups or adapters of the model are clean, that other questions and attacks find " +
  "nothing, or that a secret which detection missed is unknown to it. Leaked secrets must be revoked all the same.";

/**
 * What is not proved, as a finding.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findOpen } from "./not_proved.ts";
 *
 * const { heading, number } = findOpen({ title: "Run", version: "v" });
 * assertEquals([heading, number], ["What is not proved", "10 of 10"]);
 * ```
 */
export function findOpen(run: RunTables): Finding {
  const checks = judgeRun(run);
  const listOf = (state: Check["state"]) =>
    checks.filter((check) => check.state === state).map(({ topic }) => topic);
  const [failed, open] = [listOf("failed"), listOf("not measured")];
  return {
    heading: "What is not proved",
    number: `${failed.length + open.length} of ${checks.length}`,
    label: `checks ${
      failed.length === 0 ? "were not made" : open.length === 0 ? "failed" : "failed or were not made"
    }`,
    bars: [],
    sentences: [
      ...failed.length > 0 ? [`Failed: ${joinWords(failed)}.`] : [],
      ...open.length > 0 ? [`Not measured: ${joinWords(open)}.`] : [],
      NEVER,
    ],
  };
}
