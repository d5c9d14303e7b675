import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import ROWS from "../fixtures/random.json" with { type: "json" };

Deno.test("PythonRandom gives Python's numbers for every seed of the fixture", () => {
  for (const row of ROWS) {
    const random = new PythonRandom(row.seed);
    assertEquals(row.floats.map(() => random.random()), row.floats, `floats of seed ${row.seed}`);
    for (const [n, expected] of row.below as [number, number][]) {
      assertStrictEquals(random.randbelow(n), expected, `below ${n} of seed ${row.seed}`);
    }
    assertEquals(random.shuffle([...row.shuffled.keys()]), row.shuffled, `order of seed ${row.seed}`);
    for (let i = 0; i < 2000; i++) random.random();
    assertStrictEquals(random.random(), row.later, `a later float of seed ${row.seed}`);
  }
});

Deno.test("PythonRandom.shuffle() leaves empty and single arrays, and returns the same array", () => {
  const random = new PythonRandom(42);
  const empty: number[] = [];
  assertStrictEquals(random.shuffle(empty), empty);
  assertEquals(random.shuffle(["one"]), ["one"]);
  assertStrictEquals(random.random(), new PythonRandom(42).random(), "no number was drawn");
});

Deno.test("PythonRandom refuses what is no safe integer", () => {
  for (const seed of [0.5, NaN, 2 ** 53, Infinity]) {
    assertThrows(() => new PythonRandom(seed), RangeError, `Cannot seed the random numbers with ${seed}`);
  }
  for (const n of [0, -1, 1.5, 2 ** 53]) {
    assertThrows(() => new PythonRandom(1).randbelow(n), RangeError, `Cannot draw an integer below ${n}`);
  }
});
