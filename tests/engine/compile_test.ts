import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign, compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { TensorFlowError } from "../../lib/engine/status.ts";
import { assertTensorClose } from "../tensors.ts";
import { leavingNothing, take, vector } from "./held_tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const test = leavingNothing(engine);
const MODES = [{ xla: false }, { xla: true }] as const;

test("compile() runs a step as eager execution does, captured once for each list of shapes", () => {
  for (const mode of MODES) {
    const step = (x: tf.Tensor, y: tf.Tensor) => tf.add(tf.mul(x, 2), tf.tanh(y));
    using compiled = compile(step, mode);
    for (const shape of [[2], [3], [2], [2, 2], [1, 2], [2]]) {
      const [x, y] = [tf.randomNormal(shape, 0, 1, "float32", 1), tf.randomNormal(shape, 0, 1, "float32", 2)];
      const [actual, expected] = [compiled(x, y), tf.tidy(() => step(x, y))];
      assertTensorClose(actual, expected, { atol: 1e-6 });
      tf.dispose([x, y, actual, expected]);
    }
    assertEquals(compiled.captures, 4);
  }
});

test("compile() captures anew for another data type", () => {
  using compiled = compile((x: tf.Tensor) => tf.add(x, x));
  const [floats, ints] = [vector(1.5), tf.tensor1d([2], "int32")];
  assertEquals([take(compiled(floats)), take(compiled(ints)), compiled.captures], [[3], [4], 2]);
  tf.dispose([floats, ints]);
});

test("compile() gives what the step returns: a tensor, a list, a record, nothing", () => {
  const x = vector(1, 2);
  for (const mode of MODES) {
    using list = compile((x: tf.Tensor) => [tf.neg(x), tf.square(x)], mode);
    assertEquals(list(x).map(take), [[-1, -2], [1, 4]]);
    using record = compile((x: tf.Tensor) => ({ sum: tf.sum(x), all: tf.mul(x, 3) }), mode);
    const { sum, all } = record(x);
    assertEquals([sum!.shape, take(sum!), take(all!)], [[], [3], [3, 6]]);
    using none = compile((_: tf.Tensor) => [], mode);
    assertEquals(none(x), []);
  }
  x.dispose();
});

test("compile() takes one tensor as two arguments, and gives arguments and outside tensors back", () => {
  const [x, outside] = [vector(1, 2), vector(7, 8)];
  for (const mode of MODES) {
    using twice = compile((a: tf.Tensor, b: tf.Tensor) => tf.sub(tf.mul(a, 3), b), mode);
    assertEquals(take(twice(x, x)), [2, 4]);
    const y = vector(1, 1);
    assertEquals(take(twice(x, y)), [2, 5], "and tells them apart later");
    using same = compile((a: tf.Tensor) => [a, a, outside, tf.reshape(a, [2, 1])], mode);
    const results = same(x);
    assertEquals(results.map(({ shape }) => shape), [[2], [2], [2], [2, 1]]);
    assertEquals(results.map(take), [[1, 2], [1, 2], [7, 8], [1, 2]]);
    y.dispose();
  }
  assertEquals([Array.from(x.dataSync()), Array.from(outside.dataSync())], [[1, 2], [7, 8]]);
  tf.dispose([x, outside]);
});

test("compile() takes outside tensors as inputs, however small, so that they follow assign()", () => {
  const [scale, weight, x] = [tf.scalar(2), vector(1, 1), vector(1, 2)];
  for (const mode of MODES) {
    using step = compile((x: tf.Tensor) => tf.add(tf.mul(x, scale), weight), mode);
    assertEquals(take(step(x)), [3, 5]);
    const [ten, fives] = [tf.scalar(10), vector(5, 5)];
    assign(scale, ten);
    assign(weight, fives);
    assertEquals(take(step(x)), [15, 25]);
    assertEquals(step.captures, 1);
    const [two, ones] = [tf.scalar(2), vector(1, 1)];
    assign(scale, two);
    assign(weight, ones);
    tf.dispose([ten, fives, two, ones]);
  }
  tf.dispose([scale, weight, x]);
});

test("assign() inside a step takes effect after the call, last one last, also on an argument", () => {
  for (const mode of MODES) {
    const [weight, x] = [vector(1, 1), vector(1, 2)];
    using step = compile((x: tf.Tensor) => {
      assign(weight, tf.zerosLike(weight));
      assign(weight, tf.add(weight, x));
      return tf.mul(weight, 1);
    }, mode);
    assertEquals([take(step(x)), take(step(x)), Array.from(weight.dataSync())], [[1, 1], [2, 3], [3, 5]]);
    using swap = compile((a: tf.Tensor, b: tf.Tensor) => {
      assign(a, b);
      assign(b, a);
      return [];
    }, mode);
    swap(weight, x);
    assertEquals([Array.from(weight.dataSync()), Array.from(x.dataSync())], [[1, 2], [3, 5]]);
    tf.dispose([weight, x]);
  }
});

test("assign() outlives its value and refuses another shape or type", () => {
  const [target, value, other] = [vector(1, 2), vector(3, 4), tf.tensor1d([1, 2], "int32")];
  assign(target, value);
  value.dispose();
  assertEquals(Array.from(target.dataSync()), [3, 4]);
  const message = "Cannot assign to a tensor: it is float32 [2], the value int32 [2]";
  assertThrows(() => assign(target, other), TypeError, message);
  const column = tf.zeros([2, 1]);
  assertThrows(() => assign(target, column), TypeError, "the value float32 [2,1]");
  column.dispose();
  tf.dispose([target, other]);
});

test("compile() captures gradients, and each thread of a tape stays its own", () => {
  const weight = tf.tensor2d([[1, 2], [3, 4]]);
  const x = tf.tensor2d([[1, -1]]);
  const loss = (w: tf.Tensor) => tf.sum(tf.square(tf.matMul(x, w as tf.Tensor2D))) as tf.Scalar;
  for (const mode of MODES) {
    using step = compile((w: tf.Tensor) => tf.grad(loss)(w), mode);
    const [actual, expected] = [step(weight), tf.grad(loss)(weight)];
    assertTensorClose(actual, expected, { atol: 1e-6 });
    tf.dispose([actual, expected]);
  }
  tf.dispose([weight, x]);
});

test("compile() keeps an error of the step's own, and eager execution goes on", () => {
  const x = vector(1, 2);
  using step = compile((x: tf.Tensor): tf.Tensor => {
    tf.tidy(() => tf.mul(x, 2));
    throw new RangeError("of its own");
  });
  assertThrows(() => step(x), RangeError, "of its own");
  using mismatched = compile((x: tf.Tensor) =>
    tf.grad((x) => tf.sum(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D)))(x)
  );
  const flat = tf.tensor2d([[1, 2]]);
  assertThrows(
    () => mismatched(flat),
    TensorFlowError,
    "Cannot run BatchMatMulV2: Dimensions must be equal, but are 2 and 1",
  );
  assertEquals(take(tf.tidy(() => tf.grad((x) => tf.sum(tf.square(x)))(x))), [2, 4]);
  tf.dispose([x, flat]);
});

test("compile() names a tensor that was kept inside", () => {
  const kept: tf.Tensor[] = [];
  const x = vector(1, 2);
  using step = compile((x: tf.Tensor) => {
    const result = tf.keep(tf.neg(x));
    kept.push(result);
    return result;
  });
  assertEquals(take(step(x)), [-1, -2]);
  assertThrows(() => kept.at(-1)!.dataSync(), Error, "was made inside a step and kept: return it");
  assertThrows(() => tf.neg(kept[0]!), Error, "was made inside a step and kept: return it");
  tf.dispose([x, kept]);
});

test("compile() freezes nothing that a seed makes: an equal draw in every call, as eagerly", () => {
  const x = vector(0, 0);
  const step = (x: tf.Tensor) => tf.add(x, tf.randomUniform([2], 0, 1, "float32", 7));
  using compiled = compile(step);
  assertEquals(take(compiled(x)), take(tf.tidy(() => step(x))));
  x.dispose();
});

test("compile().async() lets timers tick and gives the same bits", async () => {
  const size = 700;
  const x = tf.randomNormal([size, size], 0, 0.05, "float32", 3) as tf.Tensor2D;
  const step = (x: tf.Tensor) => {
    let y = x as tf.Tensor2D;
    for (let i = 0; i < 12; i++) y = tf.tanh(tf.matMul(y, x as tf.Tensor2D));
    return tf.sum(y, 0);
  };
  using compiled = compile(step);
  const first = take(compiled(x));
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const later = take(await compiled.async(x));
  clearInterval(timer);
  assertEquals(later, first);
  assert(ticks >= 2, `the timer ticked ${ticks} times`);
  x.dispose();
});

test("compile().async() rejects with TensorFlow's error", async () => {
  using compiled = compile((x: tf.Tensor, ids: tf.Tensor) => tf.gather(x, ids as tf.Tensor1D));
  const [x, good, bad] = [vector(1, 2), tf.tensor1d([1], "int32"), tf.tensor1d([5], "int32")];
  assertEquals(take(await compiled.async(x, good)), [2]);
  const error = await assertRejects(
    () => compiled.async(x, bad),
    TensorFlowError,
    "indices[0] = 5 is not in [0, 2)",
  );
  assertEquals(error.code, "INVALID_ARGUMENT");
  assertThrows(() => compiled(x, bad), TensorFlowError, "is not in [0, 2)");
  assertEquals(take(compiled(x, good)), [2], "and goes on afterwards");
  tf.dispose([x, good, bad]);
});

test("200 calls of a compiled step leave the counts flat", async () => {
  const [weight, x] = [vector(0, 0), vector(1, 2)];
  for (const mode of MODES) {
    using step = compile((x: tf.Tensor) => {
      assign(weight, tf.add(weight, x));
      return { sum: tf.sum(weight) };
    }, mode);
    step(x).sum!.dispose();
    const before = engine.memory();
    for (let i = 0; i < 200; i++) (i % 2 ? step(x) : await step.async(x)).sum!.dispose();
    assertEquals(engine.memory(), before);
  }
  assertEquals(Array.from(weight.dataSync()), [402, 804]);
  tf.dispose([weight, x]);
});

test("a compiled step that was disposed captures anew, and may be disposed twice", () => {
  const x = vector(1, 2);
  const step = compile((x: tf.Tensor) => tf.neg(x));
  step(x).dispose();
  step[Symbol.dispose]();
  assertEquals(step.captures, 0);
  assertEquals(take(step(x)), [-1, -2]);
  step[Symbol.dispose]();
  step[Symbol.dispose]();
  x.dispose();
});

test("compile() gives functions names of their own, so that steps of one name stay apart", () => {
  const x = vector(1, 2);
  using plus = compile((x: tf.Tensor) => tf.add(x, 1), { name: "same" });
  using minus = compile((x: tf.Tensor) => tf.sub(x, 1), { name: "same" });
  assertNotEquals(take(plus(x)), take(minus(x)));
  x.dispose();
});
