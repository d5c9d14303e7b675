/**
 * What an adversary would try on a model that is said to have forgotten secrets: extracting them, asking otherwise, telling
 * them from others, running the model in fewer bits, training it further, looking into its layers. Each attack gives a row a secret, named by its id, and stands beside
 * controls: made-up secrets of the same format in the same place, which the model never saw.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PythonRandom } from "../datasets/mod.ts";
 * import { formatOf } from "./mod.ts";
 *
 * const format = formatOf({ value: "npm_" + "aB3".repeat(12), tag: "KEY" });
 * assertEquals([format.name, format.draw(new PythonRandom(1)).length], ["npm", 40]);
 * ```
 *
 * @module
 */
export type { AttackedSecret, AttackInput, AttackResult, RelearnTraining } from "./attack_input.ts";
export { type AttackOutcome, type AttackScore, AttackScores, type Finding } from "./attack_scores.ts";
export { controlSecrets } from "./control_secrets.ts";
export { checkBenign } from "./benign_texts.ts";
export { type ControlTokens, controlTokens } from "./control_tokens.ts";
export { type ControlOptions, ControlValues } from "./control_values.ts";
export {
  DEPTH_DROP,
  type DepthLayer,
  type DepthModels,
  type DepthOptions,
  depthScore,
  depthScores,
  type DepthSecret,
} from "./depth.ts";
export { CONTROL_SETS, type ControlRow, controlRows } from "./control_rows.ts";
export { drawSecrets, type LeakRow } from "./drawn_secrets.ts";
export { type ExposureOptions, scoreExposures } from "./exposure.ts";
export {
  BEAMS,
  DISCOVERABLE_DRAWS,
  type ExtractableSecret,
  type ExtractedSecret,
  type ExtractionOptions,
  extractionStrength,
  extractSecrets,
} from "./extraction.ts";
export { type DocumentSecret, type ForgetHalves, forgetHalves } from "./forget_halves.ts";
export { FormatKnowledge, type KnownFormat } from "./format_knowledge.ts";
export { FormatShortfall } from "./format_shortfall.ts";
export { type FormatMask, FormatTokens } from "./format_tokens.ts";
export { discoverable, LEAK_DRAWS, leakAtK, leaksAtK } from "./leak_at_k.ts";
export {
  type ControlDistribution,
  type ControlledSecret,
  type ControlScoreOptions,
  ControlScorer,
  type ControlScores,
  scoreControls,
  type ScoredUnder,
} from "./matched_controls.ts";
export {
  MEMBERSHIP_SCORES,
  type MembershipAuc,
  membershipAucs,
  type MembershipOptions,
  type MembershipRow,
  type MembershipScore,
  membershipScores,
} from "./membership.ts";
export type { PlacedSecret } from "./placed_secret.ts";
export { CONTEXT_TOKENS, type PrefixVariant, prefixVariants } from "./prefix_variants.ts";
export { quantizedModel, weightRoundings } from "./quantized_model.ts";
export {
  type ForgetText,
  halfOfForgetSet,
  relearn,
  RELEARN_LENGTH,
  RELEARN_RATES,
  RELEARN_STEPS,
  type RelearnedSecret,
  type RelearnInputs,
  type RelearnOptions,
} from "./relearn.ts";
export { renameIdentifiers } from "./rename_identifiers.ts";
export { type Matrix, type RoundingName, ROUNDINGS, roundWeights } from "./round_weights.ts";
export { type AttackName, ATTACKS, runAttack } from "./run_attack.ts";
export { type AttackRow, type AttackSummary, extractedByAny, summarizeAttacks } from "./summarize_attacks.ts";
export { formatOf, type TaggedValue, type ValueFormat } from "./value_format.ts";
