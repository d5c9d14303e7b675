import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { backend } from "../../lib/engine/backend.ts";
import { compile } from "../../lib/engine/compile.ts";
import { type EngineOptions, openTensorFlow } from "../../lib/engine/engine.ts";
import { openLibrary } from "../../lib/engine/library.ts";
import { sessionConfig } from "../../lib/engine/session_config.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { TensorFlowError } from "../../lib/engine/status.ts";
import { findTensorFlow } from "../../lib/setup/set_up.ts";
import { runCode } from "./run_code.ts";

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
  for (const threads of [0, -1, 1.5, NaN, 1025, 1e9]) {
    const message = `Cannot open TensorFlow with ${threads} threads: expected a whole number from 1 to 1024`;
    await assertRejects(() => openTensorFlow({ threads }), RangeError, message);
  }
});

Deno.test("openTensorFlow() on a GPU works or says why not in one line", async () => {
  using best = await openTensorFlow();
  const { device, devices } = best;
  best[Symbol.dispose]();
  if (device === "gpu") return assert(devices.some(({ type }) => type === "GPU"));
  const error = await assertRejects(() => openTensorFlow({ device: "gpu" }), Error);
  assertMatch(error.message, /^Cannot open TensorFlow on a GPU: [^\n]+: [^\n]+$/);
});

Deno.test("what its devices were opened by is kept, for a server of the same process", async () => {
  const threads = navigator.hardwareConcurrency;
  using _engine = await openTensorFlow({ device: "cpu", threads, count: 2 });
  assertEquals(currentEngine().config, sessionConfig({ threads, cpuOnly: true, cpus: 2 }));
});

Deno.test("openTensorFlow() tells version, device and threads, and nothing is held at first", async () => {
  const threads = navigator.hardwareConcurrency;
  using engine = await openTensorFlow({ device: "cpu", threads });
  assertMatch(engine.version, /^2\.\d+\.\d+/);
  assertEquals([engine.device, engine.threads, engine.devices[0]!.type], ["cpu", threads, "CPU"]);
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

Deno.test("openTensorFlow() shares what is open with who asks for that or for nothing, and refuses others", async () => {
  const paths = findTensorFlow();
  using first = await openTensorFlow({ device: "cpu" });
  const { threads } = first;
  for (const options of [{}, { device: "auto" }, { device: "cpu", threads, paths }] as const) {
    using same = await openTensorFlow(options);
    assert(same === first);
  }
  const elsewhere = { ...paths, cc: "/nowhere/libtensorflow_cc.so.2" };
  const cases: [EngineOptions, string][] = [
    [{ device: "gpu" }, 'Cannot open TensorFlow on "gpu": it is open on "cpu": close it first'],
    [
      { threads: threads + 1 },
      `Cannot open TensorFlow with ${threads + 1} threads: it was opened with ${threads}`,
    ],
    [{ paths: elsewhere }, `Cannot open TensorFlow with "${elsewhere.cc}": "${paths.cc}" is loaded`],
  ];
  for (const [options, message] of cases) await assertRejects(() => openTensorFlow(options), Error, message);
  first[Symbol.dispose](); // refused calls do not keep it open
  assertThrows(() => currentEngine(), Error, "it is not open");
  for (const [options, message] of cases.slice(1)) { // the process keeps threads and libraries
    await assertRejects(() => openTensorFlow(options), Error, message);
  }
});

Deno.test("openTensorFlow() answers two calls at once each for itself", async () => {
  const [gpu, cpu] = await Promise.allSettled([
    openTensorFlow({ device: "gpu" }),
    openTensorFlow({ device: "cpu" }),
  ]);
  assertEquals([gpu.status, cpu.status].sort(), ["fulfilled", "rejected"]);
  for (const outcome of [gpu, cpu]) if (outcome.status === "fulfilled") outcome.value[Symbol.dispose]();
});

Deno.test("openTensorFlow() runs with as many threads as it says, also more than 127", async () => {
  const { code, stdout, stderr } = await runCode(`import { openTensorFlow } from "lib/engine/engine.ts";
    const engine = await openTensorFlow({ device: "cpu", threads: 200 });
    const count = [...Deno.readDirSync("/proc/self/task")].length;
    engine[Symbol.dispose]();
    const again = await openTensorFlow();
    console.log(engine.threads, count >= 200 && count < 300, again.threads);`);
  assertEquals([code, stdout, stderr], [0, "200 true 200\n", ""]);
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

Deno.test("a program that used TensorFlow ends with its own exit code", async () => {
  for (const close of ["", "engine[Symbol.dispose]();"]) {
    const { code, stdout } = await runCode(`import { openTensorFlow } from "lib/engine/engine.ts";
      import * as tf from "@tensorflow/tfjs-core";
      const engine = await openTensorFlow({ device: "cpu" });
      tf.add(1, 2).dataSync();
      ${close}
      console.log("done");`);
    assertEquals([code, stdout], [0, "done\n"]);
  }
});

Deno.test("openTensorFlow() has a process of limited memory give back what is freed, and knows the limit", async () => {
  const { stdout, stderr } = await runCode(`import * as tf from "@tensorflow/tfjs-core";
    import { openTensorFlow } from "lib/engine/engine.ts";
    import { memoryBudget } from "lib/engine/memory_budget.ts";
    using _engine = await openTensorFlow({ device: "cpu", memory: 2e9 });
    const before = Deno.memoryUsage().rss;
    tf.tidy(() => void tf.sum(tf.square(tf.fill([4e7], 1.5))).dataSync()); // 320 MB, which else stay
    console.log(JSON.stringify([memoryBudget(), Deno.memoryUsage().rss - before < 100e6]));`);
  assertEquals(stdout.trim(), JSON.stringify([{ device: "cpu", bytes: 2e9 }, true]), stderr);
});
