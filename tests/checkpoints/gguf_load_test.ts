import { assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import MODELS from "../fixtures/gguf/models.json" with { type: "json" };
import { assertTensorClose } from "../tensors.ts";

const FOLDER = "tests/fixtures/gguf";

async function logitsOf(path: string, ids: number[]): Promise<{ shape: number[]; values: Float32Array }> {
  using loaded = await loadModel(path);
  const logits = tf.tidy(() => loaded.model.logits(tf.tensor2d([ids], [1, ids.length], "int32")));
  const values = logits.dataSync() as Float32Array;
  logits.dispose();
  return { shape: logits.shape, values };
}

for (const [name, { ids, logits }] of Object.entries(MODELS)) {
  Deno.test(`loadModel() of ${name}'s GGUF file computes transformers' logits, saved and loaded too`, async () => {
    using _engine = await openTensorFlow({ device: "cpu" });
    const path = `${FOLDER}/${name}.gguf`;
    const expected = {
      shape: [1, ids.length, 288],
      values: new Float32Array(Uint8Array.fromBase64(logits).buffer),
    };
    const found = await logitsOf(path, ids);
    assertTensorClose(found, expected, { atol: 3e-5, rtol: 1e-5 });

    const folder = await Deno.makeTempDir();
    {
      using loaded = await loadModel(path);
      await saveModel(loaded.model, folder, { ...loaded, dtype: "F32", tokenizerFolder: path });
    }
    assertTensorClose(await logitsOf(folder, ids), found);
    const text = "<|endoftext|>é  😀\n";
    const [own, saved] = await Promise.all([path, folder].map(openModelTokenizer));
    assertEquals((await saved!.encode(text)).ids, (await own!.encode(text)).ids);
    await Deno.remove(folder, { recursive: true });
  });
}
