/**
 * A notebook's kernel: whether there is one, what it does with results, and its interrupt, which stops the work at hand,
 * refuses the cells that are queued behind it and leaves the kernel alive. Jupyter interrupts by SIGINT, which ends a
 * Deno process that does not listen. Outside a notebook nothing here does anything.
 *
 * @module
 */

/** How long after an interrupt, or a cell that was refused for it, the next cell counts as one that "Run All" has queued. */
const QUEUE_MS = 1000;
/** How long an interrupt waits for a cell that was asked to stop and shows no progress. */
const ASKED_MS = 10_000;
/** How long a result may take from the thread of the cells to that of the sockets. */
const RESULT_MS = 100;

const REFUSAL = "Cannot run this cell: one before it was interrupted: run that one again, then this one";

let running: AbortController | null = null;
/** When a cell was stopped. */
let interruptedAt = -Infinity;
/** When an interrupt found no work that could be stopped. */
let askedAt = -Infinity;
let isListening = false;

/**
 * Jupyter's half of Deno, undefined elsewhere: it throws when asked for outside a kernel.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jupyter } from "./notebook_kernel.ts";
 *
 * assertEquals(jupyter(), undefined);
 * ```
 */
export function jupyter(): typeof Deno.jupyter | undefined {
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
 * import { isNotebook } from "./notebook_kernel.ts";
 *
 * assertEquals(isNotebook(), false);
 * ```
 */
export function isNotebook(): boolean {
  return jupyter() !== undefined;
}

/** Outputs of a cell by MIME type. */
export type MimeBundle = { readonly [mime: string]: unknown };

/**
 * Shows something now, in a place of its own that later calls of the returned function change.
 *
 * @example
 * ```ts
 * import { showInPlace } from "./notebook_kernel.ts";
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
 * Keeps the kernel alive when it is interrupted: {@linkcode beginWork}'s signal stops the work at hand, and cells that
 * are queued behind it are refused. A cell that does no such work goes on to its end. Calling it again changes nothing;
 * outside a notebook Ctrl-C stays as it is.
 *
 * @example
 * ```ts
 * import { catchInterrupts } from "./notebook_kernel.ts";
 *
 * catchInterrupts();
 * ```
 */
export function catchInterrupts(): void {
  if (isListening || !isNotebook()) return;
  isListening = true;
  Deno.addSignalListener("SIGINT", () => {
    if (running) running.abort(interrupted());
    else askedAt = performance.now();
  });
}

function interrupted(): Error {
  return new Error("Interrupted: what was finished stays");
}

/** Work that the kernel's interrupt stops. */
export interface InterruptibleWork {
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** The work is over; after an interrupt the next cell is one that was queued. */
  end(): void;
}

/**
 * Begins work; inside other work it is part of that.
 *
 * @throws {Error} as {@linkcode refuseQueuedCell}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { beginWork } from "./notebook_kernel.ts";
 *
 * const work = beginWork();
 * assertEquals(work.signal.aborted, false);
 * work.end();
 * ```
 */
export function beginWork(): InterruptibleWork {
  refuseQueuedCell();
  const outer = running;
  const controller = outer ?? new AbortController();
  running = controller;
  return {
    signal: controller.signal,
    end() {
      running = outer;
      if (controller.signal.aborted) interruptedAt = performance.now();
    },
  };
}

/**
 * Refuses a cell that "Run All" has queued behind an interrupted one: Deno's kernel goes on with it, where it would work
 * on what an earlier run left. Called where work begins or a run's files are touched.
 *
 * @throws {Error} in a notebook whose kernel was interrupted just now
 *
 * @example
 * ```ts
 * import { refuseQueuedCell } from "./notebook_kernel.ts";
 *
 * refuseQueuedCell(); // nothing was interrupted
 * ```
 */
export function refuseQueuedCell(): void {
  if (isQueued()) throw new Error(REFUSAL);
  if (takeAsked()) throw interrupted();
}

/** Whether the cell at hand was queued behind an interrupted one; those behind it are then queued too. */
function isQueued(): boolean {
  if (performance.now() - interruptedAt >= QUEUE_MS) return false;
  interruptedAt = performance.now();
  return true;
}

/** Whether the cell at hand was asked to stop before it did any work that could be stopped. */
function takeAsked(): boolean {
  if (performance.now() - askedAt >= ASKED_MS) return false;
  askedAt = -Infinity;
  interruptedAt = performance.now();
  return true;
}

/** What Deno's kernel calls with a cell's result: its own, reached as the kernel reaches it. */
interface KernelInternals {
  jupyter?: { broadcastResult?: (count: number, result: unknown) => Promise<void>; isPatient?: boolean };
}

/**
 * Makes the kernel wait a moment after a cell's result. Deno 2.9 hands results to another thread, which may say that the
 * cell is over before it sends them; JupyterLab and nbconvert then drop them (measured: one in ten). What a cell would
 * show that was queued behind an interrupted one is replaced by a line that says so. Calling it again changes nothing;
 * outside a notebook, and in a Deno without that function, nothing happens.
 *
 * @example
 * ```ts
 * import { waitForResults } from "./notebook_kernel.ts";
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
    takeAsked(); // this cell came to its end; those behind it are refused
    await new Promise((resolve) => setTimeout(resolve, RESULT_MS));
  };
}

/** What stands in the place of an old result: a line in Jupyter's own way of showing. */
function refusedResult(): unknown {
  return { [Symbol.for("Jupyter.display")]: () => ({ "text/plain": REFUSAL }) };
}
