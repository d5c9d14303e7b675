import { assert, assertEquals, assertRejects } from "@std/assert";
import { runWorkers } from "../../lib/cli/worker_pool.ts";

/** A worker that answers after a while, with when it began and ended. */
const CODE = `onmessage = async ({ data }) => {
  if (data.n === undefined) return;
  if (data.n < 0) return postMessage({ error: new RangeError("negative") });
  const start = Date.now();
  await new Promise((resolve) => setTimeout(resolve, 20));
  postMessage({ n: data.n, start, end: Date.now() });
};`;
const MODULE = new URL(`data:text/javascript,${encodeURIComponent(CODE)}`);

interface Result {
  n: number;
  start: number;
  end: number;
}

async function runAll(sizes: readonly number[], maxBytes?: number): Promise<Result[]> {
  const results: Result[] = [];
  await runWorkers(sizes, {
    module: MODULE,
    workers: 3,
    hello: {},
    request: (n: number) => ({ n }),
    onResult: (result: Result) => void results.push(result),
    ...(maxBytes && { bytesOf: (n: number) => n, maxBytes }),
  });
  return results;
}

/** The most bytes that were at work at one time. */
function mostAtOnce(results: readonly Result[]): number {
  const at = (time: number) => results.filter(({ start, end }) => start <= time && time < end);
  return Math.max(...results.map(({ start }) => at(start).reduce((sum, { n }) => sum + n, 0)));
}

Deno.test("runWorkers() has no more bytes at hand than it may, but one larger item alone", async () => {
  const sizes = [4, 4, 4, 30, 1, 2, 3, 4, 9, 1];
  const results = await runAll(sizes, 10);
  assertEquals(results.map(({ n }) => n).sort(), sizes.toSorted());
  const small = results.filter(({ n }) => n !== 30);
  assert(mostAtOnce(small) <= 10, JSON.stringify(results));
  const large = results.find(({ n }) => n === 30)!;
  assertEquals(small.filter(({ start, end }) => start < large.end && end > large.start), []);
});

Deno.test("runWorkers() gives items to workers that have none first", async () => {
  const results = await runAll([1, 2, 3]);
  const end = Math.min(...results.map(({ end }) => end));
  assert(results.every(({ start }) => start < end), JSON.stringify(results));
});

Deno.test("runWorkers() throws what a worker answers, and what it is given throws", async () => {
  await assertRejects(() => runAll([1, 2, -1, 3], 2), RangeError, "negative");
  function* broken(): Generator<number> {
    yield 1;
    throw new SyntaxError("broken");
  }
  const options = {
    module: MODULE,
    workers: 2,
    hello: {},
    request: (n: number) => ({ n }),
    onResult: () => {},
  };
  await assertRejects(() => runWorkers(broken(), options), SyntaxError, "broken");
});
