/**
 * Samples by their definition: one at a time, a full forward for every token, no cache, all of the text decoded to look for
 * stop strings. What `sampleCompletions` is compared with.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../lib/engine/compile.ts";
import { filterLogits } from "../../lib/decoding/filter_logits.ts";
import { drawFrom } from "../../lib/decoding/next_token.ts";
import { taskDraws } from "../../lib/decoding/philox.ts";
import type { SampledCompletion, SampleOptions, SamplePrompt } from "../../lib/decoding/sample_options.ts";
import type { Model } from "../../lib/models/model.ts";

/** The logits after some tokens. */
export type Logits = (tokens: readonly number[]) => Float32Array;

/** Runs the whole of the tokens through a model; `using` frees the step it compiles. */
export function logitsOf(model: Model): Logits & Disposable {
  const length = model.config.maxPositions; // padding on the right changes nothing under the causal mask
  const known = new Map<string, Float32Array>();
  const step = compile((ids: tf.Tensor, last: tf.Tensor) =>
    model.project(tf.gather(model.hidden(ids), last as tf.Tensor1D))
  );
  const logits = (tokens: readonly number[]) => {
    const key = tokens.join();
    let found = known.get(key);
    if (!found) {
      const padded = Int32Array.from({ length }, (_, i) => tokens[i] ?? 0);
      const inputs = [
        tf.tensor2d(padded, [1, length], "int32"),
        tf.tensor1d([tokens.length - 1], "int32"),
      ] as const;
      const result = step(...inputs);
      known.set(key, found = (result.dataSync() as Float32Array).slice());
      tf.dispose([...inputs, result]);
    }
    return found;
  };
  return Object.assign(logits, { [Symbol.dispose]: () => step[Symbol.dispose]() });
}

/** One sample. */
export async function plainSample(
  { logits, model }: { logits: Logits; model: Model },
  { task, tokens: prompt }: SamplePrompt,
  sample: number,
  options: SampleOptions,
): Promise<SampledCompletion> {
  const { temperature, topP = 1, topK = 0, maxTokens, endOfText, stop, seed = 0 } = options;
  const draw = taskDraws(seed, task);
  const tokens: number[] = [];
  const completion = (ended: SampledCompletion["ended"]) => ({
    task,
    sample,
    tokens: Int32Array.from(tokens),
    ended,
  });
  while (true) {
    const row = logits([...Array.from(prompt), ...tokens]);
    tokens.push(
      temperature === 0
        ? row.indexOf(row.reduce((a, b) => Math.max(a, b)))
        : drawFrom(filterLogits(row, { temperature, topP, topK }), draw(sample, tokens.length)),
    );
    if ([endOfText ?? []].flat().includes(tokens.at(-1)!)) return completion("end-of-text");
    const text = await stop?.decode(tokens) ?? "";
    if (stop?.strings.some((string) => text.includes(string))) return completion("stop");
    if (prompt.length + tokens.length >= Math.min(maxTokens, model.config.maxPositions)) {
      return completion("length");
    }
  }
}
