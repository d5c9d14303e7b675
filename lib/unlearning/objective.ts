/**
 * What an unlearning method is: the weights and terms of its two steps, and the parameters that it takes.
 *
 * @module
 */
import type { DualOptions } from "./dual_weight.ts";
import type { RankEdits } from "./rank_editor.ts";
import type { Term } from "./terms.ts";
import type { Scope } from "./units.ts";

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

/** How the retain set is kept: its tokens learnt, what the model says of them held, or its hidden states held. */
export type RetainLoss = "nll" | "kl" | "hidden";

/** The methods' parameters; each takes some of them and has its own defaults, see `METHOD_DEFAULTS`. */
export interface ObjectiveOptions {
  /** CodeEraser: weight of the other tokens' cross entropy; else the forget side's weight. */
  gamma?: number;
  /** Weight of the divergence. */
  lambda?: number;
  /** Weight of the retain side; of CodeEraser and CU within lambda. */
  alpha?: number;
  /** What is forgotten: the secrets' tokens, or whole rows. */
  scope?: Scope;
  /** How the retain set is kept. */
  retainLoss?: RetainLoss;
  /** NPO, SimNPO: inverse temperature; WGA: power of the probability; UNDIAL: what is taken off the true token's logit. */
  beta?: number;
  /** SatImp: power of the probability. */
  beta1?: number;
  /** SatImp: power of the rest of the probability. */
  beta2?: number;
  /** SimNPO: mean loss that is asked for, nats. */
  delta?: number;
  /** CE-U: first tokens left out; PROD: first tokens whose target keeps the true one. Of each secret, or row. */
  first?: number;
  /** PROD: the least share of the reference's probability that the target is made of. */
  topP?: number;
  /** PROD: what the reference's logits are divided by. */
  temperature?: number;
  /** RMU: the layer whose output is steered, from 0. */
  layer?: number;
  /** RMU: length of the vector that states are steered to. */
  steering?: number;
  /** PDU: how much the retain side's weight grows with each nat above `epsilon`. */
  dualStep?: number;
  /** PDU: retain loss that is allowed, nats. Default: that of the model as it came. */
  epsilon?: number;
  /** PDU: epochs before the retain side's weight moves. */
  warmup?: number;
  /** REVS: how many tokens of a secret each epoch takes more. */
  tokens?: number;
  /** REVS: neurons of a layer that are edited for a token, at most. */
  neurons?: number;
  /** REVS: the least rank in the residual stream, as a share of the vocabulary. */
  residualRank?: number;
  /** REVS: the least rank in an edited neuron, likewise. */
  neuronRank?: number;
  /** Draws what a method draws. Default 42. */
  seed?: number;
  /** The model's layers, where a default depends on them. */
  modelLayers?: number;
}

/** A method's two steps of an epoch. */
export interface Objective {
  /** The weights of the terms on the forget set. */
  forget: TermWeights;
  /** The weights of the terms on the retain set, for an Adam step of its own unless `isJoint`; null for none. */
  retain: TermWeights | null;
  /** The weights of the terms on made-up values in the secrets' places. Default: {@linkcode CONTROL_WEIGHTS}. */
  controls?: TermWeights;
  /** What only `--compat reference` does: see `MicroBatchOptions`. */
  squeezesSingleRows?: boolean;
  /** Terms of each step beside the weighted ones. Default: none. */
  terms?: { forget?: readonly Term[]; retain?: readonly Term[] };
  /** Whether both sides are summed up for one Adam step, as in open-unlearning. Default false. */
  isJoint?: boolean;
  /** How the weight of the retain side's cross entropy moves from epoch to epoch. Default: it stays. */
  dual?: DualOptions;
  /** The weights are moved so many times the other way than the steps train them. Default: the same way. */
  negates?: number;
  /** What is edited in place of any training. Default: the terms are minimized. */
  edits?: RankEdits;
  /** What its terms keep of the reference, beside what the divergence does. Default: nothing to speak of. */
  keeps?: readonly Kept[];
}

/** What a term keeps of the reference: counted by plans of memory. */
export interface Kept {
  /** Of which set. */
  side: "forget" | "retain";
  /** Of which tokens. */
  scope: Scope;
  /** Of each a distribution over the vocabulary; the state that logits are made of; what a layer gives; or its loss. */
  of: "distributions" | "states" | "outputs" | "losses";
}

/**
 * What is asked of made-up values in the secrets' places, in the forget set's step, where there are any: that the model
 * says of them what it said before, since it is to forget the secrets and not their kind.
 */
export const CONTROL_WEIGHTS: TermWeights = { divergenceSecret: 0.2 };

/** A method of a file of its own: its parameters with their defaults, and its objective. */
export interface Method {
  /** All that it takes; null for what has a default that depends on the model. */
  readonly defaults: Defaults;
  /** Its objective by parameters, those not given by default. */
  objective(options?: ObjectiveOptions): Objective;
}

/** Parameters with their defaults. */
export type Defaults = { readonly [N in keyof ObjectiveOptions]?: ObjectiveOptions[N] | null };

/** The parameters that a method is given: the defaults are there for certain. */
type Given<D extends Defaults> =
  & ObjectiveOptions
  & {
    [N in keyof D & keyof ObjectiveOptions as D[N] extends null ? never : N]: NonNullable<
      ObjectiveOptions[N]
    >;
  };

/**
 * A method, so that its objective finds all its parameters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineMethod } from "./objective.ts";
 *
 * const ascent = defineMethod({
 *   defaults: { gamma: 2 },
 *   objective: ({ gamma }) => ({ forget: { crossEntropyAll: -gamma }, retain: null }),
 * });
 * assertEquals(ascent.objective().forget, { crossEntropyAll: -2 });
 * assertEquals(ascent.objective({ gamma: 3 }).forget, { crossEntropyAll: -3 });
 * ```
 */
export function defineMethod<const D extends Defaults>(
  { defaults, objective }: { defaults: D; objective: (options: Given<D>) => Objective },
): Method {
  return { defaults, objective: (options = {}) => objective(withDefaults(defaults, options) as Given<D>) };
}

/**
 * Parameters, those that are not given by default.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withDefaults } from "./objective.ts";
 *
 * assertEquals(withDefaults({ gamma: 1, layer: null }, { gamma: undefined, alpha: 2 }), { gamma: 1, alpha: 2 });
 * ```
 */
export function withDefaults(defaults: Defaults, options: ObjectiveOptions): ObjectiveOptions {
  const given = [defaults, options].flatMap((all) =>
    Object.entries(all).filter(([, value]) => value !== undefined && value !== null)
  );
  return Object.fromEntries(given);
}

/**
 * The retain side of a method that keeps it by cross entropy or by divergence from the reference; null of weight 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { retainWeights } from "./objective.ts";
 *
 * assertEquals(retainWeights({ alpha: 2, retainLoss: "kl" }), { divergenceAll: 2 });
 * assertEquals(retainWeights({ alpha: 0, retainLoss: "nll" }), null);
 * ```
 */
export function retainWeights(
  { alpha, retainLoss }: { alpha: number; retainLoss: RetainLoss },
): TermWeights | null {
  if (alpha === 0) return null;
  return retainLoss === "kl" ? { divergenceAll: alpha } : { crossEntropyAll: alpha };
}

/** A divergence that weighs nothing is not computed, but a weight that moves with it must know it. */
const LEAST_WEIGHT = 1e-12;

/**
 * The retain side of a method whose weight moves: there is one whatever its weight.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dualWeights } from "./objective.ts";
 *
 * assertEquals(dualWeights({ weight: 0, retainLoss: "nll" }), { crossEntropyAll: 0 });
 * assertEquals(dualWeights({ weight: 0, retainLoss: "kl" }), { divergenceAll: 1e-12 });
 * ```
 */
export function dualWeights({ weight, retainLoss }: { weight: number; retainLoss: RetainLoss }): TermWeights {
  return retainLoss === "kl"
    ? { divergenceAll: Math.max(weight, LEAST_WEIGHT) }
    : { crossEntropyAll: weight };
}
