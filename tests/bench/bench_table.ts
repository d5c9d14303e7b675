/**
 * What a bench measured, as rows: our times and the peer's, interleaved, their medians, the ratio with its spread, and
 * the goal. Rows print as a table and go into a JSON file as they are.
 *
 * @module
 */

/** Seconds (or another unit) of repeated runs of one side. */
export interface Series {
  /** Who. */
  name: string;
  /** One number a repetition. */
  values: number[];
}

/** One comparison. */
export interface BenchRow {
  /** What was measured. */
  name: string;
  /** The unit of all values. */
  unit: "s" | "GB";
  /** Our side. */
  ours: Series;
  /** The other side, measured in the same minutes; null where the goal is a limit. */
  peer: Series | null;
  /** At least this many times faster than the peer, or at most this value. */
  goal: { ratio: number } | { below: number };
  /** What else a reader must know. */
  notes: string[];
}

/** The middle value; of an even count the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A row's verdict: the ratio of medians and the ratios of single repetitions, and whether the goal is reached. */
export function judge({ ours, peer, goal }: BenchRow) {
  const own = median(ours.values);
  if ("below" in goal || !peer) {
    const limit = "below" in goal ? goal.below : Infinity;
    return { ours: own, peer: peer && median(peer.values), ratio: null, ratios: [], reached: own < limit };
  }
  const ratio = median(peer.values) / own;
  const pairs = Math.min(ours.values.length, peer.values.length);
  const ratios = Array.from({ length: pairs }, (_, i) => peer.values[i]! / ours.values[i]!);
  return { ours: own, peer: median(peer.values), ratio, ratios, reached: ratio >= goal.ratio };
}

function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

function spread(values: readonly number[]): string {
  return `${digits(Math.min(...values))}..${digits(Math.max(...values))}`;
}

/** The rows as a table for the terminal, notes below. */
export function formatRows(rows: readonly BenchRow[]): string {
  const cells = [["", "ours", "peer", "ratio", "goal", ""]];
  for (const row of rows) {
    const { ours, peer, ratio, ratios, reached } = judge(row);
    const time = (value: number, { values }: Series) => `${digits(value)} ${row.unit} (${spread(values)})`;
    cells.push([
      row.name,
      time(ours, row.ours),
      row.peer ? time(peer!, row.peer) : "-",
      ratio === null ? "-" : `${digits(ratio)} x (${spread(ratios)})`,
      "ratio" in row.goal ? `${row.goal.ratio} x` : `< ${row.goal.below} ${row.unit}`,
      reached ? "reached" : "MISSED",
    ]);
  }
  const widths = cells[0]!.map((_, i) => Math.max(...cells.map((line) => line[i]!.length)));
  const lines = cells.map((line) => line.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
  const notes = rows.flatMap(({ name, ours, peer, notes }) => [
    `${name}: ${ours.name}${peer ? ` against ${peer.name}` : ""}; ${ours.values.length} runs`,
    ...notes.map((note) => `  ${note}`),
  ]);
  return [...lines, "", "medians (min..max)", ...notes].join("\n");
}

/** Our time and the peer's in turns, so that both see the same minutes; a warm-up of each comes first if wanted. */
export async function interleave(
  repetitions: number,
  sides: Readonly<Record<string, () => number | Promise<number>>>,
  { warmUp = true }: { warmUp?: boolean } = {},
): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  for (let i = warmUp ? -1 : 0; i < repetitions; i++) {
    for (const [name, run] of Object.entries(sides)) {
      const value = await run();
      if (i >= 0) (times[name] ??= []).push(value);
    }
  }
  return times;
}

/** Seconds of a task. */
export async function seconds(task: () => unknown): Promise<number> {
  const start = performance.now();
  await task();
  return (performance.now() - start) / 1000;
}
