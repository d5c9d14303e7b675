import { assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign, compile } from "../../lib/engine/compile.ts";
import { deviceCount, toDevice } from "../../lib/engine/devices.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";

Deno.test("steps of two logical processors run at once, each on the variables of its own", async () => {
  using engine = await openTensorFlow({ device: "cpu", count: 2 });
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
});

Deno.test("openTensorFlow() refuses more devices than there are, and others than are open", async () => {
  await assertRejects(
    () => openTensorFlow({ device: "cpu", count: 17 }),
    RangeError,
    "Cannot compute on 17 devices: a processor is opened as 16 at most",
  );
  await assertRejects(
    () => openTensorFlow({ device: "cpu", count: 0 }),
    RangeError,
    "Cannot open TensorFlow on 0 devices: expected a whole number from 1",
  );
  using _engine = await openTensorFlow({ device: "cpu" });
  await assertRejects(
    () => openTensorFlow({ count: 2 }),
    Error,
    "Cannot open TensorFlow on 2 devices: it is open on 1: close it first",
  );
});
