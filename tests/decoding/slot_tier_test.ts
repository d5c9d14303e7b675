import { assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { decodeCached } from "../../lib/decoding/cached_step.ts";
import { ROW_UNIT, SlotTier, tierLengths } from "../../lib/decoding/slot_tier.ts";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { llama } from "../../lib/models/llama.ts";
import type { Model } from "../../lib/models/model.ts";
import { newModel } from "../../lib/models/new_model.ts";
import type { Products } from "../../lib/engine/compile.ts";
import { createNormal } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** Layers of the widths of models that are in use, with odd vocabularies. */
const MODELS = {
  rotary: (products: Products) => {
    const sizes = {
      vocab_size: 1003,
      max_position_embeddings: 512,
      hidden_size: 576,
      intermediate_size: 1536,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      num_hidden_layers: 1,
    };
    const normal = createNormal(5);
    return newModel(llama, llama.readConfig(sizes, "config.json"), () => 3 * normal(), products);
  },
  learned: (products: Products) => {
    const sizes = { vocab_size: 509, n_positions: 512, n_embd: 320, n_head: 5, n_layer: 1 };
    const normal = createNormal(6);
    return newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 3 * normal(), products);
  },
};

interface TestRow {
  id: number;
  position: number;
  /** Its cache, [G position, K] for each buffer. */
  past: Float32Array[];
}

function rowOf(model: Model, seed: number): TestRow {
  const { layers, cacheHeads, headWidth, vocabularySize } = model.config;
  const position = 20 + (seed * 37) % 100;
  const normal = createNormal(100 + seed);
  const past = Array.from(
    { length: 2 * layers },
    () => Float32Array.from({ length: cacheHeads * position * headWidth }, normal),
  );
  return { id: (seed * 71) % vocabularySize, position, past };
}

for (const [name, build] of Object.entries(MODELS)) {
  for (const products of ["float32", "bfloat16"] as const) {
    Deno.test(`a row's logits are the same bits in any slot and company, ${name} positions, ${products}`, () => {
      using model = build(products);
      const { cacheHeads: G, headWidth: K, vocabularySize: V } = model.config;
      const length = tierLengths(512)[0]!;
      using step = compile((...inputs: tf.Tensor[]) => decodeCached(model, inputs), { products });
      const rows = Array.from({ length: 30 }, (_, seed) => rowOf(model, seed));
      const logitsOf = new Map<number, Float32Array>();
      const places: number[][] = [
        Array.from({ length: ROW_UNIT }, (_, slot) => slot % 30),
        Array.from({ length: ROW_UNIT }, (_, slot) => (slot * 7 + 6) % 30),
        [29, ...Array(ROW_UNIT - 2).fill(-1), 0], // slots that are not in use
        Array.from({ length: ROW_UNIT }, (_, slot) => (59 - slot) % 30),
        Array.from({ length: 2 * ROW_UNIT }, (_, slot) => (slot * 11 + 5) % 30),
      ];
      let compared = 0;
      for (const inSlots of places) {
        using tier = new SlotTier<number>({ rows: inSlots.length, length }, model.config);
        const taken = inSlots.map((seed) => rows[seed] ?? { id: 0, position: 1, past: rows[0]!.past });
        taken.forEach(({ position, past }, slot) => {
          const positions = past[0]!.length / (G * K);
          const buffers = past.map((values) => tf.tensor2d(values, [G * positions, K]));
          tier.put(slot, { buffers, length: positions, row: 0 }, position);
          tf.dispose(buffers);
        });
        const column = (values: number[]) => tf.tensor1d(values, "int32");
        const inputs = [column(taken.map(({ id }) => id)), column(taken.map(({ position }) => position))];
        const logits = step(...inputs, ...tier.buffers);
        const values = logits.dataSync() as Float32Array;
        inSlots.forEach((seed, slot) => {
          if (seed < 0) return;
          const own = values.slice(slot * V, (slot + 1) * V);
          const known = logitsOf.get(seed);
          if (known) compared++;
          else logitsOf.set(seed, own);
          assertEquals(
            own.every((value, i) => value === (known ?? own)[i]),
            true,
            `row ${seed} in slot ${slot}`,
          );
        });
        tf.dispose([...inputs, logits]);
      }
      assertEquals(compared, 5 * ROW_UNIT + 2 - 30);
    });
  }
}

Deno.test("SlotTier puts a row's cache into a free slot and refuses what does not fit", () => {
  const before = engine.memory();
  {
    const config = { layers: 1, cacheHeads: 2, headWidth: 1 };
    using tier = new SlotTier<string>({ rows: 2, length: 3 }, config);
    using held = new DisposableStack();
    const values = [[1], [2], [3], [4], [5], [6], [7], [8]]; // two rows, two heads, two positions
    const buffers = [tf.tensor2d(values), tf.tensor2d(values.map(([x]) => [-x!]))];
    held.adopt(buffers, tf.dispose);
    assertEquals([tier.isEmpty, tier.isFull, tier.buffers.length], [true, false, 0]);
    tier.put("a", { buffers, length: 2, row: 1 }, 2);
    tier.put("b", { buffers, length: 2, row: 0 }, 1);
    assertEquals([...tier.buffers[0]!.dataSync()], [5, 6, 0, 7, 8, 0, 1, 0, 0, 3, 0, 0]);
    assertEquals(tier.buffers[1]!.dataSync()[0], -5);
    assertEquals([tier.isEmpty, tier.isFull, tier.rows], [false, true, ["a", "b"]]);
    assertThrows(
      () => tier.put("c", { buffers, length: 2, row: 0 }, 1),
      RangeError,
      "Cannot write to a cache",
    );
    tier.rows[0] = null;
    assertThrows(() => tier.put("c", { buffers, length: 2, row: 0 }, 4), RangeError, "of 3 positions");
    tier.put("c", { buffers, length: 2, row: 0 }, 2);
    assertEquals(tier.rows, ["c", "b"]);
    using large = new SlotTier<string>({ rows: 2 * ROW_UNIT, length: 2 }, config);
    for (let i = 0; i < 60; i++) large.put(`${i}`, { buffers, length: 2, row: i % 2 }, 2);
    large.shrink();
    assertEquals(large.rows.length, 96);
    for (let i = 0; i < 60; i += 2) large.rows[i] = null;
    large.shrink();
    assertEquals([large.rows.length, large.rows[29], large.rows[30]], [48, "59", null]);
    assertEquals([...large.buffers[0]!.dataSync().subarray(14 * 4, 15 * 4)], [5, 6, 7, 8]);
  }
  assertEquals(engine.memory(), before);
});

Deno.test("tierLengths() double up to what the longest row needs", () => {
  assertEquals([1, 64, 128, 129, 512, 513, 2048].map(tierLengths), [
    [64],
    [64],
    [128],
    [128, 192],
    [128, 256, 512],
    [128, 256, 512, 576],
    [128, 256, 512, 1024, 2048],
  ]);
});
