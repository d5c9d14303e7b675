import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { ACTIVATIONS } from "../../lib/models/activations.ts";
import {
  attend,
  cacheBias,
  causalBias,
  layerNorm,
  mergeHeads,
  splitHeads,
} from "../../lib/models/attention.ts";
import { assertTensorClose, createNormal, randomPlain } from "../tensors.ts";
import * as plain from "./plain_operations.ts";
import type { Plain } from "./plain_operations.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

interface Case {
  /** Shapes of the float32 inputs. */
  shapes: number[][];
  run: (...inputs: tf.Tensor[]) => tf.Tensor;
  expected: (...inputs: Plain[]) => Plain;
  /** False where it has none (whole numbers) or tfjs has none. */
  gradient?: false;
}

const ROWS: Plain = { shape: [2, 3], values: [4, 0, 2, 2, 2, 1] };
const rows = () => tf.tensor2d([4, 0, 2, 2, 2, 1], [2, 3], "int32");
const mean = (row: readonly number[]) => plain.sum(row) / row.length;
const plainGelu = (x: number) => 0.5 * x * (1 + plain.erf(x * Math.SQRT1_2));
const plainGeluNew = (x: number) =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

function elementwise(run: (x: tf.Tensor) => tf.Tensor, expected: (x: number) => number): Case {
  return { shapes: [[4, 9]], run, expected: (x) => plain.each(x, expected) };
}

function plainLayerNorm(x: Plain, gain: Plain, bias: Plain): Plain {
  const centred = plain.zip(x, plain.reduceLast(x, mean, true), (a, b) => a - b);
  const variance = plain.reduceLast(plain.each(centred, (v) => v * v), mean, true);
  const normal = plain.zip(centred, variance, (a, b) => a / Math.sqrt(b + 1e-5));
  return plain.zip(plain.zip(normal, gain, (a, b) => a * b), bias, (a, b) => a + b);
}

function plainAttention(q: Plain, k: Plain, v: Plain): Plain {
  const scores = plain.each(plain.matMul(q, k, false, true), (score) => score * 0.3);
  const masked = plain.build(scores.shape, (index) => index[3]! > index[2]! ? -1e9 : plain.at(scores, index));
  return plain.matMul(plain.softmax(masked), v);
}

const mm = (transposeA: boolean, transposeB: boolean) => ({
  run: (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, transposeA, transposeB),
  expected: (a: Plain, b: Plain) => plain.matMul(a, b, transposeA, transposeB),
});

const CASES: Readonly<Record<string, Case>> = {
  "matMul()": { shapes: [[3, 5], [5, 4]], ...mm(false, false) },
  "matMul() with a transposed": { shapes: [[5, 3], [5, 4]], ...mm(true, false) },
  "matMul() with b transposed": { shapes: [[3, 5], [4, 5]], ...mm(false, true) },
  "matMul() with both transposed": { shapes: [[5, 3], [4, 5]], ...mm(true, true) },
  "matMul() of a row": { shapes: [[1, 5], [5, 4]], ...mm(false, false) },
  "matMul() in batches": { shapes: [[2, 2, 3, 5], [2, 2, 5, 4]], ...mm(false, false) },
  "matMul() in batches, b transposed": { shapes: [[2, 2, 3, 5], [2, 2, 4, 5]], ...mm(false, true) },
  "softmax()": {
    shapes: [[2, 3, 7]],
    run: (x) => tf.softmax(tf.mul(x, 4)),
    expected: (x) => plain.softmax(plain.each(x, (v) => 4 * v)),
  },
  "softmax() of large numbers": {
    shapes: [[2, 3]],
    run: (x) => tf.softmax(tf.add(x, 1e4)),
    expected: (x) => plain.softmax(plain.each(x, (v) => Math.fround(v + 1e4) - 1e4)),
    gradient: false,
  },
  "layerNorm()": {
    shapes: [[4, 8], [8], [8]],
    run: (x, g, b) => layerNorm(x, g, b, 1e-5),
    expected: plainLayerNorm,
  },
  "attend() under causalBias()": {
    shapes: [[2, 2, 4, 3], [2, 2, 4, 3], [2, 2, 4, 3]],
    run: (q, k, v) => attend(q, k, v, { scale: 0.3, bias: causalBias(4) }),
    expected: plainAttention,
  },
  "splitHeads()": {
    shapes: [[6, 8]],
    run: (x) => splitHeads(x, [2, 3, 4, 2]),
    expected: (x) => plain.transpose({ ...x, shape: [2, 3, 4, 2] }, [0, 2, 1, 3]),
  },
  "mergeHeads()": {
    shapes: [[2, 4, 3, 2]],
    run: mergeHeads,
    expected: (x) => ({ ...plain.transpose(x, [0, 2, 1, 3]), shape: [6, 8] }),
  },
  "gather()": { shapes: [[5, 3]], run: (x) => tf.gather(x, rows()), expected: (x) => plain.gather(x, ROWS) },
  "gather() along another axis": {
    shapes: [[3, 5]],
    run: (x) => tf.gather(x, tf.tensor1d([4, 0, 4], "int32"), 1),
    expected: (x) => plain.build([3, 3], ([i, j]) => plain.at(x, [i!, [4, 0, 4][j!]!])),
  },
  "split()": {
    shapes: [[3, 6]],
    run: (x) => tf.split(x, 3, 1)[1]!,
    expected: (x) => plain.slice(x, [0, 2], [3, 2]),
  },
  "unstack()": {
    shapes: [[3, 4]],
    run: (x) => tf.unstack(x)[2]!,
    expected: (x) => ({ shape: [4], values: x.values.slice(8) }),
  },
  "transpose()": {
    shapes: [[2, 3, 4]],
    run: (x) => tf.transpose(x, [2, 0, 1]),
    expected: (x) => plain.transpose(x, [2, 0, 1]),
  },
  "slice()": {
    shapes: [[3, 5]],
    run: (x) => tf.slice(x, [1, 2], [2, 3]),
    expected: (x) => plain.slice(x, [1, 2], [2, 3]),
  },
  "slice() of nothing": {
    shapes: [[3, 1]],
    run: (x) => tf.slice(x, [0, 1], [3, 0]),
    expected: () => ({ shape: [3, 0], values: [] }),
    gradient: false,
  },
  "pad()": {
    shapes: [[2, 3]],
    run: (x) => tf.pad(x, [[0, 1], [2, 0]]),
    expected: (x) => plain.build([3, 5], ([i, j]) => i! < 2 && j! >= 2 ? plain.at(x, [i!, j! - 2]) : 0),
  },
  "where()": {
    shapes: [[3, 4], [3, 4]],
    run: (x, y) => tf.where(tf.tensor2d([1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1], [3, 4], "bool"), x, y),
    expected: (x, y) => ({
      shape: [3, 4],
      values: [1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].map((c, i) => c ? x.values[i]! : y.values[i]!),
    }),
  },
  "where() of a scalar condition": {
    shapes: [[3, 4], [3, 4]],
    run: (x, y) => tf.where(tf.isFinite(tf.sum(x)), x, y),
    expected: (x) => x,
    gradient: false,
  },
  "sum()": {
    shapes: [[3, 4]],
    run: (x) => tf.sum(x),
    expected: (x) => ({ shape: [], values: [plain.sum(x.values)] }),
  },
  "sum() of an axis": {
    shapes: [[3, 4]],
    run: (x) => tf.sum(x, -1),
    expected: (x) => plain.reduceLast(x, plain.sum),
  },
  "mean()": {
    shapes: [[2, 3, 4]],
    run: (x) => tf.mean(x, -1, true),
    expected: (x) => plain.reduceLast(x, mean, true),
  },
  "argMax()": {
    shapes: [[5, 9]],
    run: (x) => tf.cast(tf.argMax(x, -1), "float32"),
    expected: (x) => plain.reduceLast(x, (row) => row.indexOf(Math.max(...row))),
    gradient: false,
  },
  "add() broadcast": {
    shapes: [[3, 4], [4]],
    run: tf.add,
    expected: (a, b) => plain.zip(a, b, (x, y) => x + y),
  },
  "mul() broadcast": {
    shapes: [[3, 1], [3, 4]],
    run: tf.mul,
    expected: (a, b) => plain.zip(a, b, (x, y) => x * y),
  },
  "addN()": {
    shapes: [[3], [3]],
    run: (a, b) => tf.addN([a, b, a]),
    expected: (a, b) => plain.zip(a, b, (x, y) => 2 * x + y),
    gradient: false,
  },
  "concat()": {
    shapes: [[2, 3], [1, 3]],
    run: (a, b) => tf.concat([a, b]),
    expected: (a, b) => ({ shape: [3, 3], values: [...a.values, ...b.values] }),
  },
  "rsqrt() of squares": elementwise(
    (x) => tf.rsqrt(tf.add(tf.square(x), 0.5)),
    (v) => 1 / Math.sqrt(v * v + 0.5),
  ),
  "tanh()": elementwise(tf.tanh, Math.tanh),
  "erf()": elementwise((x) => tf.erf(tf.mul(x, 2)), (v) => plain.erf(2 * v)),
  "exp()": elementwise(tf.exp, Math.exp),
  gelu: elementwise(ACTIVATIONS.gelu, plainGelu),
  gelu_new: elementwise(ACTIVATIONS.gelu_new, plainGeluNew),
  gelu_fast: elementwise(ACTIVATIONS.gelu_fast, plainGeluNew),
  gelu_pytorch_tanh: elementwise(ACTIVATIONS.gelu_pytorch_tanh, plainGeluNew),
  relu: elementwise(ACTIVATIONS.relu, (v) => Math.max(v, 0)),
  silu: elementwise(ACTIVATIONS.silu, (v) => v * sigmoid(v)),
  swish: elementwise(ACTIVATIONS.swish, (v) => v * sigmoid(v)),
};

for (const [name, { shapes, run, expected, gradient }] of Object.entries(CASES)) {
  Deno.test(`${name} is that of double precision, eager, captured and by XLA`, () => {
    const before = engine.memory();
    const normal = createNormal(name.length);
    for (let draw = 0; draw < 2; draw++) {
      const inputs = shapes.map((shape) => randomPlain(shape, normal));
      const doubles = inputs.map(({ shape, values }) => ({ shape, values: Array.from(values) }));
      const tensors = inputs.map(({ shape, values }) => tf.tensor(values, [...shape]));
      const wanted = expected(...doubles);
      inEveryMode(run, tensors, (actual) => assertTensorClose(actual, wanted, { atol: 5e-6, rtol: 5e-6 }));
      if (gradient !== false) {
        checkGradients({ run, expected }, doubles, tensors, randomPlain(wanted.shape, normal));
      }
      tf.dispose(tensors);
    }
    assertEquals(engine.memory(), before);
  });
}

function inEveryMode(
  run: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  check: (result: tf.Tensor) => void,
): void {
  const eager = tf.tidy(() => run(...inputs));
  check(eager);
  for (const xla of [false, true]) {
    using compiled = compile(run, { xla });
    const result = compiled(...inputs);
    check(result);
    result.dispose();
  }
  eager.dispose();
}

/** Gradients of the sum of the results, each times a random weight, against finite differences of the plain code. */
function checkGradients(
  { run, expected }: Pick<Case, "run" | "expected">,
  doubles: readonly Plain[],
  tensors: tf.Tensor[],
  weights: { shape: readonly number[]; values: Float32Array },
): void {
  const scalar = (inputs: readonly Plain[]) =>
    plain.sum(expected(...inputs).values.map((value, i) => value * weights.values[i]!));
  const weight = tf.tensor(weights.values, [...weights.shape]);
  doubles.forEach((_, which) => {
    const wanted = plain.differences(doubles, which, scalar);
    const gradient = (...inputs: tf.Tensor[]) =>
      tf.grads((...own) => tf.sum(tf.mul(run(...own as unknown as tf.Tensor[]), weight)))(inputs)[which]!;
    inEveryMode(gradient, tensors, (actual) => assertTensorClose(actual, wanted, { atol: 1e-4, rtol: 1e-4 }));
  });
  weight.dispose();
}

Deno.test("argMax() takes the first of equal numbers, eager, captured and by XLA", () => {
  const x = tf.tensor2d([[1, 3, 3, 0], [2, 2, 2, 2], [-1, -5, -1, -2]]);
  inEveryMode((x) => tf.argMax(x, -1), [x], (ids) => assertEquals(Array.from(ids.dataSync()), [1, 0, 0]));
  x.dispose();
});

Deno.test("cacheBias() hides what a row has not written yet", () => {
  const bias = tf.tidy(() => cacheBias(tf.tensor1d([0, 2], "int32"), 4));
  assertEquals(bias.shape, [2, 1, 1, 4]);
  assertEquals(Array.from(bias.dataSync(), (value) => value === 0), [
    true,
    false,
    false,
    false,
    true,
    true,
    true,
    false,
  ]);
  assert(bias.min().dataSync()[0]! < -1e8);
  bias.dispose();
});

Deno.test("attend() without any key stays finite", () => {
  const result = tf.tidy(() => {
    const x = tf.ones([1, 1, 2, 2]);
    return attend(x, x, x, { scale: 1, bias: tf.fill([2, 2], -1e9) });
  });
  for (const value of result.dataSync()) assertAlmostEquals(value, 1, 1e-6);
  result.dispose();
});
