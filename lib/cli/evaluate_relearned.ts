/**
 * `evaluate --benign`: the forget set once more, after some steps of ordinary training on texts that hold nothing of it, as
 * every owner of a model goes on training it.
 *
 * @module
 */
import { checkBenign } from "../attacks/benign_texts.ts";
import { RELEARN_LENGTH } from "../attacks/relearn.ts";
import { chooseDocuments } from "../datasets/choose_documents.ts";
import type { CorpusOptions } from "../datasets/resolve_corpus.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import { evaluateSets, type SetScores } from "../evaluation/evaluate_sets.ts";
import type { MetricIntervals } from "../metrics/group_intervals.ts";
import { Scorer } from "../metrics/scorer.ts";
import { afterTraining, fitWindows } from "../training/after_training.ts";
import { TRAIN_DEFAULTS } from "../training/train.ts";
import { besideCorpus } from "./corpus_options.ts";
import type { Context } from "./command.ts";
import type { ModelSession } from "./session.ts";

/** The options. */
export const RELEARNED_OPTIONS = {
  benign: {
    kind: "path",
    describe: "texts without the secrets: each model but the one before is trained on them, measured again",
    metavar: "TEXTS",
  },
  maxBenign: { kind: "int", describe: "so many of them, chosen by the seed", default: 512, min: 1 },
  benignSteps: { kind: "int", describe: "updates of that training", default: 20, min: 1 },
  benignLr: { kind: "float", describe: "its highest learning rate", default: 3e-4, min: 0 },
} as const;

/** A training on texts. */
export interface BenignTraining {
  /** What is trained on. */
  texts: readonly string[];
  /** Updates. */
  steps: number;
  /** The highest learning rate. */
  learningRate: number;
}

/**
 * Reads the texts; undefined where none are given.
 *
 * @throws {Error} as `chooseDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { benignTraining } from "./evaluate_relearned.ts";
 *
 * const values = { benign: undefined, maxBenign: 9, benignSteps: 20, benignLr: 3e-4 };
 * assertEquals(await benignTraining(values, {}, { seed: 42, breathe: async () => {} }), undefined);
 * ```
 */
export async function benignTraining(
  { benign, maxBenign: count, benignSteps: steps, benignLr: learningRate }: {
    benign: string | undefined;
    maxBenign: number;
    benignSteps: number;
    benignLr: number;
  },
  corpus: CorpusOptions,
  { seed, breathe }: Pick<Context, "seed" | "breathe">,
): Promise<BenignTraining | undefined> {
  if (benign === undefined) return undefined;
  const documents = await chooseDocuments(benign, { ...besideCorpus(corpus), breathe, seed, count });
  return { texts: documents.map(({ text }) => text), steps, learningRate };
}

/**
 * Trains a model as `train --model` does, on windows as `attack` takes them, measures the forget set, and gives the model
 * back as it was.
 *
 * @param session opened with trainable weights
 * @returns the row of the set `relearned`
 * @throws {RangeError} when a text holds a value of the forget set, the texts are too short, or the tokenizer has no end of
 * text
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { evaluateRelearned } from "./evaluate_relearned.ts";
 * import { openModel } from "./session.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal, seed: 42, breathe: async () => {} };
 * using session = await openModel("embedded", context, { trainable: true });
 * const training = { texts: ["x"], steps: 1, learningRate: 1e-4 };
 * const relearned = evaluateRelearned(session, [], { model: "erased", training, context });
 * await assertRejects(() => relearned, RangeError, "Cannot train on 2 tokens");
 * ```
 */
export async function evaluateRelearned(
  { loaded: { model }, tokenizer }: ModelSession,
  forget: readonly ForgetExample[],
  { model: name, training: { texts, steps, learningRate: learning_rate }, context }: {
    model: string;
    training: BenignTraining;
    context: Pick<Context, "progress" | "breathe" | "signal" | "seed">;
  },
): Promise<SetScores & MetricIntervals> {
  const { endOfText } = tokenizer;
  if (endOfText === null) {
    throw new RangeError(
      "Cannot train on --benign: the tokenizer has no end-of-text token, which joins texts",
    );
  }
  checkBenign(texts, forget.flatMap(({ secrets }) => secrets.map(({ value }) => value)));
  const ids = await tokenizer.encodeIds(texts);
  const length = Math.min(RELEARN_LENGTH, model.config.maxPositions);
  const windows = fitWindows(ids, { batch: TRAIN_DEFAULTS.batch, length });
  const stage = context.progress.start(`Training ${name} on innocent texts`, steps, "steps");
  const measure = async () => {
    using scorer = new Scorer(model);
    const sets = { forget, retain: [], unseen: [] };
    const scored = await evaluateSets(scorer, sets, { model: name, endOfText, onProgress: context.breathe });
    return { ...scored.sets[0]!, set: "relearned" as const };
  };
  const onStep = async () => {
    stage.advance();
    await context.breathe();
  };
  const further = { texts: ids, endOfText, runs: [{ learning_rate, steps }] };
  const options = { ...windows, seed: context.seed, onStep, signal: context.signal };
  const [row] = await afterTraining(model, further, measure, options);
  stage.done();
  return row!;
}
