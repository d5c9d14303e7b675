import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { CalledParts } from "../../lib/engine/called_parts.ts";
import { captureStep } from "../../lib/engine/capture.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { loadModel, type LoadOptions } from "../../lib/checkpoints/load.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const ADAPTER = { lora: { ...LORA_DEFAULTS, rank: 2, dropout: 0.1, seed: 1 } };
const CASES: [folder: string, what: string, options: LoadOptions][] = [
  ["gpt2/plain", "trained whole", { trainable: true }],
  ["gpt2/plain", "under an adapter with dropout", ADAPTER],
  ["families/llama/biased", "trained whole", { trainable: true }],
  ["families/llama/biased", "under an adapter with dropout", ADAPTER],
];

for (const [folder, what, options] of CASES) {
  Deno.test(`all layers of "${folder}" that are computed again are one function and its gradients', ${what}`, async () => {
    using loaded = await loadModel(`tests/fixtures/${folder}`, options);
    const { model } = loaded;
    assert(model.config.layers > 1);
    using parts = new CalledParts(currentEngine());
    const step = (ids: tf.Tensor, seed: tf.Tensor) =>
      valueAndGradients(model.trainable, () => {
        const saving = { recomputesLayers: true, logitBytes: 4 * model.config.vocabularySize };
        return tf.mean(nextTokenLosses(model, ids, { seed, ...saving }));
      }).gradients;
    tf.tidy(() => {
      const [ids, seed] = [tf.tensor2d([[1, 2, 3, 4, 5]], [1, 5], "int32"), tf.tensor1d([7, 7], "int32")];
      const { name, binding } = captureStep(step, [ids, seed], { parts });
      binding.removeFunction(name);
    });
    // of layers; of chunks of logits: values, the last chunk's gradients, and others', which add theirs to its
    assertEquals(parts.size, 2 + ("lora" in options ? 2 : 3));
  });
}
