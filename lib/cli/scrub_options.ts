/**
 * The options of `scrub`: its own, and those that it hands to the commands that it runs.
 *
 * @module
 */
import type { OptionSpecs, OptionValues } from "./command.ts";
import { command as attack } from "./commands/attack.ts";
import { command as detect } from "./commands/detect.ts";
import { command as retain } from "./commands/retain.ts";
import { command as unlearn } from "./commands/unlearn.ts";
import { CORPUS_OPTIONS } from "./corpus_options.ts";
import { DTYPE_OPTION } from "./dtype_options.ts";
import { LASTING_OPTIONS } from "./lasting_options.ts";
import { METHOD_HELP, METHOD_OPTIONS } from "./method_options.ts";
import { MODEL_OPTION } from "./model_folder.ts";
import { METHODS, objectiveOf } from "../unlearning/objectives.ts";

const { profile, bigrams, allow } = detect.options;
const { minBleu, any, maxTexts } = retain.options;
const { stop, lr, epochs, margin, microBatch, compat, keepShort, saveDtype } = unlearn.options;
const { lora, checkpointLayers, optimizer, memory, devices, hosts } = unlearn.options;

/** Options that `unlearn` gets as they are. */
const OF_UNLEARN = {
  ...{ stop, lr, epochs, margin, microBatch, compat, keepShort, saveDtype },
  ...{ lora, checkpointLayers, optimizer, memory, devices, hosts },
};

/** The options by name. */
export const SCRUB_OPTIONS = {
  model: MODEL_OPTION,
  dtype: DTYPE_OPTION,
  corpus: {
    kind: "path",
    describe: "where the secrets stand; by default the files and folders of the request's path: lines",
    metavar: "C",
  },
  ...CORPUS_OPTIONS,
  request: {
    kind: "path",
    describe:
      "what to forget, an entry a line: a value, fingerprint:HEX, path:GLOB or doc:ID; - for standard input; " +
      "everything that detect finds by default",
    metavar: "FILE",
    orInput: true,
  },
  profile,
  bigrams,
  allow,
  unseen: {
    kind: "path",
    describe: "texts that the model cannot have seen: thresholds by them, instead of each secret's own",
    metavar: "TEXTS",
  },
  controls: { kind: "int", describe: "made-up secrets that give each its threshold", default: 100, min: 1 },
  k: {
    kind: "int",
    describe: "windows of the forget set, at most; what is left is said",
    default: 256,
    min: 1,
  },
  method: { kind: "choice", describe: METHOD_HELP, choices: METHODS, default: "codeeraser" },
  ...METHOD_OPTIONS,
  ...OF_UNLEARN,
  lora: { ...lora, describe: `${lora.describe}; it is merged into the weights` },
  ...LASTING_OPTIONS,
  benign: {
    ...LASTING_OPTIONS.benign,
    describe: "innocent texts: --lasting trains on them, and so do evaluate and attack",
  },
  attackBenign: {
    kind: "path",
    describe: "others for evaluate and attack, so that what withstands has not seen them",
    metavar: "TEXTS",
  },
  maxTexts: { ...maxTexts, describe: "texts tried for the retain set; all by default" },
  minBleu: { ...minBleu, describe: "the least BLEU-4 of a retain text's continuation" },
  any: { ...any, describe: "retain any texts without the secrets, memorized or not" },
  attacks: attack.options.attacks,
  exposureControls: attack.options.controls,
  earlier: {
    kind: "list",
    describe: "folder of an earlier scrub of this model: whether what it erased still is",
    metavar: "RUN",
  },
  plan: { kind: "flag", describe: "say what was found, and how long and how much memory each stage takes" },
  out: {
    kind: "path",
    describe: "folder of all tables, the checkpoint and the report",
    metavar: "RUN",
    required: true,
  },
} as const satisfies OptionSpecs;

/** Their values as they were given. */
export type GivenScrubValues = OptionValues<typeof SCRUB_OPTIONS>;

/** Their values, with the corpus of `--corpus` or of the request. */
export type ScrubValues = Omit<GivenScrubValues, "corpus"> & { corpus: string };

/**
 * Whether the method is shown a retain set.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { retains, type ScrubValues } from "./scrub_options.ts";
 *
 * const weights = { gamma: 0.5, lambda: 0.1, alpha: 1 };
 * const retainsBy = (method: string) => retains({ ...weights, method } as ScrubValues);
 * assertEquals(["codeeraser", "ga"].map(retainsBy), [true, false]);
 * ```
 */
export function retains(values: ScrubValues): boolean {
  return objectiveOf(values.method, values).retain !== null;
}

/**
 * The options by which all stages read the corpus.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { corpusFlags, type ScrubValues } from "./scrub_options.ts";
 *
 * assertEquals(corpusFlags({ textColumn: "code", k: 3 } as ScrubValues).textColumn, "code");
 * ```
 */
export function corpusFlags(values: ScrubValues): Record<string, unknown> {
  const names = Object.keys(CORPUS_OPTIONS) as (keyof typeof CORPUS_OPTIONS)[];
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

/**
 * What `unlearn` gets of its options: those of its method that are given, and those of `--lasting` where it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type ScrubValues, unlearnFlags } from "./scrub_options.ts";
 *
 * const values = { method: "npo", beta: 2, k: 3, lr: 1e-4, benign: "texts/", lasting: false } as ScrubValues;
 * assertEquals(unlearnFlags(values), { beta: 2, lr: 1e-4, merge: false });
 * assertEquals(unlearnFlags({ ...values, lasting: true }).benign, "texts/");
 * ```
 */
export function unlearnFlags(values: ScrubValues): Record<string, unknown> {
  const names = [METHOD_OPTIONS, OF_UNLEARN, ...values.lasting ? [LASTING_OPTIONS] : []].flatMap(Object.keys);
  const given = names.filter((name) => values[name as keyof ScrubValues] !== undefined);
  return {
    ...Object.fromEntries(given.map((name) => [name, values[name as keyof ScrubValues]])),
    merge: values.lora !== undefined,
  };
}

/**
 * The texts on which `evaluate` and `attack` train further, as an owner would.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { furtherTexts, type ScrubValues } from "./scrub_options.ts";
 *
 * assertEquals(furtherTexts({ benign: "a", attackBenign: "b" } as ScrubValues), "b");
 * ```
 */
export function furtherTexts({ benign, attackBenign }: ScrubValues): string | undefined {
  return attackBenign ?? benign;
}

/**
 * All texts on which a model is trained, while it forgets or afterwards: none may hold what is requested.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { innocentTexts, type ScrubValues } from "./scrub_options.ts";
 *
 * const values = { benign: "a", attackBenign: "b", lasting: true } as ScrubValues;
 * assertEquals(innocentTexts(values), ["a", "b"]);
 * assertEquals(innocentTexts({ ...values, lasting: false }), ["b"]); // nothing is trained on the others
 * ```
 */
export function innocentTexts(values: ScrubValues): string[] {
  const { lasting, benign } = values;
  const texts = [lasting ? benign : undefined, furtherTexts(values)];
  return [...new Set(texts.filter((path) => path !== undefined))];
}
