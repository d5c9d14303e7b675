/**
 * The passes of `depthScores`: models over secrets in their places, with every layer's output read, and the model before
 * with one layer's output replaced by another model's at the positions that predict a secret's tokens.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { sparseCrossEntropy } from "../engine/kernels.ts";
import type { Model } from "../models/model.ts";
import { checkFinite } from "../models/not_finite.ts";

/** A secret in its place. */
export interface DepthRow {
  /** What messages call it. */
  id: string;
  /** The tokens before it and its own. */
  ids: readonly number[];
  /** The first of its own. */
  from: number;
}

/** What a model's layer holds of a secret. */
export interface LayerDepth {
  /** The share of tokens that are the argmax of its output. */
  lens: number;
  /** What the mean log-probability falls by in the model before when its output is this one, nats a token. */
  drop: number;
}

/** Positions come in multiples of it: few shapes are captured. */
const UNIT = 32;

type StatesStep = CompiledStep<[Tensor, Tensor, Tensor], Record<string, Tensor>>;
type PatchedStep = CompiledStep<[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor>;

/** Rows as tensors. */
interface Batch {
  /** [B, T], [B width] and [B width] int32: ids, the positions that predict secrets, what is right there. */
  inputs: readonly [Tensor, Tensor, Tensor];
  /** The mean over each row's own tokens of [B width] values; NaN for a row without. */
  means: (values: Tensor) => number[];
}

/**
 * Runs models; `using` frees the captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { DepthPasses } from "./depth_passes.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using passes = new DepthPasses(loaded.model);
 * const row = { id: "a", ids: [3, 20, 49, 41, 5, 26], from: 3 };
 * const { lens, sources } = await passes.run([row], [loaded.model]);
 * assertEquals(lens[0]!.at(-1), 1); // a text that it has memorized
 * assertEquals(sources[0]![0]!.map(({ drop }) => Math.abs(drop) < 1e-5), lens[0]!.map(() => true)); // its own states
 * ```
 */
export class DepthPasses implements Disposable {
  readonly #before: Model;
  readonly #states = new Map<Model, StatesStep>();
  readonly #patched: PatchedStep[];

  /** @param before into which states are patched; not owned */
  constructor(before: Model) {
    this.#before = before;
    this.#patched = Array.from({ length: before.config.layers }, (_, layer) => patchedStep(before, layer));
  }

  /**
   * Runs some secrets at once.
   *
   * @param sources models of the same sizes
   * @returns for each secret, and for each source and secret, its layers; none for a secret without tokens
   * @throws {NotFiniteError} when a loss is NaN or infinite
   */
  async run(
    rows: readonly DepthRow[],
    sources: readonly Model[],
  ): Promise<{ lens: number[][]; sources: LayerDepth[][][] }> {
    using held = new DisposableStack();
    const { inputs, means } = this.#batch(rows, held);
    const run = async (model: Model) => held.adopt(await this.#stepOf(model).async(...inputs), tf.dispose);
    const hasTokens = ({ ids, from }: DepthRow) => ids.length > from;
    const lensOf = (states: Record<string, Tensor>) =>
      this.#patched.map((_, l) => means(states[`hits${l}`]!));
    const own = await run(this.#before);
    const losses = means(own.loss!);
    const ownLens = lensOf(own);
    const found: LayerDepth[][][] = [];
    for (const source of sources) {
      const states = await run(source);
      const lens = lensOf(states);
      const layers: LayerDepth[][] = rows.map(() => []);
      for (const [l, patched] of this.#patched.entries()) {
        const result = await patched.async(...inputs, own[`x${l}`]!, states[`x${l}`]!);
        const patchedLosses = means(held.adopt(result, tf.dispose));
        rows.forEach((row, i) => {
          if (!hasTokens(row)) return;
          const drop = patchedLosses[i]! - losses[i]!;
          checkFinite([drop], `score secret "${row.id}"`, source);
          layers[i]!.push({ lens: lens[l]![i]!, drop });
        });
      }
      found.push(layers);
    }
    const lens = rows.map((row, i) => hasTokens(row) ? ownLens.map((means) => means[i]!) : []);
    return { lens, sources: found };
  }

  #batch(rows: readonly DepthRow[], held: DisposableStack): Batch {
    const longest = Math.max(...rows.map(({ ids }) => ids.length));
    const T = Math.max(longest, Math.min(this.#before.config.maxPositions, Math.ceil(longest / UNIT) * UNIT));
    const width = Math.max(UNIT, ...rows.map(({ ids, from }) => ids.length - from));
    const ids = new Int32Array(rows.length * T);
    const places = new Int32Array(rows.length * width);
    const labels = new Int32Array(rows.length * width);
    rows.forEach((row, i) => {
      ids.set(row.ids, i * T);
      for (let t = 0; t < width; t++) {
        // where the secret has ended, its last token again: not counted
        const token = Math.max(row.from, Math.min(row.from + t, row.ids.length - 1));
        places[i * width + t] = i * T + token - 1;
        labels[i * width + t] = row.ids[token] ?? 0;
      }
    });
    const column = (values: Int32Array) => held.adopt(tf.tensor1d(values, "int32"), tf.dispose);
    const input = held.adopt(tf.tensor2d(ids, [rows.length, T], "int32"), tf.dispose);
    return {
      inputs: [input, column(places), column(labels)],
      means: (tensor) => {
        const values = tensor.dataSync();
        return rows.map(({ ids, from }, i) => {
          const own = values.subarray(i * width, i * width + ids.length - from) as ArrayLike<number>;
          return Array.from(own).reduce((sum, value) => sum + value, 0) / own.length;
        });
      },
    };
  }

  #stepOf(model: Model): StatesStep {
    let step = this.#states.get(model);
    if (!step) this.#states.set(model, step = statesStep(model));
    return step;
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    for (const step of [...this.#states.values(), ...this.#patched]) step[Symbol.dispose]();
  }
}

/** Each layer's output [B T, D], whether the lens sees the right token in it, and the losses at the end. */
function statesStep(model: Model): StatesStep {
  return compile((ids: Tensor, places: Tensor, labels: Tensor) => {
    const result: Record<string, Tensor> = {};
    const hidden = model.hidden(ids, {
      around: (run, x, layer) => {
        const output = result[`x${layer}`] = run(x);
        const seen = tf.argMax(model.project(model.norm(tf.gather(output, places))), -1);
        result[`hits${layer}`] = tf.cast(tf.equal(seen, labels), "int32");
        return output;
      },
    });
    return { ...result, loss: lossesAt(model, hidden, { places, labels }) };
  }, { name: "states", products: model.products });
}

/** The losses of the model before with a layer's output replaced at places; the layers up to it have run. */
function patchedStep(before: Model, layer: number): PatchedStep {
  return compile((ids: Tensor, places: Tensor, labels: Tensor, own: Tensor, other: Tensor) => {
    const positions = tf.expandDims(tf.range(0, own.shape[0]!, 1, "int32"), 1); // [B T, 1]
    const isPlace = tf.any(tf.equal(positions, tf.expandDims(places, 0)), 1, true); // [B T, 1]
    const patched = tf.where(isPlace, other, own);
    const hidden = before.hidden(ids, {
      around: (run, x, at) => at < layer ? x : at > layer ? run(x) : patched,
    });
    return lossesAt(before, hidden, { places, labels });
  }, { name: "patched", products: before.products });
}

/** Cross entropies at some positions of [B T, D]: [P]. */
function lossesAt(
  model: Model,
  hidden: Tensor,
  { places, labels }: Record<"places" | "labels", Tensor>,
): Tensor {
  return sparseCrossEntropy(model.project(tf.gather(hidden, places)), labels);
}
