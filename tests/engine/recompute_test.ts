import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { onceThere, recomputed, recomputedChunks } from "../../lib/engine/recompute.ts";
import { assertTensorClose } from "../tensors.ts";
import { runCode } from "./run_code.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const range = (rows: number, columns: number) =>
  tf.tidy(() => tf.div(tf.reshape(tf.range(0, rows * columns), [rows, columns]), rows * columns));

/** Loss and gradients of two layers and of values by chunks, with and without what is computed again. */
function lossOf(x: tf.Tensor, weights: tf.Tensor[], labels: tf.Tensor, isRecomputed: boolean): tf.Tensor {
  const again: typeof recomputed = isRecomputed
    ? recomputed
    : (f, { by, given = [] }) => f([...by], [...given]);
  let y = x;
  for (const weight of weights) {
    const layer = ([x]: tf.Tensor[]) => tf.tanh(tf.matMul(tf.tanh(x!) as tf.Tensor2D, weight as tf.Tensor2D));
    y = again(layer, { by: [y], weights: [weight] });
  }
  const value = (part: tf.Tensor, [label]: tf.Tensor[]) =>
    tf.mul(
      tf.sum(tf.square(tf.matMul(part as tf.Tensor2D, weights[0] as tf.Tensor2D)), 1),
      tf.cast(label!, "float32"),
    );
  const chunks = isRecomputed
    ? recomputedChunks(value, y, { sizes: [2, 3, 1], given: [labels], weights: [weights[0]!] })
    : value(y, [labels]);
  return tf.sum(tf.square(chunks));
}

for (const how of ["eagerly", "captured", "by XLA"] as const) {
  Deno.test(`recomputed() has the gradients of what is kept, ${how}`, () => {
    const before = engine.memory();
    tf.tidy(() => {
      const [x, labels] = [range(6, 4), tf.tensor1d([1, 2, 3, 1, 2, 3], "int32")];
      const weights = [range(4, 4), tf.neg(range(4, 4))];
      const gradients =
        (isRecomputed: boolean) => (x: tf.Tensor, labels: tf.Tensor, ...weights: tf.Tensor[]) => {
          const run = () => lossOf(x, weights, labels, isRecomputed) as tf.Scalar;
          const { value, grads } = tf.engine().gradients(run, [x, ...weights]);
          return [value, ...grads];
        };
      const plain = gradients(false)(x, labels, ...weights);
      using step = compile(gradients(true), { xla: how === "by XLA" });
      const found = (how === "eagerly" ? gradients(true) : step)(x, labels, ...weights);
      plain.forEach((wanted, i) => assertTensorClose(found[i]!, wanted, { rtol: 1e-5, atol: 1e-5 }));
    });
    assertEquals(engine.memory(), before);
  });
}

Deno.test("recomputed() gives zeros for what a part does not use", () => {
  tf.tidy(() => {
    const unused = tf.ones([2]);
    const part = (x: tf.Tensor) =>
      recomputed(([x]) => tf.square(x!), { by: [x], weights: [unused] }) as tf.Scalar;
    const { grads } = tf.engine().gradients(() => part(tf.scalar(3)), [unused]);
    assertEquals([...grads[0]!.dataSync()], [0, 0]);
  });
});

Deno.test("onceThere() gives what it is given, whatever it waits for, whole numbers too", () => {
  tf.tidy(() => {
    const [x, y] = [tf.tensor1d([1.5, 2]), tf.tensor1d([7, 8], "int32")];
    for (const xla of [false, true]) {
      using step = compile((x: tf.Tensor, y: tf.Tensor) => onceThere([x, y], [tf.square(x)]), { xla });
      assertEquals(step(x, y).map((tensor) => [...tensor.dataSync()]), [[1.5, 2], [7, 8]]);
    }
  });
});

/** Large results are given back to the system when they are freed: else each thread's heap keeps some, by chance. */
const EXACT = { MALLOC_MMAP_THRESHOLD_: "1000000" };

/** The most that is resident, in MB, after a step of 12 layers of four results of 4 MB that computes again, and one that keeps. */
const PEAKS = `
import * as tf from "lib/npm/tfjs_core.ts";
import { compile } from "lib/engine/compile.ts";
import { openTensorFlow } from "lib/engine/engine.ts";
import { recomputed } from "lib/engine/recompute.ts";
using _engine = await openTensorFlow({ device: "cpu" });
const weight = tf.fill([128, 128], 0.01);
const layer = ([x]) => Array.from({ length: 4 }).reduce((y) => tf.tanh(tf.matMul(y, weight)), x);
const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]) / 1000;
const x = tf.ones([8192, 128]);
const peaks = [];
for (const again of [(f, { by }) => f(by), recomputed].reverse()) {
  const loss = (x) => tf.sum(Array.from({ length: 12 }).reduce((y) => again(layer, { by: [y] }), x));
  using step = compile((x) => tf.grad(loss)(x), { xla: Deno.env.get("BY_XLA") === "1" });
  step(x).dispose();
  peaks.push(peak());
}
console.log(JSON.stringify(peaks));
`;

for (const [how, env] of [["TensorFlow alone", {}], ["XLA", { BY_XLA: "1" }]] as const) {
  Deno.test(`recomputed() keeps a step's resident memory low, by ${how}`, async () => {
    const { stdout, stderr } = await runCode(PEAKS, { env: { ...env, ...EXACT } });
    assert(stdout !== "", stderr);
    const [computedAgain, kept] = JSON.parse(stdout) as [number, number];
    assert(kept - computedAgain > 100, `${computedAgain} MB, and ${kept} where all is kept`); // 12 x 4 x 4 MB, less a twelfth
  });
}

/** The most that is resident, in MB, after a step of 4 chunks and one of 32, with gradients of 16 MB each by the weight. */
const CHUNK_PEAKS = `
import * as tf from "lib/npm/tfjs_core.ts";
import { compile } from "lib/engine/compile.ts";
import { openTensorFlow } from "lib/engine/engine.ts";
import { recomputedChunks } from "lib/engine/recompute.ts";
using _engine = await openTensorFlow({ device: "cpu" });
const weight = tf.fill([64, 65536], 0.01);
const f = (rows) => tf.sum(tf.square(tf.matMul(rows, weight)), 1);
const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(Deno.readTextFileSync("/proc/self/status"))[1]) / 1000;
const peaks = [];
for (const chunks of [4, 32]) {
  const x = tf.ones([8 * chunks, 64]);
  const sizes = Array.from({ length: chunks }, () => 8);
  const loss = () => tf.sum(recomputedChunks(f, x, { sizes, weights: [weight] }));
  using step = compile(() => tf.engine().gradients(loss, [weight]).grads[0], { xla: Deno.env.get("BY_XLA") === "1" });
  step().dispose();
  peaks.push(peak());
}
console.log(JSON.stringify(peaks));
`;

for (const [how, env] of [["TensorFlow alone", {}], ["XLA", { BY_XLA: "1" }]] as const) {
  Deno.test(`recomputedChunks() holds no gradient for each chunk, by ${how}`, async () => {
    const { stdout, stderr } = await runCode(CHUNK_PEAKS, { env: { ...env, ...EXACT } });
    assert(stdout !== "", stderr);
    const [few, many] = JSON.parse(stdout) as [number, number];
    assert(many - few < 224, `${few} MB of 4 chunks, ${many} of 32`); // half of 28 x 16 MB, which all would be
  });
}
