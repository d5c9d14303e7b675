/**
 * The list of checks, in the order in which they are done.
 *
 * @module
 */
import type { Check } from "./check_types.ts";
import { FAMILY_CHECKS } from "./checks/families.ts";

/** All checks that a process does on a device. */
export const CHECKS: readonly Check[] = [...FAMILY_CHECKS];
