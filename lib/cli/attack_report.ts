/**
 * What `attack` says in the end: attacks.json, and the same for a terminal.
 *
 * @module
 */
import {
  type AttackRow,
  type AttackSummary,
  extractedByAny,
  summarizeAttacks,
} from "../attacks/summarize_attacks.ts";
import type { MembershipAuc } from "../attacks/membership.ts";
import { placeKey, type SecretPlace } from "../datasets/place.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { formatInterval } from "../report/format.ts";
import { formatTable } from "./console.ts";
import { endsText, INTERVAL_NOTE, percentEnds } from "./interval_text.ts";

/** What is kept of an attack on a model beside its rows. */
export interface AttackCounts {
  /** Which model: "after" or "before". */
  model: string;
  /** Which attack. */
  attack: string;
  /** Controls that were extracted: numbers of secret and control. */
  controlsFound: [secret: number, control: number][];
  /** Of membership. */
  aucs: MembershipAuc[];
  /** What could not be done, and why. */
  leftOut: string[];
}

/** attacks.json. */
export interface AttackReport {
  /** Secrets that were attacked. */
  secrets: number;
  /** Different values among them. */
  values: number;
  /** The shares of secrets, and of controls, that some attack extracted. */
  extracted_by_any: { model: string; secrets: Interval | null; controls: Interval | null }[];
  /** Each attack's variants on each model. */
  attacks: AttackSummary[];
  /** How well each score of membership tells secrets from controls. */
  membership: (MembershipAuc & { model: string })[];
  /** What was not done, and why. */
  left_out: string[];
}

/**
 * Sums up rows and counts.
 *
 * @param counts of each attack on each model @param options.secrets in the order that counts number them
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { summaryOfAttacks } from "./attack_report.ts";
 *
 * const place = { doc_id: "a", tag: "KEY", start: 0, end: 9 };
 * const what = { fingerprint: "f", model: "after", attack: "extract", variant: "greedy" };
 * const found = { score: 1, extracted: true, p_value: null, threshold: null };
 * const row = { ...place, ...what, ...found, controls: 0, controls_score: null, controls_extracted: null };
 * const { extracted_by_any, left_out } = summaryOfAttacks([row], [], { secrets: [place], leftOut: [] });
 * assertEquals([extracted_by_any[0]!.secrets!.estimate, extracted_by_any[0]!.controls], [1, null]);
 * assertEquals(left_out, ["controls of 1 secret (KEY): its format has no other value"]);
 * ```
 */
export function summaryOfAttacks(
  rows: readonly (AttackRow & SecretPlace)[],
  counts: readonly AttackCounts[],
  { secrets, leftOut }: { secrets: readonly SecretPlace[]; leftOut: readonly string[] },
): AttackReport {
  const models = [...new Set(rows.map(({ model }) => model))];
  return {
    secrets: secrets.length,
    values: new Set(rows.map(({ fingerprint }) => fingerprint)).size,
    extracted_by_any: models.map((model) => {
      const found = new Map<string, Set<number>>();
      for (const [secret, control] of counts.flatMap((own) => own.model === model ? own.controlsFound : [])) {
        const key = placeKey(secrets[secret]!);
        found.set(key, (found.get(key) ?? new Set()).add(control));
      }
      return { model, ...extractedByAny(rows.filter((row) => row.model === model), found) };
    }),
    attacks: summarizeAttacks(rows),
    membership: counts.flatMap(({ model, aucs }) => aucs.map((auc) => ({ model, ...auc }))),
    left_out: [
      ...new Set([...leftOut, ...counts.flatMap(({ leftOut }) => leftOut), ...withoutControls(rows)]),
    ],
  };
}

/** Secrets that stand beside nothing, by their kind. */
function withoutControls(rows: readonly (AttackRow & SecretPlace)[]): string[] {
  const alone = new Map(rows.filter(({ controls }) => controls === 0).map((row) => [placeKey(row), row.tag]));
  return [...Map.groupBy(alone.values(), (tag) => tag)].map(([tag, { length }]) =>
    `controls of ${length} secret${length === 1 ? "" : "s"} (${tag}): ${
      length === 1 ? "its" : "their"
    } format has no other value`
  );
}

/**
 * The report for a terminal: means of the model after, with those of the controls and of the model before, two lines a
 * variant, as the 95 % intervals stand under the means.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeAttacks } from "./attack_report.ts";
 *
 * const one = { estimate: 0.5, low: 0.25, high: 0.75 };
 * const summary = { attack: "extract", variant: "greedy", model: "after", secrets: 4, score: one, median: one,
 *   controls_score: null, difference: null, extracted: one, controls_extracted: null, significant: null };
 * const text = describeAttacks({ secrets: 4, values: 4, extracted_by_any: [], attacks: [summary], membership: [], left_out: [] });
 * assertEquals(text.split("\n").slice(2, 4), [
 *   "extract:         0.500    -         -       50 %       -",
 *   "greedy           .25–.75                    25–75 %",
 * ]);
 * ```
 */
export function describeAttacks({ attacks, membership, extracted_by_any, left_out }: AttackReport): string {
  const share = (interval: Interval | null) => interval && `${Math.round(100 * interval.estimate)} %`;
  const areas = membership.map(({ model, score, reading, ...auc }) => [
    ...[model, score, formatInterval(auc), reading],
  ]);
  const shareOf = (interval: Interval | null, what: string) =>
    `${share(interval) ?? "-"} of ${what}${interval ? ` [${percentEnds(interval)}]`.replace(" %", "") : ""}`;
  return [
    formatVariants(attacks),
    ...areas.length === 0 ? [] : ["", formatTable(["model", "membership by", "area", "reading"], areas)],
    ...extracted_by_any.length === 0 ? [] : [""],
    ...extracted_by_any.map(({ model, secrets, controls }) =>
      `extracted by any attack, ${model}: ${shareOf(secrets, "secrets")}, ${shareOf(controls, "controls")}`
    ),
    ...left_out.map((line) => `left out: ${line}`),
  ].join("\n");
}

/** The variants of the model after; the second controls are those of what was extracted. */
function formatVariants(attacks: readonly AttackSummary[]): string {
  const number = (interval: Interval | null | undefined) => interval?.estimate.toFixed(3) ?? null;
  const share = (interval: Interval | null) => interval && `${Math.round(100 * interval.estimate)} %`;
  const ends = (interval: Interval | null | undefined) =>
    interval ? endsText(interval, decimalsOf(interval)) : undefined;
  const rows = attacks.filter(({ model }) => model === "after").flatMap((row) => {
    const before = attacks.find(({ model, attack, variant }) =>
      model === "before" && attack === row.attack && variant === row.variant
    );
    const scores = [row.score, row.controls_score, before?.score];
    const shares = [row.extracted, row.controls_extracted];
    return [
      [`${row.attack}:`, ...scores.map(number), ...shares.map(share)],
      [row.variant, ...scores.map(ends), ...shares.map(percentEnds)],
    ];
  });
  const header = ["attack, variant", "score", "controls", "before", "extracted", "controls"];
  return [formatTable(header, rows), ...rows.length === 0 ? [] : [INTERVAL_NOTE]].join("\n");
}

/** Of bits and nats, which are larger, fewer. */
function decimalsOf({ low, high }: Interval): number {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  return largest < 2 ? 2 : largest < 10 ? 1 : 0;
}
