/** What holds on any two devices, whoever's they are. */
import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign, compile } from "../../lib/engine/compile.ts";
import { deviceCount, toDevice } from "../../lib/engine/devices.ts";
import { type EngineOptions, openTensorFlow } from "../../lib/engine/engine.ts";

/** Steps run on both at once, with XLA asked for and without, each on variables of its own, and all is freed. */
export async function checkOnBoth(options: EngineOptions): Promise<void> {
  using engine = await openTensorFlow({ device: "cpu", ...options });
  assertEquals([engine.count, deviceCount()], [2, 2]);
  const before = engine.memory();
  for (const xla of [false, true]) {
    const weight = tf.tensor1d([1, 2]);
    const copies = [weight, toDevice(weight, 1)];
    const steps = copies.map((copy, device) =>
      compile((x: tf.Tensor) => {
        assign(copy, tf.add(copy, x));
        return tf.sum(copy); // as it was before
      }, { xla, device })
    );
    const xs = [tf.tensor1d([10, 10]), tf.tensor1d([5, 5])];
    for (let i = 0; i < 2; i++) {
      const sums = await Promise.all(steps.map((step, k) => step.async(xs[k]!)));
      assertEquals(sums.map((sum) => sum.dataSync()[0]), [3 + 20 * i, 3 + 10 * i]);
      tf.dispose(sums);
    }
    assertEquals(copies.map((copy) => [...copy.dataSync()]), [[21, 22], [11, 12]]);
    const back = toDevice(copies[1]!, 0);
    assertEquals(tf.tidy(() => [...tf.add(back, weight).dataSync()]), [32, 34] as never);
    for (const step of steps) step[Symbol.dispose]();
    tf.dispose([...copies, ...xs, back]);
  }
  assertEquals(engine.memory(), before);
}
