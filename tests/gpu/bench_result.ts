/**
 * What `deno task bench:gpu` measured: our number beside PyTorch's on the same card, what was aimed at, and one line of
 * text for it.
 *
 * @module
 */

/** A number that a goal is about. */
export interface Goal {
  /** What the number is, such as "x eager". */
  what: string;
  /** What was reached; null where the other side could not be measured. */
  value: number | null;
  /** The least that is aimed at. */
  atLeast?: number;
  /** The most. */
  atMost?: number;
}

/** One measurement. */
export interface Result {
  /** What was measured. */
  name: string;
  /** Of all values. */
  unit: string;
  /** Our side; null before it is measured. */
  ours: number | null;
  /** The other side by name, such as "eager" and "compile". */
  peers: Record<string, number | null>;
  /** May be empty. */
  goals: Goal[];
  /** What else a reader must know. */
  notes: string[];
}

/** A result of a row's process, which may send it again with more in it. */
export interface SentResult extends Result {
  /** Whether nothing more will come. */
  final: boolean;
}

/** A result with the row that it belongs to. */
export interface RowResult extends SentResult {
  /** The row's name on the command line. */
  row: string;
  /** Seconds from the row's start, or from its result before. */
  seconds: number;
}

/** How many times faster than a peer: of times; null where one is not known. */
export function timesFaster(peer: number | null | undefined, ours: number | null): number | null {
  return peer && ours ? peer / ours : null;
}

/** Whether a goal is reached; null where its number is not known. */
export function isReached({ value, atLeast, atMost }: Goal): boolean | null {
  if (value === null || !Number.isFinite(value)) return null;
  return (atLeast === undefined || value >= atLeast) && (atMost === undefined || value <= atMost);
}

/** A number in three digits. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

function describeGoal(goal: Goal): string {
  const { what, value, atLeast, atMost } = goal;
  const wanted = atLeast !== undefined ? `>= ${atLeast}` : `<= ${atMost}`;
  const reached = isReached(goal);
  const verdict = reached === null ? "not measured" : reached ? "reached" : "MISSED";
  return `${value === null ? "?" : digits(value)} ${what} (${wanted}: ${verdict})`;
}

/** One line, and one for each note. */
export function formatResult(
  { row, name, unit, ours, peers, goals, notes, seconds, final }: RowResult,
): string {
  const value = (number: number | null) => number === null ? "?" : `${digits(number)} ${unit}`;
  const sides = Object.entries({ ours, ...peers }).map(([side, number]) => `${side} ${value(number)}`);
  const parts = [sides.join(", "), ...goals.map(describeGoal)];
  const end = `${final ? "" : ", not finished"} [${seconds.toFixed(0)} s]`;
  return [`${row}: ${name}: ${parts.join("; ")}${end}`, ...notes.map((note) => `    ${note}`)].join("\n");
}
