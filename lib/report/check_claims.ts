/**
 * Whether a certificate's numbers are those that were measured again.
 *
 * The files are the same to the byte, so on one kind of machine the numbers are too. On another kind sums are taken in
 * another order: logits differ in their last digits, losses by 1e-5 to 1e-3 (with TF32 or bfloat16 products by 1e-2), and
 * where two logits are nearly equal the other one wins. So a loss may differ by 0.01 nats a token; MA by one token; EL_10
 * by 0.1, since one token changes all that is decoded after it; and the probability that n draws give a secret,
 * 1 - (1 - q)^n, by what that loss makes of it, which is at most tokens / e times as much.
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
  attacks: readonly Pick<CertifiedAttack, "attack" | "variant" | "score" | "extracted">[];
}

/** A kind of claim, over all secrets that have one. */
export interface CheckedClaim {
  /** "MA", "EL_10", "loss", or an attack with its variant. */
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
      return again === undefined ? [] : [compareAttack(claimed, again, draws)];
    }),
  ];
}

/** Draws by their probability; what decodes by whether it gives the secret, as one token may change its score much. */
function compareAttack(
  claimed: CertifiedAttack,
  again: MeasuredSecret["attacks"][number],
  draws: number,
): Comparison {
  const claim = `${claimed.attack}: ${claimed.variant}`;
  if (claimed.variant.startsWith("drawn")) {
    return compare(claim, claimed.score, again.score, draws, "0.0037 a token");
  }
  const isHeld = claimed.extracted === again.extracted;
  return { claim, tolerance: "as extracted or not", difference: null, isHeld };
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
