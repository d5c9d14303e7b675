/**
 * New adapters: on which linear layers they stand, of what rank they are, and how they start.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import { statelessUniform } from "../engine/random.ts";
import { Adapter, type LoraOptions } from "./adapter.ts";
import type { Architecture, ModelConfig } from "./architecture.ts";

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
