import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { quantizedModel, weightRoundings } from "../../lib/attacks/quantized_model.ts";
import { type RoundingName, ROUNDINGS, roundWeights } from "../../lib/attacks/round_weights.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import type { Model } from "../../lib/models/model.ts";
import { readFixture, readFixtureFolder } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const FORMATS = Object.keys(ROUNDINGS) as RoundingName[];

function read(model: Model, name: string): Float32Array {
  return Float32Array.from(model.weights[name]!.dataSync());
}

Deno.test("quantizedModel() rounds GPT-2's matrices along their inputs, and leaves what the format leaves", async () => {
  const { folder } = await readFixture("untied");
  const before = engine.memory();
  {
    using loaded = await loadModel(folder);
    for (const format of FORMATS) {
      using rounded = await quantizedModel(loaded.model, format);
      const roundings = weightRoundings(loaded.model, format);
      for (const [name, weight] of Object.entries(loaded.model.weights)) {
        const rounding = roundings.get(name)!;
        const isProjection = /\.c_\w+\.weight$/.test(name);
        // as [out, in], by tfjs's own transpose
        const turned = (x: tf.Tensor) => isProjection ? tf.transpose(x) : x;
        const [values, found] = [weight, rounded.weights[name]!].map((x) =>
          Float32Array.from(tf.tidy(() => turned(x).dataSync()))
        ) as [Float32Array, Float32Array];
        const columns = isProjection ? weight.shape[0]! : weight.shape.at(-1)!;
        assertEquals(
          found,
          rounding ? roundWeights({ values, columns }, rounding) : values,
          `${name}, ${format}`,
        );
      }
    }
  }
  assertEquals(engine.memory(), before);
});

Deno.test("weightRoundings() takes embeddings and output weights as those who deploy the format do", async () => {
  const cases = [
    ["gpt2/untied", "transformer.wte.weight", "lm_head.weight", "transformer.h.0.attn.c_attn.weight"],
    [
      "families/llama/plain",
      "model.embed_tokens.weight",
      "lm_head.weight",
      "model.layers.0.mlp.up_proj.weight",
    ],
    [
      "families/gpt_neox/plain",
      "gpt_neox.embed_in.weight",
      "embed_out.weight",
      "gpt_neox.layers.0.mlp.dense_h_to_4h.weight",
    ],
  ] as const;
  for (const [fixture, embedding, output, product] of cases) {
    using loaded = await loadModel((await readFixtureFolder(fixture)).folder);
    const of = (format: RoundingName) => {
      const roundings = weightRoundings(loaded.model, format);
      return [embedding, output, product].map((name) => roundings.get(name));
    };
    for (const format of ["int8", "int4_tensor", "nf4"] as const) {
      assertEquals(of(format), [null, null, format]);
    }
    assertEquals(of("q4_k"), ["q4_k", "q6_k", "q4_k"]);
    assertEquals(of("q8_0"), ["q8_0", "q8_0", "q8_0"]);
    assertEquals(of("bfloat16"), Array(3).fill("bfloat16"));
    const vectors = Object.entries(loaded.model.weights).filter(([, { shape }]) => shape.length === 1);
    const kept = weightRoundings(loaded.model, "q4_k");
    assert(vectors.length > 4 && vectors.every(([name]) => kept.get(name) === null));
  }
});

Deno.test("quantizedModel() runs, the nearer to the model the more bits it has", async () => {
  using loaded = await loadModel((await readFixture("trained")).folder);
  const logits = (model: Model) => {
    const ids = tf.tensor2d([[3, 20, 49, 41, 5, 26, 8]], [1, 7], "int32");
    return tf.tidy(() => model.logits(ids).dataSync());
  };
  const plain = logits(loaded.model);
  const distances: Record<string, number> = {};
  for (const format of FORMATS) {
    using rounded = await quantizedModel(loaded.model, format);
    distances[format] = Math.hypot(...logits(rounded).map((value, i) => value - plain[i]!));
  }
  assert(distances.int8! < distances.int4! && distances.q8_0! < distances.q4_0!, JSON.stringify(distances));
  assert(distances.int4! < distances.int4_tensor!, JSON.stringify(distances));
  assert(Object.values(distances).every((distance) => distance > 0 && distance < Math.hypot(...plain)));
  assertEquals(
    read(loaded.model, "transformer.ln_f.weight").length,
    loaded.model.config.width,
    "the model is whole",
  );
});
