/**
 * What a model still knows of the forget set and what it kept: MA and each EL_n on forget set (the secrets'
 * versions), retain set and unseen texts (the plain versions), and every single secret (the paper's tables 3 and 4).
 *
 * @module
 */
import type { ExampleSecret, ForgetExample } from "../datasets/examples.ts";
import { LIKELIHOOD_NAMES, type LikelihoodName, type MetricValues, perMetric } from "../datasets/metrics.ts";
import type { SecretPlace } from "../datasets/place.ts";
import {
  groupChanges,
  groupIntervals,
  type GroupOfScores,
  type MetricChanges,
  type MetricIntervals,
} from "../metrics/group_intervals.ts";
import { evaluationBatches, groupMeans } from "../metrics/group_scores.ts";
import type { TextScorer } from "../metrics/score_memo.ts";
import type { Scores } from "../metrics/scorer.ts";
import { describeSecret } from "../secrets/fingerprint.ts";

/**
 * A set that a model is evaluated on: `relearned` is the forget set once more, after some steps of ordinary training on texts
 * that hold nothing of it.
 */
export type EvaluatedSet = "forget" | "retain" | "unseen" | "relearned";

/** Means over one set under one model: of the forget set over documents of the mean over their secrets. */
export interface SetScores extends MetricValues {
  /** The set. */
  set: EvaluatedSet;
  /** A name for the model, such as "before". */
  model: string;
  /** Rows of the set. */
  rows: number;
}

/** Means with their intervals, and those of what they have changed by. */
export interface MeasuredSet extends SetScores, MetricIntervals, MetricChanges {}

/** What single secrets and texts of each set score: what is compared with them is drawn with them. */
export type SetSamples = { [S in Exclude<EvaluatedSet, "relearned">]?: Scores[] };

/** One secret of the forget set under one model. */
export interface SecretScores extends SecretPlace, MetricValues<"ma" | LikelihoodName> {
  /** Kind, length and first two characters. */
  description: string;
  /** See `SetScores`. */
  model: string;
}

/** What to evaluate on. */
export interface EvaluationSets {
  /** The forget set; may be empty. */
  forget: readonly ForgetExample[];
  /** Retain texts as token ids, cut to 128. */
  retain: readonly Int32Array[];
  /** Unseen texts as token ids, cut to 128. */
  unseen: readonly Int32Array[];
}

/** How to evaluate. */
export interface EvaluateOptions {
  /** A name for the model. */
  model: string;
  /** What the model before scores on the same sets: then rows have intervals of what changed. */
  before?: SetSamples | undefined;
  /** Ends a secret's decode. */
  endOfText: number | null;
  /** Whether the forget set's means are over batches of documents, as the reference's: see `evaluationBatches`. Default false. */
  inBatches?: boolean;
  /** Whether EL_n is wanted of unseen texts too, the dearest of all: they are mispredicted most. Default true. */
  unseenEl?: boolean;
  /** Called with how many secrets and texts are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/**
 * How many items `evaluateSets` will report.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(countItems({ forget: [], retain: [Int32Array.of(1)], unseen: [] }), 1);
 * ```
 */
export function countItems({ forget, retain, unseen }: EvaluationSets): number {
  return forget.reduce((sum, { secrets }) => sum + secrets.length, 0) + retain.length + unseen.length;
}

/**
 * Scores one model on all sets; an empty set gives no row.
 *
 * @returns rows of the sets, with intervals of their means and of their changes, and of the forget set's secrets, these'
 * scores, and the scores of each set
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Scorer } from "../metrics/scorer.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { newModel } from "../models/new_model.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const sizes = { vocab_size: 8, n_positions: 32, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * using scorer = new Scorer(model);
 * const sets = { forget: [], retain: [Int32Array.of(1, 2, 3)], unseen: [] };
 * const { sets: rows } = await evaluateSets(scorer, sets, { model: "before", endOfText: null });
 * assertEquals(rows.map(({ set, model, el_3, rows }) => [set, model, el_3, rows]), [["retain", "before", null, 1]]);
 * ```
 */
export async function evaluateSets(
  scorer: TextScorer,
  sets: EvaluationSets,
  { model, before, endOfText, inBatches = false, unseenEl = true, onProgress }: EvaluateOptions,
): Promise<{ sets: MeasuredSet[]; secrets: SecretScores[]; scores: Scores[]; samples: SetSamples }> {
  const options = { endOfText, ...(onProgress && { onProgress }) };
  const places = sets.forget.flatMap((example, row) => example.secrets.map((secret) => ({ row, secret })));
  const scores = await scorer.secrets(places.map(({ secret }) => secret), options);
  const owners = places.map(({ row }) => row);
  const documents = inBatches ? evaluationBatches(owners) : owners;
  const clusters = places.map(({ secret }) => secret.value);
  const rows: MeasuredSet[] = [];
  const samples: SetSamples = {};
  const add = (set: keyof SetSamples, own: Scores[], groups: GroupOfScores) => {
    samples[set] = own;
    rows.push({
      ...{ set, model, ...groupMeans(own, groups.documents), rows: sets[set].length },
      ...groupIntervals(own, groups),
      ...groupChanges(own, before?.[set], groups),
    });
  };
  if (sets.forget.length > 0) add("forget", scores, { documents, clusters });
  for (const set of ["retain", "unseen"] as const) {
    if (sets[set].length === 0) continue;
    const texts = await scorer.texts(sets[set], {
      ...options,
      el: set !== "unseen" || unseenEl,
      nameOf: (i) => `${set} text ${i}`,
    });
    add(set, texts, { documents: [...texts.keys()] });
  }
  const secrets = places.map(({ secret }, i) => secretRow(secret, { model, scores: scores[i]! }));
  return { sets: rows, secrets, scores, samples };
}

function secretRow(
  { doc_id, tag, start, end, value }: ExampleSecret,
  { model, scores }: { model: string; scores: Scores },
): SecretScores {
  const metrics = perMetric(["ma", ...LIKELIHOOD_NAMES], (name) => scores[name]);
  return {
    doc_id,
    tag,
    start,
    end,
    description: describeSecret(tag, value),
    model,
    ...metrics,
  };
}
