import { assert, assertEquals, assertThrows } from "@std/assert";
import { GROUP, type RoundingName, ROUNDINGS, roundWeights } from "../../lib/attacks/round_weights.ts";
import { throughBlocks } from "../../lib/checkpoints/ggml_encode.ts";
import CASES from "../fixtures/quantized.json" with { type: "json" };

const read = (text: string) => new Float32Array(Uint8Array.fromBase64(text).buffer);
const MATRIX = { values: read(CASES.values), columns: CASES.columns };

for (const format of ["bfloat16", "int8", "int8_tensor", "int4", "int4_tensor", "nf4"] as const) {
  Deno.test(`roundWeights() to ${format} is torch's, bit for bit`, () => {
    const expected = read(CASES[format]);
    const found = roundWeights(MATRIX, format);
    const wrong = found.findIndex((value, i) => value !== expected[i]);
    assertEquals(wrong, -1, `element ${wrong}: ${found[wrong]}, not ${expected[wrong]}`);
  });
}

Deno.test("roundWeights() through llama.cpp's blocks takes its fallbacks where rows are no whole blocks", () => {
  const values = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i * i));
  const through = (format: RoundingName, columns: number) => roundWeights({ values, columns }, format);
  assertEquals(through("q4_k", 256), throughBlocks(values, "Q4_K"));
  assertEquals(through("q4_k", 64), throughBlocks(values, "Q5_0"));
  assertEquals(through("q6_k", 512), throughBlocks(values, "Q6_K"));
  assertEquals(through("q6_k", 32), throughBlocks(values, "Q8_0"));
  assertEquals(through("q4_0", 32), throughBlocks(values, "Q4_0"));
  assertEquals(through("q8_0", 16), Float32Array.from(new Float16Array(values)));
});

Deno.test("roundWeights() leaves its input as it is, rounds once only, and has no group across rows", () => {
  const values = Float32Array.from({ length: 1536 }, (_, i) => Math.sin(i * i) * (i < 512 ? 1 : 100));
  const copy = values.slice();
  for (const format of Object.keys(ROUNDINGS) as RoundingName[]) {
    const once = roundWeights({ values, columns: 512 }, format);
    assertEquals(values, copy, format);
    assert(once.some((value, i) => value !== values[i]), format);
    if (format.endsWith("_tensor")) continue;
    const first = roundWeights({ values: values.slice(0, 512), columns: 512 }, format);
    assertEquals(once.slice(0, 512), first, format);
  }
  const narrow = roundWeights({ values: values.slice(0, 1000), columns: 100 }, "int4");
  const row = roundWeights({ values: values.slice(300, 400), columns: 100 }, "int4");
  assertEquals(narrow.slice(300, 400), row, `rows of 100 are groups of ${GROUP} and 36`);
});

Deno.test("roundWeights() refuses broken rows", () => {
  const message = "Cannot round 10 weights as rows of 4";
  assertThrows(() => roundWeights({ values: new Float32Array(10), columns: 4 }, "int8"), RangeError, message);
});
