import { assertEquals, assertThrows } from "@std/assert";
import { distinctFindings, drawSample, type Finding, readLabels, wilsonShare } from "./draw_sample.ts";

const finding = (value: string, path = `${value}.py`): Finding => ({ rule: "R", path, line: 1, value });

Deno.test("drawSample() draws distinct values by a seed, at most three of a file, whatever their order", () => {
  const ofFiles = Array.from({ length: 20 }, (_, i) => finding(`value ${i}`));
  const ofOne = Array.from({ length: 20 }, (_, i) => finding(`other ${i}`, "one.py"));
  const all = [...ofFiles, ...ofOne, ...ofFiles];
  const drawn = drawSample(all, { count: 100, seed: 7 });
  assertEquals(drawn.length, 23);
  assertEquals(drawSample(all.toReversed(), { count: 100, seed: 7 }), drawn);
  assertEquals(drawSample(all, { count: 5, seed: 7 }), drawn.slice(0, 5));
});

Deno.test("distinctFindings() keeps the first place of a value", () => {
  const [first] = distinctFindings([finding("v", "b.py"), finding("v", "a.py")]).values();
  assertEquals(first!.path, "a.py");
});

Deno.test("readLabels() reads fingerprints and refuses other lines", () => {
  const labels = readLabels("fingerprint,label\r\n0123456789abcdef,secret\r\nfedcba9876543210,none\r\n");
  assertEquals([...labels.values()], ["secret", "none"]);
  assertThrows(() => readLabels("0123456789abcdef,maybe\n"), SyntaxError, "Cannot read labels in line 1");
});

Deno.test("wilsonShare() gives the bounds of Wilson's score", () => {
  const { share, low, high } = wilsonShare(9, 10);
  assertEquals([share, low, high].map((one) => Number(one.toFixed(3))), [0.9, 0.596, 0.982]);
});
