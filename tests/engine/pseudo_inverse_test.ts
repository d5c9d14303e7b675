import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { PseudoInverse } from "../../lib/engine/pseudo_inverse.ts";
import { assertTensorClose } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const V = 40;
const full = tf.randomNormal([V, 6], 0, 1, "float32", 1) as tf.Tensor2D;

for (
  const [what, matrix] of [
    ["full rank", full],
    ["columns of very different lengths", tf.mul(full, [1e4, 1, 1, 1e-3, 1, 10])],
    ["a column twice", tf.concat([full, tf.slice(full, [0, 2], [V, 1])], 1)],
  ] as const
) {
  Deno.test(`PseudoInverse.columns() is Moore's and Penrose's of ${what}`, () => {
    const before = engine.memory();
    {
      using inverse = new PseudoInverse(matrix);
      tf.tidy(() => {
        const X = matrix as tf.Tensor2D;
        const plus = tf.transpose(inverse.columns([...Array(V).keys()])) as tf.Tensor2D; // [D, V]
        const hat = tf.matMul(X, plus); // [V, V]
        assertTensorClose(hat, tf.transpose(hat), { atol: 2e-5 });
        const scale = Number(tf.max(tf.abs(X)).dataSync()[0]);
        assertTensorClose(tf.matMul(hat, X), X, { atol: 2e-5 * scale });
        const size = Number(tf.max(tf.abs(plus)).dataSync()[0]);
        assertTensorClose(tf.matMul(plus, hat), plus, { atol: 2e-5 * size });
        const some = inverse.columns([7, 0]);
        assertTensorClose(some, tf.gather(tf.transpose(plus), [7, 0]));
      });
    }
    assertEquals(engine.memory(), before);
  });
}
