/**
 * Ordinary training inside unlearning: a secret that comes back after a few steps on innocent code was hidden, not
 * forgotten, and every owner of a model goes on training it. So once no more secrets are above their thresholds than
 * chance explains, the model is trained on benign texts as `train --model` does, and then on made-up values in the secrets'
 * places until it says of them what it said before: that undoes what made all values of a kind unlikely, which hides secrets
 * and harms the rest. It is measured, and unlearned from there, until the training brings back no more than chance.
 *
 * @module
 */
import type { Model } from "../models/model.ts";
import { fitWindows, type FurtherTrainer, furtherTrainer, trainFurther } from "../training/after_training.ts";
import type { OptimizerName } from "../training/step_memory.ts";
import { TRAIN_DEFAULTS, type TrainHooks } from "../training/train.ts";

/** The training that secrets must withstand. */
export interface Lasting {
  /** Token ids of benign texts: none holds what is forgotten. */
  texts: readonly Int32Array[];
  /** Updates of each training. */
  steps: number;
  /** Its highest learning rate. */
  lr: number;
  /**
   * Updates after each training that hold made-up values where the model has them, where there are some: what only made any
   * value of its kind unlikely comes back by these. Default {@linkcode HELD_UPDATES}.
   */
  held?: number;
  /** How many trainings there are at most. */
  cycles: number;
  /** Shuffles the texts, each time otherwise. Default 42. */
  seed?: number;
  /** Windows an update and tokens a window; where the texts are too short, fewer and shorter ones. Default 8 of 512. */
  windows?: { batch: number; length: number };
}

/** What a training brought back. */
export interface Relapse {
  /** How many secrets are above their thresholds. */
  above: number;
  /** How many of these no chance explains. */
  remembered: number;
}

/** Updates that hold made-up values after each training. */
export const HELD_UPDATES = 4;

/** The windows of each update, as `train` has them. */
export const LASTING_WINDOWS = { batch: TRAIN_DEFAULTS.batch, length: 512 } as const;

/**
 * Trains a model between its epochs; `using` frees the state, not the model. All trainings share one compiled step.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { LastingTraining } from "./lasting.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const texts = [Int32Array.from({ length: 90 }, (_, i) => i % 5)];
 * const lasting = { texts, steps: 2, lr: 1e-3, cycles: 3, windows: { batch: 2, length: 8 } };
 * using training = new LastingTraining(loaded.model, lasting, { endOfText: 0 });
 * const losses: number[] = [];
 * await training.run({ onStep: ({ loss }) => void losses.push(loss) });
 * assert(losses.length === 2 && losses[1]! < losses[0]!);
 * ```
 */
export class LastingTraining implements Disposable {
  /** How many secrets were above after each training. */
  relapses: number[] = [];
  #last: Relapse = { above: Infinity, remembered: 0 };
  readonly #model: Model;
  readonly #lasting: Lasting;
  readonly #endOfText: number;
  readonly #byChance: number;
  readonly #trainer: FurtherTrainer;
  readonly #windows: { batch: number; length: number };

  /**
   * @param model whose trainable weights are trained; not owned
   * @param options.byChance so many secrets are above by chance; default 0
   * @throws {RangeError} when the texts are too short, or the tokenizer has no end of text to join them by
   */
  constructor(
    model: Model,
    lasting: Lasting,
    { endOfText, byChance = 0, checkpointLayers: recomputesLayers, optimizer }: {
      endOfText: number | null;
      byChance?: number;
      checkpointLayers?: boolean;
      optimizer?: OptimizerName;
    },
  ) {
    if (endOfText === null) {
      throw new RangeError(
        "Cannot train between epochs: the tokenizer has no end-of-text token to join texts by",
      );
    }
    const { maxPositions } = model.config;
    const { batch, length } = lasting.windows ?? LASTING_WINDOWS;
    this.#windows = fitWindows(lasting.texts, { batch, length: Math.min(length, maxPositions) });
    this.#model = model;
    this.#lasting = lasting;
    this.#endOfText = endOfText;
    this.#byChance = byChance;
    this.#trainer = furtherTrainer(model, { recomputesLayers, in8Bits: optimizer === "adam8bit" });
  }

  /** Notes what the last training brought back. */
  note(relapse: Relapse): void {
    this.relapses.push(relapse.above);
    this.#last = relapse;
  }

  /** Whether the last training brought no more secrets back than chance does, none that no chance explains. */
  get withstands(): boolean {
    return this.#last.above <= this.#byChance && this.#last.remembered === 0;
  }

  /** Whether there may be no other training. */
  get isOver(): boolean {
    return this.relapses.length >= this.#lasting.cycles;
  }

  /**
   * Trains from the weights as they are: each training sees its texts in an order of its own.
   *
   * @throws as `trainModel`
   */
  async run(hooks: TrainHooks): Promise<void> {
    const { texts, steps, lr, seed = 42 } = this.#lasting;
    await trainFurther(this.#model, this.#trainer, {
      ...{
        texts,
        endOfText: this.#endOfText,
        steps,
        learning_rate: lr,
        warmup: 1,
        seed: seed + this.relapses.length,
      },
      ...this.#windows,
    }, hooks);
  }

  /** Frees the state. */
  [Symbol.dispose](): void {
    this.#trainer[Symbol.dispose]();
  }
}
