import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import type { TensorTree } from "../../lib/engine/tensor_tree.ts";
import { assign, compile } from "../../lib/engine/compile.ts";
import { CaptureError } from "../../lib/engine/capture_error.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { leavingNothing, take, vector } from "./held_tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const test = leavingNothing(engine);

/** The error of compiling and running a step with [1, 2] and [3, 4]; the counts are checked by `test`. */
function refusal(step: (x: tf.Tensor, y: tf.Tensor) => TensorTree): Error {
  const [x, y] = [vector(1, 2), vector(3, 4)];
  assertEquals(take(tf.tidy(() => tf.add(x, y))), [4, 6]); // uploads them
  const before = engine.memory();
  using compiled = compile(step);
  const error = assertThrows(() => compiled(x, y), CaptureError, "Cannot compile the step: ");
  assertEquals(compiled.captures, 0);
  assertEquals(engine.memory(), before, "a failed capture left something");
  assertEquals(take(tf.tidy(() => tf.add(x, y))), [4, 6], "eager execution must go on");
  assertEquals(Array.from(x.dataSync()), [1, 2]);
  tf.dispose([x, y]);
  return error;
}

const REFUSED: readonly [string, (x: tf.Tensor, y: tf.Tensor) => TensorTree, string][] = [
  ["dataSync() of an argument", (x) => tf.mul(x, x.dataSync()[0]!), "it reads a tensor's value"],
  ["dataSync() of a result", (x) => tf.mul(x, tf.sum(x).dataSync()[0]!), "it reads a tensor's value"],
  ["print()", (x) => (x.print(), x), "it reads a tensor's value"],
  ["data() in an async step", (async (x: tf.Tensor) => (await x.data(), x)) as never, "it returns a Promise"],
  [
    "booleanMaskAsync()",
    ((x: tf.Tensor) => tf.booleanMaskAsync(x, tf.greater(x, 1))) as never,
    "it returns a Promise",
  ],
  ["returning a number", ((_: tf.Tensor) => 3) as never, "it returns a number"],
  ["returning nothing", (() => {}) as never, "it returns undefined"],
  ["returning a list with a number", ((x: tf.Tensor) => [x, 3]) as never, "it returns a number"],
  ["randomNormal()", (x) => tf.add(x, tf.randomNormal([2])), "two captures differ in constant"],
  ["randomUniform()", (x) => tf.add(x, tf.randomUniform([2])), "two captures differ in constant"],
  ["dropout()", (x) => tf.dropout(x, 0.5), "two captures differ in constant"],
  ["multinomial()", (x) => tf.multinomial(x as tf.Tensor1D, 3), "it draws random numbers"],
  ["Math.random() as a factor", (x) => tf.mul(x, Math.random()), "two captures differ in constant"],
  ["Date.now() as an attribute", (x) => tf.concat(Array(1 + counter++ % 2).fill(x)), "two captures differ"],
  ["unique()", (x) => tf.unique(x).values, "the shape of Unique"],
  [
    "tf.Variable.assign()",
    (x) => (VARIABLE.assign(tf.add(VARIABLE, x)), x),
    "it disposes or assigns a tensor",
  ],
  ["disposing an argument", (x) => (x.dispose(), tf.scalar(1)), "it disposes or assigns a tensor"],
  ["disposing an outside tensor", (x) => (OUTSIDE.dispose(), x), "it disposes or assigns a tensor"],
  [
    "disposing an outside tensor that shares its data",
    (x) => (SHARED.dispose(), x),
    "it disposes or assigns a tensor",
  ],
  [
    "disposing it in a tidy",
    (x) => tf.tidy(() => (tf.clone(OUTSIDE), OUTSIDE.dispose(), x)),
    "it disposes or assigns",
  ],
  ["another compiled step", (x) => INNER(x), "it starts another compiled step"],
  ["another one that has been captured", (x) => CAPTURED(x), "it starts another compiled step"],
  ["another one asynchronously", ((x: tf.Tensor) => CAPTURED.async(x)) as never, "it returns a Promise"],
  [
    "assigning to a tensor that it made",
    (x) => (assign(tf.zerosLike(x), x), x),
    "it assigns to a tensor that it made",
  ],
  [
    "other outside tensors each time",
    (x) => tf.add(x, counter++ % 2 ? OUTSIDE : SHARED),
    "two captures differ in",
  ],
  [
    "other operands each time",
    (x, y) => counter++ % 2 ? tf.sub(x, y) : tf.sub(y, x),
    "two captures differ in Sub",
  ],
  [
    "other results each time",
    (x, y) => counter++ % 2 ? [x, y] : [y, x],
    "two captures differ in its results",
  ],
  [
    "other assignments each time",
    (x, y) => (assign(OUTSIDE, counter++ % 2 ? x : y), x),
    "two captures differ in",
  ],
];
let counter = 0;
const VARIABLE = tf.variable(tf.tensor1d([1, 2]));
const OUTSIDE = tf.tensor1d([1, 2]);
const SHARED = tf.tensor1d([5, 6]);
const _clone = tf.clone(SHARED);
const INNER = compile((x: tf.Tensor) => tf.neg(x));
const CAPTURED = compile((x: tf.Tensor) => tf.neg(x));
{
  const x = tf.tensor1d([1, 2]);
  CAPTURED(x).dispose();
  x.dispose();
  tf.dispose(tf.tidy(() => [VARIABLE, OUTSIDE, SHARED].map((tensor) => tf.neg(tensor)))); // uploads them
}

for (const [name, step, expected] of REFUSED) {
  test(`compile() refuses ${name}`, () => {
    const { message } = refusal(step);
    assert(message.includes(expected), message);
    assertEquals(take(tf.tidy(() => tf.add(VARIABLE, tf.add(OUTSIDE, SHARED)))).length, 2);
  });
}
