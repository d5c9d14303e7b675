import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { ATTR, DTYPE } from "../../lib/engine/dtypes.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Graph } from "../../lib/engine/graph.ts";
import { cString, setAttribute } from "../../lib/engine/native.ts";
import { fromBytes, newTensor } from "../../lib/engine/native_tensors.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { Status, TensorFlowError } from "../../lib/engine/status.ts";
import { fillTensor } from "../../lib/engine/tensor_memory.ts";
import { leavingNothing } from "./held_tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const test = leavingNothing(engine);

/** Cuts a vector into its numbers. */
function unpack(num: number) {
  const attrs = [
    { name: "num", type: ATTR.int, value: num },
    { name: "T", type: ATTR.type, value: DTYPE.float32 },
    { name: "axis", type: ATTR.int, value: 0 },
  ];
  return { name: "Unpack", attrs };
}

test("an operation may have thousands of outputs, also on another thread", async () => {
  const length = 5000;
  const x = tf.tensor1d(Float32Array.from({ length }, (_, i) => i));
  const check = (parts: readonly tf.Tensor[]) => {
    assertEquals(parts.map((part) => part.dataSync()[0]), Array.from({ length }, (_, i) => i));
    tf.dispose(parts as tf.Tensor[]);
  };
  check(tf.unstack(x));
  check(tf.split(x, length));
  const { binding, backend } = currentEngine();
  const call = { ...unpack(length), inputs: [backend.idOf(x)], outputs: length };
  check((await binding.executeAsync(call)).map((info) => backend.wrap(info)));
  x.dispose();
});

test("a wrong number of outputs is refused with both numbers, and nothing is left", async () => {
  const { binding } = currentEngine();
  const x = binding.createTensor([3], DTYPE.float32, [1, 2, 3]);
  const call = { ...unpack(3), inputs: [x] };
  const run = (outputs: number) => () => binding.execute({ ...call, outputs });
  assertThrows(run(4), RangeError, "Cannot run Unpack for 4 outputs: it has 3");
  assertThrows(run(5000), RangeError, "Cannot run Unpack for 5000 outputs: it has 3");
  assertThrows(run(2), TensorFlowError, "Cannot run Unpack: ");
  for (const outputs of [-1, 1.5, NaN, 2 ** 20 + 1]) {
    const message = `Cannot run Unpack for ${outputs} outputs: expected 0 to 1048576`;
    assertThrows(run(outputs), RangeError, message);
    await assertRejects(() => binding.executeAsync({ ...call, outputs }), RangeError, message);
  }
  const message = "Cannot run Unpack for 4 outputs: it has 3";
  await assertRejects(() => binding.executeAsync({ ...call, outputs: 4 }), RangeError, message);
  for (const { id } of run(3)()) binding.deleteTensor(id);
  binding.deleteTensor(x);
});

test("a graph refuses wrong numbers of outputs and inputs, which TensorFlow does not check", () => {
  const { symbols } = currentEngine();
  using graph = new Graph(symbols);
  graph.addInput(1, { shape: [3], dtype: DTYPE.float32 });
  let next = 2;
  const add = (outputs: number) => graph.addOperation("Unpack", unpack(3).attrs, [1], outputs, () => next++);
  for (const outputs of [0, 2, 4, 5000]) {
    assertThrows(() => add(outputs), RangeError, `Cannot run Unpack for ${outputs} outputs: it has 3`);
  }
  assertEquals(add(3).length, 3);
  const none = () => graph.addOperation("ConcatV2", [], [], 1, () => next++);
  assertThrows(none, RangeError, "Cannot run ConcatV2 for 0 inputs: expected 1 more");
});

test("shapes that are none and bytes that do not fit are refused: TensorFlow would end the process", async () => {
  const { symbols, binding } = currentEngine();
  const cases: [number[], string][] = [
    [[2, -1], "Cannot make a tensor of shape [2, -1]: its dimensions must be whole numbers of at least 0"],
    [[1.5], "Cannot make a tensor of shape [1.5]: its dimensions must be whole numbers of at least 0"],
    [[NaN], "its dimensions must be whole numbers of at least 0"],
    [[2 ** 40, 2 ** 40], "it would take 4.8"],
    [new Array(255).fill(1), "and so on: it has 255 dimensions, at most 254 can be"],
  ];
  for (const [shape, message] of cases) {
    await assertRejects(() => fillTensor(shape, () => {}), RangeError, message);
    assertThrows(() => binding.createTensor(shape, DTYPE.float32, [1]), RangeError, message);
  }
  for (const values of [[1, 2, 3], [1]]) {
    const message = `Cannot make a tensor of shape [2] of ${4 * values.length} bytes: it takes 8`;
    assertThrows(() => binding.createTensor([2], DTYPE.float32, values), RangeError, message);
  }
  const noBytes = new Uint8Array();
  assertThrows(() => newTensor(symbols, [1], DTYPE.string, noBytes), TypeError, "data type 7: its elements");
  (await fillTensor(new Array(254).fill(1), (values) => values.set([1]))).dispose();
});

test("names, numbers and types that C cannot hold are refused", () => {
  const { symbols, binding } = currentEngine();
  assertThrows(() => cString("Add\0Sub"), TypeError, 'Cannot hand "Add\\u0000Sub" to TensorFlow as a name');
  assertThrows(
    () => fromBytes(new ArrayBuffer(8), DTYPE.float64),
    TypeError,
    "Cannot read a tensor of TensorFlow's data type 2",
  );
  const x = binding.createTensor([1], DTYPE.float32, [1]);
  for (const value of [2 ** 63, -(2 ** 63) - 2048, 0.5, NaN]) {
    const message = `Cannot set attribute "num" to ${value}: expected a whole number of 64 bits`;
    assertThrows(() => binding.execute({ ...unpack(value), inputs: [x], outputs: 1 }), RangeError, message);
  }
  binding.deleteTensor(x);
  using status = new Status(symbols);
  const attr = { name: "axes", type: ATTR.int, value: [1, 1e30] };
  assertThrows(() => setAttribute(symbols, null, attr, "eager", status), RangeError, '"axes" to 1e+30');
});

test("settings of 64 bits arrive as they are", () => {
  const { binding } = currentEngine();
  const id = binding.createTensor([], DTYPE.int64, Int32Array.of(7, 1)); // lower and upper half
  assertEquals([...binding.tensorDataSync(id)], [2n ** 32n + 7n]);
  binding.deleteTensor(id);
});
