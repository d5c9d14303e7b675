/**
 * A stream that a signal ends.
 *
 * @module
 */

/**
 * Passes on what comes, until one of the signals aborts: then reading throws its reason, and the source is cancelled.
 *
 * `fetch()` takes a signal too, but Deno 2.9 forgets it once the garbage collector took the response: a body that falls
 * silent is then waited for without end.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { endedBy } from "./ended_by.ts";
 *
 * const stop = new AbortController();
 * const reader = new ReadableStream().pipeThrough(endedBy([stop.signal])).getReader(); // nothing comes
 * stop.abort(new RangeError("stopped"));
 * await assertRejects(() => reader.read(), RangeError, "stopped");
 * ```
 */
export function endedBy<Item>(signals: readonly AbortSignal[]): TransformStream<Item, Item> {
  return new TransformStream({
    start: (controller) => {
      for (const signal of signals) {
        if (signal.aborted) controller.error(signal.reason);
        signal.addEventListener("abort", () => controller.error(signal.reason), { once: true });
      }
    },
  });
}
