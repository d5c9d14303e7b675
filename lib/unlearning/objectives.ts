/**
 * The unlearning methods as weights of four terms (the paper's section 4.3): cross entropy over secret tokens and over
 * all others, and the divergence KL(reference || model) over secret tokens or over all; and, for methods of one's own,
 * terms that are functions (see `terms.ts`).
 *
 * Every term is a mean over real tokens of the whole set, whatever the micro-batch; a step minimizes their weighted
 * sum. A new method is a row.
 *
 * @module
 */

import type { Term } from "./terms.ts";

/** Weights of the terms of one step; a missing term is 0. */
export interface TermWeights {
  /** Mean cross entropy over all real tokens. */
  crossEntropyAll?: number;
  /** Mean cross entropy over secret tokens. */
  crossEntropySecret?: number;
  /** Mean cross entropy over all other real tokens. */
  crossEntropyNormal?: number;
  /** Mean KL(reference || model) over secret tokens. */
  divergenceSecret?: number;
  /** Mean KL(reference || model) over all other real tokens. */
  divergenceNormal?: number;
  /** Mean KL(reference || model) over all real tokens. */
  divergenceAll?: number;
}

/** The paper's letters. */
export interface ObjectiveOptions {
  /** Weight of the other tokens' cross entropy. */
  gamma: number;
  /** Weight of the divergence. */
  lambda: number;
  /** Weight of the retain side's divergence within lambda. */
  alpha: number;
}

/** A method's two steps of an epoch. */
export interface Objective {
  /** The weights of the terms on the forget set. */
  forget: TermWeights;
  /** The weights of the terms on the retain set, for an Adam step of its own; null for none. */
  retain: TermWeights | null;
  /** The weights of the terms on made-up values in the secrets' places. Default: {@linkcode CONTROL_WEIGHTS}. */
  controls?: TermWeights;
  /** What only `--compat reference` does: see `MicroBatchOptions`. */
  squeezesSingleRows?: boolean;
  /** Terms of each step beside the weighted ones. Default: none. */
  terms?: { forget?: readonly Term[]; retain?: readonly Term[] };
}

/**
 * What is asked of made-up values in the secrets' places, in the forget set's step, where there are any: that the model
 * says of them what it said before, since it is to forget the secrets and not their kind.
 */
export const CONTROL_WEIGHTS: TermWeights = { divergenceSecret: 0.2 };

/** The methods by their name on the command line. */
export const OBJECTIVES = {
  /** Gradient ascent (Jang et al., 2023). */
  ga: () => ({ forget: { crossEntropyAll: -1 }, retain: null }),
  /** Sensitivity-selective gradient ascent. */
  ssga: ({ gamma }) => ({ forget: { crossEntropySecret: -1, crossEntropyNormal: gamma }, retain: null }),
  /** Constraint-based unlearning. */
  cu: ({ lambda, alpha }) => ({
    forget: { crossEntropyAll: -1, divergenceAll: -lambda },
    retain: { divergenceAll: lambda * alpha },
    squeezesSingleRows: true,
  }),
  /** CodeEraser (SSCU in its code). */
  codeeraser: ({ gamma, lambda, alpha }) => ({
    forget: { crossEntropySecret: -1, crossEntropyNormal: gamma, divergenceSecret: -lambda },
    retain: { divergenceAll: lambda * alpha },
  }),
  /**
   * CodeEraser, but the forget set's other tokens are held to what the model said of them instead of learnt: in many epochs
   * gamma's cross entropy teaches it those documents by heart.
   */
  "codeeraser-held": ({ gamma, lambda, alpha }) => ({
    forget: { crossEntropySecret: -1, divergenceNormal: gamma, divergenceSecret: -lambda },
    retain: { divergenceAll: lambda * alpha },
  }),
} as const satisfies Record<string, (options: ObjectiveOptions) => Objective>;

/** A method's name. */
export type MethodName = keyof typeof OBJECTIVES;

/** All methods' names. */
export const METHODS = Object.keys(OBJECTIVES) as readonly MethodName[];

/**
 * A method's objective.
 *
 * @throws {RangeError} for an unknown name
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * const { forget } = objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1, alpha: 1 });
 * assertEquals(forget, { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceSecret: -0.1 });
 * assertThrows(() => objectiveOf("sgd", { gamma: 0, lambda: 0, alpha: 0 }), RangeError, 'Unknown method "sgd"');
 * ```
 */
export function objectiveOf(method: string, options: ObjectiveOptions): Objective {
  if (!Object.hasOwn(OBJECTIVES, method)) {
    throw new RangeError(
      `Unknown method "${method}": expected ${METHODS.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return OBJECTIVES[method as MethodName](options);
}
