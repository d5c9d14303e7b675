/**
 * The table that matters, of whatever `check:gpu` and `bench:gpu` have left in their files: a line for the checks, then one
 * for each measurement and goal.
 *
 * @module
 */
import { formatTable } from "../../lib/cli/console.ts";
import { digits, isReached, type RowResult } from "./bench_result.ts";
import type { Row } from "./table.ts";

/** check_gpu.json, as far as it is read. */
export interface CheckFile {
  isGpu: boolean;
  card: string | null;
  rows: readonly Pick<Row, "row" | "verdict" | "reason">[];
}

/** What bench:gpu writes, as far as it is read. */
export interface BenchFile {
  machine: { card: string | null; driver: string | null };
  results: readonly RowResult[];
  failures: readonly { row: string; error: string }[];
  skipped: readonly string[];
}

/** The table; a file that is not there is null. */
export function essentialTable(check: CheckFile | null, bench: BenchFile | null): string {
  const isGpu = bench ? bench.machine.card !== null : check?.isGpu ?? false;
  const card = bench?.machine.card ?? check?.card ?? "unknown card";
  const lines = [
    isGpu ? card : "On a CPU: this says nothing about a GPU",
    `check:gpu: ${check ? describeCheck(check) : "not run"}`,
    ...(check?.rows ?? []).filter(({ verdict }) => verdict === "fail").map(({ row, reason }) =>
      `  FAILED ${row}: ${reason ?? "beyond its bound"}`
    ),
    `bench:gpu: ${bench ? `${bench.results.length} measurements` : "not run"}`,
    ...(bench?.failures ?? []).map(({ row, error }) => `  FAILED ${row}: ${error.split("\n")[0]}`),
    ...(bench?.skipped.length ? [`  not started: ${bench.skipped.join(", ")}`] : []),
  ];
  if (!bench?.results.length) return lines.join("\n");
  const rows = bench.results.flatMap(rowsOf);
  return [...lines, "", formatTable(["what", "ours", "peers", "reached", "goal", ""], rows)].join("\n");
}

function describeCheck({ rows }: CheckFile): string {
  const count = (verdict: string) => rows.filter((row) => row.verdict === verdict).length;
  return `${count("pass")} passed, ${count("fail")} failed`;
}

function rowsOf({ name, unit, ours, peers, goals, final }: RowResult): string[][] {
  const value = (number: number | null) => number === null ? "?" : `${digits(number)} ${unit}`;
  const theirs = Object.entries(peers).map(([peer, number]) => `${peer} ${value(number)}`).join(", ") || "-";
  const first = [final ? name : `${name} (not finished)`, value(ours), theirs];
  if (goals.length === 0) return [[...first, "-", "-", ""]];
  return goals.map((goal, i) => {
    const reached = isReached(goal);
    return [
      ...(i === 0 ? first : ["", "", ""]),
      `${goal.value === null ? "?" : digits(goal.value)} ${goal.what}`,
      goal.atLeast === undefined ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`,
      reached === null ? "not measured" : reached ? "reached" : "MISSED",
    ];
  });
}
