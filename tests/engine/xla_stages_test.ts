import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile, outsideXla } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Graph } from "../../lib/engine/graph.ts";
import { writeRows } from "../../lib/engine/kernels.ts";
import { XlaStages } from "../../lib/engine/xla_stages.ts";
import { currentEngine } from "../../lib/engine/state.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Layers that differ in their weights only, each with a part outside. */
function layers(x: tf.Tensor, weights: readonly tf.Tensor[], outside: <R>(part: () => R) => R): tf.Tensor {
  for (const weight of weights) {
    const inner = tf.tanh(tf.mul(x, weight));
    x = tf.add(x, outside(() => tf.cumsum(tf.exp(inner), 0)));
  }
  return tf.neg(x);
}

Deno.test("compile() with XLA keeps what is marked outside of it, and gives the eager numbers", async () => {
  const weights = [0.5, -1, 2].map((value) => tf.scalar(value));
  const plain = (part: () => tf.Tensor) => part();
  for (const length of [1, 3, 4]) {
    const x = tf.linspace(-1, 1, length);
    const wanted = layers(x, weights, plain as typeof outsideXla);
    using step = compile((x: tf.Tensor) => layers(x, weights, outsideXla), { xla: true });
    for (const result of [step(x), await step.async(x)]) {
      const difference = tf.max(tf.abs(tf.sub(result, wanted))).dataSync()[0]!;
      assertEquals(difference < 1e-5, true, `${length}: ${difference}`);
    }
  }
});

Deno.test("compile() with XLA writes rows in place between stages, also into several buffers", () => {
  const buffers = [tf.zeros([3, 2]), tf.fill([3, 2], 0.5)];
  using step = compile((row: tf.Tensor, values: tf.Tensor, ...caches: tf.Tensor[]) => {
    const sums = caches.map((cache, i) => tf.sum(writeRows(cache, row, tf.mul(values, i + 1)), 0));
    return tf.add(sums[0]!, tf.mul(sums[1]!, 10));
  }, { xla: true });
  const call = (
    row: number,
    values: number[],
  ) => [...step(tf.tensor1d([row], "int32"), tf.tensor2d([values]), ...buffers).dataSync()];
  assertEquals(call(0, [1, 2]), [1 + 10 * (2 + 1), 2 + 10 * (4 + 1)]);
  assertEquals(call(2, [3, 4]), [4 + 10 * (2 + 0.5 + 6), 6 + 10 * (4 + 0.5 + 8)]);
  assertEquals([...buffers[0]!.dataSync()], [1, 2, 0, 0, 3, 4]);
});

Deno.test("compile() with XLA gives products of few rows as it gives those of many", () => {
  const weights = [
    tf.randomUniform([48, 24], -1, 1, "float32", 1),
    tf.randomUniform([5, 24], -1, 1, "float32", 2),
  ];
  const products = (x: tf.Tensor) => {
    const squares = outsideXla(() => tf.square(x)) as tf.Tensor2D;
    const constant = tf.tensor2d([1, 2, 3, ...new Array(21).fill(0.25)], [1, 24]); // made inside the step
    return [...weights, constant].map((weight) => tf.matMul(squares, weight as tf.Tensor2D, false, true));
  };
  using step = compile((x: tf.Tensor) => products(x), { xla: true });
  for (const rows of [1, 2, 3, 32, 33]) {
    const x = tf.randomUniform([rows, 24], -1, 1, "float32", rows);
    const wanted = products(x);
    step(x).forEach((result, i) => {
      assertEquals(result.shape, wanted[i]!.shape);
      const difference = tf.max(tf.abs(tf.sub(result, wanted[i]!))).dataSync()[0]!;
      assertEquals(difference < 1e-5, true, `${rows} rows, product ${i}: ${difference}`);
    });
  }
});

Deno.test("compile() with XLA gives inputs, constants and parts outside as results, and assigns nothing away", () => {
  const x = tf.tensor1d([1, 2]);
  using step = compile((x: tf.Tensor) => {
    const outside = outsideXla(() => tf.exp(x));
    return [x, tf.scalar(7), outside, tf.add(outside, 1), outside];
  }, { xla: true });
  const results = step(x).map((tensor) => [...tensor.dataSync()].map((value) => Math.round(value * 10) / 10));
  assertEquals(results, [[1, 2], [7], [2.7, 7.4], [3.7, 8.4], [2.7, 7.4]]);
});

Deno.test("XlaStages are one function for alike layers and for captures of other shapes outside", () => {
  const { symbols, binding, backend } = currentEngine();
  const added: string[] = [];
  const { addFunction } = binding;
  binding.addFunction = (name, fn) => {
    added.push(name);
    addFunction.call(binding, name, fn);
  };
  {
    using stages = new XlaStages({ symbols, binding });
    const build = (length: number, constant: number) => {
      using graph = new Graph(symbols);
      binding.capture = graph;
      try {
        const ids = [binding.newId(), binding.newId()];
        graph.addInput(ids[0]!, { shape: [2], dtype: 1 });
        graph.addInput(ids[1]!, { shape: [length], dtype: 1 });
        const [x, cache] = [[2], [length]].map((shape, i) => backend.wrap({ id: ids[i]!, shape, dtype: 1 }));
        let result = x!;
        for (let layer = 0; layer < 3; layer++) {
          const scaled = tf.mul(result, constant); // a stage of its own
          result = outsideXla(() => tf.add(scaled, tf.sum(cache!)));
        }
        const fn = stages.build(graph, [backend.idOf(result)], `test_${length}_${constant}`);
        symbols.TF_DeleteFunction(fn);
      } finally {
        binding.capture = null;
      }
    };
    build(4, 2);
    assertEquals(added.length, 1);
    build(8, 2);
    assertEquals(added.length, 1);
    build(8, 3); // another constant is another function
    assertEquals(added.length, 2);
  }
  binding.addFunction = addFunction;
});

Deno.test("compile() with stages frees all that it made, also after a shape was captured anew", () => {
  const before = engine.memory();
  for (let i = 0; i < 3; i++) {
    using step = compile((x: tf.Tensor) => tf.neg(outsideXla(() => tf.exp(tf.neg(x)))), { xla: true });
    for (const length of [1, 2]) {
      const x = tf.ones([length]);
      tf.dispose([x, step(x)]);
    }
    assertEquals(step.captures, 2);
  }
  assertEquals(engine.memory(), before);
});
