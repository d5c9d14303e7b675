/**
 * The options of unlearning methods: each method takes some and has defaults of its own, so that the help says which, and
 * what a method does not take is refused instead of ignored.
 *
 * @module
 */
import type { Compat } from "../unlearning/early_stop.ts";
import type { ObjectiveOptions, RetainLoss } from "../unlearning/objective.ts";
import {
  METHOD_DEFAULTS,
  methodDefaults,
  type MethodName,
  METHODS,
  objectiveOf,
  PAPER_METHODS,
} from "../unlearning/objectives.ts";
import { refusesReference } from "../unlearning/reference_model.ts";
import type { Scope } from "../unlearning/units.ts";
import { type OptionSpecs, type OptionValues, UsageError } from "./command.ts";
import { countDevices, type GivenDevices } from "./devices_option.ts";
import { flagOf } from "./options.ts";

/** The methods by what they do, for the help. */
export const METHOD_HELP =
  "how. By the paper: ga, ssga, cu, codeeraser, codeeraser-held. Ascent beside a retain set: " +
  "graddiff, wga, satimp. Preference: npo, simnpo. Another distribution in the secret's place: undial, ceu, prod, pdu. " +
  "Hidden states: rmu. Arithmetic: task-vector. Edits without training: revs. docs/methods.md has them all";

/** What else a default may be. */
const BY_MODEL: { readonly [name: string]: string } = {
  layer: "7, or the last",
  epsilon: "the retain loss at the start",
  retainLoss: "nll",
};

/** What an option is, and its defaults by method. */
function say(what: string, name: keyof ObjectiveOptions): string {
  const taking = Object.entries(METHOD_DEFAULTS).filter(([, defaults]) => name in defaults);
  const byValue = Map.groupBy(taking, ([, defaults]) => String(defaults[name] ?? BY_MODEL[name]));
  const papers = PAPER_METHODS.join();
  const names = (group: typeof taking) =>
    group.map(([method]) => method).join(", ").replace(papers.replaceAll(",", ", "), "ga to codeeraser-held");
  const told = [...byValue].map(([value, group]) => `${value} by ${names(group)}`);
  return `${what}: ${told.join("; ")}`;
}

/** The options by name; none has a default that holds for all methods. */
export const METHOD_OPTIONS = {
  scope: {
    kind: "choice",
    describe: say("what is forgotten, the secrets' tokens or whole rows", "scope"),
    choices: ["secret", "row"],
  },
  retainLoss: {
    kind: "choice",
    describe: say(
      "how the retain set is kept: learnt, divergence from the model as it came, hidden states",
      "retainLoss",
    ),
    choices: ["nll", "kl", "hidden"],
  },
  gamma: {
    kind: "float",
    describe: say(
      "weight of the other tokens' cross entropy (ga to codeeraser-held; 0.1 with --compat reference), of the forget side",
      "gamma",
    ),
    min: 0,
  },
  lambda: { kind: "float", describe: say("weight of the divergence, or of the vector", "lambda"), min: 0 },
  alpha: {
    kind: "float",
    describe: say(
      "weight of the retain side, within lambda (ga to codeeraser-held; 1 with --compat reference) or by itself",
      "alpha",
    ),
    min: 0,
  },
  beta: {
    kind: "float",
    describe: say(
      "inverse temperature, power of the probability, or what the true token's logit loses",
      "beta",
    ),
    min: 0,
  },
  beta1: { kind: "float", describe: say("power of the probability", "beta1"), min: 0 },
  beta2: { kind: "float", describe: say("power of one less the probability", "beta2"), min: 0 },
  delta: { kind: "float", describe: say("mean loss that is asked for, nats", "delta") },
  first: {
    kind: "int",
    describe: say("first tokens of each secret or row that are left out, or keep the true token", "first"),
    min: 0,
  },
  topP: {
    kind: "float",
    describe: say("share of the probability that the target is made of", "topP"),
    min: 0,
    max: 1,
  },
  temperature: { kind: "float", describe: say("of the target", "temperature"), min: 0.01 },
  layer: { kind: "int", describe: say("whose output is steered, from 0", "layer"), min: 0 },
  steering: {
    kind: "float",
    describe: say("length of the vector that it is steered to", "steering"),
    min: 0,
  },
  dualStep: {
    kind: "float",
    describe: say("how much the retain side's weight grows with each nat above epsilon", "dualStep"),
    min: 0,
  },
  epsilon: { kind: "float", describe: say("retain loss that is allowed, nats", "epsilon"), min: 0 },
  warmup: { kind: "int", describe: say("epochs before that weight moves", "warmup"), min: 0 },
  tokens: {
    kind: "int",
    describe: say("of each secret so many of its rarest tokens are edited, and more each epoch", "tokens"),
    min: 1,
  },
  neurons: {
    kind: "int",
    describe: say("neurons of a layer that are edited for a token, at most", "neurons"),
    min: 1,
  },
  residualRank: {
    kind: "float",
    describe: say("rank to reach in what a layer gives, as a share of the vocabulary", "residualRank"),
    min: 0,
    max: 1,
  },
  neuronRank: {
    kind: "float",
    describe: say("rank to reach in each edited neuron, likewise", "neuronRank"),
    min: 0,
    max: 1,
  },
} as const satisfies OptionSpecs;

/** Their values. */
export type MethodValues = OptionValues<typeof METHOD_OPTIONS>;

/** Losses that a method keeps its retain set by. */
function lossesOf(method: MethodName): readonly RetainLoss[] {
  return method === "rmu" ? ["nll", "kl", "hidden"] : ["nll", "kl"];
}

/** Parameters that must be above 0, by which methods; null for all. */
const POSITIVE: readonly (readonly [keyof MethodValues, readonly MethodName[] | null])[] = [
  ["topP", null],
  ["beta", ["npo", "simnpo"]],
  ["lambda", ["task-vector"]],
  ["residualRank", null],
  ["neuronRank", null],
];

/** What the checks look at. */
export interface GivenMethod extends Partial<MethodValues>, GivenDevices {
  /** A name of `METHODS`. */
  method: string;
  /** Whose means. */
  compat?: Compat;
  /** A new adapter to train. */
  lora?: string | undefined;
  /** One that there is. */
  adapter?: string | undefined;
  /** Another model that divergences are measured from. */
  reference?: string | undefined;
}

/**
 * A method's parameters: those that are given, the others by default where no model decides.
 *
 * @throws {UsageError} for an option that the method does not take, a retain loss that it has not, the reference's means, or an
 * adapter or several devices beside edits, or a model to compare with where nothing is compared
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { methodParameters } from "./method_options.ts";
 *
 * const { beta, gamma } = methodParameters({ method: "npo", gamma: 2 });
 * assertEquals([beta, gamma], [0.1, 2]);
 * assertThrows(() => methodParameters({ method: "wga", delta: 1 }), Error, "Cannot use --delta with wga");
 * ```
 */
export function methodParameters(given: GivenMethod): ObjectiveOptions & { scope?: Scope } {
  const method = given.method as MethodName;
  objectiveOf(method); // an unknown one
  const defaults = methodDefaults(method, given.compat);
  const names = Object.keys(METHOD_OPTIONS) as (keyof MethodValues)[];
  const asked = names.filter((name) => given[name] !== undefined);
  const other = asked.find((name) => !(name in defaults));
  if (other !== undefined) {
    const flags = Object.keys(defaults).map((name) => flagOf(name)).join(", ");
    throw new UsageError(`Cannot use ${flagOf(other)} with ${method}: it takes ${flags}`);
  }
  if (given.retainLoss && !lossesOf(method).includes(given.retainLoss)) {
    throw new UsageError(
      `Cannot use --retain-loss ${given.retainLoss} with ${method}: it takes ${
        lossesOf(method).join(" and ")
      }`,
    );
  }
  const zero = POSITIVE.find(([name, by]) => given[name] === 0 && (by?.includes(method) ?? true));
  if (zero) throw new UsageError(`Cannot read ${flagOf(zero[0])} 0: more than 0 is needed`);
  if (given.compat === "reference" && !PAPER_METHODS.some((paper) => paper === method)) {
    throw new UsageError(
      `Cannot use --compat reference with ${method}: the reference has ga, ssga, cu and codeeraser`,
    );
  }
  const adapted = (["lora", "adapter"] as const).find((name) => given[name] !== undefined);
  if (adapted && objectiveOf(method).edits) {
    throw new UsageError(`Cannot use ${flagOf(adapted)} with ${method}: it edits the weights themselves`);
  }
  if (countDevices(given) > 1 && objectiveOf(method).edits) {
    const flag = given.hosts === undefined ? "--devices" : "--hosts";
    throw new UsageError(`Cannot use ${flag} with ${method}: it edits one secret after the other`);
  }
  const refused = given.reference === undefined ? undefined : refusesReference(objectiveOf(method, given));
  if (refused !== undefined) throw new UsageError(`Cannot use --reference with ${method}: ${refused}`);
  const values = names.map((name) => [name, given[name] ?? defaults[name as keyof ObjectiveOptions]]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== null));
}

/** Methods that take no step on a retain set unless they are asked to. */
export const ALONE: readonly MethodName[] = METHODS.filter((method) => objectiveOf(method).retain === null);

/**
 * Some names in a sentence.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { inWords } from "./method_options.ts";
 *
 * assertEquals(inWords(["ga", "ssga", "prod"], "or"), "ga, ssga or prod");
 * ```
 */
export function inWords(names: readonly string[], word: "and" | "or"): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}
