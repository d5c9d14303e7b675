/**
 * What the terms of a step are given: a micro-batch as tensors, and the model's results for it, each computed once for all
 * terms and only where one asks for it.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { snapshots } from "../engine/compile.ts";
import type { Model } from "../models/model.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import { chunkedValues, chunkRows, LOGIT_BYTES } from "../training/chunked_values.ts";
import type { StepOptions } from "../training/next_token_loss.ts";
import type { MicroBatch } from "./micro_batch.ts";
import type { LogitRows, NamedTensors, Term, TermInputs, ValueOptions } from "./terms.ts";

/** Whose logits are made of the reference's states. */
export interface OutputOptions {
  /** Gives the reference's logits of its states. Default: the model's own output layer, which is right while it is the reference. */
  before?: ((states: Tensor) => Tensor) | undefined;
  /** Called where a term takes states, of which logits can be made later. */
  onStates?: (() => void) | undefined;
}

/** A micro-batch's tensors. */
export type BatchTensors = {
  /** [B, T] int32 */
  ids: Tensor;
  /** [B] int32: the rows' numbers in their set. */
  texts: Tensor;
  /** [B (T - 1)] int32 */
  kinds: Tensor;
  /** [B (T - 1)] int32 */
  owners: Tensor;
  /** Each term's own, by its name. */
  arrays: Readonly<Record<string, NamedTensors>>;
  /** What each term keeps of the reference, by its name. */
  reference: Readonly<Record<string, NamedTensors>>;
};

/**
 * Refuses terms that one step cannot have.
 *
 * @throws {RangeError} when two are of one name, or one asks for a layer that the model does not have
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * const model = { config: { layers: 2 } };
 * const message = 'Cannot take a step: two terms are called "crossEntropy"';
 * assertThrows(() => checkTerms([CROSS_ENTROPY, CROSS_ENTROPY], model), RangeError, message);
 * ```
 */
export function checkTerms(terms: readonly Term[], { config }: { config: { layers: number } }): void {
  const names = new Set<string>();
  for (const { name, layers = [] } of terms) {
    if (names.has(name)) throw new RangeError(`Cannot take a step: two terms are called "${name}"`);
    names.add(name);
    const missing = layers.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer < config.layers));
    if (missing === undefined) continue;
    throw new RangeError(
      `Cannot take a step: the term "${name}" asks for layer ${missing}, the model has 0 to ${
        config.layers - 1
      }`,
    );
  }
}

/**
 * A micro-batch's tensors, without what is kept of the reference; the caller disposes them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { microBatches } from "./micro_batches.ts";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [batch] = microBatches([{ ids: Int32Array.of(1, 2) }], { crossEntropyAll: 1 }, { size: 1 });
 * const { ids, arrays } = tensorsOf(batch!, [CROSS_ENTROPY]);
 * assertEquals([ids.shape, arrays.crossEntropy!.weights!.shape], [[1, 32], [31]]);
 * ```
 */
export function tensorsOf(batch: MicroBatch, terms: readonly Term[]): Omit<BatchTensors, "reference"> {
  const vector = (values: Float32Array | Int32Array) =>
    tf.tensor1d(values, values instanceof Int32Array ? "int32" : "float32");
  return tf.tidy(() => ({
    ids: tf.tensor2d(batch.ids, [batch.rows, batch.length], "int32"),
    texts: vector(batch.texts),
    kinds: vector(Int32Array.from(batch.kinds)),
    owners: vector(batch.owners),
    arrays: Object.fromEntries(terms.map((term) => {
      const entries = Object.entries(term.arrays(batch));
      return [term.name, Object.fromEntries(entries.map(([name, values]) => [name, vector(values)]))];
    })),
  }));
}

/**
 * Runs a model over a micro-batch, for terms.
 *
 * @param options how a step runs it
 * @returns what gives each term its inputs
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { microBatches } from "./micro_batches.ts";
 * import { CROSS_ENTROPY } from "./terms.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const term = { ...CROSS_ENTROPY, layers: [1] };
 * const [batch] = microBatches([{ ids: Int32Array.of(1, 2) }], { crossEntropyAll: 1 }, { size: 1 });
 * tf.tidy(() => {
 *   const { labels, logits, hidden } = inputsOf(loaded.model, tensorsOf(batch!, [term]), [term]).of(term);
 *   assertEquals([labels.shape, logits.shape, hidden[1]!.shape], [[31], [31, 40], [1, 32, 8]]);
 * });
 * ```
 */
export function inputsOf(
  model: Model,
  { ids, texts, kinds, owners, arrays }: Omit<BatchTensors, "reference">,
  terms: readonly Term[],
  { before, onStates, logitBytes, ...options }: StepOptions & OutputOptions = {},
): { of: (term: Term) => TermInputs } {
  const [B, T] = ids.shape as [number, number];
  const { width: D } = model.config;
  const wanted = new Set(terms.flatMap(({ layers = [] }) => layers));
  const taken: Record<number, Tensor> = {};
  const last = model.hidden(ids, {
    ...options,
    texts,
    around: (run, x, layer) => {
      const output = run(x);
      if (wanted.has(layer)) taken[layer] = tf.reshape(output, [B, T, D]); // [B, T, D]
      return output;
    },
  });
  const predicting = tf.slice(tf.reshape(last, [B, T, D]), [0, 0, 0], [B, T - 1, D]);
  const hidden = tf.reshape(predicting, [B * (T - 1), D]); // [B (T - 1), D]
  const labels = tf.reshape(tf.slice(ids, [0, 1], [B, T - 1]), [B * (T - 1)]); // [B (T - 1)]
  const results = new Results(model, hidden, { labels, before, onStates, logitBytes });
  const shared = { ...{ ids, labels, kinds, owners }, ...results.functions };
  return {
    of: ({ name, layers = [] }) => ({
      ...shared,
      get losses() {
        return results.losses; // [B (T - 1)]
      },
      get logits() {
        return results.logits; // [B (T - 1), V]
      },
      hidden: Object.fromEntries(layers.map((layer) => [layer, taken[layer]!])),
      arrays: arrays[name]!,
    }),
  };
}

/**
 * A model's output layer as it is now, whatever its weights become; nothing is copied before they change. `using` frees it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign } from "../engine/compile.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { frozenOutput } from "./term_inputs.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const { model } = loaded;
 * using frozen = frozenOutput(model);
 * const states = tf.ones([1, model.config.width]);
 * const before = [...model.project(states).dataSync()];
 * for (const weight of Object.values(model.outputWeights)) assign(weight, tf.zerosLike(weight));
 * assertEquals([...frozen.project(states).dataSync()], before);
 * ```
 */
export function frozenOutput(
  model: Pick<Model, "outputWeights" | "projectWith">,
): Disposable & { project: (states: Tensor) => Tensor } {
  const kept = snapshots(model.outputWeights);
  return { project: model.projectWith(kept), [Symbol.dispose]: () => tf.dispose(kept) };
}

/** Beside the reference's logits stand both distributions and their logarithms: so much smaller are chunks then. */
const TWICE_LOGITS = 4;

interface ResultOptions extends Pick<StepOptions, "logitBytes">, OutputOptions {
  labels: Tensor;
}

/** What terms are given of a model's states, each computed when it is first asked for. */
class Results {
  readonly #model: Model;
  readonly #states: Tensor;
  readonly #options: ResultOptions;
  #logits: Tensor | undefined;
  #losses: Tensor | undefined;

  constructor(model: Model, states: Tensor, options: ResultOptions) {
    [this.#model, this.#states, this.#options] = [model, states, options];
  }

  get logits(): Tensor {
    return this.#logits ??= this.#model.project(this.#states);
  }

  get losses(): Tensor {
    const lossesOf = ({ logits, beside: [labels] }: LogitRows) => sparseCrossEntropy(logits, labels!);
    return this.#losses ??= this.#valuesOf(lossesOf, { beside: [this.#options.labels] });
  }

  get functions(): Pick<TermInputs, "valuesOf" | "statesAt" | "logitsAt"> {
    return {
      valuesOf: (f, options) => this.#valuesOf(f, options),
      statesAt: (positions) => {
        this.#options.onStates?.();
        return this.#statesAt(positions);
      },
      logitsAt: (positions) => this.#model.project(this.#statesAt(positions)), // [P, V]
    };
  }

  #statesAt(positions?: Tensor): Tensor {
    return positions ? tf.gather(this.#states, positions) : this.#states; // [P, D]
  }

  #valuesOf(f: (rows: LogitRows) => Tensor, { at, beside = [], reference }: ValueOptions = {}): Tensor {
    const { before = (states: Tensor) => this.#model.project(states) } = this.#options;
    const { logitBytes: asked = LOGIT_BYTES } = this.#options;
    const logitBytes = reference ? asked / TWICE_LOGITS : asked;
    const all = reference ? [...beside, reference] : beside;
    const run = (logits: Tensor, given: Tensor[]) =>
      f({
        logits,
        reference: reference && before(given.at(-1)!),
        beside: given.slice(0, beside.length),
      });
    const rows = this.#states.shape[0]!;
    const isShared = (at?.size ?? rows) > rows / 4; // else some products more take less than gathering logits
    if (isShared && chunkRows(rows, this.#model.config.vocabularySize, logitBytes).length === 1) {
      return run(at ? tf.gather(this.logits, at) : this.logits, all as Tensor[]);
    }
    return chunkedValues(this.#model, this.#statesAt(at), run, { beside: all, logitBytes });
  }
}
