/**
 * The unlearning methods as weights of four terms (the paper's section 4.3): cross entropy over secret tokens and over
 * all others, and the divergence KL(reference || model) over secret tokens or over all; and the methods of the field (each
 * a file of `methods/`), whose terms are functions (see `terms.ts`).
 *
 * Every term is a mean over real tokens, secrets or rows of the whole set, whatever the micro-batch; a step minimizes
 * their weighted sum. A new method is a row.
 *
 * @module
 */

import type { Compat } from "./early_stop.ts";
import { CE_U } from "./methods/ceu.ts";
import { GRAD_DIFF } from "./methods/graddiff.ts";
import { NPO } from "./methods/npo.ts";
import { PDU } from "./methods/pdu.ts";
import { PROD } from "./methods/prod.ts";
import { REVS } from "./methods/revs.ts";
import { RMU } from "./methods/rmu.ts";
import { SAT_IMP } from "./methods/satimp.ts";
import { SIM_NPO } from "./methods/simnpo.ts";
import { TASK_VECTOR } from "./methods/task_vector.ts";
import { UNDIAL } from "./methods/undial.ts";
import { WGA } from "./methods/wga.ts";
import { type Defaults, type Objective, type ObjectiveOptions, withDefaults } from "./objective.ts";

export {
  CONTROL_WEIGHTS,
  type Objective,
  type ObjectiveOptions,
  type RetainLoss,
  type TermWeights,
} from "./objective.ts";

/**
 * The paper's letters. A divergence is a mean over positions here; the reference's is a sum over them on the retain set, 127
 * of each text, so its alpha of 1 is ours of 127. Of those tried 200 is the least that keeps what the reference's means
 * keep (docs/methods.md).
 */
const LETTERS = { gamma: 0.5, lambda: 0.1, alpha: 200 };
/** Those of the reference's commands, by `--compat reference`: its divergence is summed. */
const REFERENCE_LETTERS = { ...LETTERS, gamma: 0.1, alpha: 1 };

/** What a row is given: parameters, the paper's letters for certain. */
type RowOptions = ObjectiveOptions & typeof LETTERS;

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
  graddiff: GRAD_DIFF.objective,
  npo: NPO.objective,
  simnpo: SIM_NPO.objective,
  wga: WGA.objective,
  satimp: SAT_IMP.objective,
  undial: UNDIAL.objective,
  ceu: CE_U.objective,
  pdu: PDU.objective,
  rmu: RMU.objective,
  prod: PROD.objective,
  "task-vector": TASK_VECTOR.objective,
  revs: REVS.objective,
} as const satisfies Record<string, (options: RowOptions) => Objective>;

/** A method's name. */
export type MethodName = keyof typeof OBJECTIVES;

/** All methods' names. */
export const METHODS = Object.keys(OBJECTIVES) as readonly MethodName[];

/** The methods of the CodeEraser paper and this project's variant: rows of weights, which all take the paper's letters. */
export const PAPER_METHODS = ["ga", "ssga", "cu", "codeeraser", "codeeraser-held"] as const;

/** The parameters that each method takes with their defaults by this project's means; null where it depends on the model. */
export const METHOD_DEFAULTS: { readonly [M in MethodName]: Defaults } = {
  ...{ ga: LETTERS, ssga: LETTERS, cu: LETTERS, codeeraser: LETTERS, "codeeraser-held": LETTERS },
  graddiff: GRAD_DIFF.defaults,
  npo: NPO.defaults,
  simnpo: SIM_NPO.defaults,
  wga: WGA.defaults,
  satimp: SAT_IMP.defaults,
  undial: UNDIAL.defaults,
  ceu: CE_U.defaults,
  pdu: PDU.defaults,
  rmu: RMU.defaults,
  prod: PROD.defaults,
  "task-vector": TASK_VECTOR.defaults,
  revs: REVS.defaults,
};

/**
 * The parameters that a method takes with their defaults, by whose means it computes.
 *
 * @param compat by the `"reference"` as in its commands, where a retain text's divergence is summed over its positions
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(methodDefaults("codeeraser").alpha, 200);
 * const { gamma, alpha } = methodDefaults("codeeraser", "reference");
 * assertEquals([gamma, alpha], [0.1, 1]);
 * ```
 */
export function methodDefaults(method: MethodName, compat: Compat = "sound"): Defaults {
  const isPaper = PAPER_METHODS.some((name) => name === method);
  return isPaper && compat === "reference" ? REFERENCE_LETTERS : METHOD_DEFAULTS[method];
}

/**
 * A method's objective.
 *
 * @param options parameters, those not given are as {@linkcode methodDefaults} has them; and by whose means
 * @throws {RangeError} for an unknown name
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * const { forget } = objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1 });
 * assertEquals(forget, { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceSecret: -0.1 });
 * assertThrows(() => objectiveOf("sgd"), RangeError, 'Unknown method "sgd"');
 * ```
 */
export function objectiveOf(
  method: string,
  options: ObjectiveOptions & { compat?: Compat } = {},
): Objective {
  if (!Object.hasOwn(OBJECTIVES, method)) {
    throw new RangeError(
      `Unknown method "${method}": expected ${METHODS.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  const name = method as MethodName;
  return OBJECTIVES[name](withDefaults(methodDefaults(name, options.compat), options) as RowOptions);
}
