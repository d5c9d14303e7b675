/**
 * A line of progress in a terminal's width: what it shows where there is room for all, and what it leaves out first.
 *
 * @module
 */

/** Stands for a bar's cell until they are coloured. */
export const BAR_CELL = "\0";

const BAR_CELLS = 24;
/** A shorter bar, or a name that is cut to less, says nothing. */
const LEAST_CELLS = 8;

/** What a bar's line may show. */
export interface LineParts {
  /** The stage's name. */
  name: string;
  /** How much is done. */
  counted: string;
  /** The same without its unit, for narrow lines. */
  short?: string | undefined;
  /** Since the start, or to the end. */
  time: string;
  /** Parted by commas, what matters most first. */
  note: string;
  /** Whether there is a bar. */
  hasBar: boolean;
}

/** Two spaces part what a line shows. */
const GAP = 2;

/**
 * The parts that fit into `columns`, taken in the order of what a reader misses most: the note's first two parts, the
 * count, the name, the rest of the note, the time, and a bar of {@linkcode BAR_CELL} in what is left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { arrangeLine } from "./progress_line.ts";
 *
 * const parts = { name: "Training", counted: "5 of 9 steps", time: "4 s left", note: "loss 2.125", hasBar: false };
 * assertEquals(arrangeLine(parts, 80), "Training  5 of 9 steps  4 s left  loss 2.125");
 * assertEquals(arrangeLine(parts, 24), "5 of 9 steps  loss 2.125");
 * ```
 */
export function arrangeLine(
  { name, counted, short, time, note, hasBar }: LineParts,
  columns: number,
): string {
  const shown = { name: "", bar: "", counted: "", time: "", note: "" };
  const lineOf = (change: Partial<typeof shown> = {}) =>
    Object.values({ ...shown, ...change }).filter((part) => part !== "").join(" ".repeat(GAP));
  const add = (change: Partial<typeof shown>) => {
    if (widthOf(lineOf(change)) > columns) return false;
    Object.assign(shown, change);
    return true;
  };
  const notes = note === "" ? [] : note.split(", ");
  const takeNotes = (most: number) => {
    const taken = shown.note === "" ? 0 : shown.note.split(", ").length;
    for (let i = taken + 1; i <= most && add({ note: notes.slice(0, i).join(", ") }); i++);
  };
  takeNotes(Math.min(2, notes.length));
  if (!add({ counted }) && short !== undefined) add({ counted: short });
  add({ name: fitLine(name, Math.max(LEAST_CELLS, columns - widthOf(lineOf({ name: " " })) + 1)) });
  takeNotes(notes.length);
  add({ time });
  const room = columns - widthOf(lineOf()) - GAP;
  if (note !== "" && shown.note === "" && room >= LEAST_CELLS) add({ note: fitLine(note, room) });
  else if (hasBar && room >= LEAST_CELLS) add({ bar: BAR_CELL.repeat(Math.min(BAR_CELLS, room)) });
  return lineOf() || fitLine(name, columns);
}

/**
 * The start of `line` that fits into `columns`; wide characters count twice.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fitLine } from "./progress_line.ts";
 *
 * assertEquals(fitLine("Probing 12 of 40", 8), "Probing…");
 * assertEquals(fitLine("日本語", 4), "日…");
 * assertEquals(fitLine("Probing", 0), "");
 * ```
 */
export function fitLine(line: string, columns: number): string {
  let width = 0;
  let end = 0;
  let cut = 0;
  for (const character of line) {
    width += cellsOf(character);
    if (width > columns) return columns < 1 ? "" : line.slice(0, cut) + "…";
    end += character.length;
    if (width <= columns - 1) cut = end;
  }
  return line;
}

function cellsOf(character: string): number {
  return character.codePointAt(0)! >= 0x1100 && !/[\u2000-\u25ff]/.test(character) ? 2 : 1;
}

function widthOf(line: string): number {
  return [...line].reduce((sum, character) => sum + cellsOf(character), 0);
}
