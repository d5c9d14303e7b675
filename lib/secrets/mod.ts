/**
 * Secrets in a text: e-mail addresses, IP addresses and keys, found as the paper's detectors find them (profile `paper`)
 * or with further formats and checks (profile `extended`); filtered of what only looks like one; and named without being
 * shown. Text in, spans out: no tensors, no native code, no files.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSecret, detectSecrets, filterSecrets } from "./mod.ts";
 *
 * const text = 'MAINTAINER = "ada@mail.invalid"\n';
 * const [secret] = filterSecrets(text, detectSecrets(text));
 * const value = text.slice(secret!.start, secret!.end);
 * assertEquals(describeSecret(secret!.tag, value), "EMAIL, 16 characters, ad...");
 * ```
 *
 * @module
 */
export { type Detector, type DetectorName, DETECTORS, type KeyRule } from "./api_key.ts";
export { type DetectOptions, detectSecrets, type Profile, PROFILES, SECRET_DETECTORS } from "./detect.ts";
export { detectEmails } from "./email.ts";
export {
  detectExtended,
  EXTENDED_DETECTORS,
  type ExtendedOptions,
  EXTRA_SECRETS,
  type ExtraSecret,
} from "./extended.ts";
export { type FilterOptions, filterSecrets } from "./filter.ts";
export { describeSecret, fingerprintSecret } from "./fingerprint.ts";
export type { EntropyRule } from "./entropy.ts";
export { type BigramTable, ENGLISH_BIGRAMS, gibberishScore, isGibberish, trainBigrams } from "./gibberish.ts";
export { detectIpAddresses } from "./ip_address.ts";
export { madeUpSecret } from "./made_up_secret.ts";
export { type FindByRulesOptions, RuleDetector } from "./rule_detector.ts";
export {
  extendRules,
  finishRules,
  readRuleFile,
  type RequiredRule,
  type Rule,
  type RuleAllowlist,
  type RuleExtension,
  type RuleFile,
  type RuleSet,
} from "./rule_set.ts";
export type { SecretSpan, SecretTag, Span } from "./secret_span.ts";
