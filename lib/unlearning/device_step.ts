/**
 * What one device does in an objective's step: gradients of micro-batches by one captured graph, added to the sums, and what
 * terms need of the reference.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { assign, compile, type CompiledStep } from "../engine/compile.ts";
import { toDevice } from "../engine/devices.ts";
import type { Model } from "../models/model.ts";
import type { GradientSums } from "../training/gradient_sums.ts";
import { type MemorySaving, valueAndGradients } from "../training/next_token_loss.ts";
import type { Replicas } from "../training/replicas.ts";
import type { MicroBatch } from "./micro_batch.ts";
import type { StepTerms } from "./step_terms.ts";
import type { BatchTensors } from "./term_inputs.ts";
import { frozenOutput, inputsOf, tensorsOf } from "./term_inputs.ts";
import type { StepResult } from "./term_values.ts";
import type { NamedTensors, Term } from "./terms.ts";

/** What the steps of both sides share. */
export interface StepShared {
  /** What is updated; not owned. */
  model: Model;
  /** The gradient sums of the weights that are trained; not owned. */
  sums: GradientSums;
  /** The model on several devices, over which micro-batches are shared out; not owned. Default: its own alone. */
  replicas?: Replicas;
  /** Whether XLA compiles the gradients: it takes seconds. Default true. */
  xla?: boolean;
  /** Draws an adapter's dropout for the step that is next, see `dropoutSeed`. Default: nothing is dropped. */
  dropout?: ((draw?: number) => tf.Tensor) | undefined;
  /** Another model that terms are given as the reference, by device; needed until the step is made. Default: the model. */
  references?: readonly Model[] | undefined;
  /**
   * Whether the reference of each step is the model in training itself, whose dropout is drawn a second time: all that tells
   * one from the other. Default false.
   */
  comparesItself?: boolean;
  /** Terms beside those that the micro-batches have weights for. Default: none. */
  terms?: readonly Term[];
  /** How gradients are computed with less memory. */
  saving?: MemorySaving | undefined;
}

/**
 * A device's part; `using` frees what it has compiled and kept.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { Adam } from "../training/adam.ts";
 * import { GradientSums } from "../training/gradient_sums.ts";
 * import { microBatches } from "./micro_batches.ts";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const { model } = loaded;
 * using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
 * using sums = new GradientSums(model.weights, optimizer, { xla: false });
 * const terms = [CROSS_ENTROPY];
 * using step = new DeviceStep({ model, sums, xla: false }, { terms, counting: terms }, 0);
 * const [batch] = microBatches([{ ids: Int32Array.of(1, 2, 3) }], { crossEntropyAll: 1 }, { size: 1 });
 * const { loss, values } = await step.run({ ...step.tensors(batch!, terms), reference: {} });
 * assertEquals([loss.shape, values.crossEntropy!.shape], [[], [31]]);
 * ```
 */
export class DeviceStep implements Disposable {
  readonly #model: Model;
  /** What the terms' reference is computed by. */
  readonly #source: Model;
  readonly #device: number;
  readonly #terms: readonly Term[];
  /** The reference's output layer, for logits of the states that terms keep. */
  #before: ReturnType<typeof frozenOutput> | undefined;
  #keepsStates = false;
  readonly #gradients: CompiledStep<[BatchTensors, ...tf.Tensor[]], StepResult>;

  /** @param device its number: of `shared.replicas`, 0 where there are none */
  constructor(shared: StepShared, { terms, counting }: StepTerms, device: number) {
    const { sums, saving, xla = true } = shared;
    const model = this.#model = shared.replicas?.models[device] ?? shared.model;
    const source = this.#source = shared.references?.[device] ?? model;
    const weights = device === 0 ? sums.weights : model.trainable;
    this.#device = device;
    this.#terms = terms;
    if (shared.comparesItself && terms.some((term) => term.reference)) this.#before = frozenOutput(source);
    this.#gradients = compile((batch: BatchTensors, ...[seed, other]: tf.Tensor[]) => {
      const reference = shared.comparesItself
        ? referenceOf(terms, inputsOf(model, batch, terms, { seed: other }))
        : batch.reference;
      const { loss, gradients, aux } = valueAndGradients(weights, () => {
        const before = this.#before?.project ?? noOutput;
        const inputs = inputsOf(model, batch, terms, { seed, ...saving, before });
        const values = Object.fromEntries(
          terms.map((term) => [term.name, term.values(inputs.of(term), reference[term.name] ?? {})] as const),
        );
        const parts = counting.map(({ name }) => tf.sum(tf.mul(values[name]!, batch.arrays[name]!.weights!)));
        return { loss: parts.reduce((sum, part) => tf.add(sum, part)), aux: values };
      });
      sums.add(gradients, device);
      return { loss, values: aux };
    }, { xla, name: "gradients", products: model.products, device });
  }

  /** A micro-batch's tensors there, without what is kept of the reference; the caller disposes them. */
  tensors(batch: MicroBatch, terms: readonly Term[]): Omit<BatchTensors, "reference"> {
    const { ids, texts, kinds, owners, arrays } = tensorsOf(batch, terms);
    return {
      ...{
        ids: this.#here(ids),
        texts: this.#here(texts),
        kinds: this.#here(kinds),
        owners: this.#here(owners),
      },
      arrays: Object.fromEntries(
        Object.entries(arrays).map(([term, own]) => [
          term,
          Object.fromEntries(Object.entries(own).map(([name, tensor]) => [name, this.#here(tensor)])),
        ]),
      ),
    };
  }

  /** A tensor there in place of one on the first device. */
  #here(tensor: tf.Tensor): tf.Tensor {
    if (this.#device === 0) return tensor;
    const there = toDevice(tensor, this.#device);
    tensor.dispose();
    return there;
  }

  /** Gives a tensor there other values. */
  fill(tensor: tf.Tensor, values: Float32Array | Int32Array): void {
    const dtype = values instanceof Int32Array ? "int32" : "float32";
    tf.tidy(() => assign(tensor, toDevice(tf.tensor1d(values, dtype), this.#device)));
  }

  /** What computes, of a micro-batch's tensors, what the terms need of the reference: the model as it is then, or another. */
  compileReference(): CompiledStep<[BatchTensors], Record<string, NamedTensors>> {
    return compile((batch: BatchTensors) => {
      const onStates = () => this.#keepsStates = true;
      return referenceOf(this.#terms, inputsOf(this.#source, batch, this.#terms, { onStates }));
    }, { name: "reference", products: this.#source.products, device: this.#device });
  }

  /** Keeps the output layer as it is, where a term keeps states of the reference: called when these are computed. */
  freezeOutput(): void {
    if (this.#keepsStates) this.#before ??= frozenOutput(this.#source);
  }

  /** Adds a micro-batch's gradients to the sums; its loss and its terms' values, which the caller disposes. */
  run(batch: BatchTensors, ...seed: tf.Tensor[]): Promise<StepResult> {
    return this.#gradients.async(batch, ...seed);
  }

  /** Frees all but the model and the sums. */
  [Symbol.dispose](): void {
    this.#gradients[Symbol.dispose]();
    this.#before?.[Symbol.dispose]();
  }
}

/** What terms need of a model, by their names. */
function referenceOf(
  terms: readonly Term[],
  inputs: ReturnType<typeof inputsOf>,
): Record<string, NamedTensors> {
  return Object.fromEntries(terms.map((term) => [term.name, term.reference?.(inputs.of(term)) ?? {}]));
}

function noOutput(): never {
  throw new Error("Cannot make the reference's logits: its states are none that `statesAt` gave a term");
}
