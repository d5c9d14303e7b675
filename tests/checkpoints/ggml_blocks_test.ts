import { assert, assertEquals } from "@std/assert";
import { BLOCK_TYPES, OTHER_TYPES } from "../../lib/checkpoints/ggml_blocks.ts";
import CASES from "../fixtures/gguf/blocks.json" with { type: "json" };

for (const type of Object.values(BLOCK_TYPES)) {
  Deno.test(`BLOCK_TYPES: widen() equals the gguf package bit for bit on ${type.name}`, () => {
    const { bytes, values } = CASES[type.name as keyof typeof CASES];
    const blocks = Uint8Array.fromBase64(bytes);
    const expected = new Uint32Array(Uint8Array.fromBase64(values).buffer);
    assertEquals(blocks.length / type.bytes * type.weights, expected.length);
    const out = new Float32Array(expected.length);
    type.widen(blocks, out);
    const found = new Uint32Array(out.buffer);
    const wrong = found.findIndex((bits, i) => bits !== expected[i]);
    assertEquals(wrong, -1, `element ${wrong}: ${out[wrong]}`);
  });
}

Deno.test("BLOCK_TYPES: widen() starts at a view's beginning, wherever that lies", () => {
  const { bytes, values } = CASES.Q4_1;
  const blocks = Uint8Array.fromBase64(bytes);
  const moved = new Uint8Array(blocks.length + 3);
  moved.set(blocks, 3);
  const out = new Float32Array(32);
  BLOCK_TYPES[3]!.widen(moved.subarray(3), out);
  assertEquals(out, new Float32Array(Uint8Array.fromBase64(values).buffer).slice(0, 32));
});

Deno.test("BLOCK_TYPES: widen() keeps NaN and infinite weights, for the loader to refuse", () => {
  const out = new Float32Array(3);
  BLOCK_TYPES[1]!.widen(new Uint8Array([0, 0x7c, 0, 0xfe, 0, 0xfc]), out);
  assertEquals([...out], [Infinity, NaN, -Infinity]);
});

Deno.test("no type is both read and refused", () => {
  assert(Object.keys(OTHER_TYPES).every((id) => !Object.hasOwn(BLOCK_TYPES, id)));
});
