/**
 * What a model is still good for, as a section of its card: pass@k and how well it predicts unseen code, before and after.
 * A card is written before these are measured, so the section is added later; again, it is written anew.
 *
 * @module
 */
import { putSection, USE } from "./card_sections.ts";
import { formatCount, formatInterval } from "./format.ts";
import type { ReportedPasses } from "./reported_passes.ts";
import type { ReportedMeasure } from "./run_tables.ts";

const MEASURES = {
  accuracy: "tokens of unseen code that it names first",
  nll: "loss of unseen code, nats a token",
} as const;

/** What is known of a model's use. */
export interface CardUse {
  /** Its problems. */
  passes?: ReportedPasses | undefined;
  /** Measures of the model before ("before") and of this one (any other name). */
  utility: readonly ReportedMeasure[];
}

/**
 * A card with what the model is still good for.
 *
 * @returns null where the card is not one of ours; the card as it is where nothing is known
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addUse } from "./card_use.ts";
 * import { reportedPasses } from "./passes.ts";
 *
 * const passes = reportedPasses([{ task_id: "a", samples: 1, passed: 1, samples_before: 1, passed_before: 1 }]);
 * const card = addUse("# A model\n\n## What this does not say\n", { passes, utility: [] })!;
 * const row = "| pass@1 | 1.000 [0.025, 1.000] | 1.000 [0.025, 1.000] | 0.000 [0.000, 0.000] |";
 * assertEquals([card.includes(row), addUse(card, { passes, utility: [] }) === card], [true, true]);
 * assertEquals(addUse("# Another\n", { passes, utility: [] }), null);
 * ```
 */
export function addUse(card: string, use: CardUse): string | null {
  const rows = [...passRows(use.passes), ...measureRows(use.utility)];
  const table = ["| | before | after | difference |", "| --- | --- | --- | --- |", ...rows].join("\n");
  const used = putSection(card, USE, `${table}\n\n${describe(use)}`);
  return used !== null && rows.length === 0 ? card : used;
}

function passRows(passes: ReportedPasses | undefined): string[] {
  const { rates = [], comparison } = passes ?? {};
  return rates.filter(({ model }) => model === "after").map(({ k, ...after }) => {
    const before = rates.find((rate) => rate.model === "before" && rate.k === k);
    const difference = comparison?.differences.find((own) => own.k === k)?.difference;
    return rowOf(`pass@${k}`, [before, after, difference].map((value) => formatInterval(value)));
  });
}

function measureRows(utility: readonly ReportedMeasure[]): string[] {
  const all = utility.filter((row) => row.set === "unseen" && row.language === "all" && row.class === "all");
  return Object.entries(MEASURES).flatMap(([measure, label]) => {
    const [before, after] = [true, false].map((isBefore) =>
      all.find((row) => row.measure === measure && (row.model === "before") === isBefore)
    );
    if (!after) return [];
    const change = { value: after.change, low: after.change_low, high: after.change_high };
    return [rowOf(label, [before, after, change].map(intervalOf))];
  });
}

function intervalOf(
  row: { value: number | null; low: number | null; high: number | null } | undefined,
): string {
  if (!row || row.value === null || row.low === null || row.high === null) return formatInterval(null);
  return formatInterval({ estimate: row.value, low: row.low, high: row.high });
}

function rowOf(name: string, cells: readonly string[]): string {
  return `| ${[name, ...cells].join(" | ")} |`;
}

function describe({ passes }: CardUse): string {
  const lines = ["95 % intervals."];
  if (passes?.rates.length) {
    lines.push(
      `pass@k is the probability that one of k programs passes its problem's tests, over ${
        formatCount(passes.problems.length)
      } problems.`,
    );
  }
  const kept = passes?.comparison?.retention;
  if (kept) lines.push(`Of it ${formatInterval(kept)} is kept, the mean over k of after / before.`);
  return lines.join("\n");
}
