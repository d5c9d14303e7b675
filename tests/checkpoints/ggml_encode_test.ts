import { assert, assertEquals, assertThrows } from "@std/assert";
import { BLOCK_TYPES } from "../../lib/checkpoints/ggml_blocks.ts";
import {
  type BlockName,
  blockWeights,
  encodeBlocks,
  throughBlocks,
} from "../../lib/checkpoints/ggml_encode.ts";
import CASES from "../fixtures/gguf/rounding.json" with { type: "json" };

const VALUES = new Float32Array(Uint8Array.fromBase64(CASES.values).buffer);
const TYPES = ["Q4_0", "Q5_0", "Q8_0", "Q4_K", "Q6_K"] as const satisfies readonly BlockName[];

for (const type of TYPES) {
  Deno.test(`encodeBlocks() gives ggml's bytes of ${type}`, () => {
    const expected = Uint8Array.fromBase64(CASES[type]);
    const found = encodeBlocks(VALUES, type);
    assertEquals(found.length, expected.length);
    const wrong = found.findIndex((byte, i) => byte !== expected[i]);
    assertEquals(wrong, -1, `byte ${wrong}: ${found[wrong]}, not ${expected[wrong]}`);
  });

  Deno.test(`throughBlocks() of ${type} reads what the blocks hold, and is near the weights`, () => {
    const { id, weights } = Object.entries(BLOCK_TYPES).map(([id, type]) => ({ id, ...type }))
      .find(({ name }) => name === type)!;
    assertEquals(blockWeights(type), weights);
    const read = new Float32Array(VALUES.length);
    BLOCK_TYPES[Number(id)]!.widen(Uint8Array.fromBase64(CASES[type]), read);
    assertEquals(throughBlocks(VALUES, type), read);
    const row = VALUES.subarray(0, 256); // normal weights
    const error = row.reduce((sum, value, i) => sum + (value - read[i]!) ** 2, 0);
    const size = row.reduce((sum, value) => sum + value ** 2, 0);
    const bits = Number(type[1]);
    assert(Math.sqrt(error / size) < 2.2 * 2 ** -bits, `${Math.sqrt(error / size)}`);
  });
}

Deno.test("encodeBlocks() gives a row of blocks the same bytes wherever it stands", () => {
  for (const type of TYPES) {
    const last = VALUES.slice(-256);
    const all = encodeBlocks(VALUES, type);
    assertEquals(encodeBlocks(last, type), all.slice(all.length - encodeBlocks(last, type).length));
  }
});

Deno.test("encodeBlocks() refuses what is no whole number of blocks", () => {
  const message = "Cannot round 100 weights to Q4_K: a block holds 256";
  assertThrows(() => encodeBlocks(new Float32Array(100), "Q4_K"), RangeError, message);
});
