/**
 * What a certificate says, from the tables of the runs that it rests on. A document is named by HMAC of its id, as a
 * secret is by that of its value; what a table holds where a word of ours should stand is refused or shortened.
 *
 * @module
 */
import { MEMBERSHIP_SCORES } from "../attacks/membership.ts";
import { ATTACKS } from "../attacks/run_attack.ts";
import type { ATTACK_COLUMNS, OUTCOME_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import type { RowOf } from "../datasets/row_table.ts";
import { bootstrapMean } from "../metrics/bootstrap.ts";
import {
  type Certificate,
  type CertifiedAttack,
  certifiedCounts,
  type CertifiedSecret,
  certifiedState,
} from "../report/certificate.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import type { AttackReport } from "./attack_report.ts";
import { gateMessage, isName } from "./message_gate.ts";

type OutcomeRow = RowOf<typeof OUTCOME_COLUMNS>;
type AttackRow = RowOf<typeof ATTACK_COLUMNS>;

/** The attacks that there are; one that `attack` does not run was not tried. */
const KNOWN = Object.keys(ATTACKS);

/**
 * The secrets of a run of `unlearn`, each with its attacks.
 *
 * @param outcomes of `unlearn` @param attacks of `attack` @param key of fingerprints
 * @throws {RangeError} when a secret was not attacked, or a row holds what no run writes
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { certifiedSecrets } from "./certificate_content.ts";
 *
 * const outcome = { doc_id: "a", tag: "KEY", start: 0, end: 9 } as Parameters<typeof certifiedSecrets>[0]["outcomes"][0];
 * const tables = { outcomes: [outcome], attacks: [] };
 * assertThrows(() => certifiedSecrets(tables, new Uint8Array(32)), RangeError, "1 of its 1 secrets was not attacked");
 * ```
 */
export function certifiedSecrets(
  { outcomes, attacks }: { outcomes: readonly OutcomeRow[]; attacks: readonly AttackRow[] },
  key: Uint8Array,
): CertifiedSecret[] {
  const after = Map.groupBy(attacks.filter(({ model }) => model === "after"), placeKey);
  const missing = outcomes.filter((row) => !after.has(placeKey(row))).length;
  if (missing > 0 || outcomes.length === 0) {
    throw new RangeError(
      `Cannot certify the model: ${missing} of its ${outcomes.length} secrets ${
        missing === 1 ? "was" : "were"
      } not attacked: run attack with the forget set of unlearn`,
    );
  }
  return outcomes.map((row) => {
    const own = after.get(placeKey(row))!;
    const { fingerprint } = own[0]!;
    if (!/^[0-9a-f]{64}$/.test(fingerprint) || !/^[A-Z_]{1,20}$/.test(row.tag)) {
      throw new RangeError(
        `Cannot certify the secret at ${row.start}..${row.end}: its fingerprint or tag is none`,
      );
    }
    const pOf = (variant: string) =>
      own.find((attack) => attack.attack === "exposure" && attack.variant === variant)?.p_value ?? null;
    const scores = {
      ma: {
        ...{ before: row.ma_before, after: row.ma, threshold: row.ma_threshold, floor: row.ma_floor },
        p_value: pOf("ma"),
      },
      el_10: { before: row.el_10_before, after: row.el_10, threshold: row.el_10_threshold },
      loss: { before: row.nll_before, after: row.nll, ceiling: row.nll_ceiling, p_value: pOf("loss") },
    };
    return {
      fingerprint,
      document: fingerprintSecret(row.doc_id, key),
      ...{ tag: row.tag, start: row.start, end: row.end },
      status: certifiedState(scores),
      controls: row.controls,
      ...scores,
      attacks: attacksOf(own),
    };
  });
}

/** Each variant once, though two windows may hold a secret. */
function attacksOf(rows: readonly AttackRow[]): CertifiedAttack[] {
  const byVariant = new Map(rows.map((row) => [`${row.attack}\0${row.variant}`, row]));
  return [...byVariant.values()].map((row) => ({
    attack: isName(row.attack) ? row.attack : "unknown",
    variant: gateMessage(row.variant, []),
    ...{ score: row.score, extracted: row.extracted, threshold: row.threshold, p_value: row.p_value },
    ...{ controls: row.controls, controls_score: row.controls_score },
    controls_extracted: row.controls_extracted,
  }));
}

/**
 * Counts of secrets, and means with 95 % intervals: over secrets, those of one value drawn together.
 *
 * @param report what `attack` summed up
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { certifiedSummary } from "./certificate_content.ts";
 *
 * const report = { extracted_by_any: [], membership: [] };
 * const { secrets, ma } = certifiedSummary([], report);
 * assertEquals([secrets, ma], [0, { before: null, after: null }]);
 * ```
 */
export function certifiedSummary(
  secrets: readonly CertifiedSecret[],
  { extracted_by_any, membership }: Pick<AttackReport, "extracted_by_any" | "membership">,
): Certificate["summary"] {
  const mean = (value: (secret: CertifiedSecret) => number | null) => {
    const defined = secrets.filter((secret) => value(secret) !== null);
    if (defined.length === 0) return null;
    const values = defined.map((secret) => value(secret)!);
    return bootstrapMean({ values, clusters: defined.map(({ fingerprint }) => fingerprint) });
  };
  const change = (name: "ma" | "el_10" | "loss") => ({
    before: mean((secret) => secret[name].before),
    after: mean((secret) => secret[name].after),
  });
  const extracted = extracted_by_any.find(({ model }) => model === "after");
  return {
    ...certifiedCounts(secrets),
    ...{ ma: change("ma"), el_10: change("el_10"), loss: change("loss") },
    extracted: { secrets: extracted?.secrets ?? null, controls: extracted?.controls ?? null },
    membership: membership.filter(({ model, score }) =>
      model === "after" && MEMBERSHIP_SCORES.includes(score)
    )
      .map(({ score, estimate, low, high, reading }) => ({
        ...{ score, estimate, low, high },
        reading: gateMessage(String(reading), []),
      })),
  };
}

/**
 * What was not tried, and why.
 *
 * @param leftOut what `attack` says that it left out
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { notTried } from "./certificate_content.ts";
 *
 * const lines = notTried([], ["quantize: not chosen by --attacks"]);
 * assertEquals([lines[0], lines.at(-1)], ["quantize: not chosen by --attacks", "relearn: attack has not run it"]);
 * ```
 */
export function notTried(
  secrets: readonly Pick<CertifiedSecret, "attacks">[],
  leftOut: readonly string[],
): string[] {
  const tried = new Set(secrets.flatMap(({ attacks }) => attacks.map(({ attack }) => attack)));
  const said = leftOut.map((line) => gateMessage(String(line), []));
  const others = KNOWN.filter((name) =>
    !tried.has(name) && !said.some((line) => line.startsWith(`${name}:`) || line.startsWith(`${name} on `))
  );
  return [...said, ...others.map((name) => `${name}: attack has not run it`)];
}
