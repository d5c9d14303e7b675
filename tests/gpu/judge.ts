/**
 * Rows out of what two processes have left.
 *
 * @module
 */
import { oneLine } from "../../lib/files/reason.ts";
import { type PlainTensor, readTensors } from "../tensors.ts";
import type { Check, CheckOptions, Comparison, DeviceName, NoteRow } from "./check_types.ts";
import { compareTensors, type Difference } from "./compare.ts";
import { UNKNOWN, type WorkerRun } from "./run_worker.ts";
import type { Row } from "./table.ts";

/** The two sides. */
export interface Sides {
  cpu: Pick<WorkerRun, "files" | "notes" | "reasonFor">;
  device: Pick<WorkerRun, "files" | "notes" | "reasonFor">;
}

/** A check's rows. */
export async function judgeCheck(
  check: Check,
  sides: Sides,
  options: CheckOptions & { device: DeviceName },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const item of check.rows(options)) {
    const base = { check: check.name, row: item.row, what: item.what };
    if ("notOffered" in item) rows.push({ ...base, verdict: "not offered", reason: item.notOffered });
    else if ("note" in item) rows.push({ ...base, ...judgeNote(check.name, item, sides) });
    else rows.push({ ...base, ...await judgeComparison(check.name, item, sides) });
  }
  return rows;
}

function judgeNote(check: string, item: NoteRow, { device }: Sides): Pick<Row, "verdict" | "reason"> {
  const text = device.notes.get(`${check}.${item.note}`);
  if (text === undefined) return { verdict: "fail", reason: device.reasonFor(check, item.note) };
  if (!item.passes) return { verdict: "information", reason: text };
  return { verdict: item.passes(text) ? "pass" : "fail", reason: text };
}

/** The worst of a row's pairs; a pair that cannot be compared fails the row. */
export async function judgeComparison(
  check: string,
  item: Comparison,
  sides: Sides,
): Promise<Pick<Row, "verdict" | "reason" | "difference" | "rule" | "bound">> {
  let difference: (Difference & { part: string }) | undefined;
  const problems: string[] = [];
  const { rule, bound, only = () => true } = item;
  let [count, numbers] = [0, 0];
  for (const { part, reference } of item.pairs) {
    try {
      const found = await readPart(sides.device, check, part, only);
      const expected = await readPart(sides[item.referenceOf ?? "cpu"], check, reference, only);
      const gap = compareTensors(found, expected, rule);
      [count, numbers] = [count + gap.value, numbers + gap.numbers];
      if (!difference || gap.value > difference.value) difference = { ...gap, part };
      const value = rule === "exact" ? count : gap.value;
      if (!(value <= bound)) problems.push(`${part}: ${describe(gap, rule)}`);
    } catch (error) {
      const known = sides.device.reasonFor(check, part); // why a tensor is missing, if it is that
      problems.push(`${part}: ${known === UNKNOWN ? oneLine(error) : known}`);
    }
  }
  if (difference) difference = { ...difference, numbers, ...(rule === "exact" && { value: count }) };
  const result = { rule, bound, ...(difference && { difference }) };
  if (item.pairs.length === 0) problems.push("nothing was compared");
  if (problems.length === 0) return { ...result, verdict: "pass" };
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return { ...result, verdict: "fail", reason: problems[0] + more };
}

async function readPart(
  side: Sides["cpu"],
  check: string,
  part: string,
  only: (name: string) => boolean,
): Promise<Map<string, PlainTensor>> {
  const file = side.files.get(`${check}.${part}`);
  if (file === undefined) throw new Error(side.reasonFor(check, part));
  const tensors = await readTensors(file);
  return new Map([...tensors].filter(([name]) => only(name)));
}

function describe({ value, numbers, worst }: Difference, rule: Comparison["rule"]): string {
  const gap = rule === "exact" ? `${value} of ${numbers} differ` : `differs by ${value.toExponential(1)}`;
  return worst
    ? `${gap}, ${worst.name} at ${worst.index} is ${worst.found}, expected ${worst.expected}`
    : gap;
}
