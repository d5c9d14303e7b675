/**
 * The refusal of a step that cannot be captured.
 *
 * @module
 */

/**
 * Why a step cannot be compiled.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const error = new CaptureError("it reads a tensor's value", "return the tensor and read it outside");
 * assertEquals(error.message, "Cannot compile the step: it reads a tensor's value: return the tensor and read it outside");
 * ```
 */
export class CaptureError extends Error {
  /** @param what what the step did, in words */
  constructor(what: string, todo: string) {
    super(`Cannot compile the step: ${what}: ${todo}`);
    this.name = "CaptureError";
  }
}
