/**
 * What a model card says of attacks: means over secrets beside those of made-up ones, before and after, and after training
 * on texts that hold none of the secrets. Names of attacks, counts and numbers, never a value.
 *
 * @module
 */
import { readRelearnVariant } from "../attacks/relearn_variant.ts";
import type { AttackSummary } from "../attacks/summarize_attacks.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { formatInterval } from "./format.ts";

/** What attacks have found, as `attacks.json` has it. */
export interface CardAttacks {
  /** Secrets that were attacked. */
  secrets: number;
  /** Each attack's variants on each model. */
  attacks: readonly Pick<
    AttackSummary,
    "attack" | "variant" | "model" | "score" | "median" | "controls_score"
  >[];
  /** The shares that some attack gave. */
  extracted_by_any: readonly { model: string; secrets: Interval | null; controls: Interval | null }[];
}

/**
 * A table of what was found and a sentence on how to read it, in Markdown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { attackTable } from "./card_attacks.ts";
 *
 * const score = { estimate: 0.5, low: 0.25, high: 0.75 };
 * const row = { attack: "relearn", variant: "20 steps at 0.0003", model: "after", score, median: null, controls_score: null };
 * const text = attackTable({ secrets: 4, attacks: [row], extracted_by_any: [] });
 * const [, , line] = text.split("\n");
 * assertEquals(line, "| MA after 20 steps of training on other texts (rate 0.0003) | – | 0.500 [0.250, 0.750] | – |");
 * ```
 */
export function attackTable({ secrets, attacks, extracted_by_any }: CardAttacks): string {
  const of = (model: string, attack: string, variant: string) =>
    attacks.find((row) => row.model === model && row.attack === attack && row.variant === variant);
  const any = (model: string) => extracted_by_any.find((row) => row.model === model);
  const rank = { before: of("before", "exposure", "rank"), after: of("after", "exposure", "rank") };
  const line = (name: string, before: Interval | null, after: Interval | null, controls: Interval | null) =>
    `| ${[name, ...[before, after, controls].map((cell) => formatInterval(cell))].join(" | ")} |`;
  const exposure = (name: "score" | "median", words: string, controls: Interval | null) =>
    rank.after
      ? [line(`${words} exposure, bits`, rank.before?.[name] ?? null, rank.after[name], controls)]
      : [];
  const trained = attacks.flatMap((row) => {
    const training = row.model === "after" && row.attack === "relearn"
      ? readRelearnVariant(row.variant)
      : null;
    return training && !training.isHalf ? [{ ...row, ...training }] : [];
  });
  return [
    "| | before | after | made-up secrets, after |",
    "| --- | --- | --- | --- |",
    ...extracted_by_any.length > 0
      ? [
        line(
          "share of secrets that some attack gives",
          any("before")?.secrets ?? null,
          any("after")?.secrets ?? null,
          any("after")?.controls ?? null,
        ),
      ]
      : [],
    ...exposure("median", "median", null),
    ...exposure("score", "mean", rank.after?.controls_score ?? null),
    ...trained.map(({ steps, learning_rate, score, controls_score }) =>
      line(
        `MA after ${steps} steps of training on other texts (rate ${learning_rate})`,
        null,
        score,
        controls_score,
      )
    ),
    "",
    `Attacks on ${secrets} secrets (${
      attackNames(attacks)
    }), with 95 % intervals over secrets, beside made-up values of their`,
    "formats in the same places. Exposure is -log2 of the share of these that are at least as likely as the secret: of",
    "what was never seen 1 bit in the median, 1.44 in the mean.",
  ].join("\n");
}

function attackNames(attacks: CardAttacks["attacks"]): string {
  const names = new Set(attacks.filter(({ model }) => model === "after").map(({ attack }) => attack));
  return names.size === 0 ? "none" : [...names].join(", ");
}
