/**
 * Unlearning: epochs of one Adam step on the forget set and, where the method has one, one on the retain set, until
 * the forget set looks like unseen text (the paper's section 4.3, algorithm 1).
 *
 * Invariant: the run ends with the weights of the epoch last kept by the stopping rule, never with worse ones; a run
 * continued from its checkpoint ends with the same weights as one that was not interrupted.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import type { Model } from "../models/model.ts";
import { NotFiniteError } from "../models/not_finite.ts";
import type { UnlearnHooks, UnlearnOptions, UnlearnResult, UnlearnSets } from "./unlearn_options.ts";
import { UnlearnRun } from "./unlearn_run.ts";

export type { UnlearnHooks, UnlearnOptions, UnlearnResult, UnlearnSets } from "./unlearn_options.ts";

/**
 * Makes a model forget, in place. A run that is continued from its folder must be given the model as it was at the
 * start: that is the divergence's reference.
 *
 * A run whose loss, gradients or logits become NaN or infinite has diverged: it ends there, with the weights kept last.
 *
 * @throws {RangeError} for an unknown method, a set without rows, thresholds of more or fewer secrets than there are, or
 * token ids that the model does not have;
 * {NotFiniteError} when the model's logits are not finite at the start
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { newModel } from "../models/new_model.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const sizes = { vocab_size: 8, n_positions: 32, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * const secret = { prefix: [1], secret: [2, 3] };
 * const row = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1), secrets: [secret] };
 * const options = { method: "ga", lr: 1e-3, epochs: 2, gamma: 0, lambda: 0, alpha: 0, margin: 0.1, microBatch: 1 };
 * const { status, history } = await unlearn(model, { forget: [row], retain: [] }, {
 *   ...options,
 *   compat: "sound",
 *   thresholds: { ma: 0.4, el_10: 0.1 },
 *   endOfText: null,
 * });
 * assertEquals([status, history[0]!.ma], ["nothing-to-do", 0]); // it never knew the secret
 * ```
 */
export async function unlearn(
  model: Model,
  sets: UnlearnSets,
  options: UnlearnOptions,
  hooks: UnlearnHooks = {},
): Promise<UnlearnResult> {
  checkThresholds(sets, options);
  using run = await UnlearnRun.create(model, sets, options);
  try {
    return await run.toEnd(hooks);
  } catch (error) {
    if (hooks.signal?.aborted && error === hooks.signal.reason) return await run.end("interrupted");
    if (error instanceof NotFiniteError && run.hasBegun) {
      return { ...await run.end("diverged"), reason: reasonOf(error) };
    }
    throw error;
  }
}

/** Refuses thresholds of single secrets that are not those of the set. */
function checkThresholds(
  { forget }: UnlearnSets,
  { secretThresholds, compat, lasting }: UnlearnOptions,
): void {
  if (!secretThresholds && lasting) {
    throw new RangeError("Cannot say whether forgetting lasts by means: give each secret its thresholds");
  }
  if (!secretThresholds) return;
  const secrets = forget.reduce((sum, row) => sum + row.secrets.length, 0);
  if (secretThresholds.length !== secrets) {
    throw new RangeError(
      `Cannot unlearn ${secrets} secrets with thresholds of ${secretThresholds.length}: give each its own`,
    );
  }
  if (compat !== "sound") {
    throw new RangeError(`Cannot judge single secrets by the rule of "${compat}": it knows means alone`);
  }
}
