/**
 * Work given out to workers: each has a few items at hand, all together no more bytes than they may, the results come
 * back in any order. What a worker throws ends the whole, and so does an interruption.
 *
 * @module
 */

/** How to run. */
export interface WorkerPoolOptions<T, R> {
  /** The worker's module. */
  module: URL;
  /** How many. */
  workers: number;
  /** Sent to each first. */
  hello: unknown;
  /** What is sent for an item. */
  request: (item: T) => unknown;
  /** About how many bytes an item has in memory. */
  bytesOf?: (item: T) => number;
  /** How many those at hand may have together; one larger item is worked on alone. */
  maxBytes?: number;
  /** A result; what it throws ends the whole. */
  onResult: (result: R) => Promise<void> | void;
}

/** What a worker answers. */
type Answer<R> = R & { error?: Error };

const AHEAD = 2; // items at hand of each worker, so that none waits for the next

/**
 * Sends items to workers until all are done.
 *
 * @throws {Error} what a worker answered as `error`, what `items` or `onResult` threw, or a worker's own end
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { runWorkers } from "./worker_pool.ts";
 *
 * const code = "onmessage = ({ data }) => { if (data.n) postMessage({ square: data.n ** 2 }); };";
 * const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
 * const squares: number[] = [];
 * await runWorkers([1, 2, 3], {
 *   module,
 *   workers: 2,
 *   hello: {},
 *   request: (n: number) => ({ n }),
 *   onResult: ({ square }: { square: number }) => void squares.push(square),
 * });
 * assertEquals(squares.sort(), [1, 4, 9]);
 * ```
 */
export async function runWorkers<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  { module, workers, hello, request, onResult, bytesOf = () => 0, maxBytes = Infinity }: WorkerPoolOptions<
    T,
    R
  >,
): Promise<void> {
  const pool = Array.from({ length: workers }, () => new Worker(module, { type: "module" }));
  const sizes = new Map<Worker, number[]>(pool.map((worker) => [worker, []])); // of the items at hand, in their order
  const free = Array.from({ length: AHEAD }, () => pool).flat();
  let bytes = 0;
  const results: Answer<R>[] = [];
  let failure: Error | undefined;
  let wake = () => {};
  for (const worker of pool) {
    worker.onmessage = ({ data }: MessageEvent<Answer<R>>) => {
      results.push(data);
      free.push(worker);
      bytes -= sizes.get(worker)!.shift() ?? 0;
      wake();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      failure ??= new Error("Cannot go on: a worker ended: run it again"); // the event's words may quote a text
      wake();
    };
    worker.postMessage(hello);
  }
  const settle = async () => {
    if (failure) throw failure;
    for (const { error, ...result } of results.splice(0)) {
      if (error) throw error;
      await onResult(result as R);
    }
  };
  /** Until there is something to settle. */
  const change = async () => {
    if (results.length === 0 && !failure) await new Promise<void>((resolve) => wake = resolve);
    await settle();
  };
  try {
    for await (const item of items) {
      const size = bytesOf(item);
      while (free.length === 0 || (bytes > 0 && bytes + size > maxBytes)) await change();
      const worker = free.pop()!;
      sizes.get(worker)!.push(size);
      bytes += size;
      worker.postMessage(request(item));
      await settle();
    }
    while (free.length < AHEAD * pool.length) await change();
    await settle();
  } finally {
    for (const worker of pool) worker.terminate();
  }
}
