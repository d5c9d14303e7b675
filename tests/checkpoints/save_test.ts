import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { fromFloat32, toFloat32 } from "./safetensors_bytes.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { createNormal, readTensors } from "../tensors.ts";
import { FIXTURES, readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

for (const name of FIXTURES) {
  for (const dtype of ["F32", "F16", "BF16"] as const) {
    Deno.test(`saveModel() of "${name}" as ${dtype} gives back the weights rounded once`, async () => {
      const { folder } = await readFixture(name);
      const out = await Deno.makeTempDir();
      using loaded = await loadModel(folder);
      await saveModel(loaded.model, out, { configJson: loaded.configJson, dtype, tokenizerFolder: folder });
      const source = await readTensors(
        `${folder}/model.safetensors`,
        (key) => !/\.attn\.(masked_)?bias$/.test(key),
      );
      const saved = await readTensors(`${out}/model.safetensors`);
      for (const [key, tensor] of saved) {
        const original = source.get(key) ?? source.get(key.replace("transformer.", ""))!;
        const rounded = toFloat32(fromFloat32(Float32Array.from(original.values), dtype), dtype, key);
        assertEquals([tensor.dtype, tensor.shape, tensor.values], [dtype, original.shape, rounded]);
      }
      assertEquals(saved.size, source.size);
      using again = await loadModel(out);
      assertEquals(again.dtype, dtype);
      assertEquals(again.configJson.torch_dtype, { F32: "float32", F16: "float16", BF16: "bfloat16" }[dtype]);
      assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
        "config.json",
        "model.safetensors",
      ]);
      await Deno.remove(out, { recursive: true });
    });
  }
}

Deno.test("saveModel() takes the tokenizer's files along and replaces what is there", async () => {
  const tokenizerFolder = new URL("../fixtures/tokenizer", import.meta.url).pathname;
  const out = await Deno.makeTempDir();
  await Deno.writeTextFile(`${out}/config.json`, "old");
  using loaded = await loadModel((await readFixture("plain")).folder);
  for (let i = 0; i < 2; i++) {
    await saveModel(loaded.model, out, {
      configJson: { ...loaded.configJson, extra: 7 },
      dtype: "F32",
      tokenizerFolder,
    });
  }
  const files = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
  assertEquals(files, ["config.json", "model.safetensors", "tokenizer.json"]);
  assertEquals(JSON.parse(await Deno.readTextFile(`${out}/config.json`)).extra, 7);
  await Deno.remove(out, { recursive: true });
});

Deno.test("saveModel() refuses weights that a storage type cannot hold, and writes nothing then", async () => {
  const architecture = architectureOf("gpt2");
  const json = { model_type: "gpt2", vocab_size: 4, n_positions: 4, n_embd: 2, n_layer: 1, n_head: 1 };
  for (
    const [value, dtype, fails] of [
      [65519, "F16", false],
      [65520, "F16", true],
      [-1e6, "F16", true],
      [3.39e38, "BF16", false],
      [3.4e38, "BF16", true],
      [NaN, "F32", true],
      [Infinity, "F32", true],
      [3.4e38, "F32", false],
    ] as const
  ) {
    const out = await Deno.makeTempDir();
    using model = newModel(architecture, architecture.readConfig(json, "j"), () => value / 0.02);
    const weight = model.weights["transformer.wte.weight"]!;
    assertEquals(weight.dataSync()[0], Math.fround(0.02 * (value / 0.02)));
    const saving = saveModel(model, out, { configJson: json, dtype, tokenizerFolder: out });
    if (fails) {
      const message = `Cannot save "${out}" as ${dtype}: "transformer.wte.weight" holds `;
      await assertRejects(() => saving, RangeError, message);
      assertEquals([...Deno.readDirSync(out)], []);
    } else {
      await saving;
      (await loadModel(out))[Symbol.dispose]();
    }
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("newModel() draws weights of GPT-2's deviations, norms of one and biases of zero", () => {
  const architecture = architectureOf("gpt2");
  const json = { model_type: "gpt2", vocab_size: 300, n_positions: 20, n_embd: 32, n_layer: 2, n_head: 2 };
  using model = newModel(architecture, architecture.readConfig(json, "j"), createNormal(1));
  const deviation = (name: string) => {
    return tf.tidy(() => Math.sqrt(tf.mean(tf.square(model.weights[name]!)).dataSync()[0]!));
  };
  assert(Math.abs(deviation("transformer.wte.weight") - 0.02) < 0.001);
  assert(Math.abs(deviation("transformer.h.1.attn.c_attn.weight") - 0.02) < 0.001);
  assert(Math.abs(deviation("transformer.h.1.mlp.c_proj.weight") - 0.01) < 0.001);
  assertEquals([deviation("transformer.ln_f.weight"), deviation("transformer.h.0.mlp.c_fc.bias")], [1, 0]);
});
