/**
 * What a certificate says in words: what was reached, what was not, and what it does not prove. They follow from its
 * numbers, so that who verifies it reads what these say, whatever words stand in it.
 *
 * @module
 */
import type { Certificate, CertifiedSecret } from "./certificate.ts";

/** What no certificate of this kind proves. */
export const DOES_NOT_PROVE =
  "It speaks of one model, by the hashes of its files, of the secrets listed, and of the attacks listed as they were " +
  "run. It does not prove that other copies, backups, adapters or earlier versions of the model are erased, nor that " +
  "other phrasings, contexts or attacks find nothing, nor that the secrets stay gone when the model is trained " +
  "further, nor that a secret that is not listed is not known to the model.";

/**
 * What was reached, in a sentence.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { statementOf } from "./certificate_words.ts";
 *
 * assert(statementOf({ secrets: 4, values: 3, erased: 2 }).startsWith("Of 4 secrets (3 different values)"));
 * ```
 */
export function statementOf(
  { secrets, values, erased }: Pick<Certificate["summary"], "secrets" | "values" | "erased">,
): string {
  return `Of ${secrets} secrets (${values} different values) of the forget set, ${erased} score under this model as ` +
    "what was never seen: no higher than their thresholds, nor lower than their controls where these are known.";
}

/**
 * What was not reached, in sentences; none where all was.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { notReached } from "./certificate_words.ts";
 *
 * const secret = { status: "still above", attacks: [] } as unknown as Parameters<typeof notReached>[0][0];
 * assertEquals(notReached([secret]), ["1 of 1 secrets is still above its thresholds"]);
 * ```
 */
export function notReached(secrets: readonly Pick<CertifiedSecret, "status" | "attacks">[]): string[] {
  const count = (isIt: (secret: typeof secrets[number]) => boolean) => secrets.filter(isIt).length;
  const say = (found: number, one: string, many: string) =>
    found === 0 ? [] : [`${found} of ${secrets.length} secrets ${found === 1 ? one : many}`];
  const extracting = new Set(
    secrets.flatMap(({ attacks }) =>
      attacks.filter(({ extracted }) => extracted).map(({ attack }) => attack)
    ),
  );
  return [
    ...say(
      count(({ status }) => status === "still above"),
      "is still above its thresholds",
      "are still above their thresholds",
    ),
    ...say(
      count(({ status }) => status === "below never-seen"),
      "scores lower than what was never seen, which shows that something was removed",
      "score lower than what was never seen, which shows that something was removed",
    ),
    ...say(
      count(({ status }) => status === null),
      "has no tokens: nothing was measured of it",
      "have no tokens: nothing was measured of them",
    ),
    ...say(
      count(({ attacks }) => attacks.some(({ extracted }) => extracted)),
      `is given away to an attack (${[...extracting].join(", ")})`,
      `are given away to an attack (${[...extracting].join(", ")})`,
    ),
  ];
}
