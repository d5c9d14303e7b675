/**
 * The table of rules of the extended profile: what secrets look like that have a form, or stand where only secrets do.
 *
 * @module
 */
import { CLOUD_RULES } from "./cloud_rules.ts";
import { CODE_RULES } from "./code_rules.ts";
import { MODEL_RULES } from "./model_rules.ts";
import { MESSAGE_RULES } from "./message_rules.ts";
import { PASSWORD_RULES } from "./password_rules.ts";
import { HASH_RULES } from "./password_hash_rules.ts";
import { HEADER_RULES } from "./header_rules.ts";
import { PLATFORM_RULES } from "./platform_rules.ts";
import { PROSE_RULES } from "./prose_rules.ts";
import { SERVICE_RULES } from "./service_rules.ts";
import type { SecretRule } from "./secret_rule.ts";

/** The rows, in the order in which one is named of several that find a value. */
export const EXTENDED_RULES: readonly SecretRule[] = [
  ...CLOUD_RULES,
  ...CODE_RULES,
  ...MODEL_RULES,
  ...MESSAGE_RULES,
  ...SERVICE_RULES,
  ...PLATFORM_RULES,
  ...HEADER_RULES,
  ...PASSWORD_RULES,
  ...PROSE_RULES,
  ...HASH_RULES,
];
