/**
 * Use beyond HumanEval, which small models can show by forward passes alone: how well a model predicts code by class of
 * token and by language, which lines it would write whole, how far its certainty can be trusted; and the same of what
 * stands around erased secrets, and of other secrets. Intervals are over documents, changes are of the same documents.
 *
 * @module
 */
import { type ReliabilityBin, reliabilityBins } from "../metrics/calibration.ts";
import type { NextTokenScorer } from "../metrics/next_tokens.ts";
import { sumIntervals } from "../metrics/sum_intervals.ts";
import type { CodeLanguage } from "./code_languages.ts";
import {
  addText,
  calibrationOf,
  countOf,
  listMeasures,
  measureSums,
  newUtilitySums,
  type UtilityMeasure,
  type UtilitySums,
} from "./utility_sums.ts";
import type { UtilityText } from "./utility_texts.ts";

/** What a model makes of one set's texts. */
export interface UtilityScores {
  /** unseen, retain, hosts or other_secrets. */
  set: string;
  /** The names of its classes, by number. */
  classes: readonly string[];
  /** Each document's sums. */
  documents: ReadonlyMap<string, { language: CodeLanguage | null; sums: UtilitySums }>;
}

/** One measure of one class of tokens under one model. */
export interface UtilityRow {
  set: string;
  model: string;
  /** "all", or one of several; "other" where no grammar is known. */
  language: string;
  /** "all", or one. */
  class: string;
  measure: UtilityMeasure;
  /** Documents that were looked at. */
  documents: number;
  /** Tokens, or lines, that it is of. */
  count: number;
  /** The measure: a share, or nats a token. */
  value: number | null;
  /** Its 95 % interval. */
  low: number | null;
  high: number | null;
  /** What it is more than before; null of the model before itself. */
  change: number | null;
  change_low: number | null;
  change_high: number | null;
}

/** A bin of the reliability table of one set under one model. */
export interface ReliabilityRow extends ReliabilityBin {
  set: string;
  model: string;
}

/**
 * Scores the texts of a set under one model, some at a time; what is kept of each document is some hundred bytes.
 *
 * @param units of the texts
 * @param options.onProgress called with how many texts are done
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { NextTokenScorer } from "../metrics/next_tokens.ts";
 * import { scoreUtility, utilityRows } from "./utility.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using scorer = new NextTokenScorer(loaded.model);
 * const text = { document: "a", language: null, ids: Int32Array.of(3, 20, 49, 41), from: 1 };
 * const units = [[{ ...text, classes: Uint8Array.of(0, 0, 1, 1), lines: [] }]];
 * const scores = await scoreUtility(scorer, { set: "unseen", classes: ["x", "y"], units });
 * const rows = utilityRows(scores, { model: "before" });
 * assertEquals(rows.map((row) => [row.class, row.measure, row.count]).slice(2, 4), [["x", "accuracy", 1], ["x", "nll", 1]]);
 * ```
 */
export async function scoreUtility(
  scorer: NextTokenScorer,
  { set, classes, units }: Pick<UtilityScores, "set" | "classes"> & {
    units: Iterable<readonly UtilityText[]> | AsyncIterable<readonly UtilityText[]>;
  },
  { onProgress }: { onProgress?: (done: number) => void | Promise<void> } = {},
): Promise<UtilityScores> {
  const documents = new Map<string, { language: CodeLanguage | null; sums: UtilitySums }>();
  let done = 0;
  for await (const texts of units) {
    for (const { document, language } of texts) {
      if (!documents.has(document)) {
        documents.set(document, { language, sums: newUtilitySums(classes.length) });
      }
    }
    const usable = texts.filter(({ ids, from }) => ids.length > from); // of one token none is predicted
    await onProgress?.(texts.length - usable.length);
    const nameOf = (text: number) => `${set} text ${done + text}`;
    for await (const [i, tokens] of scorer.score(usable, { nameOf })) {
      addText(documents.get(usable[i]!.document)!.sums, usable[i]!, tokens);
      await onProgress?.(1);
    }
    done += texts.length;
  }
  return { set, classes, documents };
}

/**
 * The rows of a set under one model: of all languages, and of each where there are several. What has no token has no row.
 *
 * @param options.before the same set's scores under the model before
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { utilityRows } from "./utility.ts";
 * import { newUtilitySums } from "./utility_sums.ts";
 *
 * const scored = (hits: number) => {
 *   const sums = newUtilitySums(1);
 *   sums.set([4, hits, 6]);
 *   return { set: "unseen", classes: ["KEY"], documents: new Map([["a", { language: null, sums }]]) };
 * };
 * const [row] = utilityRows(scored(2), { model: "after", before: scored(3) });
 * assertEquals([row!.measure, row!.value, row!.change], ["accuracy", 0.5, -0.25]);
 * ```
 */
export function utilityRows(
  { set, classes, documents }: UtilityScores,
  { model, before }: { model: string; before?: UtilityScores | undefined },
): UtilityRow[] {
  const all = [...documents].map(([id, { language, sums }]) => ({
    language: language ?? "other",
    sums,
    earlier: before?.documents.get(id)?.sums,
  }));
  const languages = Map.groupBy(all, ({ language }) => language);
  const groups = new Map([["all", all], ...languages.size > 1 ? [...languages].toSorted(byName) : []]);
  const count = classes.length;
  return [...groups].flatMap(([language, group]) => {
    const width = newUtilitySums(count).length;
    const rows = before
      ? group.map(({ sums, earlier }) => joined(sums, earlier ?? new Float64Array(width)))
      : group.map(({ sums }) => sums);
    const total = new Float64Array(width);
    for (const { sums } of group) sums.forEach((value, i) => total[i]! += value);
    const intervals = sumIntervals(rows, (sums) => {
      const after = measureSums(sums.subarray(0, width), count);
      if (!before) return after;
      const earlier = measureSums(sums.subarray(width), count);
      const changes = after.map((value, i) =>
        value === null || earlier[i] === null ? null : value - earlier[i]!
      );
      return [...after, ...changes];
    });
    const measures = listMeasures(count);
    return measures.flatMap((measure, i): UtilityRow[] => {
      const tokens = countOf(total, measure, count);
      if (tokens === 0) return [];
      const [own, change] = [intervals[i], intervals[measures.length + i]];
      return [{
        set,
        model,
        language,
        class: measure.class === null ? "all" : classes[measure.class]!,
        measure: measure.measure,
        documents: group.length,
        count: tokens,
        value: own?.estimate ?? null,
        low: own?.low ?? null,
        high: own?.high ?? null,
        change: change?.estimate ?? null,
        change_low: change?.low ?? null,
        change_high: change?.high ?? null,
      }];
    });
  });
}

/**
 * The reliability table of a set under one model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reliabilityRows } from "./utility.ts";
 *
 * const scores = { set: "unseen", classes: ["KEY"], documents: new Map() };
 * assertEquals(reliabilityRows(scores, "before").length, 15);
 * ```
 */
export function reliabilityRows(
  { set, classes, documents }: UtilityScores,
  model: string,
): ReliabilityRow[] {
  const total = newUtilitySums(classes.length);
  for (const { sums } of documents.values()) sums.forEach((value, i) => total[i]! += value);
  return reliabilityBins(calibrationOf(total, classes.length)).map((bin) => ({ set, model, ...bin }));
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const both = new Float64Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
