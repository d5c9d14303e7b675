import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Adam } from "../../lib/training/adam.ts";
import RUNS from "../fixtures/adam.json" with { type: "json" };
import { assertTensorClose } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

type Weights = Record<string, tf.Tensor>;

function tensorsOf(record: { a: number[][]; b: number[] }): Weights {
  return { a: tf.tensor(record.a), b: tf.tensor(record.b) };
}

/** Three ways of running one update. */
const MODES = {
  captured: (optimizer: Adam) =>
    compile((rates: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => optimizer.apply({ a, b }, rates)),
  XLA: (optimizer: Adam) =>
    compile((rates: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => optimizer.apply({ a, b }, rates), {
      xla: true,
    }),
  eager: (optimizer: Adam) =>
    Object.assign(
      (rates: tf.Tensor, a: tf.Tensor, b: tf.Tensor) => tf.tidy(() => optimizer.apply({ a, b }, rates)),
      { [Symbol.dispose]: () => {} },
    ),
} as const;

for (const [mode, build] of Object.entries(MODES)) {
  Deno.test(`Adam.apply() updates as torch.optim.Adam does (${mode})`, () => {
    const before = engine.memory();
    for (const { betas, epsilon, maxNorm, start, updates } of RUNS) {
      const weights = tensorsOf(start);
      const options = { betas: betas as [number, number], epsilon, ...(maxNorm === null ? {} : { maxNorm }) };
      using optimizer = new Adam(weights, options);
      using step = build(optimizer);
      for (const { rate, gradients, norm, weights: expected } of updates) {
        const { a, b } = tensorsOf(gradients) as { a: tf.Tensor; b: tf.Tensor };
        const rates = optimizer.nextRates(rate);
        const found = step(rates, a, b);
        const wanted = tensorsOf(expected);
        assertAlmostEquals(found.dataSync()[0]!, norm, 1e-5 * norm);
        for (const name of ["a", "b"]) {
          assertTensorClose(weights[name]!, wanted[name]!, { atol: 1e-6, rtol: 1e-6 });
        }
        tf.dispose([a, b, rates, found, wanted]);
      }
      assertEquals(optimizer.steps, updates.length);
      tf.dispose(weights);
    }
    assertEquals(engine.memory(), before);
  });
}

Deno.test("Adam.apply() changes nothing where a gradient is not finite", () => {
  for (const bad of [NaN, Infinity, -Infinity, 1e30]) {
    const weights = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([3]) };
    using optimizer = new Adam(weights, { betas: [0.9, 0.98], maxNorm: 1 });
    using step = MODES.captured(optimizer);
    const run = (values: number[]) => {
      const inputs = [optimizer.nextRates(0.1), tf.tensor1d(values), tf.tensor1d([0.5])] as const;
      const norm = step(...inputs);
      const found = norm.dataSync()[0]!;
      tf.dispose([...inputs, norm]);
      return found;
    };
    const state = () =>
      [weights, optimizer.first, optimizer.second].map((part) =>
        Object.values(part).map((x) => Array.from(x.dataSync()))
      );
    run([0.1, 0.2]);
    const before = state();
    assert(!Number.isFinite(run([0.1, bad])), "the norm says so");
    assertEquals(state(), before);
    assert(Number.isFinite(run([0.1, 0.2])));
    assert(state().flat(2).every(Number.isFinite));
    tf.dispose(weights);
  }
});

Deno.test("Adam.applyEach() updates as apply() does, in 32 and in 8 bits, and nothing where a gradient is not finite", async () => {
  const before = engine.memory();
  const waves = (size: number, scale: number) => tf.mul(tf.sin(tf.mul(tf.range(0, size), 0.37)), scale);
  const given = tf.tidy(() => [waves(5000, 3), tf.reshape(waves(6, 2), [2, 3]), waves(5000, 1)]);
  const named = (tensors: tf.Tensor[]) => ({ a: tensors[0]!, b: tensors[1]!, c: tensors[2]! });
  const run = async (in8Bits: boolean, isEach: boolean) => {
    const weights = named(given.map((x) => tf.mul(x, 1)));
    using optimizer = new Adam(weights, { betas: [0.9, 0.98], maxNorm: 1, in8Bits });
    using step = compile((rates: tf.Tensor, ...gradients: tf.Tensor[]) =>
      optimizer.apply(named(gradients), rates)
    );
    const norms: number[] = [];
    for (const scale of [1, -0.5, NaN, 0.25]) {
      const [rates, gradients] = [optimizer.nextRates(0.1), given.map((x) => tf.mul(x, scale))];
      const norm = isEach ? await optimizer.applyEach(named(gradients), rates) : step(rates, ...gradients);
      norms.push(norm.dataSync()[0]!);
      tf.dispose([rates, gradients, norm]);
    }
    const { first, second } = optimizer;
    const state = [weights, first, second].map((part) =>
      Object.entries(part).map(([name, x]) => [name, new Uint32Array(x.dataSync().buffer)])
    );
    tf.dispose(weights);
    return { norms, state };
  };
  for (const in8Bits of [false, true]) {
    const [each, all] = [await run(in8Bits, true), await run(in8Bits, false)];
    assertEquals(each, all);
    assert(Number.isNaN(each.norms[2]) && Number.isFinite(each.norms[3]));
  }
  tf.dispose(given);
  assertEquals(engine.memory(), before);
});
