/**
 * Low-rank adapters (LoRA; Hu et al., 2022): beside a linear layer of frozen weights W stands a product of two small
 * matrices, x A^T B^T alpha / r, and only A and B are trained. Names, shapes, start and dropout are those of the peft
 * library, so that its adapters can be read and ours are read by it.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { randomMask, statelessUniform } from "../engine/random.ts";
import {
  ADAPTER,
  type Architecture,
  type LinearAdapter,
  type ModelConfig,
  type Weights,
} from "./architecture.ts";

/** What an adapter is like. */
export interface LoraOptions {
  /** r, the rank of what is added. */
  rank: number;
  /** What is added is scaled by alpha / r. */
  alpha: number;
  /** The share of a layer's inputs that A does not see while it is trained. */
  dropout: number;
}

/** What a new adapter is like, and where it stands. */
export interface NewLora extends LoraOptions {
  /** "attention", "mlp" or "all" linear layers, or a regular expression that is looked for in their names. */
  targets: string;
  /** Draws the start. */
  seed: number;
}

/** As the paper's PECU has it: rank 32, alpha 32, dropout 0.1, on the projections of attention and MLP. */
export const LORA_DEFAULTS: Readonly<Omit<NewLora, "seed">> = {
  rank: 32,
  alpha: 32,
  dropout: 0.1,
  targets: "all",
};

const GROUPS: Readonly<Record<string, RegExp>> = {
  attention: /\.(self_)?(attn|attention)\./,
  mlp: /\.mlp\./,
  all: /^/,
};

/** The sizes of a linear layer. */
export interface LinearSize {
  /** What goes in. */
  inputs: number;
  /** What comes out. */
  outputs: number;
}

/**
 * The linear layers of a family's blocks by their names, which are those of their weights without `.weight`: all matrices
 * there. The embedding and the output layer have no adapters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpt2 } from "./gpt2.ts";
 *
 * const config = gpt2.readConfig({ n_layer: 1, n_embd: 12 }, "config.json");
 * const layers = linearLayers(gpt2, config);
 * assertEquals([layers.size, layers.get("transformer.h.0.mlp.c_fc")], [4, { inputs: 12, outputs: 48 }]);
 * ```
 */
export function linearLayers<C extends ModelConfig>(
  { shapes, isInOut }: Pick<Architecture<C>, "shapes" | "isInOut">,
  config: C,
): Map<string, LinearSize> {
  const inBlocks = Object.entries(shapes(config)).flatMap(([name, [first, second]]) => {
    const layer = /^(.*\.\d+\..*)\.weight$/.exec(name)?.[1];
    if (layer === undefined || second === undefined) return [];
    const [inputs, outputs] = isInOut ? [first!, second] : [second, first!];
    return [[layer, { inputs, outputs }] as const];
  });
  return new Map(inBlocks);
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
   * @param seed [2] int32, twice the same number, which draws the dropout of a training's step; without it nothing is
   * dropped
   */
  beside(seed?: Tensor): LinearAdapter {
    const { rank, dropout } = this.options;
    return (name, x) => {
      const [a, b] = ["A", "B"].map((which) => this.weights[`${name}.lora_${which}.weight`]);
      if (!a || !b) return undefined;
      const inner = seed && dropout > 0
        ? droppedProduct(x, a, { dropout, seed, layer: this.layers.indexOf(name) })
        : tf.matMul(x as tf.Tensor2D, a as tf.Tensor2D, false, true); // [N, r]
      const scaled = this.options.alpha === rank ? inner : tf.mul(inner, this.scale);
      return tf.matMul(scaled as tf.Tensor2D, b as tf.Tensor2D, false, true); // [N, out]
    };
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
 * x A^T of what dropout leaves of x. The gradients draw the same numbers again, from the seed's second copy, so that neither
 * the mask nor what it leaves is held from the one to the other: no compiler can know that both are the same.
 *
 * @returns [N, r]
 */
function droppedProduct(
  x: Tensor,
  a: Tensor,
  { dropout, seed, layer }: { dropout: number; seed: Tensor; layer: number },
): Tensor {
  const drop = (x: Tensor, copy: number) => {
    const number = tf.reshape(tf.slice(seed, [copy], [1]), []);
    const own = tf.stack([number, tf.scalar(layer, "int32")]);
    const kept = randomMask(x.shape as [number, number], { share: dropout, seed: own });
    return tf.mul(x, tf.mul(tf.cast(kept, "float32"), 1 / (1 - dropout)));
  };
  const product = tf.customGrad((x, a, save) => {
    (save as tf.GradSaveFunc)([x as Tensor, a as Tensor]);
    return {
      value: tf.matMul(drop(x as Tensor, 0) as tf.Tensor2D, a as tf.Tensor2D, false, true),
      gradFunc: (dy: Tensor, [x, a]: Tensor[]) => [
        drop(tf.matMul(dy as tf.Tensor2D, a as tf.Tensor2D), 1), // [N, in]
        tf.matMul(dy as tf.Tensor2D, drop(x!, 1) as tf.Tensor2D, true), // [r, in]
      ],
    };
  });
  return product(x, a);
}

/**
 * A new adapter that changes nothing yet: B is zero, A uniform within 1 / sqrt(in), as peft starts both (Kaiming's
 * uniform start with a = sqrt(5)).
 *
 * @param layers of `linearLayers` @param model what messages call it
 * @throws {RangeError} for a rank, alpha or dropout that cannot be, and targets that match no layer
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const layers = new Map([["h.0.attn.c_proj", { inputs: 4, outputs: 4 }], ["h.0.mlp.c_fc", { inputs: 4, outputs: 16 }]]);
 * using adapter = newAdapter(layers, { ...LORA_DEFAULTS, rank: 2, targets: "mlp", seed: 1 }, "m");
 * assertEquals(adapter.layers, ["h.0.mlp.c_fc"]);
 * assertEquals(adapter.weights["h.0.mlp.c_fc.lora_B.weight"]!.shape, [16, 2]);
 * const message = 'Cannot add an adapter to "m": targets "q_proj" match none of its 2 linear layers, such as "h.0.attn.c_proj"';
 * assertThrows(() => newAdapter(layers, { ...LORA_DEFAULTS, targets: "q_proj", seed: 1 }, "m"), RangeError, message);
 * ```
 */
export function newAdapter(
  layers: ReadonlyMap<string, LinearSize>,
  { targets, seed, ...options }: NewLora,
  model: string,
): Adapter {
  checkLora({ targets, ...options });
  const chosen = targetLayers(layers, targets, model);
  const { rank } = options;
  const weights = tf.tidy(() =>
    Object.fromEntries(chosen.flatMap(([name, { inputs, outputs }], i) => {
      const uniform = statelessUniform([rank, inputs], tf.tensor1d([seed | 0, i], "int32"));
      const a = tf.mul(tf.sub(tf.mul(uniform, 2), 1), 1 / Math.sqrt(inputs));
      return [[`${name}.lora_A.weight`, a], [`${name}.lora_B.weight`, tf.zeros([outputs, rank])]];
    }))
  );
  return new Adapter(options, weights);
}

/**
 * The layers that targets mean.
 *
 * @param layers of `linearLayers` @param model what messages call it
 * @throws {RangeError} when there are none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const size = { inputs: 4, outputs: 4 };
 * const layers = new Map([["h.0.attn.c_proj", size], ["h.0.mlp.c_fc", size]]);
 * assertEquals(targetLayers(layers, "attention", "m"), [["h.0.attn.c_proj", size]]);
 * ```
 */
export function targetLayers(
  layers: ReadonlyMap<string, LinearSize>,
  targets: string,
  model: string,
): [name: string, size: LinearSize][] {
  const pattern = GROUPS[targets] ?? new RegExp(targets);
  const chosen = [...layers].filter(([name]) => pattern.test(name));
  if (chosen.length > 0) return chosen;
  const [first] = layers.keys();
  throw new RangeError(
    `Cannot add an adapter to "${model}": targets "${targets}" match none of its ${layers.size} linear layers, ` +
      `such as "${first}"`,
  );
}

/**
 * Refuses an adapter that cannot be.
 *
 * @throws {RangeError} that says which number is wrong
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * const message = "Cannot make an adapter: r is 0: expected a whole number of at least 1";
 * assertThrows(() => checkLora({ ...LORA_DEFAULTS, rank: 0 }), RangeError, message);
 * ```
 */
export function checkLora({ rank, alpha, dropout, targets }: LoraOptions & { targets?: string }): void {
  const refuse = (what: string, cause?: unknown) => {
    throw new RangeError(`Cannot make an adapter: ${what}`, { cause });
  };
  if (!Number.isSafeInteger(rank) || rank < 1) {
    refuse(`r is ${rank}: expected a whole number of at least 1`);
  }
  if (!(alpha > 0 && Number.isFinite(alpha))) refuse(`alpha is ${alpha}: expected a positive number`);
  if (!(dropout >= 0 && dropout < 1)) {
    refuse(`dropout is ${dropout}: expected a number from 0 to less than 1`);
  }
  if (targets === undefined || Object.hasOwn(GROUPS, targets)) return;
  try {
    if (targets === "") throw new SyntaxError("it is empty");
    new RegExp(targets);
  } catch (cause) {
    refuse(
      `targets ${JSON.stringify(targets)} is none of ${
        Object.keys(GROUPS).join(", ")
      }, nor a regular expression`,
      cause,
    );
  }
}

/**
 * A model's weights with an adapter beside them, as a family's functions take them.
 *
 * @param seed see `Adapter.beside`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withAdapter({}, null), {});
 * ```
 */
export function withAdapter(weights: Weights, adapter: Adapter | null, seed?: Tensor): Weights {
  return adapter ? { ...weights, [ADAPTER]: adapter.beside(seed) } : weights;
}
