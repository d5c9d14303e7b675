import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { fillTensor, viewTensor } from "../../lib/engine/tensor_memory.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("fillTensor() makes a tensor that operations use as any other", async () => {
  const before = engine.memory();
  const x = await fillTensor([2, 3], async (values) => {
    await Promise.resolve();
    values.set([1, 2, 3, 4, 5, 6]);
  });
  const sums = tf.tidy(() => tf.sum(x, 1).dataSync());
  assertEquals([x.shape, x.dtype, [...sums]], [[2, 3], "float32", [6, 15]]);
  x.dispose();
  assertEquals(engine.memory(), before);
});

Deno.test("fillTensor() makes scalars and tensors of no element", async () => {
  const scalar = await fillTensor([], (values) => values.set([7]));
  const empty = await fillTensor([0, 3], (values) => assertEquals(values.length, 0));
  assertEquals([scalar.dataSync()[0], empty.shape, empty.dataSync().length], [7, [0, 3], 0]);
  tf.dispose([scalar, empty]);
});

Deno.test("fillTensor() leaves nothing when filling fails, or there is not enough memory", async () => {
  const before = engine.memory();
  const fail = () => {
    throw new Error("torn");
  };
  await assertRejects(() => fillTensor([4], fail), Error, "torn");
  const message = "Cannot allocate a tensor of 4503599627370496 bytes: there is not that much memory";
  await assertRejects(() => fillTensor([2 ** 50], () => {}), RangeError, message);
  assertEquals(engine.memory(), before);
});

Deno.test("viewTensor() shows a tensor's values, results of operations too, and only float32", () => {
  const x = tf.tensor1d([1, -2]);
  const y = tf.neg(x);
  using views = new DisposableStack();
  const [seen, computed] = [x, y].map((tensor) => views.use(viewTensor(tensor)));
  assertEquals([[...seen!.values], [...computed!.values]], [[1, -2], [-1, 2]]);
  const whole = tf.tensor1d([1], "int32");
  assertThrows(() => viewTensor(whole), TypeError, "Cannot view a tensor as float32: it is int32");
  tf.dispose([x, y, whole]);
  assertEquals([...seen!.values], [1, -2]); // its memory lives as long as the view
});
