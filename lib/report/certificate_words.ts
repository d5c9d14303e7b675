/**
 * What a certificate says in words: what was reached, what was not, and what it does not prove. They follow from its
 * numbers, so that who verifies it reads what these say, whatever words stand in it.
 *
 * @module
 */
import type { Certificate, CertifiedAttack, CertifiedSecret, UntreatedPlace } from "./certificate.ts";
import { isAboveThen } from "./untreated_place.ts";

/** What no certificate of this kind proves. */
export const DOES_NOT_PROVE =
  "It speaks of one model, by the hashes of its files, of the secrets listed, and of the attacks listed as they were " +
  "run. It does not prove that other copies, backups, adapters or earlier versions of the model are erased, nor that " +
  "other phrasings, contexts or attacks find nothing, nor that the secrets stay gone when the model is trained " +
  "further, nor that a secret that is not listed is not known to the model.";

/**
 * What was reached, in a sentence: by which measure, and no more.
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
  return `Of ${secrets} secrets (${values} different values) of the forget set, ${erased} are erased by this measure: ` +
    "their MA and EL_10 under this model are no higher than their thresholds, and MA is not lower nor the loss higher " +
    "than made-up secrets show in their places, where that is known.";
}

/** The p-value that counts as significant, and the middle of an area under the ROC curve. */
const [ALPHA, GUESS] = [0.05, 0.5];

/**
 * What was not reached, in sentences; none where all was.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { notReached } from "./certificate_words.ts";
 *
 * const secret = { status: "still above", attacks: [] } as unknown as Parameters<typeof notReached>[0][0];
 * const asked = { entries: 9, unmatched: 0, untreated: [] };
 * assertEquals(notReached([secret], { membership: [], request: asked }), ["1 of 1 secrets is still above its thresholds"]);
 * ```
 */
export function notReached(
  secrets: readonly Pick<CertifiedSecret, "status" | "attacks">[],
  { membership, request }: {
    membership: Certificate["summary"]["membership"];
    request: Certificate["request"];
  },
): string[] {
  const count = (isIt: (secret: typeof secrets[number]) => boolean) => secrets.filter(isIt).length;
  const say = (found: number, one: string, many: string) =>
    found === 0 ? [] : [`${found} of ${secrets.length} secrets ${found === 1 ? one : many}`];
  const chance = `${100 * ALPHA} % of what was`;
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
    ...say(
      count(({ attacks }) => attacks.some(isLikelier)),
      `is likelier than made-up ones in its place (exposure, p at most ${ALPHA}; ${chance} never seen are too)`,
      `are likelier than made-up ones in their places (exposure, p at most ${ALPHA}; ${chance} never seen are too)`,
    ),
    ...told(membership.filter(({ low }) => low > GUESS), "likelier than"),
    ...told(membership.filter(({ high }) => high < GUESS), "less likely than"),
    ...asked(request),
  ];
}

/** What was asked and not treated, and what of it is above its thresholds now. */
function asked({ entries, unmatched, untreated }: Certificate["request"]): string[] {
  const places = untreated ?? [];
  const of = (reason: string) => places.filter((place) => place.reason === reason);
  const above = places.filter((place) => isAboveThen(place, "after"));
  const chance = `of ${places.length} outside the forget set; ${
    100 * ALPHA
  } % of what was never seen are too`;
  return [
    ...unmatched
      ? [
        `${unmatched} of ${entries} entries of the request match nothing in the corpus: nothing was done about them`,
      ]
      : [],
    ...sayPlaces(
      of("left by --k"),
      ["was", "were"],
      "known to the model, and left out of the forget set by --k",
    ),
    ...sayPlaces(of("not known"), ["was", "were"], "not known to the model before, and not treated"),
    ...sayPlaces(of("no tokens"), ["has", "have"], "no tokens that could be measured"),
    ...sayPlaces(above, ["is", "are"], `above threshold under this model (${chance})`),
  ];
}

/** @param verb of one place, and of many */
function sayPlaces(
  places: readonly UntreatedPlace[],
  verb: readonly [string, string],
  what: string,
): string[] {
  if (places.length === 0) return [];
  const values = new Set(places.map(({ fingerprint }) => fingerprint)).size;
  const [isOne, isOneValue] = [places.length === 1, values === 1];
  const counted = `${places.length} requested place${isOne ? "" : "s"} of ${values} value${
    isOneValue ? "" : "s"
  }`;
  return [`${counted} ${verb[isOne ? 0 : 1]} ${what}`];
}

function isLikelier({ attack, variant, p_value }: CertifiedAttack): boolean {
  return attack === "exposure" && variant === "rank" && p_value !== null && p_value <= ALPHA;
}

/** Scores of membership whose whole interval lies on one side of a guess. */
function told(scores: Certificate["summary"]["membership"], how: string): string[] {
  if (scores.length === 0) return [];
  const names = scores.map(({ score, estimate }) => `${score} ${estimate.toFixed(2)}`).join(", ");
  return [`the secrets are told from made-up ones, as ${how} these, by membership (area of ${names})`];
}
