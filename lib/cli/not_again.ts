/**
 * What `verify` has not measured again of a certificate: claims that stay claims.
 *
 * @module
 */
import type { Certificate } from "../report/certificate.ts";
import type { MeasuredSecret } from "../report/check_claims.ts";
import { AGAIN } from "./measure_again.ts";

/**
 * What of a certificate was not measured again, in lines.
 *
 * @param measured null for a secret that was not found
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Certificate } from "../report/certificate.ts";
 * import { notAgain } from "./not_again.ts";
 *
 * const attacks = [["extract", "greedy"], ["extract", "leak at 1"], ["quantize", "int8"], ["relearn", "20 steps"]]
 *   .map(([attack, variant]) => ({ attack, variant }));
 * const certificate = {
 *   ...{ secrets: [{ attacks }], attack: { seed: 1, controls: 9, attacked_controls: 2 } },
 *   ...{ request: { untreated: [{}] }, summary: { membership: [] }, method: { thresholds: "table" } },
 * } as unknown as Certificate;
 * const again = [{ tokens: 9, ma: 0, el_10: 0, loss: 5, attacks: [{ attack: "extract", variant: "greedy", score: 0, extracted: false }] }];
 * assertEquals(notAgain(certificate, again), [
 *   "quantize: --attacks all runs it again",
 *   'relearn, extract "leak at 1": attack runs them',
 *   "the scores before, and the thresholds that unlearn was given",
 *   "1 requested place outside the forget set",
 * ]);
 * ```
 */
export function notAgain(certificate: Certificate, measured: readonly (MeasuredSecret | null)[]): string[] {
  const { secrets, attack, request, summary, method } = certificate;
  const again = new Set(
    measured.flatMap((secret) => secret?.attacks.map((row) => `${row.attack}\0${row.variant}`) ?? []),
  );
  const run = new Set([...again].map((key) => key.split("\0")[0]!));
  const claimed = new Map(
    secrets.flatMap(({ attacks }) => attacks.map((row) => [`${row.attack}\0${row.variant}`, row] as const)),
  );
  const left = [...claimed].filter(([key]) => !again.has(key)).map(([, row]) => row);
  const whole = [...new Set(left.map((row) => row.attack))].filter((name) => !run.has(name));
  const isAgain = (name: string) => AGAIN.some((other) => other === name);
  const variants = left.filter((row) => run.has(row.attack)).map((row) => `${row.attack} "${row.variant}"`);
  const [could, cannot] = [whole.filter(isAgain), whole.filter((name) => !isAgain(name))];
  const isTold = attack.seed !== null;
  const places = request.untreated?.length ?? 0;
  return [
    ...isTold ? say(could, "--attacks all runs it again", "--attacks all runs them again") : [],
    ...say([...cannot, ...isTold ? [] : could, ...variants], "attack runs it", "attack runs them"),
    ...isTold ? [] : ["made-up secrets: the certificate does not tell by which seed they were drawn"],
    ...summary.membership.length > 0 ? ["the areas of membership"] : [],
    `the scores before, and the thresholds that unlearn ${
      method.thresholds === "matched" ? "took from made-up secrets under the model before" : "was given"
    }`,
    ...places > 0 ? [`${places} requested place${places === 1 ? "" : "s"} outside the forget set`] : [],
  ];
}

function say(names: readonly string[], one: string, many: string): string[] {
  return names.length === 0 ? [] : [`${names.join(", ")}: ${names.length === 1 ? one : many}`];
}
