/**
 * What a secret's tokens would lose, had the model never seen it: the losses of a control in its place.
 *
 * @module
 */
import { quantile } from "../metrics/bootstrap.ts";
import { mean } from "../metrics/mean.ts";

/** A token that a model knows for sure leaves this to all others at least, so that noise is not taken for knowledge. */
const LEAST_REST = 1e-4;

/**
 * What a control's tokens would lose if the model did not know the secret: where the two part, the secret's token has the
 * probability that is meant for the others.
 *
 * @param secret log-probabilities of its tokens @param control those of the control's
 * @param parts the first token that is not the same
 *
 * @example
 * ```ts
 * import { assertAlmostEquals } from "@std/assert";
 * import { lossesBesides } from "./expected_losses.ts";
 *
 * const log = (...all: number[]) => Float32Array.from(all, Math.log);
 * const [first, second] = lossesBesides(log(0.75), log(0.125, 0.5), 0) as [number, number];
 * assertAlmostEquals(first, Math.log(2), 1e-6); // an eighth of the quarter that is not the secret's
 * assertAlmostEquals(second, Math.log(2), 1e-6);
 * ```
 */
export function lossesBesides(secret: Float32Array, control: Float32Array, parts: number): number[] {
  const rest = parts < secret.length ? Math.max(LEAST_REST, -Math.expm1(secret[parts]!)) : 1;
  return Array.from(control, (log, t) => t === parts ? Math.max(0, Math.log(rest) - log) : -log);
}

/**
 * What each of a secret's tokens would lose, were it a control; see `ControlDistribution.tokens`.
 *
 * @param length the secret's tokens @param draw from 0 to 1, says which control it is
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { expectedLosses } from "./expected_losses.ts";
 *
 * assertEquals(expectedLosses(5, [{ ma: 0, losses: [1, 2, 3] }], 0.5), [1, 2, 3, 2, 3]);
 * assertEquals(expectedLosses(5, [], 0.5), []);
 * ```
 */
export function expectedLosses(
  length: number,
  controls: readonly { ma: number; losses: readonly number[] }[],
  draw: number,
): number[] {
  if (controls.length === 0) return [];
  const most = quantile(controls.map(({ ma }) => ma).sort((a, b) => a - b), 0.75);
  const sorted = controls.map(({ losses }) => losses).toSorted((a, b) => mean(a) - mean(b));
  const middle = new Set(sorted.slice(Math.floor(0.1 * sorted.length), Math.ceil(0.9 * sorted.length)));
  const wanted = controls.filter(({ ma, losses }) => ma <= most && middle.has(losses));
  const among = wanted.length > 0 ? wanted : controls;
  const one = among[Math.floor(draw * among.length)]!.losses;
  return Array.from({ length }, (_, t) => {
    const at = t < length / 2 ? t : one.length - length + t;
    return one[Math.min(Math.max(at, 0), one.length - 1)]!;
  });
}
