import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign, compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { fillBfloat16Tensor, viewTensor } from "../../lib/engine/tensor_memory.ts";
import { narrow } from "../../lib/checkpoints/float_types.ts";
import { assertTensorClose } from "../tensors.ts";
import { leavingNothing, take } from "./held_tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const test = leavingNothing(engine);
const MODES = [{ xla: false }, { xla: true }] as const;
/** Half the distance of two neighbouring bfloat16 numbers, relative. */
const ROUNDING = 2 ** -8;

function random(shape: [number, number], seed: number): tf.Tensor2D {
  return tf.randomNormal(shape, 0, 1, "float32", seed);
}

/** A copy of a tensor that is kept in bfloat16. */
async function kept(tensor: tf.Tensor): Promise<tf.Tensor2D> {
  const fill = (halves: Uint16Array) =>
    narrow(
      tensor.dataSync() as Float32Array,
      "BF16",
      new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength),
    );
  return await fillBfloat16Tensor(tensor.shape, fill) as tf.Tensor2D;
}

/** A tensor of the nearest bfloat16 numbers, in float32. */
async function rounded(tensor: tf.Tensor): Promise<tf.Tensor2D> {
  const copy = await kept(tensor);
  const wide = tf.tensor(copy.dataSync(), copy.shape);
  copy.dispose();
  return wide as tf.Tensor2D;
}

test("compile() with products in bfloat16 rounds what goes into products, and nothing else", async () => {
  const [x, y] = [random([3, 40], 1), random([40, 5], 2)];
  const [roundX, roundY] = [await rounded(x), await rounded(y)];
  const wanted = tf.tidy(() => tf.matMul(roundX, roundY));
  for (const mode of MODES) {
    using step = compile((x: tf.Tensor, y: tf.Tensor) => ({
      product: tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D),
      transposed: tf.matMul(y as tf.Tensor2D, x as tf.Tensor2D, true, true),
      sum: tf.sum(tf.add(x, 2 ** -12)),
    }), { ...mode, products: "bfloat16" });
    const { product, transposed, sum } = step(x, y);
    assertEquals(product!.dtype, "float32");
    assertTensorClose(product!, wanted, { atol: 8 * ROUNDING, rtol: ROUNDING });
    const back = tf.transpose(transposed!);
    assertTensorClose(back, wanted, { atol: 8 * ROUNDING, rtol: ROUNDING });
    const plain = tf.tidy(() => tf.sum(tf.add(x, 2 ** -12)));
    assertTensorClose(sum!, plain, { atol: 1e-4 });
    tf.dispose([product!, transposed!, sum!, back, plain]);
  }
  tf.dispose([x, y, roundX, roundY, wanted]);
});

test("compile() with products in bfloat16 rounds in gradients' products too", () => {
  const [x, w] = [random([6, 8], 1), random([8, 4], 2)];
  const loss = (w: tf.Tensor) => tf.sum(tf.square(tf.matMul(x, w as tf.Tensor2D))) as tf.Scalar;
  const gradient = (products: "float32" | "bfloat16") => {
    using step = compile((w: tf.Tensor) => tf.grad(loss)(w), { products });
    return step(w);
  };
  const [narrow, wide] = [gradient("bfloat16"), gradient("float32")];
  const largest = take(tf.tidy(() => tf.max(tf.abs(wide))))[0]!;
  assertTensorClose(narrow, wide, { atol: 4 * ROUNDING * largest });
  assertEquals(take(tf.tidy(() => tf.all(tf.equal(narrow, wide)))), [0]);
  tf.dispose([x, w, narrow, wide]);
});

test("a tensor kept in bfloat16 takes half the memory and is float32 wherever it is read", async () => {
  const x = random([3, 4], 1);
  const [narrowed, wide] = [await kept(x), await rounded(x)];
  const { symbols, binding, backend } = currentEngine();
  const native = binding.resolveTensor(backend.idOf(narrowed));
  assertEquals(symbols.TF_TensorByteSize(native), 24n);
  symbols.TF_DeleteTensor(native);
  assertEquals(narrowed.dtype, "float32");
  assertEquals(take(tf.tidy(() => tf.add(narrowed, wide))), take(tf.tidy(() => tf.mul(wide, 2))));
  const clone = tf.clone(narrowed);
  assertEquals([...clone.dataSync()], [...wide.dataSync()]);
  tf.dispose([x, clone, narrowed, wide]);
});

test("products and look-ups take tensors kept in bfloat16 as they are, eagerly, captured and by XLA", async () => {
  const [x, w] = [random([2, 16], 1), random([8, 16], 2)];
  const [narrowed, wide] = [await kept(w), await rounded(w)];
  const rows = tf.tensor1d([7, 0], "int32");
  const run = (w: tf.Tensor) => (x: tf.Tensor, rows: tf.Tensor) => [
    tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D, false, true),
    tf.gather(w, rows),
    tf.tanh(w),
  ];
  const wanted = tf.tidy(() => run(wide)(x, rows));
  const check = (found: tf.Tensor[]) => {
    assertTensorClose(found[0]!, wanted[0]!, { atol: 8 * ROUNDING, rtol: 2 * ROUNDING });
    assertTensorClose(found[1]!, wanted[1]!);
    assertTensorClose(found[2]!, wanted[2]!, { atol: 1e-6 });
    tf.dispose(found);
  };
  check(tf.tidy(() => run(narrowed)(x, rows)));
  for (const mode of MODES) {
    using step = compile(run(narrowed), mode);
    check(step(x, rows));
    check(await step.async(x, rows));
  }
  tf.dispose([x, w, narrowed, wide, rows, ...wanted]);
});

test("compile() tells arguments kept in bfloat16 from others, and gives them back", async () => {
  const x = random([2, 2], 1);
  const [narrowed, wide] = [await kept(x), await rounded(x)];
  using step = compile((x: tf.Tensor) => [x, tf.neg(x)]);
  for (const argument of [narrowed, wide]) {
    const [same, negative] = step(argument);
    assertEquals([...same!.dataSync()], [...wide.dataSync()]);
    assertEquals(take(negative!), take(tf.tidy(() => tf.neg(wide))));
    same!.dispose();
  }
  assertEquals(step.captures, 2);
  tf.dispose([x, narrowed, wide]);
});

test("a tensor kept in bfloat16 is not assigned to, and seen as a widened copy", async () => {
  const x = random([2, 2], 1);
  const narrowed = await kept(x);
  assertThrows(() => assign(narrowed, x), TypeError, "Cannot assign between bfloat16 and float32: load the");
  using view = viewTensor(narrowed);
  assertEquals([...view.values], [...narrowed.dataSync()]);
  tf.dispose([x, narrowed]);
});
