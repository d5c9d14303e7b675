import { assertEquals } from "@std/assert";
import { runCode } from "./run_code.ts";

const V8 = ["--expose-gc"];
const COLLECT =
  "gc(); await new Promise((resolve) => setTimeout(resolve, 20)); gc(); await new Promise((resolve) => setTimeout(resolve, 20));";

/** Loses 50 results and 50 uploaded tensors. */
const LOSE = `import * as tf from "@tensorflow/tfjs-core";
  import { compile } from "lib/engine/compile.ts";
  import { openTensorFlow } from "lib/engine/engine.ts";
  const engine = await openTensorFlow({ device: "cpu" });
  const kept = tf.tensor1d([1, 2]);
  tf.neg(kept).dispose();
  function lose() { for (let i = 0; i < 50; i++) tf.add(kept, tf.tensor1d([i, i])); }
  lose();
  console.log(engine.memory().handles);
  ${COLLECT}
  console.log(engine.memory().handles, ...kept.dataSync());`;

Deno.test("native tensors that a program loses are freed, which debug mode says", async () => {
  const [quiet, loud] = await Promise.all([
    runCode(LOSE, { v8: V8 }),
    runCode(LOSE, { v8: V8, env: { CODESCRUB_DEBUG: "1" } }),
  ]);
  assertEquals([quiet.code, quiet.stdout, quiet.stderr], [0, "101\n1 1 2\n", ""]);
  assertEquals(loud.stdout, "101\n1 1 2\n");
  const counts = Array.from(
    loud.stderr.matchAll(
      /codescrub: tensors that were never disposed, freed by the garbage collector: (\d+)\n/g,
    ),
    ([, n]) => Number(n),
  );
  assertEquals(counts.reduce((sum, n) => sum + n, 0), 100, loud.stderr);
});

Deno.test("tensors that only a compiled step uses, or that are disposed, are not taken for lost", async () => {
  const { code, stdout, stderr } = await runCode(
    `${LOSE}
    const tables = [tf.tensor1d([5, 6]), tf.tidy(() => tf.neg(tf.tensor1d([1, 1])))];
    const steps = [() => compile((x) => tf.add(tf.mul(x, tables[0]), tables[1]))].map((make) => make());
    const show = () => { const y = steps[0](kept); console.log(...y.dataSync()); y.dispose(); };
    show();
    tables.length = 0;
    for (let i = 0; i < 1000; i++) tf.tidy(() => { tf.add(kept, tf.tensor1d([i, i])); });
    ${COLLECT}
    show();
    const before = engine.memory().handles;
    kept.dispose();
    ${COLLECT}
    console.log(before - engine.memory().handles);
    engine[Symbol.dispose]();
    ${COLLECT}`,
    { v8: V8, env: { CODESCRUB_DEBUG: "1" } },
  );
  assertEquals([code, stdout.split("\n").slice(2)], [0, ["4 11", "4 11", "1", ""]], stderr);
  assertEquals(stderr, "codescrub: tensors that were never disposed, freed by the garbage collector: 100\n");
});
