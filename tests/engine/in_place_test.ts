import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { backend } from "../../lib/engine/backend.ts";
import { assign, compile, outsideXla, snapshot } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { Adam } from "../../lib/training/adam.ts";
import { createNormal } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const MODES = [{ xla: false }, { xla: true }];

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => void | Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

/** Where a tensor's numbers lie. */
function addressOf(tensor: tf.Tensor): bigint {
  const { symbols, binding } = currentEngine();
  const native = binding.resolveTensor(backend().idOf(tensor));
  const address = Deno.UnsafePointer.value(symbols.TF_TensorData(native));
  symbols.TF_DeleteTensor(native);
  return address;
}

function bytesOf(tensor: tf.Tensor): number[] {
  return Array.from(new Uint8Array(tensor.dataSync().slice().buffer));
}

/** Weights of some kilobytes: TensorFlow keeps small ones elsewhere. */
function newWeights(): Record<"a" | "b", tf.Tensor> {
  const normal = createNormal(3);
  const tensor = (rows: number) =>
    tf.tensor(Float32Array.from({ length: rows * 64 }, () => normal()), [rows, 64]);
  return { a: tensor(32), b: tensor(16) };
}

test("a step by XLA updates weights and moments where they lie", () => {
  const weights = newWeights();
  {
    using optimizer = new Adam(weights, { betas: [0.9, 0.98], maxNorm: 1 });
    const state = () => [weights, optimizer.first, optimizer.second].flatMap((part) => Object.values(part));
    using step = compile((rates: tf.Tensor) => {
      const gradients = { a: tf.mul(weights.a, 0.1), b: tf.tanh(weights.b) };
      return optimizer.apply(gradients, rates);
    }, { xla: true });
    const before = state().map(addressOf);
    const numbers = state().map(bytesOf);
    for (let i = 0; i < 3; i++) {
      const rates = optimizer.nextRates(0.1);
      tf.dispose([step(rates), rates]);
      assertEquals(state().map(addressOf), before, `step ${i}`);
    }
    state().forEach((tensor, i) => assertNotEquals(bytesOf(tensor), numbers[i]));
  }
  tf.dispose(weights);
});

test("what shares a weight's memory keeps its numbers when a step updates the weight", async () => {
  for (const mode of MODES) {
    const { a, b } = newWeights();
    using step = compile((x: tf.Tensor) => {
      assign(a, tf.add(a, x));
      return tf.sum(a);
    }, mode);
    const start = bytesOf(a);
    const one = tf.scalar(1);
    const kept = snapshot(a);
    step(one).dispose();
    assertEquals(bytesOf(kept), start);
    const after = bytesOf(a);
    assertNotEquals(after, start);
    const later = snapshot(a);
    const [running, eager] = [step.async(one), tf.tidy(() => tf.keep(tf.mul(later, 1)))];
    (await running).dispose();
    assertEquals([bytesOf(kept), bytesOf(later), bytesOf(eager)], [start, after, after]);
    assign(a, kept); // and it may be assigned to from outside between steps
    step(one).dispose();
    assertEquals([bytesOf(a), bytesOf(kept)], [after, start]);
    tf.dispose([a, b, kept, later, eager, one]);
  }
});

test("a step reads what was there before the call, whatever it assigns first, in each mode the same", () => {
  const results = [...MODES, null].map((mode) => {
    const { a, b } = newWeights();
    const first = tf.slice(b, [0, 0], [1, 64]);
    const run = (x: tf.Tensor) => {
      const old = mode ? a : tf.mul(a, 1); // eagerly an assignment is there at once
      assign(a, tf.add(old, x));
      const used = tf.sum(tf.mul(old, old)); // after the assignment: of the old numbers
      assign(b, tf.add(tf.mul(b, used), tf.mean(old)));
      assign(first, x);
      return used;
    };
    const row = tf.fill([1, 64], 2);
    if (mode) {
      using step = compile(run, mode);
      step(row).dispose();
    } else {
      tf.tidy(() => void run(row));
    }
    const found = [a, b, first].map((tensor) => Array.from(tensor.dataSync()));
    tf.dispose([a, b, first, row]);
    return found;
  });
  const [graph, xla, eager] = results;
  assertEquals(graph, eager);
  xla!.forEach((values, i) =>
    values.forEach((value, j) => assertEquals(value.toPrecision(4), graph![i]![j]!.toPrecision(4)))
  );
});

test("a step of stages assigns as well", () => {
  const { a, b } = newWeights();
  const wanted = tf.tidy(() => tf.add(tf.exp(a), 1));
  using step = compile(() => {
    assign(a, tf.add(outsideXla(() => tf.exp(a)), 1));
    assign(b, tf.zerosLike(b));
    return [];
  }, { xla: true });
  step();
  const [found, expected] = [a.dataSync(), wanted.dataSync()];
  found.forEach((value, i) => assertEquals(value.toPrecision(5), expected[i]!.toPrecision(5)));
  assertEquals(new Set(b.dataSync()), new Set([0]));
  tf.dispose([a, b, wanted]);
});

test("a step refuses one tensor as two arguments that it assigns to", () => {
  const { a, b } = newWeights();
  for (const mode of MODES) {
    using swap = compile((x: tf.Tensor, y: tf.Tensor) => {
      assign(x, y);
      assign(y, x);
      return [];
    }, mode);
    const message = "Cannot run a compiled step: it assigns to two arguments, and both are one tensor";
    assertThrows(() => swap(a, a), TypeError, message);
  }
  tf.dispose([a, b]);
});
