import { assertEquals } from "@std/assert";
import { RateWatch, type RateWatchOptions } from "../../lib/training/rate_watch.ts";

function notesOf(options: Partial<RateWatchOptions>, loss: (step: number) => number, steps = 200) {
  const watch = new RateWatch({ lr: 2e-3, warmup: 20, isNew: true, ...options });
  return Array.from({ length: steps }, (_, i) => watch.add(i + 1, loss(i + 1)) ?? []).flat();
}

/** From 7.64 to what a new model had after 50 steps, and on. */
const falling = (at50: number) => (step: number) => 7.64 - (7.64 - at50) * step / 50;

Deno.test("RateWatch notes a new model that hardly learns, once, and none that does", () => {
  assertEquals(notesOf({ lr: 2e-5 }, falling(7.6)), [{
    problem: "slow",
    step: 50,
    reason: "the loss has hardly fallen, from 7.639 to 7.604 in 50 steps",
    lr: 2e-4,
  }]);
  for (const at50 of [7.29, 6.4]) assertEquals(notesOf({}, falling(at50)), []);
  assertEquals(notesOf({ isNew: false }, falling(7.6)), []);
  assertEquals(notesOf({ warmup: 100 }, falling(7.6)).map(({ step }) => step), []); // it has fallen by then
  assertEquals(notesOf({ warmup: 44 }, () => 7.6).map(({ step }) => step), [90]);
});

Deno.test("RateWatch notes a loss that rises, by ten steps' mean", () => {
  const noisy = (step: number) => 4.4 + (step % 2 === 0 ? 0.7 : -0.3);
  assertEquals(notesOf({ isNew: false }, noisy), []);
  const [note, ...more] = notesOf({ lr: 0.02, isNew: false }, (step) => step === 1 ? 4.394 : 7);
  assertEquals([note?.problem, note?.lr, note?.reason, more], [
    "fast",
    0.002,
    "the loss has risen from 4.394 to 6.739 in 10 steps",
    [],
  ]);
  const resumed = notesOf({ isNew: false, first: 4.4 }, () => 7);
  assertEquals(resumed.map(({ problem, step }) => [problem, step]), [["fast", 10]]);
});
