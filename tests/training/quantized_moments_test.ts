import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Adam } from "../../lib/training/adam.ts";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.ts";
import { BLOCK, dequantize, quantize } from "../../lib/training/quantized_moments.ts";
import { createNormal } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Normal numbers whose blocks and places are of very different sizes. */
function numbers(size: number, isSigned: boolean): Float32Array {
  const normal = createNormal(3);
  return Float32Array.from({ length: size }, (_, i) => {
    const value = normal() * 10 ** (-3 * (i % 3)) * 1000 ** -Math.floor(i / BLOCK);
    return isSigned ? value : Math.abs(value);
  });
}

for (const isSigned of [true, false]) {
  for (const xla of [false, true]) {
    Deno.test(`quantize() is within half a step of what was stored (signed: ${isSigned}, XLA: ${xla})`, () => {
      const size = 3 * BLOCK + 100;
      const given = numbers(size, isSigned);
      using both = compile(
        (x: tf.Tensor) => dequantize(quantize(x, { isSigned }), [size], { isSigned }),
        { xla },
      );
      const x = tf.tensor1d(given);
      const found = both(x);
      const values = found.dataSync();
      const decades = isSigned ? 7 : 8;
      const top = 1 - 0.45 / 2 ** (decades - 1); // what a block's largest is stored as
      for (let block = 0; block * BLOCK < size; block++) {
        const own = given.subarray(block * BLOCK, (block + 1) * BLOCK);
        const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        own.forEach((value, i) => {
          // the share's decade, from the smallest, and half of a step there; 2 % for the scale and rounded logarithms
          const decade = Math.max(0, decades + Math.floor(Math.log10(top * Math.abs(value) / largest)));
          const half = 0.45 * 10 ** (decade - decades + 1) / 2 ** decade;
          const bound = 1.02 * Math.max(half, 0.55 * 10 ** (1 - decades)) * largest;
          const stored = values[block * BLOCK + i]!;
          assert(Math.abs(stored - value) <= bound, `${value} of ${largest} is ${stored}, bound ${bound}`);
        });
      }
      if (!isSigned) assert(values.every((value, i) => given[i] === 0 || value > 0));
      tf.dispose([x, found]);
    });
  }
}

const [SIZE, STEPS] = [5000, 30];

/** Weights after steps towards a target, whose gradients are of different sizes. */
async function descend(in8Bits: boolean, folder?: string): Promise<Float32Array> {
  const weights = { w: tf.zeros([SIZE / 50, 50]), bias: tf.zeros([3]) };
  const target = tf.tensor2d(numbers(SIZE, true), [SIZE / 50, 50]);
  let optimizer = new Adam(weights, { betas: [0.9, 0.98], in8Bits });
  const newStep = (optimizer: Adam) =>
    compile((rates: tf.Tensor) =>
      optimizer.apply({ w: tf.sub(weights.w, target), bias: tf.sub(weights.bias, 1) }, rates)
    );
  let step = newStep(optimizer);
  for (let i = 0; i < STEPS; i++) {
    if (folder !== undefined && i === STEPS / 2) { // killed and gone on with
      await writeCheckpoint(folder, { weights, optimizer });
      step[Symbol.dispose]();
      optimizer[Symbol.dispose]();
      optimizer = new Adam(weights, { betas: [0.9, 0.98], in8Bits });
      await readCheckpoint(folder, { weights, optimizer });
      step = newStep(optimizer);
    }
    const rates = optimizer.nextRates(0.01);
    tf.dispose([step(rates), rates]);
  }
  const result = Float32Array.from(weights.w.dataSync());
  step[Symbol.dispose]();
  optimizer[Symbol.dispose]();
  tf.dispose([weights, target]);
  return result;
}

Deno.test("Adam in 8 bits goes the way of Adam, and on from a checkpoint to the same bits", async () => {
  const before = engine.memory();
  const [exact, narrow] = [await descend(false), await descend(true)];
  const norm = (values: Float32Array) => Math.hypot(...values);
  const difference = norm(narrow.map((value, i) => value - exact[i]!)) / norm(exact);
  assert(difference < 0.1, `${difference}`); // 0.06: numbers of one block differ a millionfold
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await descend(true, folder), narrow);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  assertEquals(engine.memory(), before);
});

Deno.test("Adam in 8 bits keeps a quarter of a matrix' moments, and small tensors' whole", () => {
  const weights = { w: tf.zeros([64, 128]), bias: tf.zeros([7]) };
  using optimizer = new Adam(weights, { betas: [0.9, 0.98], in8Bits: true });
  const shapes = Object.fromEntries(
    Object.entries(optimizer.first).map(([name, { shape }]) => [name, shape]),
  );
  assertEquals(shapes, { w: [32, 64], "w.scales": [32], bias: [7] });
  assertAlmostEquals((32 * 64 + 32) / (64 * 128), 0.25, 0.005);
  tf.dispose(weights);
});

Deno.test("Adam in 8 bits updates a large tensor piece by piece, as if the pieces were tensors", async () => {
  const sizes = [2 ** 22, 5000]; // what is updated at once, and the rest
  const waves = (scale: number) => tf.mul(tf.sin(tf.mul(tf.range(0, sizes[0]! + sizes[1]!), 0.37)), scale);
  const pieces = (x: tf.Tensor): Record<string, tf.Tensor> =>
    Object.fromEntries(tf.split(x, sizes).entries());
  const wide = (x: tf.Tensor): Record<string, tf.Tensor> => ({ 0: tf.reshape(x, [8, -1]) });
  const found = await Promise.all([wide, pieces].map(async (cut) => {
    const [weights, gradients] = [cut(waves(1)), cut(waves(1e-3))];
    using optimizer = new Adam(weights, { betas: [0.9, 0.98], in8Bits: true });
    using step = compile((rates: tf.Tensor, given: Record<string, tf.Tensor>) =>
      optimizer.apply(given, rates)
    );
    for (let i = 0; i < 2; i++) step(optimizer.nextRates(0.1), gradients);
    const { first, second } = optimizer;
    const names = Object.keys(first).sort();
    const joined = (tensors: Record<string, tf.Tensor>, own: string[]) =>
      tf.concat(own.map((name) => tf.reshape(tensors[name]!, [-1]))).data();
    const scales = names.filter((name) => name.endsWith(".scales"));
    const codes = names.filter((name) => !name.endsWith(".scales"));
    const bits = async (x: Promise<ArrayLike<number>>) => new Uint32Array(Float32Array.from(await x).buffer);
    return {
      weights: await joined(weights, codes),
      moments: await Promise.all(
        [first, second].flatMap((all) => [joined(all, codes), joined(all, scales)]).map(bits),
      ),
    };
  }));
  assertEquals(found[0], found[1]);
});
