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
export function attackTable(found: CardAttacks): string {
  const { secrets, attacks, extracted_by_any } = found;
  const any = (model: string) => extracted_by_any.find((row) => row.model === model);
  return [
    "| | before | after | made-up secrets, after |",
    "| --- | --- | --- | --- |",
    ...extracted_by_any.length === 0 ? [] : [
      tableLine("share of secrets that some attack gives", {
        ...{ before: any("before")?.secrets, after: any("after")?.secrets, controls: any("after")?.controls },
      }),
    ],
    ...exposureLines(attacks),
    ...trainingLines(attacks),
    "",
    `Attacks on ${secrets} secrets (${
      attackNames(attacks)
    }), with 95 % intervals over secrets, beside made-up values of their`,
    "formats in the same places. Exposure is -log2 of the share of these that are at least as likely as the secret: of",
    "what was never seen 1 bit in the median, 1.44 in the mean.",
  ].join("\n");
}

type Cell = Interval | null | undefined;

function tableLine(name: string, cells: { before?: Cell; after: Cell; controls?: Cell }): string {
  const { before, after, controls } = cells;
  return `| ${[name, ...[before, after, controls].map((cell) => formatInterval(cell))].join(" | ")} |`;
}

function exposureLines(attacks: CardAttacks["attacks"]): string[] {
  const of = (model: string) =>
    attacks.find((row) => row.model === model && row.attack === "exposure" && row.variant === "rank");
  const [before, after] = [of("before"), of("after")];
  if (!after) return [];
  return [
    tableLine("median exposure, bits", { before: before?.median, after: after.median }),
    tableLine("mean exposure, bits", {
      ...{ before: before?.score, after: after.score, controls: after.controls_score },
    }),
  ];
}

/** What comes back by training on texts without the secrets. */
function trainingLines(attacks: CardAttacks["attacks"]): string[] {
  return attacks.flatMap(({ model, attack, variant, score, controls_score }) => {
    const training = model === "after" && attack === "relearn" ? readRelearnVariant(variant) : null;
    if (!training || training.isHalf) return [];
    const name =
      `MA after ${training.steps} steps of training on other texts (rate ${training.learning_rate})`;
    return [tableLine(name, { after: score, controls: controls_score })];
  });
}

function attackNames(attacks: CardAttacks["attacks"]): string {
  const names = new Set(attacks.filter(({ model }) => model === "after").map(({ attack }) => attack));
  return names.size === 0 ? "none" : [...names].join(", ");
}
