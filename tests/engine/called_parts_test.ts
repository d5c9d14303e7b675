import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { calledPart, CalledParts } from "../../lib/engine/called_parts.ts";
import { captureStep } from "../../lib/engine/capture.ts";
import { assign, compile, outsideXla } from "../../lib/engine/compile.ts";
import { toDevice } from "../../lib/engine/devices.ts";
import { DTYPE } from "../../lib/engine/dtypes.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Graph } from "../../lib/engine/graph.ts";
import { Records } from "../../lib/engine/records.ts";
import { currentEngine } from "../../lib/engine/state.ts";

const engine = await openTensorFlow({ device: "cpu", count: 2 });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** How many functions the parts of a step become, and how many operations the step has. */
function sizesOf(step: (x: tf.Tensor) => tf.Tensor, shape: number[] = [2]): [number, number] {
  using parts = new CalledParts(currentEngine());
  const x = tf.ones(shape);
  let operations = 0;
  const counted = (x: tf.Tensor) => {
    const result = step(x);
    operations = currentEngine().binding.capture!.recorded.length;
    return result;
  };
  const { name, binding } = captureStep(counted, [x], { parts });
  binding.removeFunction(name);
  return [parts.size, operations];
}

Deno.test("Records.describe() tells parts apart whose results are other constants", () => {
  const [one, two] = [1, 2].map((value) => {
    using graph = new Graph(currentEngine().symbols);
    graph.addInput(1, { shape: [2], dtype: DTYPE.float32 });
    graph.addOperation("Neg", [], [1], 1, () => 2);
    graph.addConstant(3, [1], DTYPE.float32, new Uint8Array(Float32Array.of(value).buffer));
    const records = new Records(graph.recorded);
    return records.describe(records.operations, [2, 3]);
  });
  assertNotEquals(one, two);
});

const one = (part: () => tf.Tensor) => calledPart(() => [part()])[0]!;

Deno.test("calledPart() makes one function of parts that differ in their tensors only", () => {
  const weights = [1, 2, 3, 4].map((value) => tf.scalar(value));
  const layers = (x: tf.Tensor) => weights.reduce((x, weight) => one(() => tf.tanh(tf.mul(x, weight))), x);
  assertEquals(sizesOf(layers), [1, 1 + weights.length]); // calls are no operations: the inputs alone
  using step = compile(layers);
  const found = step(tf.tensor1d([0.5, 1]));
  const wanted = weights.reduce<tf.Tensor>((x, weight) => tf.tanh(tf.mul(x, weight)), tf.tensor1d([0.5, 1]));
  assertEquals([...found.dataSync()], [...wanted.dataSync()]);
});

for (
  const [what, second] of [
    ["an operation", (x: tf.Tensor) => tf.sinh(x)],
    ["a constant", (x: tf.Tensor) => tf.tanh(tf.mul(x, 3))],
    ["an attribute", (x: tf.Tensor) => tf.tanh(tf.mul(x, tf.cast(tf.cast(x, "bool"), "float32")))],
    ["the order of results", (x: tf.Tensor) => tf.mul(tf.tanh(x), x)],
  ] as const
) {
  Deno.test(`calledPart() tells parts apart by ${what}`, () => {
    const first = (x: tf.Tensor) => tf.tanh(tf.mul(x, 2));
    const both = (x: tf.Tensor) => [first, second].reduce<tf.Tensor>((x, part) => one(() => part(x)), x);
    using step = compile(both);
    const x = tf.tensor1d([0.25, 1]);
    assertEquals([...step(x).dataSync()], [...second(first(x)).dataSync()]);
    assertEquals(sizesOf(both)[0], 2);
  });
}

Deno.test("calledPart() tells parts apart by the shapes of what they only hand on", () => {
  const handOn = (x: tf.Tensor) => tf.squeeze(one(() => x));
  assertEquals(sizesOf((x) => handOn(tf.expandDims(handOn(x))))[0], 2);
  using compiled = compile((x: tf.Tensor) => calledPart(() => [x, x, tf.neg(x)]));
  const results = compiled(tf.tensor1d([1, 2]));
  assertEquals(results.map((result) => [...result.dataSync()]), [[1, 2], [1, 2], [-1, -2]]);
});

Deno.test("calledPart() takes arguments, outside tensors and what other parts gave, also deep inside", () => {
  const outside = tf.scalar(10);
  using step = compile((x: tf.Tensor, y: tf.Tensor) => {
    const sum = tf.add(x, y);
    const inner = one(() => tf.add(one(() => tf.mul(sum, outside)), one(() => tf.add(y, outside))));
    return [tf.sub(inner, x), sum];
  });
  const [x, y] = [tf.tensor1d([1, 2]), tf.tensor1d([3, 4])];
  assertEquals(step(x, y).map((result) => [...result.dataSync()]), [[52, 72], [4, 6]]);
  outside.dataSync();
  using again = compile((x: tf.Tensor) => one(() => tf.mul(x, outside)));
  assertEquals([...again(tf.tensor1d([1, 2])).dataSync(), ...again(tf.tensor1d([3])).dataSync()], [
    10,
    20,
    30,
  ]);
});

Deno.test("a part reads a variable as it was before the step assigned to it", () => {
  const weight = tf.tensor1d([2, 3]);
  using step = compile((x: tf.Tensor) => {
    const product = one(() => tf.mul(x, weight));
    assign(weight, tf.add(weight, 1));
    return [product, one(() => tf.mul(product, weight))];
  });
  const results = step(tf.tensor1d([1, 1])).map((result) => [...result.dataSync()]);
  assertEquals([results, [...weight.dataSync()]], [[[2, 3], [4, 9]], [3, 4]]);
});

Deno.test("a part does not assign, and eager execution goes on after one that failed", () => {
  const weight = tf.tensor1d([2, 3]);
  using step = compile((x: tf.Tensor) => one(() => (assign(weight, x), x)));
  assertThrows(
    () => step(tf.tensor1d([1, 1])),
    Error,
    "a part of it assigns: assign where the part has ended",
  );
  using failing = compile((_: tf.Tensor) =>
    one(() => {
      throw new RangeError("the step's own");
    })
  );
  assertThrows(() => failing(tf.scalar(1)), RangeError, "the step's own");
  assertEquals([...tf.add(weight, 1).dataSync()], [3, 4]);
});

Deno.test("what a part makes on the way is refused outside of it", () => {
  let leaked: tf.Tensor | undefined;
  using step = compile((x: tf.Tensor) => {
    const result = one(() => tf.neg(leaked = tf.keep(tf.square(x))));
    return tf.add(result, leaked!);
  });
  assertThrows(() => step(tf.scalar(1)), Error, "was made inside a step and kept: return it");
  leaked?.dispose();
});

Deno.test("parts run in bfloat16, on other threads, on another device and beside XLA", async () => {
  const x = tf.tensor2d([[1 + 2 ** -12, 2]]);
  const square = (x: tf.Tensor) => one(() => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, false, true));
  using narrow = compile(square, { products: "bfloat16" });
  assertEquals(narrow(x).dataSync()[0], 5);
  assertEquals((await narrow.async(x)).dataSync()[0], 5);
  using second = compile(square, { device: 1 });
  assertEquals(Math.fround(second(toDevice(x, 1)).dataSync()[0]!), Math.fround((1 + 2 ** -12) ** 2 + 4));
  using xla = compile((x: tf.Tensor) => one(() => tf.add(outsideXla(() => tf.neg(x)), 1)), { xla: true });
  assertEquals([...xla(tf.tensor1d([1, 2])).dataSync()], [0, -1]);
});

Deno.test("parts of a step that is disposed are gone, and it may be captured anew", () => {
  const before = engine.memory();
  for (let i = 0; i < 3; i++) {
    tf.tidy(() => {
      using step = compile((x: tf.Tensor) => one(() => tf.exp(x)));
      assertEquals(step(tf.scalar(0)).dataSync()[0], 1);
      step[Symbol.dispose]();
      assertEquals(step(tf.zeros([2])).dataSync()[1], 1);
    });
  }
  assertEquals(engine.memory(), before);
});
