/**
 * Whether the same gradient step gives the same bits five times over. Information: on a GPU sums of repeated rows may be
 * added up in any order.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../../lib/engine/compile.ts";
import { loadModel } from "../../../lib/checkpoints/load.ts";
import { nextTokenLosses, valueAndGradients } from "../../../lib/training/next_token_loss.ts";
import { oneLine } from "../../../lib/files/reason.ts";
import type { Check } from "../check_types.ts";
import { EMBEDDED, embeddedTexts } from "./embedded_texts.ts";

const [TIMES, QUICK_TIMES] = [5, 2];
const WAYS = ["eager", "captured", "XLA"] as const;

async function digestOf(tensors: readonly tf.Tensor[]): Promise<string> {
  const digests = await Promise.all(tensors.map((tensor) => {
    const values = tensor.dataSync() as Float32Array<ArrayBuffer>;
    return crypto.subtle.digest("SHA-256", values.slice());
  }));
  return digests.map((digest) => new Uint8Array(digest).toHex()).join();
}

/** How often the most frequent bits come. */
function mostOf(digests: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const digest of digests) counts.set(digest, (counts.get(digest) ?? 0) + 1);
  return Math.max(...counts.values());
}

/** The check. */
export const REPEATS: Check = {
  name: "repeats",
  seconds: 60,
  async run({ isReference, quick, note }) {
    if (isReference) return;
    const [rows, length, times] = quick ? [2, 32, QUICK_TIMES] : [8, 128, TIMES];
    const texts = await embeddedTexts(rows, length);
    using loaded = await loadModel(EMBEDDED, { trainable: true });
    const { model } = loaded;
    const ids = tf.tensor2d(texts, undefined, "int32");
    const step = (ids: tf.Tensor) => {
      const { loss, gradients } = valueAndGradients(
        model.weights,
        () => tf.mean(nextTokenLosses(model, ids)),
      );
      return [loss, ...Object.values(gradients)];
    };
    const words: string[] = [];
    for (const way of quick ? WAYS.slice(0, 2) : WAYS) {
      try {
        using compiled = way === "eager" ? null : compile(step, { xla: way === "XLA" });
        const digests: string[] = [];
        for (let i = 0; i < times; i++) {
          const results = compiled ? compiled(ids) : tf.tidy(() => step(ids));
          digests.push(await digestOf(results));
          tf.dispose(results);
        }
        words.push(`${way} ${mostOf(digests)} of ${times} equal`);
      } catch (error) {
        words.push(`${way} failed: ${oneLine(error)}`);
      }
    }
    ids.dispose();
    note("repeats", words.join(", "));
  },
  rows: () => [{ row: "repeated gradient step", what: "bits of the gradients", note: "repeats" }],
};
