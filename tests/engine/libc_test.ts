import { assertEquals, assertStringIncludes } from "@std/assert";
import { withoutNoise } from "../../lib/engine/libc.ts";
import { runCode } from "./run_code.ts";

const NOTE = "I0000 00:00:1795771893.492518   17485 port.cc:153] oneDNN custom operations are on.";

/** A check of TensorFlow's own that fails, and ends the process. */
const FAIL_CHECK = `import { newTensor } from "lib/engine/native_tensors.ts";
  import { currentEngine } from "lib/engine/state.ts";
  import { findTensorFlow } from "lib/setup/set_up.ts";
  function failCheck() {
    const tensor = newTensor(currentEngine().symbols, [2], 4, new Uint8Array(2));
    Deno.dlopen(findTensorFlow().cc, { TF_Dim: { parameters: ["pointer", "i32"], result: "i64" } }).symbols.TF_Dim(tensor, 7);
  }`;

Deno.test("withoutNoise() hides TensorFlow's notes only, whatever happens inside", async () => {
  const { code, stdout, stderr } = await runCode(`import { withoutNoise } from "lib/engine/libc.ts";
    const write = (text) => Deno.stderr.writeSync(new TextEncoder().encode(text + "\\n"));
    withoutNoise(() => write("WARNING: All log messages before absl::InitializeLog() is called are written to STDERR"));
    withoutNoise(() => write("${NOTE}"));
    withoutNoise(() => write("a real error"));
    try { withoutNoise(() => { write("before the throw"); throw 1; }); } catch { write("thrown"); }
    write("after");
    withoutNoise(() => { for (let i = 0; i < 40_000; i++) write("a long story of forty letters, line " + i); });
    console.log([...Deno.readDirSync("/proc/self/fd")].length);
    for (let i = 0; i < 20; i++) withoutNoise(() => 1);
    console.log([...Deno.readDirSync("/proc/self/fd")].length);`);
  assertEquals(code, 0, stderr);
  const lines = stderr.split("\n");
  assertEquals(lines.slice(0, 4), ["a real error", "before the throw", "thrown", "after"]);
  assertEquals([lines.length, lines.at(-2)], [4 + 40_000 + 1, "a long story of forty letters, line 39999"]);
  const [before, after] = stdout.split("\n");
  assertEquals(before, after, "descriptors are left open");
  assertEquals(withoutNoise(() => 42), 42);
});

Deno.test("withoutNoise() hides nothing where the user asks for every line", async () => {
  const { stderr } = await runCode(
    `import { withoutNoise } from "lib/engine/libc.ts";
    withoutNoise(() => Deno.stderr.writeSync(new TextEncoder().encode("${NOTE}\\n")));`,
    { env: { TF_CPP_MIN_LOG_LEVEL: "0" } },
  );
  assertEquals(stderr, NOTE + "\n");
});

Deno.test("a process that is ended while standard error is kept aside still says why", async () => {
  const { signal, stderr } = await runCode(`import { withoutNoise } from "lib/engine/libc.ts";
    const libc = Deno.dlopen("libc.so.6", {
      write: { parameters: ["i32", "buffer", "usize"], result: "i64" },
      abort: { parameters: [], result: "void" },
    }).symbols;
    withoutNoise(() => { libc.write(2, new TextEncoder().encode("the reason\\n"), 11n); libc.abort(); });`);
  assertEquals([signal, stderr], ["SIGABRT", "the reason\n"]);
});

Deno.test("a check of TensorFlow's that fails is shown, while it starts and later", async () => {
  const runs = ["withoutNoise(failCheck)", "failCheck()"].map((act) =>
    runCode(`import { openTensorFlow } from "lib/engine/engine.ts";
    import { withoutNoise } from "lib/engine/libc.ts";
    ${FAIL_CHECK}
    await openTensorFlow({ device: "cpu" });
    ${act};`)
  );
  for (const { signal, stderr } of await Promise.all(runs)) {
    assertEquals(signal, "SIGABRT");
    assertStringIncludes(stderr, "] Check failed: d < dims() (7 vs. 1)");
  }
});

Deno.test("starting TensorFlow writes nothing and leaves the environment alone; failing steps do not either", async () => {
  const { code, stdout, stderr } = await runCode(`import { openTensorFlow } from "lib/engine/engine.ts";
    import { compile } from "lib/engine/compile.ts";
    import * as tf from "@tensorflow/tfjs-core";
    await openTensorFlow({ device: "cpu" });
    const step = compile((x, rows) => tf.gather(x, rows));
    try { step(tf.zeros([3, 2]), tf.tensor1d([7], "int32")); } catch (error) { console.log(error.code); }
    console.log(Deno.env.get("TF_CPP_MIN_LOG_LEVEL") || "not set");`);
  assertEquals([code, stdout, stderr], [0, "INVALID_ARGUMENT\nnot set\n", ""]);
});
