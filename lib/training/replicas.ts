/**
 * A model on each of the devices that TensorFlow was opened with, for steps whose rows are shared out over them.
 *
 * Invariant: only the model itself is updated; the replicas are given its trained weights before each step, so that
 * whatever changed them, an update or what was kept of an earlier epoch, there is one truth. Frozen weights are copied once.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { assign } from "../engine/compile.ts";
import { deviceCount, toDevice } from "../engine/devices.ts";
import type { Model } from "../models/model.ts";

/**
 * The replicas; `using` frees them, not the model. With one device there are none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using replicas = new Replicas(loaded.model);
 * assertEquals(replicas.models, [loaded.model]);
 * ```
 */
export class Replicas implements Disposable {
  /** The model itself, then its replicas, by device. */
  readonly models: readonly Model[];

  /** @param model not owned */
  constructor(model: Model) {
    using made = new DisposableStack();
    const others = Array.from({ length: deviceCount() - 1 }, (_, i) => made.use(model.onDevice(i + 1)));
    this.models = [model, ...others];
    made.move();
  }

  /** Gives the replicas the trained weights as they are now. */
  refresh(): void {
    const [model, ...others] = this.models;
    for (const [i, { trainable }] of others.entries()) {
      for (const [name, weight] of Object.entries(model!.trainable)) {
        tf.tidy(() => assign(trainable[name]!, toDevice(weight, i + 1)));
      }
    }
  }

  /** Frees the replicas. */
  [Symbol.dispose](): void {
    for (const replica of this.models.slice(1)) replica[Symbol.dispose]();
  }
}
