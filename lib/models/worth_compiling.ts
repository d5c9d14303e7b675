/**
 * When XLA pays for decode steps.
 *
 * @module
 */

/**
 * Parameters times tokens that make up for the seconds in which XLA compiles the steps, by measurement: 110 tokens of a
 * model with 135 million parameters, 3,500 of the embedded one, where little hangs on it.
 */
const WORK = 1.5e10;

/**
 * Whether compiling a model's decode steps by XLA takes less time than it saves.
 *
 * @param tokens to be decoded, of all rows together
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([isWorthCompiling(100, 4e6), isWorthCompiling(128, 135e6)], [false, true]);
 * ```
 */
export function isWorthCompiling(tokens: number, parameterCount: number): boolean {
  return tokens * parameterCount >= WORK;
}
