import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { backend } from "../../lib/engine/backend.ts";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openLibrary, withoutNoise } from "../../lib/engine/library.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { TensorFlowError } from "../../lib/engine/status.ts";
import { findTensorFlow } from "../../lib/setup.ts";

// These two come first: a library is opened once a process.
Deno.test("openTensorFlow() says which library could not be opened", async () => {
  const paths = { framework: "/nowhere/libtensorflow_framework.so.2", cc: "/nowhere/libtensorflow_cc.so.2" };
  const message = 'Cannot open TensorFlow with "/nowhere/libtensorflow_cc.so.2": ';
  const error = await assertRejects(() => openTensorFlow({ device: "cpu", paths }), Error, message);
  assert(error.cause instanceof Error);
});

Deno.test("openLibrary() refuses a library that is not TensorFlow", () => {
  const paths = { framework: findTensorFlow().framework, cc: "libm.so.6" };
  assertThrows(() => openLibrary(paths), Error, 'Cannot open TensorFlow with "libm.so.6": ');
});

Deno.test("nothing runs before openTensorFlow()", () => {
  const message = "Cannot run on TensorFlow: it is not open: call openTensorFlow() first";
  assertThrows(() => currentEngine(), Error, message);
  assertThrows(() => compile(() => [])(), Error, message);
  assertThrows(() => backend(), Error);
});

Deno.test("openTensorFlow() refuses numbers of threads that are none", async () => {
  for (const threads of [0, -1, 1.5, NaN]) {
    const message = `Cannot open TensorFlow with ${threads} threads: expected a whole number of at least 1`;
    await assertRejects(() => openTensorFlow({ threads }), RangeError, message);
  }
});

Deno.test("openTensorFlow() on a GPU works or names the devices there are", async () => {
  using best = await openTensorFlow();
  const { device, devices } = best;
  best[Symbol.dispose]();
  if (device === "gpu") assert(devices.some(({ type }) => type === "GPU"));
  else {await assertRejects(
      () => openTensorFlow({ device: "gpu" }),
      Error,
      `on a GPU: it sees ${devices[0]!.name}`,
    );}
});

Deno.test("openTensorFlow() tells version, device and threads, and nothing is held at first", async () => {
  using engine = await openTensorFlow({ device: "cpu", threads: 1 });
  assertMatch(engine.version, /^2\.\d+\.\d+/);
  assertEquals([engine.device, engine.threads, engine.devices[0]!.type], ["cpu", 1, "CPU"]);
  assertEquals(engine.memory(), { tensors: 0, handles: 0 });
  const x = tf.tensor1d([1, 2]);
  const y = tf.neg(x);
  assertEquals(engine.memory(), { tensors: 2, handles: 2 });
  tf.dispose([x, y]);
  assertEquals(engine.memory(), { tensors: 0, handles: 0 });
});

Deno.test("openTensorFlow() gives one engine until everyone has closed it", async () => {
  const [first, second] = await Promise.all([
    openTensorFlow({ device: "cpu" }),
    openTensorFlow({ device: "cpu" }),
  ]);
  assert(first === second);
  first[Symbol.dispose]();
  assertEquals(tf.tidy(() => tf.add(1, 2).dataSync()[0]), 3);
  second[Symbol.dispose]();
  assertThrows(() => currentEngine(), Error, "it is not open");
  second[Symbol.dispose](); // once too often: nothing happens
  using third = await openTensorFlow({ device: "cpu" });
  assert(third !== first);
  first[Symbol.dispose](); // an old one: the new one stays open
  assertEquals(tf.tidy(() => tf.gather(tf.tensor1d([5, 6]), tf.tensor1d([1], "int32")).dataSync()[0]), 6);
});

Deno.test("a compiled step is captured anew in a new engine, and may be disposed in none", async () => {
  const step = compile((x: tf.Tensor) => tf.mul(x, 2));
  for (let i = 0; i < 2; i++) {
    using _engine = await openTensorFlow({ device: "cpu" });
    tf.tidy(() => assertEquals(Array.from(step(tf.tensor1d([3])).dataSync()), [6]));
  }
  step[Symbol.dispose]();
  assertEquals(step.captures, 0);
});

Deno.test("closing TensorFlow while a step runs waits for it, and the step says so", async () => {
  const engine = await openTensorFlow({ device: "cpu" });
  const step = compile((x: tf.Tensor) =>
    tf.matMul(x as tf.Tensor2D, tf.tanh(tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D)))
  );
  const x = tf.ones([600, 600]);
  step(x).dispose();
  const running = step.async(x);
  engine[Symbol.dispose]();
  await assertRejects(() => running, Error, "TensorFlow was closed meanwhile");
  x.dispose();
});

Deno.test("a failing operation throws a TensorFlowError with operation and code, and the next one runs", async () => {
  using engine = await openTensorFlow({ device: "cpu" });
  const before = engine.memory();
  const [x, rows] = [tf.zeros([3, 2]), tf.tensor1d([7], "int32")];
  const error = assertThrows(() => tf.gather(x, rows), TensorFlowError, "Cannot run GatherV2: ");
  assertEquals([error.op, error.code, error.name], ["GatherV2", "INVALID_ARGUMENT", "TensorFlowError"]);
  assert(error.message.endsWith("(INVALID_ARGUMENT)"), error.message);
  const one = tf.tensor1d([1], "int32");
  assertEquals(tf.tidy(() => tf.gather(x, one).shape), [1, 2]);
  tf.dispose([x, rows, one]);
  assertEquals(engine.memory(), before);
});

Deno.test("a tensor that was disposed is named by its shape", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  const x = tf.zeros([3, 2]);
  x.dispose();
  using step = compile((x: tf.Tensor) => tf.neg(x));
  assertThrows(() => step(x), Error, "Cannot use a tensor of shape [3,2]: it was disposed");
});

Deno.test("values of every type come back as they went in", async () => {
  using engine = await openTensorFlow({ device: "cpu" });
  const cases: [number[], "float32" | "int32" | "bool"][] = [
    [[0.5, -0, 3.4028234663852886e38, 1e-45, Infinity, NaN], "float32"],
    [[2147483647, -2147483648, 0], "int32"],
    [[1, 0, 1], "bool"],
    [[], "float32"],
  ];
  for (const [values, dtype] of cases) {
    const x = tf.tensor1d(values, dtype);
    const back = tf.tidy(() => tf.concat([x, x]).slice(0, values.length));
    const expected = Array.from(dtype === "float32" ? Float32Array.from(values) : values);
    assertEquals(Array.from(back.dataSync()), expected);
    tf.dispose([x, back]);
  }
  const text = tf.tensor1d(["a"], "string");
  assertThrows(
    () => tf.tidy(() => tf.unique(text).values),
    TypeError,
    "Cannot upload values as TensorFlow's data type 7",
  );
  text.dispose();
  assertEquals(engine.memory(), { tensors: 0, handles: 0 });
});

Deno.test("1,000 eager operations leave the counts flat", async () => {
  using engine = await openTensorFlow({ device: "cpu" });
  const x = tf.tensor1d([1, 2, 3]);
  tf.tidy(() => tf.sum(tf.mul(x, x)).dataSync());
  const before = engine.memory();
  for (let i = 0; i < 500; i++) tf.tidy(() => tf.sum(tf.mul(x, x)).dataSync());
  assertEquals(engine.memory(), before);
  x.dispose();
});

Deno.test("withoutNoise() hides TensorFlow's notes only, whatever happens inside", async () => {
  const code = `import { withoutNoise } from "${new URL("../../lib/engine/library.ts", import.meta.url)}";
    const write = (text) => Deno.stderr.writeSync(new TextEncoder().encode(text + "\\n"));
    withoutNoise(() => write("WARNING: All log messages before absl::InitializeLog() is called"));
    withoutNoise(() => write("I tensorflow oneDNN custom operations are on."));
    withoutNoise(() => write("a real error"));
    try { withoutNoise(() => { write("before the throw"); throw 1; }); } catch { write("thrown"); }
    write("after");`;
  const { stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", code],
    cwd: new URL("../..", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  assert(success);
  assertEquals(new TextDecoder().decode(stderr), "a real error\nbefore the throw\nthrown\nafter\n");
  assertEquals(withoutNoise(() => 42), 42);
});

Deno.test("a program that used TensorFlow ends with its own exit code", async () => {
  const root = new URL("../..", import.meta.url);
  const code = `import { openTensorFlow } from "${new URL("lib/engine/engine.ts", root)}";
    import * as tf from "@tensorflow/tfjs-core";
    const engine = await openTensorFlow({ device: "cpu" });
    tf.add(1, 2).dataSync();
    if (Deno.args[0]) engine[Symbol.dispose]();
    console.log("done");`;
  for (const args of [[], ["close"]]) {
    const { code: exit, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", code, ...args],
      cwd: root,
    }).output();
    assertEquals([exit, new TextDecoder().decode(stdout)], [0, "done\n"]);
  }
});
