/**
 * What `scrub` will take to measure: the sets before and after, with the training between, and what earlier scrubs erased.
 *
 * @module
 */
import { FORGET_COLUMNS } from "../datasets/columns.ts";
import { readForgetSpans } from "../datasets/forget_spans.ts";
import { readRows } from "../datasets/row_table.ts";
import type { EarlierScrub } from "./scrub_earlier.ts";

/** What a stage takes. */
export interface StagePlan {
  stage: string;
  /** Of how much. */
  of: string;
  /** Null where only reading the corpus would tell. */
  seconds: number | null;
  memory_bytes?: number;
}

/** What a command's plan says of texts. */
export interface PlannedTexts {
  /** Null where only reading the corpus would tell. */
  texts?: number | null;
  seconds?: number;
}

/** What `evaluate` measures of each model. */
export interface EvaluatedAmounts {
  /** Secrets of the forget set, and the seconds of one. */
  secrets: { count: number; seconds: number };
  /** The retain set; undefined where there is none. */
  retain?: PlannedTexts | undefined;
  /** The unseen texts; undefined where there are none. */
  unseen?: PlannedTexts | undefined;
  /** The training on innocent texts of the model that came out; undefined where there is none. */
  training?: { steps: number; secondsOfStep: number } | undefined;
}

/**
 * What `evaluate` takes: all sets before and after, and the forget set once more after a training.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planEvaluation } from "./scrub_plan_measures.ts";
 *
 * const secrets = { count: 3, seconds: 1 };
 * assertEquals(planEvaluation({ secrets }), { stage: "evaluate", of: "3 secrets, 2 models", seconds: 6 });
 * const training = { steps: 20, secondsOfStep: 0.5 };
 * const { of, seconds } = planEvaluation({ secrets, retain: { texts: 32, seconds: 4 }, training });
 * assertEquals([of, seconds], ["3 secrets and 32 retain texts, 2 models, 20 training steps", 2 * (3 + 4) + 10 + 3]);
 * assertEquals(planEvaluation({ secrets, unseen: { texts: null } }).seconds, null);
 * ```
 */
export function planEvaluation({ secrets, retain, unseen, training }: EvaluatedAmounts): StagePlan {
  const sets = [["retain", retain], ["unseen", unseen]] as const;
  const texts = sets.flatMap(([name, set]) => set ? [`${set.texts ?? "all"} ${name} texts`] : []);
  const ofSecrets = secrets.count * secrets.seconds;
  const ofTexts = [retain, unseen].map((set) => set ? set.seconds ?? null : 0);
  const isKnown = ofTexts.every((seconds) => seconds !== null);
  const ofTraining = training ? training.steps * training.secondsOfStep + ofSecrets : 0;
  return {
    stage: "evaluate",
    of: `${[`${secrets.count} secrets`, ...texts].join(" and ")}, 2 models` +
      (training ? `, ${training.steps} training steps` : ""),
    seconds: isKnown
      ? 2 * ofTexts.reduce((sum: number, seconds) => sum + seconds!, ofSecrets) + ofTraining
      : null,
  };
}

/**
 * What measuring again takes: the forget set of each earlier scrub, by the new model.
 *
 * @param secondsOfSecret of one secret
 * @returns a stage for each scrub whose model knew something
 * @throws {Error} as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planEarlier } from "./scrub_plan_measures.ts";
 *
 * const unknown = { folder: "run", checkpoint: "run/ga", reading: {}, fingerprints: [] }; // the model knew none of it
 * assertEquals(await planEarlier([unknown], 0.5), []);
 * ```
 */
export async function planEarlier(
  earlier: readonly EarlierScrub[],
  secondsOfSecret: number,
): Promise<StagePlan[]> {
  const plans: StagePlan[] = [];
  for (const [i, { forget }] of earlier.entries()) {
    if (forget === undefined) continue;
    const rows = await readRows(forget, FORGET_COLUMNS);
    const secrets = rows.flatMap(readForgetSpans).filter(({ tag }) => tag !== null).length;
    plans.push({ stage: `earlier ${i}`, of: `${secrets} secrets`, seconds: secrets * secondsOfSecret });
  }
  return plans;
}
