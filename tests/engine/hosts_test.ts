import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { hostOf, parseHosts } from "../../lib/engine/hosts.ts";
import { freePort, startWorker } from "../worker.ts";
import { checkOnBoth } from "./two_devices.ts";

Deno.test("a host's device computes beside this process's, on variables of its own, for one context after the other", async () => {
  await using worker = await startWorker();
  const hosts = [worker.host];
  await checkOnBoth({ hosts });
  await checkOnBoth({ hosts });
  using engine = await openTensorFlow({ device: "cpu", hosts });
  assertEquals([engine.hosts, engine.devices.map(({ name }) => hostOf(name))], [hosts, [0, 1]]);
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
