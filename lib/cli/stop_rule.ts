/**
 * The rule by which unlearning ends: each secret by itself, or the group's means as in the paper.
 *
 * @module
 */
import { UsageError } from "./command.ts";

/** The options that say it. */
export interface StopRule {
  /** `--stop`: "secret" or "group". */
  stop: string;
  /** `--compat`: "sound", or "paper" and "reference", whose rule is the group's. */
  compat: string;
}

/**
 * Whether each secret is judged alone.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { judgesEach } from "./stop_rule.ts";
 *
 * assertEquals(judgesEach({ stop: "secret", compat: "sound" }), true);
 * assertEquals(judgesEach({ stop: "secret", compat: "paper" }), false);
 * ```
 */
export function judgesEach({ stop, compat }: StopRule): boolean {
  return stop === "secret" && compat === "sound";
}

/**
 * Refuses a training between secrets that are judged together.
 *
 * @throws {UsageError}
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkLasting } from "./stop_rule.ts";
 *
 * checkLasting({ lasting: true, stop: "secret", compat: "sound" });
 * assertThrows(() => checkLasting({ lasting: true, stop: "group", compat: "sound" }), Error, "--lasting judges each secret");
 * ```
 */
export function checkLasting({ lasting = false, ...rule }: StopRule & { lasting?: boolean }): void {
  if (!lasting || judgesEach(rule)) return;
  throw new UsageError("--lasting judges each secret: it needs --stop secret, --compat sound");
}
