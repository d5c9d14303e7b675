import { assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { ropeAngles, rotate } from "../../lib/models/rope.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Plain rotation of the pairs of one query. */
function turn(x: readonly number[], angles: readonly number[], pairs: "halves" | "neighbours"): number[] {
  const F = angles.length;
  const at = (i: number) => pairs === "halves" ? [x[i]!, x[i + F]!] : [x[2 * i]!, x[2 * i + 1]!];
  const turned = angles.map((angle, i) => {
    const [a, b] = at(i) as [number, number];
    return [a * Math.cos(angle) - b * Math.sin(angle), b * Math.cos(angle) + a * Math.sin(angle)];
  });
  return [...turned.map(([a]) => a!), ...turned.map(([, b]) => b!), ...x.slice(2 * F)];
}

for (const pairs of ["halves", "neighbours"] as const) {
  for (const K of [4, 6]) {
    Deno.test(`rotate() turns ${pairs} of ${K} numbers, each row and head at its positions`, () => {
      const frequencies = [1, 0.3];
      const positions = [[3, 0, 9], [2, 1, 7]];
      const result = tf.tidy(() => {
        const x = tf.reshape(tf.range(0, 2 * 2 * 3 * K), [2, 2, 3, K]);
        const angles = ropeAngles(tf.tensor2d(positions, undefined, "int32"), {
          frequencies,
          magnitude: 1.5,
        });
        return rotate(x, angles, pairs);
      });
      assertEquals(result.shape, [2, 2, 3, K]);
      const values = result.dataSync();
      for (let start = 0; start < values.length; start += K) {
        const position = positions[start >= 6 * K ? 1 : 0]![start / K % 3]!;
        const x = Array.from({ length: K }, (_, i) => start + i);
        const expected = turn(x, frequencies.map((frequency) => frequency * position), pairs);
        expected.forEach((value, i) =>
          assertAlmostEquals(values[start + i]!, i < 4 ? 1.5 * value : value, 1e-4)
        );
      }
      result.dispose();
    });
  }
}
