/**
 * The numbers that `unlearn` ends with: of its checkpoint as it was written, in its stored precision.
 *
 * @module
 */
import { rereadAdapter } from "../checkpoints/adapter.ts";
import { loadModel } from "../checkpoints/load.ts";
import { perMetric, THRESHOLD_METRICS, type ThresholdMetric } from "../datasets/metrics.ts";
import type { Products } from "../engine/compile.ts";
import type { Model } from "../models/model.ts";
import { evaluateSets, type EvaluationSets } from "../evaluation/evaluate_sets.ts";
import { openScorer, type ScoreMemo } from "../metrics/score_memo.ts";

/**
 * Scores the forget and retain sets under a checkpoint.
 *
 * @param folder the checkpoint's
 * @returns their means with intervals, and each secret's scores
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { evaluateSaved } from "./evaluate_saved.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const secret = { doc_id: "a", tag: "KEY", start: 1, end: 3, value: "ab", prefix: [1], secret: [2, 3] };
 * const own = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1), owners: Int32Array.of(-1, 0, 0) };
 * const row = { docId: "a", window: 0, ...own, secrets: [secret] };
 * const how = { products: "float32", endOfText: null, memo: undefined, onProgress: () => Promise.resolve() } as const;
 * const { scores } = await evaluateSaved("tests/fixtures/gpt2/plain", { forget: [row], retain: [] }, how);
 * assertEquals(scores.length, 1);
 * ```
 */
export async function evaluateSaved(
  folder: string,
  sets: Omit<EvaluationSets, "unseen">,
  { products, beside, memo, ...options }: {
    products: Products;
    /** Of a checkpoint that is an adapter, the model that it was trained beside: it is given what the file holds. */
    beside?: Model | undefined;
    endOfText: number | null;
    /** Whether means are over batches of documents. */
    inBatches?: boolean;
    memo: ScoreMemo | undefined;
    onProgress: () => Promise<void>;
  },
) {
  using held = new DisposableStack();
  if (beside) await rereadAdapter(beside, folder);
  const model = beside ?? held.use(await loadModel(folder, { products })).model;
  using scorer = openScorer(model, memo);
  const { sets: rows, scores } = await evaluateSets(scorer, { ...sets, unseen: [] }, {
    model: "after",
    ...options,
  });
  const [forget, retain] = ["forget", "retain"].map((set) => rows.find((row) => row.set === set));
  const after = {
    ...perMetric(THRESHOLD_METRICS, (metric) => forget?.[metric] ?? null),
    retain_ma: retain?.ma ?? null,
  };
  const ends = (row: typeof retain, metric: ThresholdMetric) => {
    const [low, high] = [row?.[`${metric}_low`] ?? null, row?.[`${metric}_high`] ?? null];
    return low === null || high === null ? null : [low, high];
  };
  const intervals = {
    ...perMetric(THRESHOLD_METRICS, (metric) => ends(forget, metric)),
    retain_ma: ends(retain, "ma"),
  };
  return { after, intervals, scores };
}
