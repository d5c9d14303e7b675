import { assertEquals, assertThrows } from "@std/assert";
import { memorizationAccuracy } from "../../lib/metrics/memorization_accuracy.ts";

Deno.test("memorizationAccuracy() is the share of equal entries, null where there is none", () => {
  const cases: [number[], number[], number | null][] = [
    [[], [], null],
    [[1], [1], 1],
    [[1], [2], 0],
    [[1, 2, 3, 4], [1, 2, 4, 3], 0.5],
    [[7, 7, 7], [7, 7, 7], 1],
  ];
  for (const [predictions, labels, expected] of cases) {
    assertEquals(memorizationAccuracy(predictions, labels), expected);
    assertEquals(memorizationAccuracy(Int32Array.from(predictions), Int32Array.from(labels)), expected);
  }
});

Deno.test("memorizationAccuracy() refuses lists of different lengths", () => {
  const message = "Cannot compare 2 predictions with 1 labels";
  assertThrows(() => memorizationAccuracy([1, 2], [1]), RangeError, message);
});
