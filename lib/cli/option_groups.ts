/**
 * Under which heading the help of a command with many options has each.
 *
 * @module
 */
/** A heading of commands that take a method: where there is none, options of such names are the command's. */
const OF_METHODS = "The method's own, with their defaults by method";

/** Names of options by heading; a name means the same in every command. */
export const GROUPS: { readonly [heading: string]: readonly string[] } = {
  "Adapter": ["lora", "adapter", "merge"],
  "Reading the corpus": ["textColumn", "idColumn", "pathColumn", "format", "exclude"],
  "What is found": ["profile", "compat", "rules", "also", "unfiltered", "bigrams", "decode"],
  "What is left out": ["allow", "allowComments", "ignore", "baseline", "skipped"],
  "Erasing": [
    "method",
    "thresholds",
    "ma",
    "el10",
    "stop",
    "lr",
    "epochs",
    "margin",
  ]
    .concat("microBatch", "held", "keepShort", "reference", "risk", "riskTable"),
  [OF_METHODS]:
    ("scope retainLoss gamma lambda alpha beta beta1 beta2 delta first topP temperature layer steering " +
      "dualStep epsilon warmup tokens neurons residualRank neuronRank").split(" "),
  "In chunks": ["chunkRows", "chunkOrder", "replay", "chunkPasses", "chunkSample"],
  "Training on innocent texts": ["lasting", "benign", "maxBenign", "benignSteps", "benignLr", "cycles"]
    .concat("relearnSteps", "relearnRates", "relearnLength"),
  "A new model": ["layers", "width", "heads", "positions", "vocabulary", "tokenizer"],
  "Training": ["steps", "batch", "length", "finalShare", "warmup", "maxNorm"],
  "Memory": ["checkpointLayers", "memory", "optimizer"],
  "The run": "devices hosts tensorboard plan shard workers timeout config force seed json".split(" "),
};

/** Fewer stand in one list. */
const MANY = 16;

/**
 * The heading of each of a command's options; null for what stands under "Options". A heading of one option is none.
 *
 * @param names the command's options, such as `microBatch`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { groupOptions } from "./option_groups.ts";
 *
 * assertEquals(groupOptions(["model", "seed", "json"]), [null, null, null]); // too few
 * ```
 */
export function groupOptions(names: readonly string[]): (string | null)[] {
  if (names.length < MANY) return names.map(() => null);
  const groups = Object.keys(GROUPS).filter((heading) => heading !== OF_METHODS || names.includes("method"));
  const headings = names.map((name) => groups.find((heading) => GROUPS[heading]!.includes(name)) ?? null);
  return headings.map((own) => headings.filter((heading) => heading === own).length > 1 ? own : null);
}
