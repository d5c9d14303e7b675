import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign, compile } from "../../lib/engine/compile.ts";
import { deviceCount, toDevice } from "../../lib/engine/devices.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { hostOf, parseHosts } from "../../lib/engine/hosts.ts";
import { freePort, startWorker } from "../worker.ts";

Deno.test("a host's device computes beside this process's, on variables of its own, and serves the next context too", async () => {
  await using worker = await startWorker();
  for (let round = 0; round < 2; round++) {
    using engine = await openTensorFlow({ device: "cpu", hosts: [worker.host] });
    assertEquals([engine.count, engine.hosts, deviceCount()], [2, [worker.host], 2]);
    assertEquals(engine.devices.map(({ name }) => hostOf(name)), [0, 1]);
    const before = engine.memory();
    for (const xla of [false, true]) {
      const weight = tf.tensor1d([1, 2]);
      const copies = [weight, toDevice(weight, 1)];
      const steps = copies.map((copy, device) =>
        compile((x: tf.Tensor) => {
          assign(copy, tf.add(copy, x));
          return tf.sum(copy); // as it was before
        }, { xla, device })
      );
      const xs = [tf.tensor1d([10, 10]), tf.tensor1d([5, 5])]; // the second travels with its call
      for (let i = 0; i < 2; i++) {
        const sums = await Promise.all(steps.map((step, k) => step.async(xs[k]!)));
        assertEquals(sums.map((sum) => sum.dataSync()[0]), [3 + 20 * i, 3 + 10 * i]);
        tf.dispose(sums);
      }
      const back = toDevice(copies[1]!, 0);
      assertEquals([...back.dataSync()], [11, 12]);
      for (const step of steps) step[Symbol.dispose]();
      tf.dispose([...copies, ...xs, back]);
    }
    assertEquals(engine.memory(), before);
  }
});

Deno.test("openTensorFlow() refuses hosts that do not answer, others than are open, and opens without them afterwards", async () => {
  const nobody = `127.0.0.1:${freePort()}`;
  const { message } = await assertRejects(() => openTensorFlow({ device: "cpu", hosts: [nobody] }));
  assertMatch(
    message,
    new RegExp(`^Cannot reach ${nobody}: .*refused: is \`codescrub worker\` running on each\\?$`),
  );
  using engine = await openTensorFlow({ device: "cpu" });
  assertEquals([engine.count, engine.hosts], [1, []]);
  await assertRejects(() => openTensorFlow({ hosts: [nobody] }), Error, "it is open: close it first");
});

Deno.test("parseHosts() takes names, IPv4 and IPv6 with a port, and nothing else", () => {
  assertEquals(parseHosts(" gpu-1.lan:7700,10.0.0.2:1,[::1]:65535 "), [
    "gpu-1.lan:7700",
    "10.0.0.2:1",
    "[::1]:65535",
  ]);
  for (
    const wrong of ["", "a", "a:", "a:0", "a:65536", "a:7x", "::1:7700", "a:1,", "http://a:1", "a b:1", "ä:1"]
  ) {
    assertThrows(() => parseHosts(wrong), RangeError, "expected HOST:PORT");
  }
  assertThrows(() => parseHosts("a:1,a:1"), RangeError, "Cannot use host a:1 twice");
});
