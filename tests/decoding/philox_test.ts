import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { philox, taskDraws, uniformOf } from "../../lib/decoding/philox.ts";

// the known answers of the paper's own implementation (Random123, kat_vectors)
const KNOWN = [
  [[0, 0], [0, 0, 0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  ],
  [
    [0xa4093822, 0x299f31d0],
    [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  ],
] as const;

Deno.test("philox() gives the known answers", () => {
  for (const [key, counter, answer] of KNOWN) assertEquals(philox(key, counter), [...answer]);
});

Deno.test("uniformOf() is even over [0, 1), and another number for each counter and seed", () => {
  const values = Array.from({ length: 20_000 }, (_, i) => uniformOf(1, [i % 200, Math.floor(i / 200)]));
  const bins = new Array(20).fill(0);
  for (const value of values) bins[Math.floor(value * 20)]++;
  // 19 degrees of freedom: above 50 is one in 7,000
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert(chiSquare < 50, `chi-square is ${chiSquare}`);
  assertNotEquals(uniformOf(1, [0]), uniformOf(2, [0]));
  assertNotEquals(uniformOf(1, [0]), uniformOf(1 + 2 ** 40, [0]));
});

Deno.test("taskDraws() is Philox of seed, place, sample and the first bytes of the name's SHA-256", () => {
  // of "HumanEval/0": `printf HumanEval/0 | sha256sum`
  const [low, high] = [0x414100de, 0xd8045ffa];
  for (const [sample, place] of [[0, 0], [3, 7], [49, 511]] as const) {
    assertEquals(
      taskDraws(42, "HumanEval/0")(sample, place),
      philox([42, 0], [place, sample, low, high])[0] / 2 ** 32,
    );
  }
  const values = ["a", "b", "é"].flatMap((task) =>
    [0, 1].flatMap((sample) =>
      [0, 1].flatMap((place) => [1, 2].map((seed) => taskDraws(seed, task)(sample, place)))
    )
  );
  assertEquals(new Set(values).size, values.length);
});
