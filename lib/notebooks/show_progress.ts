/**
 * Long work in a notebook: one bar that changes in place, stopped at its next step by the kernel's interrupt. What stays
 * in a saved notebook is one line of text without times. Outside a notebook nothing is shown.
 *
 * @module
 */
import { escapeHtml } from "../report/markup.ts";
import { beginWork, type MimeBundle, showInPlace } from "../figures/notebook_kernel.ts";

const UPDATE_MS = 200;
const BREATH_MS = 50;

/** A bar under way, of the shape that commands know too. */
export interface NotebookStage {
  /** `count` more units are done; the note stands beside them. */
  advance(count?: number, note?: string): void;
  /** `count` units were done before: they count, and took no time. */
  skip(count: number): void;
  /** The stage is over: one line stays. */
  done(note?: string): void;
}

/** Tells how many more units are done, and what stands beside them; throws once the kernel was interrupted. */
export type OnWorkProgress = (count?: number, note?: string) => Promise<void>;

/** Options of {@linkcode showProgress}. */
export interface ShowProgressOptions {
  /** How many units there are; null where nobody knows. */
  total?: number | null;
  /** What is counted: "texts". */
  unit?: string;
  /** The total is the most there can be, and a rule may end the work long before: no time left is said. */
  isMost?: boolean;
}

/**
 * Starts a bar.
 *
 * @example
 * ```ts
 * import { startNotebookStage } from "./show_progress.ts";
 *
 * const stage = startNotebookStage("Measuring", 2, "texts");
 * stage.advance();
 * stage.done();
 * ```
 */
export function startNotebookStage(
  name: string,
  total: number | null = null,
  unit = "",
  { isMost = false }: Pick<ShowProgressOptions, "isMost"> = {},
): NotebookStage {
  const startedAt = performance.now();
  const state = { name, total, unit, isMost, done: 0, skipped: 0, note: "" };
  let shownAt = startedAt;
  let last = showInPlace(barBundle(state, 0));
  const show = (bundle: MimeBundle) => {
    last = last.then((update) => update(bundle).then(() => update));
  };
  const advance = (count = 1, note = state.note) => {
    state.done += count;
    state.note = note;
    const now = performance.now();
    if (now - shownAt < UPDATE_MS) return;
    shownAt = now;
    show(barBundle(state, now - startedAt));
  };
  return {
    advance,
    skip(count) {
      state.skipped += count;
      advance(count);
    },
    done(note = state.note) {
      // how many there could have been says nothing any more
      show({ "text/plain": lineOf({ ...state, note, total: isMost ? null : total }) });
    },
  };
}

interface BarState {
  name: string;
  done: number;
  skipped: number;
  total: number | null;
  isMost: boolean;
  unit: string;
  note: string;
}

function lineOf({ name, done, total, isMost, unit, note }: BarState): string {
  const counted = total === null
    ? `${done} ${unit}`
    : isMost
    ? `${done} of at most ${total} ${unit}`
    : done < total
    ? `${done} of ${total} ${unit}`
    : `${total} ${unit}`;
  return [`${name}: ${counted}`.trim(), note].filter((part) => part).join(", ");
}

function barBundle(state: BarState, ms: number): MimeBundle {
  const { done, skipped, isMost } = state;
  const total = isMost ? null : state.total;
  const made = done - skipped;
  const left = total && made > 0 ? `, ${formatSeconds(Math.max(0, ms * (total - done) / made))} left` : "";
  const line = escapeHtml(lineOf(state) + left);
  const value = total ? ` value="${Math.min(done, total)}" max="${total}"` : "";
  return {
    "text/html":
      `<progress${value} style="width: 16em; vertical-align: middle"></progress> <span>${line}</span>`,
    "text/plain": lineOf(state),
  };
}

function formatSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/**
 * Runs `work` under a bar. Its `onProgress` counts, lets the kernel's interrupt in and then throws; its signal tells the
 * same to what takes one. Work of cells that were queued behind an interrupted one is refused.
 *
 * @returns What the work returns.
 * @throws {Error} When the kernel is interrupted; and what the work throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { showProgress } from "./show_progress.ts";
 *
 * const sum = await showProgress("Adding", async (onProgress) => {
 *   let sum = 0;
 *   for (const number of [1, 2, 3]) {
 *     sum += number;
 *     await onProgress();
 *   }
 *   return sum;
 * }, { total: 3, unit: "numbers" });
 * assertEquals(sum, 6);
 * ```
 */
export async function showProgress<T>(
  name: string,
  work: (onProgress: OnWorkProgress, signal: AbortSignal) => Promise<T>,
  { total = null, unit = "", isMost = false }: ShowProgressOptions = {},
): Promise<T> {
  const { signal, end } = beginWork();
  const stage = startNotebookStage(name, total, unit, { isMost });
  let breathedAt = performance.now();
  let note: string | undefined;
  try {
    const result = await work(async (count = 1, note) => {
      stage.advance(count, note);
      if (performance.now() - breathedAt > BREATH_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breathedAt = performance.now();
      }
      signal.throwIfAborted();
    }, signal);
    signal.throwIfAborted();
    return result;
  } catch (error) {
    note = signal.aborted ? "interrupted" : "failed";
    throw signal.aborted ? signal.reason : error; // whatever an interrupted step threw
  } finally {
    end();
    stage.done(note);
  }
}
