/**
 * The list of checks, in the order in which they are done.
 *
 * @module
 */
import type { Check } from "./check_types.ts";
import { CACHE_WRITES } from "./checks/cache_writes.ts";
import { DECODING } from "./checks/decoding.ts";
import { FAMILY_CHECKS } from "./checks/families.ts";
import { INTEGERS } from "./checks/integers.ts";
import { MEMORY } from "./checks/memory.ts";
import { REPEATS } from "./checks/repeats.ts";
import { SCORES } from "./checks/scores.ts";
import { STEPS } from "./checks/steps.ts";

/** All checks that a process does on a device: what the others rest on comes first. */
export const CHECKS: readonly Check[] = [
  INTEGERS,
  CACHE_WRITES,
  ...FAMILY_CHECKS,
  DECODING,
  SCORES,
  STEPS,
  REPEATS,
  MEMORY,
];
