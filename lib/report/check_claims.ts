/**
 * Whether a certificate's numbers are those that were measured again.
 *
 * The files are the same to the byte, so on one kind of machine the numbers are too. On another kind sums are taken in
 * another order: logits differ in their last digits, losses by 1e-5 to 1e-3 (with TF32 or bfloat16 products by 1e-2), and
 * where two logits are nearly equal the other one wins. So a loss may differ by 0.01 nats a token; MA by one token; EL_10
 * by 0.1, since one token changes all that is decoded after it; and the probability that n draws give a secret,
 * 1 - (1 - q)^n, by what that loss makes of it, which is at most tokens / e times as much.
 *
 * Made-up secrets are drawn again by the certificate's seed, so they are the same ones. Their scores may differ as a
 * secret's may, and of two that score alike either may come first: a rank may change by a bit, a p-value by a factor of two.
 *
 * @module
 */
import type { CertifiedAttack, CertifiedSecret } from "./certificate.ts";

/** How far a number may be from the certificate's. */
export const CLAIM_TOLERANCES = {
  /** Tokens of the secret that are guessed otherwise. */
  ma_tokens: 1,
  /** EL_10, in [0, 1]. */
  el_10: 0.1,
  /** Nats a token. */
  loss: 0.01,
  /** Of exposure; a p-value by as many powers of two. */
  bits: 1,
} as const;

/** Where floats of one number differ. */
const ROUNDING = 1e-9;

/** What was measured again of a secret. */
export interface MeasuredSecret {
  /** How many of its tokens are scored. */
  tokens: number;
  ma: number | null;
  el_10: number | null;
  loss: number | null;
  /** Attacks that were run again; those that the certificate has too are compared. */
  attacks: readonly MeasuredAttack[];
}

/** What an attack found again; where `controls` is 0, made-up secrets were not attacked beside it. */
export type MeasuredAttack =
  & Pick<CertifiedAttack, "attack" | "variant" | "score" | "extracted">
  & Partial<Omit<CertifiedAttack, "attack" | "variant" | "score" | "extracted">>;

/** A kind of claim, over all secrets that have one. */
export interface CheckedClaim {
  /** "MA", "EL_10", "loss", or an attack with its variant, and what of it: its p-value, threshold or controls. */
  claim: string;
  /** Secrets of which it was measured. */
  secrets: number;
  /** Numbers of those whose measured value is another. */
  failed: number[];
  /** The largest difference; null where nothing but a truth value is compared. */
  difference: number | null;
  /** What is allowed, in words. */
  tolerance: string;
}

interface Comparison {
  claim: string;
  tolerance: string;
  difference: number | null;
  isHeld: boolean;
}

/**
 * Compares secrets with what was measured of them, claim by claim.
 *
 * @param measured in the order of the secrets; null for one that could not be found, which fails everything
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { CertifiedSecret } from "./certificate.ts";
 * import { checkClaims } from "./check_claims.ts";
 *
 * const secret = { ma: { after: 0.25 }, el_10: { after: 0 }, loss: { after: 5 }, attacks: [] } as unknown as CertifiedSecret;
 * const measured = { tokens: 8, ma: 0.375, el_10: 0, loss: 5.5, attacks: [] };
 * const claims = checkClaims([secret], [measured]);
 * assertEquals(claims.map(({ claim, failed }) => [claim, failed]), [["MA", []], ["EL_10", []], ["loss", [0]]]);
 * ```
 */
export function checkClaims(
  secrets: readonly CertifiedSecret[],
  measured: readonly (MeasuredSecret | null)[],
): CheckedClaim[] {
  const claims = new Map<string, CheckedClaim>();
  secrets.forEach((secret, i) => {
    for (const { claim, tolerance, difference, isHeld } of comparisonsOf(secret, measured[i] ?? null)) {
      const found = claims.get(claim) ?? { claim, secrets: 0, failed: [], difference: null, tolerance };
      found.secrets++;
      if (!isHeld) found.failed.push(i);
      if (difference !== null) found.difference = Math.max(found.difference ?? 0, difference);
      claims.set(claim, found);
    }
  });
  return [...claims.values()];
}

function comparisonsOf(secret: CertifiedSecret, measured: MeasuredSecret | null): Comparison[] {
  const { ma_tokens, el_10, loss } = CLAIM_TOLERANCES;
  const oneToken = ma_tokens / Math.max(1, measured?.tokens ?? 1);
  const draws = loss * (measured?.tokens ?? 0) / Math.E;
  const scores = [
    compare("MA", secret.ma.after, measured && measured.ma, oneToken, "a token"),
    compare("EL_10", secret.el_10.after, measured && measured.el_10, el_10, String(el_10)),
    compare("loss", secret.loss.after, measured && measured.loss, loss, `${loss} nats a token`),
  ];
  const attacks = measured?.attacks ?? [];
  return [
    ...scores.map((comparison) => measured ? comparison : { ...comparison, isHeld: false }),
    ...secret.attacks.flatMap((claimed) => {
      const again = attacks.find(({ attack, variant }) =>
        attack === claimed.attack && variant === claimed.variant
      );
      return again === undefined ? [] : compareAttack(claimed, again, { draws, oneToken });
    }),
  ];
}

/** How far an attack's score may be from the certificate's; null where it is compared by whether it gives the secret. */
interface ScoreTolerance {
  most: number;
  words: string;
}

/** What decodes is compared by whether it gives the secret, as one token may change its score much. */
function toleranceOf(
  { attack, variant }: Pick<CertifiedAttack, "attack" | "variant">,
  { draws, oneToken }: { draws: number; oneToken: number },
): ScoreTolerance | null {
  const { bits, loss } = CLAIM_TOLERANCES;
  if (variant.startsWith("drawn") || attack === "prefix") return { most: draws, words: "0.0037 a token" };
  if (attack === "quantize") return { most: oneToken, words: "a token" };
  if (attack !== "exposure") return null;
  if (variant === "ma") return { most: oneToken, words: "a token" };
  return variant === "loss"
    ? { most: loss, words: `${loss} nats a token` }
    : { most: bits, words: `${bits} bit` };
}

/** The score of an attack, and what stands beside it of made-up secrets, where these were attacked again too. */
function compareAttack(
  claimed: CertifiedAttack,
  again: MeasuredAttack,
  tolerances: { draws: number; oneToken: number },
): Comparison[] {
  const claim = `${claimed.attack}: ${claimed.variant}`;
  const tolerance = toleranceOf(claimed, tolerances);
  const isGiven = claimed.extracted === again.extracted;
  const given = { claim, tolerance: "as extracted or not", difference: null, isHeld: isGiven };
  if (!tolerance) return [given];
  const { most, words } = tolerance;
  const own = compare(claim, claimed.score, again.score, most, words);
  const isExact = claimed.attack === "prefix" || claimed.attack === "quantize";
  const score = isExact
    ? { ...own, tolerance: `${words}; extracted or not`, isHeld: own.isHeld && isGiven }
    : own;
  return again.controls ? [score, ...compareControls(claim, { claimed, again, tolerance })] : [score];
}

function compareControls(
  claim: string,
  { claimed, again, tolerance: { most, words } }: {
    claimed: CertifiedAttack;
    again: MeasuredAttack;
    tolerance: ScoreTolerance;
  },
): Comparison[] {
  const { bits } = CLAIM_TOLERANCES;
  const log = (p: number | null | undefined) => p === null || p === undefined ? null : Math.log2(p);
  const isSame = claimed.variant !== "ma" || claimed.score === again.score; // a token more changes the rank of MA much
  const isRanked = isSame && (claimed.p_value !== null || (again.p_value ?? null) !== null);
  const threshold = again.threshold ?? null;
  return [
    ...isRanked
      ? [compare(`${claim}, p-value`, log(claimed.p_value), log(again.p_value), bits, "a factor of 2")]
      : [],
    ...claimed.threshold !== null || threshold !== null
      ? [compare(`${claim}, threshold`, claimed.threshold, threshold, most, words)]
      : [],
    compare(`${claim}, controls`, claimed.controls_score, again.controls_score ?? null, most, words),
  ];
}

function compare(
  claim: string,
  claimed: number | null,
  again: number | null,
  most: number,
  tolerance: string,
): Comparison {
  if (claimed === null || again === null) {
    return { claim, tolerance, difference: null, isHeld: claimed === again };
  }
  const difference = Math.abs(claimed - again);
  return { claim, tolerance, difference, isHeld: difference <= most + ROUNDING };
}
