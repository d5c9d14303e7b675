/**
 * What low-rank adapters compute (LoRA; Hu et al., 2022): beside a linear layer of frozen weights W stands a product of two
 * small matrices, x A^T B^T alpha / r, and only A and B are trained. Names, shapes and dropout are those of the peft library.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { mixBits, randomMask, statelessBits } from "../engine/random.ts";
import { ADAPTER, type LinearAdapter, type Weights } from "./architecture.ts";

/** What an adapter is like. */
export interface LoraOptions {
  /** r, the rank of what is added. */
  rank: number;
  /** What is added is scaled by alpha / r. */
  alpha: number;
  /** The share of a layer's inputs that A does not see while it is trained. */
  dropout: number;
}

/** What draws a step's dropout. */
export interface DropoutStep {
  /** [2] int32, twice the same number. */
  seed: Tensor;
  /** [B, T] of what goes into the layers. */
  shape: readonly [texts: number, tokens: number];
  /** [B] int32: the texts' numbers among all of the step, whose dropout does not depend on who they are with. Default: from 0 on. */
  texts?: Tensor | undefined;
}

/** What dropout is made of: numbers of some layers, twice: for what they give, and for their gradients. */
export interface DropoutBits {
  /** Their names. */
  layers: readonly string[];
  /** [layers, rows + columns] int32 each: a number for each row and each input of each layer. */
  bits: readonly Tensor[];
}

/**
 * An adapter's matrices and what it does with them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { "fc.lora_A.weight": tf.tensor2d([[1, 1]]), "fc.lora_B.weight": tf.tensor2d([[3], [0]]) };
 * using adapter = new Adapter({ rank: 1, alpha: 2, dropout: 0 }, weights);
 * assertEquals([...adapter.beside()("fc", tf.tensor2d([[1, 4]]))!.dataSync()], [30, 0]);
 * assertEquals(adapter.beside()("other", tf.tensor2d([[1, 4]])), undefined);
 * ```
 */
export class Adapter implements Disposable {
  /** Rank, alpha and dropout. */
  readonly options: LoraOptions;
  /** `NAME.lora_A.weight` [r, in] and `NAME.lora_B.weight` [out, r] of each layer, float32. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** The layers' names, in order. */
  readonly layers: readonly string[];

  /** @param weights the adapter owns them */
  constructor({ rank, alpha, dropout }: LoraOptions, weights: Readonly<Record<string, Tensor>>) {
    this.options = { rank, alpha, dropout };
    this.weights = weights;
    this.layers = Object.keys(weights).flatMap((name) => /^(.*)\.lora_A\.weight$/.exec(name)?.[1] ?? []);
  }

  /** alpha / r */
  get scale(): number {
    return this.options.alpha / this.options.rank;
  }

  /**
   * What is added to a linear layer's result.
   *
   * @param drawn of a training's step, see `draw`; without it nothing is dropped
   */
  beside(drawn?: DropoutBits): LinearAdapter {
    const { rank, dropout } = this.options;
    return (name, x) => {
      const [a, b] = ["A", "B"].map((which) => this.weights[`${name}.lora_${which}.weight`]);
      if (!a || !b) return undefined;
      const bits = drawn?.bits.map((each) => bitsOf(each, drawn.layers.indexOf(name)));
      const inner = bits
        ? droppedProduct(x, a, { dropout, bits })
        : tf.matMul(x as tf.Tensor2D, a as tf.Tensor2D, false, true); // [N, r]
      const scaled = this.options.alpha === rank ? inner : tf.mul(inner, this.scale);
      return tf.matMul(scaled as tf.Tensor2D, b as tf.Tensor2D, false, true); // [N, out]
    };
  }

  /** Draws a step's dropout, of all layers; undefined where nothing is dropped. The caller disposes it. */
  draw({ seed, shape: [B, T], texts }: DropoutStep): DropoutBits | undefined {
    if (this.options.dropout === 0) return undefined;
    const columns = Math.max(
      ...this.layers.map((layer) => this.weights[`${layer}.lora_A.weight`]!.shape[1]!),
    );
    const L = this.layers.length;
    const bits = [0, 1].map((copy) => {
      const drawn = statelessBits([L, 1 + columns], tf.tile(tf.slice(seed, [copy], [1]), [2]));
      const ofTexts = mixBits(tf.slice(drawn, [0, 0], [L, 1]), tf.reshape(texts ?? range(B), [1, B])); // [L, B]
      const rows = mixBits(tf.expandDims(ofTexts, 2), tf.reshape(range(T), [1, 1, T])); // [L, B, T]
      return tf.concat([tf.reshape(rows, [L, B * T]), tf.slice(drawn, [0, 1], [L, columns])], 1);
    });
    return { layers: this.layers, bits };
  }

  /**
   * What the adapter adds to a layer's weights.
   *
   * @returns [out, in], or [in, out] as GPT-2 stores them; the caller disposes it
   */
  delta(name: string, { isInOut = false }: { isInOut?: boolean | undefined } = {}): Tensor {
    return tf.tidy(() => {
      const [a, b] = ["A", "B"].map((which) => this.weights[`${name}.lora_${which}.weight`] as tf.Tensor2D);
      const product = isInOut ? tf.matMul(a!, b!, true, true) : tf.matMul(b!, a!);
      return tf.mul(product, this.scale);
    });
  }

  /** Frees the matrices. */
  [Symbol.dispose](): void {
    tf.dispose(Object.values(this.weights));
  }
}

/**
 * Some layers' part of what is drawn.
 *
 * @param isOne says by a layer's name whether it is one of them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const drawn = { layers: ["h.0.fc", "h.1.fc"], bits: [tf.tensor2d([[1, 2], [3, 4]], [2, 2], "int32")] };
 * const { layers, bits } = bitsOfLayers(drawn, (name) => name.startsWith("h.1"));
 * assertEquals([layers, [...bits[0]!.dataSync()]], [["h.1.fc"], [3, 4]]);
 * ```
 */
export function bitsOfLayers({ layers, bits }: DropoutBits, isOne: (name: string) => boolean): DropoutBits {
  const numbers = [...layers.keys()].filter((i) => isOne(layers[i]!));
  return {
    layers: numbers.map((i) => layers[i]!),
    bits: bits.map((each) => tf.gather(each, tf.tensor1d(numbers, "int32"))),
  };
}

function range(size: number): Tensor {
  return tf.range(0, size, 1, "int32");
}

/** A layer's part of what is drawn. */
function bitsOf(bits: Tensor, layer: number): Tensor {
  return tf.reshape(tf.slice(bits, [layer, 0], [1, -1]), [-1]);
}

/**
 * x A^T of what dropout leaves of x. The gradients draw the same numbers again, from the seed's second copy, so that neither
 * the mask nor what it leaves is held from the one to the other: no compiler can know that both are the same.
 *
 * @param bits two times the same numbers: of the rows, then of the columns
 * @returns [N, r]
 */
function droppedProduct(
  x: Tensor,
  a: Tensor,
  { dropout, bits: [first, second] }: { dropout: number; bits: Tensor[] },
): Tensor {
  const drop = (x: Tensor, bits: Tensor) => {
    const [rows, columns] = x.shape as [number, number];
    const kept = randomMask(tf.slice(bits, [0], [rows]), tf.slice(bits, [rows], [columns]), dropout);
    return tf.mul(x, tf.mul(tf.cast(kept, "float32"), 1 / (1 - dropout)));
  };
  const product = tf.customGrad((x, a, save) => {
    (save as tf.GradSaveFunc)([x as Tensor, a as Tensor, second!]);
    return {
      value: tf.matMul(drop(x as Tensor, first!) as tf.Tensor2D, a as tf.Tensor2D, false, true),
      gradFunc: (dy: Tensor, [x, a, bits]: Tensor[]) => [
        drop(tf.matMul(dy as tf.Tensor2D, a as tf.Tensor2D), bits!), // [N, in]
        tf.matMul(dy as tf.Tensor2D, drop(x!, bits!) as tf.Tensor2D, true), // [r, in]
      ],
    };
  });
  return product(x, a);
}

/**
 * Weights whose linear layers tell what goes into them.
 *
 * @param note is given a layer's name and its input, [N, in]. Default: they tell nothing
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { linear } from "./layers.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const seen: string[] = [];
 * const weights = withNotes({ "sum.weight": tf.tensor2d([[1, 1]]) }, (name, x) => void seen.push(`${name} [${x.shape}]`));
 * assertEquals([linear(weights, "sum", tf.tensor2d([[2, 3]])).dataSync()[0], ...seen], [5, "sum [1,2]"]);
 * ```
 */
export function withNotes(weights: Weights, note?: (name: string, x: Tensor) => void): Weights {
  if (!note) return weights;
  const added = weights[ADAPTER];
  const told: LinearAdapter = (name, x) => {
    note(name, x);
    return added?.(name, x);
  };
  return { ...weights, [ADAPTER]: told };
}

/**
 * A model's weights with an adapter beside them, as a family's functions take them.
 *
 * @param drawn see `Adapter.beside`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withAdapter({}, null), {});
 * ```
 */
export function withAdapter(weights: Weights, adapter: Adapter | null, drawn?: DropoutBits): Weights {
  return adapter ? { ...weights, [ADAPTER]: adapter.beside(drawn) } : weights;
}
