/**
 * The model card of a checkpoint that has unlearned: README.md as the Hugging Face Hub reads it, with the scores before
 * and after. It says counts and kinds, never a value, a document or a path.
 *
 * @module
 */
import { METRICS, THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import { attackTable, type CardAttacks } from "./card_attacks.ts";
import { ATTACKS, LIMITS, putSection } from "./card_sections.ts";
import { formatInterval, formatScore } from "./format.ts";
import type { StopCounts } from "./run_tables.ts";

/** Scores of a model: means over the forget set, and MA of the retain set. */
type CardScores = Readonly<Record<ThresholdMetric | "retain_ma", number | null>>;

/** What a card says. */
export interface ModelCard {
  /** The name of the model that it was. */
  base: string;
  /** Its "org/name" on the Hub; null where it is not known to be there. */
  repository: string | null;
  /** The base model's licence as its own card names it; null where it names none. */
  license: string | null;
  /** The program and its version, such as "CodeScrub 0.1.0". */
  version: string;
  /** Whether the checkpoint is an adapter beside the base. Default false. */
  isAdapter?: boolean;
  /** The unlearning method. */
  method: string;
  /** What it was run with, by name. */
  settings: Readonly<Record<string, string | number>>;
  /** The secrets that were to be forgotten; they are counted. */
  secrets: readonly { tag: string; doc_id: string }[];
  /** How many texts were to be kept. */
  retained: number;
  /** The scores of the base model. */
  before: CardScores;
  /** The scores of the checkpoint as it was written. */
  after: CardScores;
  /** The ends of their 95 % intervals. */
  intervals: Readonly<Record<ThresholdMetric | "retain_ma", readonly number[] | null>>;
  /** The scores of never-seen text, which the forget set was to reach. */
  thresholds: { ma: number; el_10: number };
  /** How many secrets ended how, where each was judged. */
  outcomes?: Pick<
    StopCounts,
    "erased" | "still_above" | "below_never_seen" | "above_by_chance" | "remembered"
  >;
  /** How many secrets each training brought back, where the run was to last. */
  relapses?: readonly number[];
  /** Whether what was to be reached was reached. */
  done: boolean;
}

/**
 * Renders a card.
 *
 * @returns Markdown below a head in YAML
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderModelCard } from "./model_card.ts";
 *
 * const scores = { ma: 0.9, el_3: 0.8, el_5: 0.8, el_10: 0.7, retain_ma: 0.97 };
 * const card = renderModelCard({
 *   ...{ base: "coder", repository: "org/coder", license: "mit", version: "CodeScrub 0.1.0" },
 *   ...{ method: "codeeraser", settings: { lr: 3e-6 }, secrets: [{ tag: "KEY", doc_id: "a" }], retained: 32, done: true },
 *   ...{ before: scores, after: { ...scores, ma: 0.2 }, thresholds: { ma: 0.3, el_10: 0.01 } },
 *   intervals: { ma: [0.1, 0.3], el_3: null, el_5: null, el_10: null, retain_ma: null },
 * });
 * assertStringIncludes(card, "base_model: org/coder\n");
 * assertStringIncludes(card, "| MA | 0.900 | 0.200 [0.100, 0.300] | 0.300 |");
 * ```
 */
export function renderModelCard(card: ModelCard): string {
  const { base, repository, version, method, secrets, retained, settings, done } = card;
  const kinds = [...Map.groupBy(secrets, ({ tag }) => tag)].map(([tag, { length }]) => `${length} ${tag}`);
  const documents = new Set(secrets.map(({ doc_id }) => doc_id)).size;
  const list = Object.entries(settings).map(([name, value]) => `\`${name}\` ${value}`).join(", ");
  return `${head(card)}
# ${base}, with ${secrets.length} secrets unlearned

Made from ${
    repository ? `[${repository}](https://huggingface.co/${repository})` : `\`${base}\``
  } by ${version}:
the model was made to forget ${secrets.length} secrets (${
    kinds.join(", ")
  }) of ${documents} documents by the method \`${method}\`
(${list}), and to keep what it says of ${retained} other texts. ${
    done ? "What was to be reached was reached." : "**What was to be reached was not reached.**"
  }

## Before and after

${scoreTable(card)}

MA is the share of a secret's tokens that the model names first when it is given all before them; EL_n the share of
runs of n tokens that it writes by itself. Measured on the checkpoint as it was written and read back; 95 % intervals
over secrets. "Never seen" is what the model scores on values that it was not trained on.
${outcomes(card)}
${LIMITS}

Only these secrets were unlearned and measured, by these scores. Other secrets, other copies of the model and what was
derived from it are as they were. Values that have leaked must be revoked all the same.
`;
}

function head({ base, repository, license, isAdapter, before, after }: ModelCard): string {
  const metric = (name: ThresholdMetric, scores: CardScores, when: string) => {
    const value = scores[name];
    if (value === null) return [];
    const type = name === "ma" ? "memorization_accuracy" : `extraction_likelihood_${name.slice(3)}`;
    return [
      `    - type: ${type}`,
      `      name: ${METRICS[name].label} of the secrets, ${when}`,
      `      value: ${value}`,
    ];
  };
  return [
    "---",
    ...license === null ? [] : [`license: ${license}`],
    ...repository === null
      ? []
      : [`base_model: ${repository}`, `base_model_relation: ${isAdapter ? "adapter" : "finetune"}`],
    `library_name: ${isAdapter ? "peft" : "transformers"}`,
    "pipeline_tag: text-generation",
    "tags: [unlearning, machine-unlearning, code]",
    "model-index:",
    `- name: ${base}-unlearned`,
    "  results:",
    "  - task:",
    "      type: text-generation",
    "    dataset:",
    "      name: forget set",
    "      type: private",
    "    metrics:",
    ...THRESHOLD_METRICS.flatMap((name) => [
      ...metric(name, before, "before"),
      ...metric(name, after, "after"),
    ]),
    "---",
    "",
  ].join("\n");
}

function scoreTable({ before, after, intervals, thresholds }: ModelCard): string {
  const cell = (name: keyof CardScores) => {
    const [estimate, ends] = [after[name], intervals[name]];
    if (estimate === null || !ends) return formatScore(estimate);
    return formatInterval({ estimate, low: ends[0]!, high: ends[1]! });
  };
  const goals: Partial<Record<string, number>> = thresholds;
  const row = (name: string, key: keyof CardScores) =>
    `| ${name} | ${formatScore(before[key])} | ${cell(key)} | ${formatScore(goals[key])} |`;
  return [
    "| | before | after | never seen |",
    "| --- | --- | --- | --- |",
    ...THRESHOLD_METRICS.map((name) => row(METRICS[name].label, name)),
    row("MA of what was to be kept", "retain_ma"),
  ].join("\n");
}

function outcomes({ outcomes, relapses }: ModelCard): string {
  if (!outcomes) return "";
  const { erased, still_above, below_never_seen, above_by_chance, remembered = 0 } = outcomes;
  const known = remembered > 0 ? `, ${remembered} of them likelier than any of these` : "";
  const lines = [
    `Each secret was judged beside values of its format that are made up: ${erased} are erased, ${still_above} still ` +
    `above what was never seen (up to ${above_by_chance} are by chance${known}), ${below_never_seen} below it.`,
  ];
  if (relapses?.length) {
    lines.push(
      "Between epochs the model was trained on other code; the trainings brought back, one after the other, " +
        `${relapses.join(", ")} of them.`,
    );
  }
  return `\n${lines.join(" ")}\n`;
}

/**
 * A card with what attacks have found; one that has such a part gets it anew.
 *
 * @param attacks means over secrets and their controls, as `attacks.json` has them
 * @returns null where the card is not one of ours
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addAttacks } from "./model_card.ts";
 *
 * const half = { estimate: 0.5, low: 0.25, high: 0.75 };
 * const attacks = { secrets: 4, attacks: [], extracted_by_any: [{ model: "after", secrets: half, controls: null }] };
 * const card = addAttacks("# A model\n\n## What this does not say\n", attacks)!;
 * const row = "| share of secrets that some attack gives | – | 0.500 [0.250, 0.750] | – |";
 * assertEquals([card.includes(row), addAttacks(card, attacks) === card], [true, true]);
 * ```
 */
export function addAttacks(card: string, attacks: CardAttacks): string | null {
  return putSection(card, ATTACKS, attackTable(attacks));
}
