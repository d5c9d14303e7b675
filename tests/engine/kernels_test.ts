import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { sparseCrossEntropy, writeRows } from "../../lib/engine/kernels.ts";
import { appendToCache, cachePlaces, checkPositions, newCacheBuffer } from "../../lib/decoding/kv_cache.ts";
import { assertTensorClose, createNormal, randomPlain } from "../tensors.ts";
import { differences, type Plain, reduceLast, sum } from "./plain_operations.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const LABELS = [0, 6, 3, 3];

/** -log softmax(logits)[label] of each row, in double precision. */
function plainCrossEntropy(logits: Plain): Plain {
  let row = 0;
  return reduceLast(logits, (values) => {
    const top = Math.max(...values);
    return top + Math.log(sum(values.map((value) => Math.exp(value - top)))) - values[LABELS[row++]!]!;
  });
}

Deno.test("sparseCrossEntropy() is that of double precision, with its gradient, eager, captured and by XLA", () => {
  const before = engine.memory();
  for (const scale of [1, 30]) {
    const { shape, values } = randomPlain([4, 7], createNormal(scale));
    const doubles = { shape, values: Array.from(values, (value) => Math.fround(value * scale)) };
    const logits = tf.tensor2d(doubles.values, [4, 7]);
    const labels = tf.tensor1d(LABELS, "int32");
    const weights = tf.tensor1d([1, -2, 0.5, 0]);
    const loss = (x: tf.Tensor) => sparseCrossEntropy(x, labels);
    const gradient = (x: tf.Tensor) => tf.grad((x) => tf.sum(tf.mul(loss(x as tf.Tensor), weights)))(x);
    const wanted = plainCrossEntropy(doubles);
    const wantedGradient = differences([doubles], 0, ([x]) => {
      return sum(plainCrossEntropy(x!).values.map((value, row) => value * [1, -2, 0.5, 0][row]!));
    });
    const check = (x: tf.Tensor, expected: Plain, atol: number) => {
      assertTensorClose(x, expected, { atol, rtol: 1e-5 });
      x.dispose();
    };
    check(loss(logits), wanted, 1e-5);
    check(tf.tidy(() => gradient(logits)), wantedGradient, 1e-5);
    for (const xla of [false, true]) {
      using both = compile((x: tf.Tensor) => [loss(x), gradient(x)], { xla });
      const [value, slope] = both(logits) as [tf.Tensor, tf.Tensor];
      check(value, wanted, 1e-5);
      check(slope, wantedGradient, 1e-5);
    }
    tf.dispose([logits, labels, weights]);
  }
  assertEquals(engine.memory(), before);
});

Deno.test("gather() refuses row numbers out of range", () => {
  const [x, low, high] = [tf.zeros([3, 2]), tf.tensor1d([-1], "int32"), tf.tensor1d([3], "int32")];
  assertThrows(() => tf.gather(x, low), Error, "is not in [0, 3)");
  assertThrows(() => tf.gather(x, high), Error, "is not in [0, 3)");
  tf.dispose([x, low, high]);
});

Deno.test("writeRows() writes in place, eagerly and captured, and leaves the other rows", () => {
  const before = engine.memory();
  for (const captured of [false, true]) {
    const cache = tf.tensor2d([[0, 0], [1, 1], [2, 2], [3, 3]]);
    const [rows, values] = [tf.tensor1d([3, 1], "int32"), tf.tensor2d([[30, 31], [10, 11]])];
    using step = compile(writeRows);
    const written = captured ? step(cache, rows, values) : writeRows(cache, rows, values);
    const expected = [0, 0, 10, 11, 2, 2, 30, 31];
    assertEquals([Array.from(written.dataSync()), Array.from(cache.dataSync())], [expected, expected]);
    tf.dispose([cache, rows, values, written]);
  }
  assertEquals(engine.memory(), before);
});

Deno.test("appendToCache() writes each row at a position of its own, step after step", () => {
  const before = engine.memory();
  const [B, H, T, K] = [3, 2, 5, 2];
  const count = (from: number, shape: number[]) =>
    tf.tidy(() => tf.range(from, from + tf.util.sizeFromShape(shape)).reshape(shape));
  const buffer = newCacheBuffer({ rows: B, heads: H, length: T, width: K });
  const expected = Array.from({ length: B }, () => new Array<number>(H * T * K).fill(0));
  assertEquals(Array.from(buffer.dataSync()), expected.flat());
  using step = compile((buffer: tf.Tensor, positions: tf.Tensor, values: tf.Tensor) => {
    return tf.sum(appendToCache(buffer, cachePlaces(positions, { heads: H, length: T }), values));
  });
  let fill = 1000;
  for (const places of [[0, 4, 2], [1, 4, 3], [4, 0, 0]]) {
    const values = count(fill, [B, H, 1, K]);
    const positions = tf.tensor1d(places, "int32");
    const total = step(buffer, positions, values);
    for (let b = 0; b < B; b++) {
      for (let h = 0; h < H; h++) {
        for (let k = 0; k < K; k++) expected[b]![(h * T + places[b]!) * K + k] = fill++;
      }
    }
    assertEquals(Array.from(buffer.dataSync()), expected.flat());
    assertEquals(total.dataSync()[0], sum(expected.flat()), "what is read is after the write");
    tf.dispose([values, positions, total]);
  }
  buffer.dispose();
  assertEquals(engine.memory(), before);
});

Deno.test("checkPositions() names the row that lies outside", () => {
  checkPositions([0, 7], 8);
  checkPositions([], 8);
  for (const [position, text] of [[8, "8"], [-1, "-1"], [NaN, "NaN"]] as const) {
    const message = `Cannot write to a cache of 8 positions: row 1 asks for position ${text}`;
    assertThrows(() => checkPositions([0, position], 8), RangeError, message);
  }
});
