/**
 * Epochs that edit ranks in place of training: the first brings the rarest tokens of each secret down, each later one some more.
 *
 * A token is the rarer the higher its id is: a vocabulary's ids are in the order in which its merges were learnt, as the paper's
 * authors take it. A token that is down already is left alone, so an epoch needs nothing but the weights and its number, and a
 * continued run ends with the same.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { TokenizedSecret } from "../datasets/secret_tokens.ts";
import type { Model } from "../models/model.ts";
import { checkFinite, checkTokens } from "../models/not_finite.ts";
import { Adam } from "../training/adam.ts";
import { editableLayers, RankEditor, type RankEdits, tokenRanks } from "./rank_editor.ts";
import type { RunSteps } from "./run_steps.ts";
import type { UnlearnSets } from "./unlearn_options.ts";
import { stepOf } from "./unlearn_step.ts";

/**
 * The steps of a run by edits; `using` frees what they hold, not the model.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { RankEditSteps } from "./rank_edit_steps.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained", { trainable: true });
 * const secrets = [{ prefix: [3, 20, 49], secret: [41, 5, 26] }];
 * const row = { ids: Int32Array.of(3, 20, 49, 41, 5, 26), mask: Uint8Array.of(0, 0, 0, 1, 1, 1), secrets };
 * const edits = { tokens: 2, neurons: 30, residualRank: 0.1, neuronRank: 0.6 };
 * using steps = new RankEditSteps(loaded.model, [row], edits);
 * const { forget } = await steps.run(0, () => Promise.resolve());
 * assert((await steps.run(1, () => Promise.resolve())).forget.crossEntropySecret! > forget.crossEntropySecret!);
 * ```
 */
export class RankEditSteps implements RunSteps {
  /** Counts epochs; it has no moments, as nothing is trained. */
  readonly optimizer: Adam = new Adam({}, { betas: [0, 0] });
  earlier = 0;
  readonly dual = null;
  readonly hasRate = false;
  onStep: RunSteps["onStep"];
  readonly #model: Model;
  readonly #secrets: readonly TokenizedSecret[];
  readonly #edits: RankEdits;
  /** Made anew once the weights have been trained. */
  #editor: RankEditor | undefined;
  #active: readonly boolean[] | undefined;

  /**
   * @param model its weights are edited; not owned
   * @throws {RangeError} for token ids that the model does not have, and as `editableLayers`
   */
  constructor(model: Model, forget: UnlearnSets["forget"], edits: RankEdits) {
    editableLayers(model);
    this.#model = model;
    this.#secrets = forget.flatMap(({ secrets }) => secrets);
    this.#secrets.forEach(({ prefix, secret }, i) =>
      checkTokens(Int32Array.of(...prefix, ...secret), model.config.vocabularySize, `unlearn secret ${i}`)
    );
    this.#edits = edits;
  }

  /** Edits every secret that is to be forgotten, one after the other; cross entropy is that before each one's edits. */
  async run(turn: number, onBatch: (done: number, total: number) => Promise<void>) {
    const chosen = this.#secrets.filter((_, i) => this.#active?.[i] ?? true);
    const editor = this.#editor ??= new RankEditor(this.#model, this.#edits);
    const losses: number[] = [];
    for (const [i, secret] of chosen.entries()) {
      const { ranks, losses: own } = this.#look(secret);
      losses.push(...own);
      for (const place of this.#rarest(secret, (turn + 1) * this.#edits.tokens)) {
        if (ranks[place]! >= editor.leastRank) continue;
        const ids = [...secret.prefix, ...secret.secret.slice(0, place)];
        editor.edit({ ids, token: secret.secret[place]! });
      }
      await onBatch(i + 1, chosen.length);
    }
    this.optimizer.steps++;
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    const crossEntropySecret = losses.length > 0 ? mean : null;
    const forget = { loss: null, crossEntropySecret, crossEntropyNormal: null, divergence: null, norm: null };
    const step = this.earlier + this.optimizer.steps;
    await this.onStep?.(stepOf(forget, { step, epoch: turn + 1, side: "forget", rate: null }));
    return { forget, retain: undefined };
  }

  /** The places of a secret's rarest tokens; of equally rare ones the first. */
  #rarest({ secret }: TokenizedSecret, count: number): number[] {
    return [...secret.keys()].sort((a, b) => secret[b]! - secret[a]! || a - b).slice(0, count);
  }

  /** The rank and the loss of each of a secret's tokens. */
  #look({ prefix, secret }: TokenizedSecret): { ranks: number[]; losses: number[] } {
    const tokens = [...secret];
    if (tokens.length === 0) return { ranks: [], losses: [] };
    const ids = [...prefix, ...tokens.slice(0, -1)];
    const found = tf.tidy(() => {
      const hidden = this.#model.hidden(tf.tensor2d(ids, [1, ids.length], "int32")); // [T, D]
      const [T, D] = hidden.shape as [number, number];
      const labels = tf.tensor1d(tokens, "int32");
      const logits = this.#model.project(tf.slice(hidden, [T - tokens.length, 0], [tokens.length, D]));
      return {
        ranks: [...tokenRanks(logits, labels).dataSync()],
        losses: [...sparseCrossEntropy(logits, labels).dataSync()],
      };
    });
    checkFinite(found.losses, "edit a secret's ranks", this.#model);
    return found;
  }

  /** There is no gradient to hold anything by. */
  async hold(): Promise<void> {}

  restart(): void {
    this.#editor?.[Symbol.dispose]();
    this.#editor = undefined;
    this.earlier += this.optimizer.steps;
    this.optimizer.reset();
  }

  reweigh({ active }: { active?: readonly boolean[] | undefined }): void {
    this.#active = active;
  }

  [Symbol.dispose](): void {
    this.#editor?.[Symbol.dispose]();
    this.optimizer[Symbol.dispose]();
  }
}
