import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { mixBits, randomMask, statelessBits } from "../../lib/engine/random.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("mixBits() looks drawn at random, and a pair's number does not depend on the others", () => {
  tf.tidy(() => {
    const mix = (first: number, count: number) =>
      mixBits(tf.tensor2d([[5], [6]], [2, 1], "int32"), tf.range(first, first + count, 1, "int32"));
    const all = mix(-1, 4096).arraySync() as number[][];
    assertEquals(
      mix(63, 32).arraySync() as number[][],
      all.map((row) => row.slice(64, 96)),
    );
    for (const row of all) {
      assertEquals(new Set(row).size, row.length);
      for (let bit = 0; bit < 32; bit++) {
        const share = row.filter((value) => value >>> bit & 1).length / row.length;
        assertAlmostEquals(share, 0.5, 0.04, `bit ${bit}`); // five standard errors
        const turns = row.filter((value, i) =>
          ((value ^ row[(i + 1) % row.length]!) >>> bit & 1) === 1
        ).length;
        assertAlmostEquals(turns / row.length, 0.5, 0.04, `bit ${bit} of neighbours`);
      }
    }
    const kept = randomMask(
      tf.reshape(mix(0, 500), [1000]),
      statelessBits([64], tf.tensor1d([1, 2], "int32")),
      0.1,
    );
    assertAlmostEquals(tf.mean(kept).dataSync()[0]!, 0.9, 0.005);
  });
});
