/** Attention by blocks of queries is attention. */
import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { attend, attendInBlocks, causalBias } from "../../lib/models/attention.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { pretendGpu } from "../pretend_gpu.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

function largestGap(a: tf.Tensor, b: tf.Tensor): number {
  assertEquals(a.shape, b.shape);
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]!);
}

Deno.test("attendInBlocks() is attend() under the causal mask, gradients too, for any size of block and of groups", () => {
  const cases: [number, number, number, number, number, number?][] = [
    [2, 4, 4, 12, 3],
    [1, 4, 2, 7, 5],
    [1, 1, 1, 1, 2],
    [1, 2, 1, 11, 3, 4],
  ];
  for (const [B, H, G, T, K, window] of cases) {
    const random = (heads: number, seed: number) => tf.randomNormal([B, heads, T, K], 0, 1, "float32", seed);
    const [q, k, v, weights] = [random(H, 1), random(G, 2), random(G, 3), random(H, 4)] as const;
    const bias = causalBias(T, window);
    const gradients = (mix: (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => tf.Tensor) =>
      tf.valueAndGrads((q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => tf.sum(tf.mul(mix(q, k, v), weights)))([
        q,
        k,
        v,
      ]);
    const plain = gradients((q, k, v) => attend(q, k, v, { scale: 0.5, bias }));
    for (const size of [1, 3, 4, 64]) {
      const blocks = gradients((q, k, v) => attendInBlocks({ q, k, v }, { scale: 0.5, bias, size }));
      [plain.value, ...plain.grads].forEach((expected, i) => {
        const gap = largestGap([blocks.value, ...blocks.grads][i]!, expected);
        assert(gap < 1e-5, `${B} ${H} ${G} ${T} ${K}, ${size} a block, ${i}: ${gap}`);
      });
      tf.dispose(blocks as unknown as tf.TensorContainer);
    }
    tf.dispose([q, k, v, weights, bias, plain.value, ...plain.grads]);
  }
});

Deno.test("a model takes blocks for a GPU: loss and gradients are the processor's", async () => {
  using loaded = await loadModel("tests/fixtures/gpt2/trained");
  const { model } = loaded;
  const length = Math.min(model.config.maxPositions, 300);
  const ids = tf.tensor2d(Int32Array.from({ length }, (_, i) => (i * 13) % 60), [1, length], "int32");
  const run = () => valueAndGradients(model.weights, () => tf.mean(nextTokenLosses(model, ids)));
  const plain = run();
  const blocks = (() => {
    using _gpu = pretendGpu(8e9);
    return run();
  })();
  assert(largestGap(blocks.loss, plain.loss) < 1e-5);
  for (const [name, gradient] of Object.entries(plain.gradients)) {
    assert(largestGap(blocks.gradients[name]!, gradient) < 1e-4, name);
  }
  tf.dispose([ids, plain, blocks] as unknown as tf.TensorContainer);
});
