/**
 * Long work in a notebook: one bar that changes in place, and the kernel's interrupt, which stops the work at its next
 * step and leaves the kernel alive. Jupyter interrupts by SIGINT, which ends a Deno process that does not listen.
 * What stays in a saved notebook is one line of text without times. Outside a notebook nothing is shown.
 *
 * @module
 */

const UPDATE_MS = 200;
const BREATH_MS = 50;
/** So long after an interrupt, or a cell that was refused for it, the next cell is one that "Run All" has queued. */
const QUEUE_MS = 1000;

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

/** Outputs of a cell by MIME type. */
type MimeBundle = { readonly [mime: string]: unknown };

let running: AbortController | null = null;
let interruptedAt = -Infinity;
let isListening = false;

/** Jupyter's half of Deno, undefined elsewhere: it throws when asked for outside a kernel. */
function jupyter(): typeof Deno.jupyter | undefined {
  try {
    return Deno.jupyter;
  } catch {
    return undefined;
  }
}

/**
 * Whether a notebook's kernel runs this.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isNotebook } from "./notebook_progress.ts";
 *
 * assertEquals(isNotebook(), false);
 * ```
 */
export function isNotebook(): boolean {
  return jupyter() !== undefined;
}

/**
 * Keeps the kernel alive when it is interrupted: {@linkcode showProgress} stops the work at hand, and cells that are
 * queued behind it are refused. A cell that shows no progress goes on to its end. Calling it again changes nothing; outside a notebook Ctrl-C stays as it is.
 *
 * @example
 * ```ts
 * import { catchInterrupts } from "./notebook_progress.ts";
 *
 * catchInterrupts();
 * ```
 */
export function catchInterrupts(): void {
  if (isListening || !isNotebook()) return;
  isListening = true;
  Deno.addSignalListener("SIGINT", () => {
    interruptedAt = performance.now();
    running?.abort(new Error("Interrupted: what was finished stays"));
  });
}

const REFUSAL = "Cannot run this cell: one before it was interrupted: run that one again, then this one";

/** Whether the cell at hand was queued behind an interrupted one; those behind it are then queued too. */
function isQueued(): boolean {
  if (performance.now() - interruptedAt >= QUEUE_MS) return false;
  interruptedAt = performance.now();
  return true;
}

/**
 * Refuses a cell that "Run All" has queued behind an interrupted one: Deno's kernel goes on with it, where it would work
 * on what an earlier run left. Called where work begins or a run's files are touched.
 *
 * @throws {Error} in a notebook whose kernel was interrupted just now
 *
 * @example
 * ```ts
 * import { refuseQueuedCell } from "./notebook_progress.ts";
 *
 * refuseQueuedCell(); // nothing was interrupted
 * ```
 */
export function refuseQueuedCell(): void {
  if (isQueued()) throw new Error(REFUSAL);
}

/** What Deno's kernel calls with a cell's result: its own, reached as the kernel reaches it. */
interface KernelInternals {
  jupyter?: { broadcastResult?: (count: number, result: unknown) => Promise<void>; isPatient?: boolean };
}

/** How long a result may take from the thread of the cells to that of the sockets. */
const RESULT_MS = 100;

/**
 * Makes the kernel wait a moment after a cell's result. Deno 2.9 hands results to another thread, which may say that the
 * cell is over before it sends them; JupyterLab and nbconvert then drop them (measured: one in ten). What a cell shows
 * that was queued behind an interrupted one is replaced by a line that says so. Calling it again changes nothing; outside a notebook, and in a Deno without that function, nothing happens.
 *
 * @example
 * ```ts
 * import { waitForResults } from "./notebook_progress.ts";
 *
 * waitForResults();
 * ```
 */
export function waitForResults(): void {
  if (!isNotebook()) return;
  const deno = Deno as unknown as { internal?: symbol } & { [key: symbol]: KernelInternals | undefined };
  const kernel = deno.internal && deno[deno.internal]?.jupyter;
  const send = kernel?.broadcastResult;
  if (!kernel || !send || kernel.isPatient) return;
  kernel.isPatient = true;
  kernel.broadcastResult = async (count, result) => {
    await send(count, isQueued() ? refusedResult() : result);
    await new Promise((resolve) => setTimeout(resolve, RESULT_MS));
  };
}

/** What stands in the place of an old result: a line in Jupyter's own way of showing. */
function refusedResult(): unknown {
  return { [Symbol.for("Jupyter.display")]: () => ({ "text/plain": REFUSAL }) };
}

/**
 * Shows something now, in a place of its own that later calls of the returned function change.
 *
 * @example
 * ```ts
 * import { showInPlace } from "./notebook_progress.ts";
 *
 * const update = await showInPlace({ "text/plain": "half" });
 * await update({ "text/plain": "all" });
 * ```
 */
export async function showInPlace(bundle: MimeBundle): Promise<(bundle: MimeBundle) => Promise<void>> {
  const display_id = crypto.randomUUID();
  const show = async (next: MimeBundle, update: boolean) => {
    await jupyter()?.display(next as Record<string, object>, { raw: true, display_id, update });
  };
  await show(bundle, false);
  return (next) => show(next, true);
}

/**
 * Starts a bar.
 *
 * @example
 * ```ts
 * import { startNotebookStage } from "./notebook_progress.ts";
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

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
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
 * import { showProgress } from "./notebook_progress.ts";
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
  refuseQueuedCell();
  const outer = running;
  const controller = outer ?? new AbortController();
  running = controller;
  const stage = startNotebookStage(name, total, unit, { isMost });
  let breathedAt = performance.now();
  let end: string | undefined;
  try {
    const result = await work(async (count = 1, note) => {
      stage.advance(count, note);
      if (performance.now() - breathedAt > BREATH_MS) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breathedAt = performance.now();
      }
      controller.signal.throwIfAborted();
    }, controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } catch (error) {
    end = controller.signal.aborted ? "interrupted" : "failed";
    if (!controller.signal.aborted) throw error;
    interruptedAt = performance.now();
    throw controller.signal.reason; // whatever an interrupted step threw
  } finally {
    running = outer;
    stage.done(end);
  }
}
