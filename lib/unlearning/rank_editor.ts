/**
 * Ranks of tokens edited in a model's MLPs: REVS (Ashuach, Tutek and Belinkov, "REVS: Unlearning Sensitive Information in
 * Language Models via Rank Editing in the Vocabulary Space", Findings of ACL 2025), without gradients.
 *
 * A vector of the residual stream's width has a projection, the logits that the last norm and the output layer make of it. In
 * each layer the neurons that write a token, by their activation where it is predicted and by its rank in their value vector's
 * projection, get a lower logit of it there, which the pseudo-inverse of the output layer takes back into the vector.
 *
 * A projection lies in the output layer's column space, so only what was taken off the logit has to be taken back: the vector
 * moves along one direction, the token's column of the pseudo-inverse without the last norm's gain, by the vector's own scale.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { assign, compile, type CompiledStep } from "../engine/compile.ts";
import { PseudoInverse } from "../engine/pseudo_inverse.ts";
import { linear } from "../models/layers.ts";
import type { Model } from "../models/model.ts";
import { valueLayers } from "../models/value_layers.ts";

/** How far ranks are edited; ranks as shares of the vocabulary, 0 for the likeliest token. */
export interface RankEditOptions {
  /** Neurons of a layer that may be edited for a token. */
  neurons: number;
  /** The rank that the token is to have in the residual stream, at least. */
  residualRank: number;
  /** The rank that it is to have in each edited neuron, at least. */
  neuronRank: number;
}

/** What an epoch edits. */
export interface RankEdits extends RankEditOptions {
  /** How many tokens of each secret the first epoch takes, and each later one more. */
  tokens: number;
}

/** Of this many neurons, those that are most active, those that write the token most are taken; the authors' `top_100`. */
const ACTIVE = 100;
/** What is first taken off a logit, and what that is multiplied by while the rank is too high, or too low; the authors'. */
const STEP = { first: -10, more: 1.3, less: 0.8, tries: 100 };
/** The rank in a neuron may be this much above the least one, as a share of the tokens beyond it; the authors' 45,000. */
const BAND = 0.75;

/**
 * How many tokens have a larger logit than one: 0 for the likeliest.
 *
 * @param logits [N, V] @param tokens [N] int32, one a row
 * @returns [N] int32; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([...tokenRanks(tf.tensor2d([[5, 9, 7], [3, 3, 1]]), tf.tensor1d([0, 1], "int32")).dataSync()], [2, 0]);
 * ```
 */
export function tokenRanks(logits: Tensor, tokens: Tensor): Tensor {
  return tf.tidy(() => {
    const own = tf.gather(logits, tf.expandDims(tokens, 1), 1, 1); // [N, 1]
    return tf.sum(tf.cast(tf.greater(logits, own), "int32"), 1);
  });
}

/**
 * Edits a model; `using` frees what it holds, not the model.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { RankEditor } from "./rank_editor.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using editor = new RankEditor(loaded.model, { neurons: 30, residualRank: 0.1, neuronRank: 0.6 });
 * const known = { ids: [3, 20, 49], token: 41 };
 * assertEquals(editor.rankOf(known), 0);
 * editor.edit(known);
 * assert(editor.rankOf(known) >= editor.leastRank);
 * ```
 */
export class RankEditor implements Disposable {
  readonly #model: Model;
  readonly #layers: readonly string[];
  readonly #options: RankEditOptions;
  readonly #inverse: PseudoInverse;
  /** The last norm as x to gain (x - its mean, or not) / its scale + shift: both [1, D]. */
  readonly #norm: { gain: Tensor; shift: Tensor };
  readonly #project: CompiledStep<[Tensor, Tensor], Tensor>;

  /**
   * @param model not owned; its output layer and last norm must not change meanwhile
   * @throws {RangeError} as `editableLayers`
   */
  constructor(model: Model, options: RankEditOptions) {
    this.#model = model;
    this.#options = options;
    this.#layers = editableLayers(model);
    this.#norm = normOf(model);
    this.#inverse = new PseudoInverse(model.outputMatrix);
    const ranks = (vectors: Tensor, tokens: Tensor) => tokenRanks(model.project(model.norm(vectors)), tokens);
    this.#project = compile(ranks, { name: "ranks", products: model.products });
  }

  /** The least rank that a token is to have in the residual stream. */
  get leastRank(): number {
    return Math.ceil(this.#options.residualRank * this.#model.config.vocabularySize);
  }

  /** A token's rank where it is predicted, behind some others. */
  rankOf({ ids, token }: { ids: readonly number[]; token: number }): number {
    return tf.tidy(() => {
      const hidden = this.#model.hidden(tf.tensor2d([...ids], [1, ids.length], "int32")); // [T, D]
      return tokenRanks(this.#model.project(lastRow(hidden)), tf.tensor1d([token], "int32")).dataSync()[0]!;
    });
  }

  /**
   * Edits the layers from the first to the last, each as those before it leave it, until the token has the least rank in what
   * the layer gives, or all neurons that may be are edited.
   *
   * @param place the tokens before, and the token
   * @returns the ranks in what each layer gave before it was edited, and how many of its neurons were
   */
  edit({ ids, token }: { ids: readonly number[]; token: number }): { ranks: number[]; neurons: number[] } {
    const [ranks, neurons]: [number[], number[]] = [[], []];
    tf.tidy(() => {
      const direction = tf.div(this.#inverse.columns([token]), this.#norm.gain); // [1, D]
      let activations: Tensor | undefined;
      const runEdited = (run: (x: Tensor) => Tensor, x: Tensor, layer: number): Tensor => {
        const output = run(x);
        const residual = lastRow(output); // [1, D]
        const rank = this.#ranks(residual, token)[0]!;
        ranks.push(rank);
        const isDown = rank >= this.leastRank;
        neurons.push(
          isDown ? 0 : this.#edit(layer, { activations: activations!, residual, direction, token }),
        );
        return neurons[layer] ? run(x) : output;
      };
      this.#model.hidden(tf.tensor2d([...ids], [1, ids.length], "int32"), {
        inputs: (name, x) => {
          if (name === this.#layers[ranks.length]) activations = lastRow(x); // [1, F]
        },
        around: (run, x, layer) => tf.tidy(() => runEdited(run, x, layer)),
      });
    });
    return { ranks, neurons };
  }

  /** Edits one layer's weights; how many neurons. */
  #edit(
    layer: number,
    { activations, residual, direction, token }: {
      activations: Tensor;
      residual: Tensor;
      direction: Tensor;
      token: number;
    },
  ): number {
    const name = this.#layers[layer]!;
    const { weights, isInOut } = this.#model;
    const weight = weights[`${name}.weight`]!;
    const vectors = isInOut ? weight : tf.transpose(weight); // [F, D]
    const chosen = this.choose(vectors, activations, token);
    if (chosen.length === 0) return 0;
    const values = tf.gather(vectors, tf.tensor1d(chosen, "int32")); // [N, D]
    const moved = this.demoted(values, direction, token); // [N, D]
    const active = tf.reshape(tf.gather(activations, tf.tensor1d(chosen, "int32"), 1), [-1, 1]); // [N, 1]
    const written = linear(weights, name, activations, { isInOut }); // [1, D]
    const more = tf.cumsum(tf.mul(active, tf.sub(moved, values)), 0); // by the first neuron, the first two, ...
    const after = (x: Tensor) => this.#model.afterMlp(x, layer);
    const residuals = tf.add(tf.sub(residual, after(written)), after(tf.add(written, more))); // [N, D]
    const ranks = this.#ranks(residuals, token);
    const enough = ranks.findIndex((rank) => rank >= this.leastRank);
    const count = enough < 0 ? chosen.length : enough + 1;
    const places = tf.tensor2d(chosen.slice(0, count), [count, 1], "int32");
    const change = tf.scatterND(
      places,
      tf.slice(tf.sub(moved, values), [0, 0], [count, vectors.shape[1]!]),
      vectors.shape as [number, number],
    ); // [F, D]
    assign(weight, tf.add(weight, isInOut ? change : tf.transpose(change)));
    return count;
  }

  /**
   * Neurons that are active, of the most active ones those in whose vectors the token ranks highest, the highest first.
   *
   * @param vectors [F, D] @param activations [1, F]
   */
  choose(vectors: Tensor, activations: Tensor, token: number): number[] {
    const values = activations.dataSync();
    const active = [...values.keys()].filter((neuron) => values[neuron]! > 0)
      .sort((a, b) => values[b]! - values[a]!).slice(0, ACTIVE);
    if (active.length === 0) return [];
    const ranks = this.#ranks(tf.gather(vectors, tf.tensor1d(active, "int32")), token);
    const order = [...active.keys()].sort((a, b) => ranks[a]! - ranks[b]! || a - b);
    const least = this.#options.neuronRank * this.#model.config.vocabularySize;
    return order.filter((i) => ranks[i]! < least).slice(0, this.#options.neurons).map((i) => active[i]!);
  }

  /**
   * Value vectors with a lower logit of a token in their projections.
   *
   * @param values [N, D] @param direction [1, D]
   * @returns [N, D]; where no try gave a rank within the bounds, the last one's
   */
  demoted(values: Tensor, direction: Tensor, token: number): Tensor {
    const V = this.#model.config.vocabularySize;
    const least = this.#options.neuronRank * V;
    const most = least + BAND * (V - least);
    const along = tf.mul(this.#scales(values), direction); // [N, D]
    const steps = new Float32Array(values.shape[0]!).fill(STEP.first);
    const move = () => tf.add(values, tf.mul(tf.tensor2d(steps, [steps.length, 1]), along));
    for (let tried = 0; tried < STEP.tries; tried++) {
      const ranks = tf.tidy(() => this.#ranks(move(), token));
      const factors = ranks.map((rank) => rank < least ? STEP.more : rank > most ? STEP.less : 1);
      if (factors.every((factor) => factor === 1)) break;
      factors.forEach((factor, i) => steps[i]! *= factor);
    }
    return move();
  }

  /** What the last norm divides each vector by: [N, 1]. */
  #scales(values: Tensor): Tensor {
    const { gain, shift } = this.#norm;
    const normed = tf.div(tf.sub(this.#model.norm(values), shift), gain); // [N, D]
    const dot = (x: Tensor) => tf.sum(tf.mul(x, normed), 1, true);
    return tf.divNoNan(dot(values), dot(normed));
  }

  /** The ranks of a token in vectors' projections. */
  #ranks(vectors: Tensor, token: number): number[] {
    return tf.tidy(
      () => [...this.#project(vectors, tf.fill([vectors.shape[0]!], token, "int32")).dataSync()],
    );
  }

  [Symbol.dispose](): void {
    this.#inverse[Symbol.dispose]();
    this.#project[Symbol.dispose]();
    tf.dispose([this.#norm.gain, this.#norm.shift]);
  }
}

/**
 * The linear layers of a model that hold value vectors, one a layer.
 *
 * @throws {RangeError} when the model has an adapter, a layer without an MLP, or such weights that are frozen
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { editableLayers } from "./rank_editor.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain", { trainable: true });
 * assertEquals(editableLayers(loaded.model)[0], "transformer.h.0.mlp.c_proj");
 * ```
 */
export function editableLayers(model: Model): string[] {
  if (model.adapter) {
    throw new RangeError("Cannot edit ranks beside an adapter: the weights themselves are edited");
  }
  const layers = valueLayers(model.linearLayers, model.config);
  const frozen = layers.find((name) => !Object.hasOwn(model.trainable, `${name}.weight`));
  if (frozen === undefined) return layers;
  throw new RangeError(
    `Cannot edit ranks in "${frozen}.weight": it is frozen: load the model with it trainable`,
  );
}

/** The last row: [N, D] to [1, D]. */
function lastRow(x: Tensor): Tensor {
  const [N, D] = x.shape as [number, number];
  return tf.slice(x, [N - 1, 0], [1, D]);
}

/** Gain and shift of the last norm, found by two vectors: zero, and ones of both signs, whose mean is 0 and whose scale is 1. */
function normOf(model: Model): { gain: Tensor; shift: Tensor } {
  const D = model.config.width;
  return tf.tidy(() => {
    const signs = tf.tensor2d(Float32Array.from({ length: D }, (_, i) => i % 2 === 0 ? 1 : -1), [1, D]);
    const shift = model.norm(tf.zeros([1, D]));
    return { gain: tf.mul(tf.sub(model.norm(signs), shift), signs), shift };
  });
}
