/**
 * Means of what attacks find, with intervals over secrets, beside the same of their controls. Places of one value are drawn
 * together, so a secret that stands in ten documents is one of the things that chance could have made otherwise.
 *
 * @module
 */
import { type Place, placeKey } from "../datasets/place.ts";
import {
  bootstrapInterval,
  bootstrapMean,
  bootstrapShare,
  type Interval,
  quantile,
  type Sample,
} from "../metrics/bootstrap.ts";
import type { AttackScore } from "./attack_scores.ts";

/** A row of `attacks.parquet`. */
export interface AttackRow extends Place, Omit<AttackScore, "secret"> {
  /** Equal for equal values. */
  fingerprint: string;
  /** Which model: "after" or "before". */
  model: string;
  /** Which attack. */
  attack: string;
}

/** What an attack's variant finds of all secrets of a model; intervals are null where nothing is defined. */
export interface AttackSummary extends Pick<AttackRow, "attack" | "variant" | "model"> {
  /** Secrets, as many rows. */
  secrets: number;
  /** Mean score. */
  score: Interval | null;
  /** Median score. */
  median: Interval | null;
  /** Mean score of the controls. */
  controls_score: Interval | null;
  /** Mean of a secret's score less its controls' mean. */
  difference: Interval | null;
  /** The share of secrets that were extracted. */
  extracted: Interval | null;
  /** The share of controls that were. */
  controls_extracted: Interval | null;
  /** The share of secrets whose p-value is at most 0.05: one twentieth, or less, of what was never seen. */
  significant: Interval | null;
}

/** The p-value that counts as significant. */
const ALPHA = 0.05;

/**
 * Summaries of rows, in the order of their first ones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { summarizeAttacks } from "./summarize_attacks.ts";
 *
 * const row = { doc_id: "a", start: 0, end: 9, model: "after", attack: "extract", variant: "greedy", p_value: null, threshold: null };
 * const controls = { controls: 4, controls_score: 0, controls_extracted: 0 };
 * const rows = ["x", "y"].map((fingerprint, i) => ({ ...row, fingerprint, score: i, extracted: i === 1, ...controls }));
 * const [summary] = summarizeAttacks(rows);
 * assertEquals([summary!.extracted, summary!.difference!.estimate], [{ estimate: 0.5, low: 0, high: 1 }, 0.5]);
 * ```
 */
export function summarizeAttacks(rows: readonly AttackRow[]): AttackSummary[] {
  const groups = Map.groupBy(rows, ({ model, attack, variant }) => [model, attack, variant].join("\0"));
  return [...groups.values()].map((own) => {
    const { model, attack, variant } = own[0]!;
    const of = (value: (row: AttackRow) => number | boolean | null) => meanOf(own, value);
    const scores = sampleOf(own, ({ score }) => score);
    return {
      attack,
      variant,
      model,
      secrets: own.length,
      score: of(({ score }) => score),
      median: scores && bootstrapInterval([scores], ([values]) => medianOf(values!)),
      controls_score: of(({ controls_score }) => controls_score),
      difference: of(({ score, controls_score }) =>
        score === null || controls_score === null ? null : score - controls_score
      ),
      extracted: shareOf(own, ({ extracted }) => extracted),
      controls_extracted: shareOf(own, ({ controls_extracted }) => controls_extracted),
      significant: shareOf(own, ({ p_value }) => p_value === null ? null : p_value <= ALPHA),
    };
  });
}

/**
 * The share of secrets that any attack extracted, and of their controls.
 *
 * @param rows of one model @param found controls that some attack extracted, by the key of the secret's place
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { placeKey } from "../datasets/place.ts";
 * import { extractedByAny } from "./summarize_attacks.ts";
 *
 * const place = { doc_id: "a", start: 0, end: 9 };
 * const row = { ...place, fingerprint: "x", model: "after", attack: "extract", p_value: null, threshold: null, score: null };
 * const rows = ["greedy", "beam"].map((variant) =>
 *   ({ ...row, variant, extracted: variant === "beam", controls: 4, controls_score: null, controls_extracted: 0 }));
 * const { secrets, controls } = extractedByAny(rows, new Map([[placeKey(place), new Set([2])]]));
 * assertEquals([secrets!.estimate, controls!.estimate], [1, 0.25]);
 * ```
 */
export function extractedByAny(
  rows: readonly AttackRow[],
  found: ReadonlyMap<string, ReadonlySet<number>>,
): { secrets: Interval | null; controls: Interval | null } {
  const attacked = rows.filter(({ extracted }) => extracted !== null);
  const places = [...Map.groupBy(attacked, placeKey)].map(([key, own]) => {
    const controls = Math.max(...own.map(({ controls }) => controls));
    return {
      ...own[0]!,
      extracted: own.some(({ extracted }) => extracted),
      controls_extracted: controls === 0 ? null : (found.get(key)?.size ?? 0) / controls,
    };
  });
  return {
    secrets: shareOf(places, ({ extracted }) => extracted),
    controls: shareOf(places, ({ controls_extracted }) => controls_extracted),
  };
}

type ValueOf = (row: AttackRow) => number | boolean | null;

function meanOf(rows: readonly AttackRow[], value: ValueOf, drawn = bootstrapMean): Interval | null {
  const sample = sampleOf(rows, value);
  return sample && drawn(sample);
}

function shareOf(rows: readonly AttackRow[], value: ValueOf): Interval | null {
  return meanOf(rows, value, bootstrapShare);
}

/** The values that are defined; null where none is. */
function sampleOf(rows: readonly AttackRow[], value: ValueOf): Sample | null {
  const defined = rows.filter((row) => value(row) !== null);
  if (defined.length === 0) return null;
  return {
    values: defined.map((row) => Number(value(row))),
    clusters: defined.map(({ fingerprint }) => fingerprint),
  };
}

function medianOf(values: readonly number[]): number {
  return quantile(values.toSorted((a, b) => a - b), 0.5);
}
