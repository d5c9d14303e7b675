import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Windows } from "../../lib/training/windows.ts";

/** Documents whose tokens are all different. */
function documentsOf(...lengths: number[]): Int32Array[] {
  let next = 1;
  return lengths.map((length) => Int32Array.from({ length }, () => next++));
}

const DOCUMENTS = documentsOf(30, 7, 1, 55, 12, 40, 18);
const OPTIONS = { batch: 2, length: 8, seed: 5, endOfText: 0 };
const TOTAL = DOCUMENTS.reduce((sum, { length }) => sum + length + 1, 0);

Deno.test("Windows.batch() depends on seed and step only", () => {
  const forward = new Windows(DOCUMENTS, OPTIONS);
  const steps = Array.from({ length: 40 }, (_, step) => forward.batch(step));
  const backward = new Windows(DOCUMENTS, OPTIONS);
  for (let step = 39; step >= 0; step -= 3) assertEquals(backward.batch(step), steps[step]);
  assertNotEquals(new Windows(DOCUMENTS, { ...OPTIONS, seed: 6 }).batch(0), steps[0]);
  assertEquals(DOCUMENTS, documentsOf(30, 7, 1, 55, 12, 40, 18), "documents are left as they were");
});

Deno.test("Windows shows every token at most once an epoch, and nearly all of them", () => {
  const windows = new Windows(DOCUMENTS, OPTIONS);
  for (let epoch = 0; epoch < 5; epoch++) {
    const seen = new Map<number, number>();
    for (let step = 0; step < windows.stepsPerEpoch; step++) {
      for (const token of windows.batch(epoch * windows.stepsPerEpoch + step)) {
        seen.set(token, (seen.get(token) ?? 0) + 1);
      }
    }
    seen.delete(0);
    assertEquals(Math.max(...seen.values()), 1);
    const { batch, length } = OPTIONS;
    assert(seen.size >= TOTAL - (batch + 2) * length, `${seen.size} of ${TOTAL} tokens`);
  }
});

Deno.test("Windows cuts documents joined by the end of text, in another order every epoch", () => {
  const windows = new Windows(DOCUMENTS, OPTIONS);
  const follow = new Map<number, number>();
  for (const ids of DOCUMENTS) ids.forEach((token, t) => follow.set(token, ids[t + 1] ?? 0));
  for (let step = 0; step < 3 * windows.stepsPerEpoch; step++) {
    const ids = windows.batch(step);
    assertEquals(ids.length, 16);
    for (let t = 0; t < 15; t++) {
      if (t % 8 !== 7 && ids[t] !== 0) assertEquals(ids[t + 1], follow.get(ids[t]!));
    }
  }
  const first = (epoch: number) => windows.batch(epoch * windows.stepsPerEpoch);
  assertNotEquals(first(0), first(1));
});

Deno.test("Windows refuses fewer tokens than a step needs, by one", () => {
  const needed = 3 * 8;
  const message = `Cannot train on ${needed - 1} tokens: a step needs at least ${needed}`;
  assertThrows(() => new Windows(documentsOf(needed - 2), OPTIONS), RangeError, message);
  assertThrows(() => new Windows([], OPTIONS), RangeError, "Cannot train on 0 tokens");
  for (let seed = 0; seed < 20; seed++) {
    const windows = new Windows(documentsOf(needed - 1), { ...OPTIONS, seed });
    assertEquals(windows.stepsPerEpoch, 1);
    for (let step = 0; step < 10; step++) assertEquals(new Set(windows.batch(step)).size, 16);
  }
});
