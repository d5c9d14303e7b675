/** Gradients of sums and means: values, and what a captured step holds of them. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { Graph } from "../../lib/engine/graph.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { captureStep } from "../../lib/engine/capture.ts";

Deno.test("gradients of sums and means over any axes are the plain ones", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  const x = tf.tensor3d(Array.from({ length: 24 }, (_, i) => Math.sin(i)), [2, 3, 4]);
  const cases: { axis: number | number[] | undefined; keep: boolean; reduced: number }[] = [
    { axis: undefined, keep: false, reduced: 24 },
    { axis: -1, keep: true, reduced: 4 },
    { axis: [0, 2], keep: false, reduced: 8 },
    { axis: 1, keep: false, reduced: 3 },
  ];
  for (const { axis, keep, reduced } of cases) {
    for (const [reduce, share] of [[tf.sum, 1], [tf.mean, 1 / reduced]] as const) {
      // d/dx sum(w * reduce(x)) is w of the group that an element belongs to, times its share
      const weights = tf.tidy(() => tf.add(tf.square(reduce(x, axis, keep)), 1));
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(reduce(x, axis, keep), weights)))(x);
      const kept = tf.tidy(() => tf.add(tf.square(reduce(x, axis, true)), 1));
      const expected = tf.tidy(() => tf.mul(tf.mul(kept, share), tf.onesLike(x)));
      const error = tf.tidy(() => tf.max(tf.abs(tf.sub(gradient, expected))).dataSync()[0]!);
      assert(error < 1e-6, `${axis} ${keep}: ${error}`);
      tf.dispose([weights, gradient, kept, expected]);
    }
  }
  x.dispose();
});

Deno.test("a captured gradient holds no constant as large as what was summed", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  const largest: number[] = [];
  const add = Graph.prototype.addConstant;
  Graph.prototype.addConstant = function (id, shape, dtype, bytes) {
    largest.push(bytes.length);
    add.call(this, id, shape, dtype, bytes);
  };
  try {
    const x = tf.ones([256, 256]);
    const { name } = captureStep(
      tf.grad((x: tf.Tensor) => tf.mean(tf.sum(tf.softmax(tf.sub(x, tf.mean(x, -1, true))), -1))),
      [x],
    );
    currentEngine().binding.removeFunction(name);
    x.dispose();
  } finally {
    Graph.prototype.addConstant = add;
  }
  assertEquals(largest.filter((bytes) => bytes > 64), []);
});
