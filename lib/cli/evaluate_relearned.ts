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
import { evaluateSets, type MeasuredSet, type SetSamples } from "../evaluation/evaluate_sets.ts";
import { Scorer } from "../metrics/scorer.ts";
import { afterTraining, fitWindows } from "../training/after_training.ts";
import { TRAIN_DEFAULTS } from "../training/train.ts";
import { besideCorpus } from "./corpus_options.ts";
import { LASTING_OPTIONS } from "./lasting_options.ts";
import type { Context } from "./command.ts";
import type { ModelSession } from "./session.ts";

const { maxBenign, benignSteps, benignLr } = LASTING_OPTIONS;

/** The options; those beside the texts are as of `unlearn --lasting`. */
export const RELEARNED_OPTIONS = {
  benign: {
    kind: "path",
    describe: "texts without the secrets: each model but the one before is trained on them, measured again",
    metavar: "TEXTS",
  },
  ...{ maxBenign, benignSteps, benignLr },
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

/** A training on a model's own tokens. */
export interface PreparedTraining extends Pick<BenignTraining, "steps" | "learningRate"> {
  /** Token ids of each text. */
  ids: readonly Int32Array[];
  /** Joins texts. */
  endOfText: number;
  /** What fits into the texts. */
  windows: { batch: number; length: number };
}

/**
 * Makes the texts a model's, on windows as `attack` takes them: what is wrong with them is said before anything is measured.
 *
 * @throws {RangeError} when a text holds a value of the forget set, the texts are too short, or the tokenizer has no end of
 * text
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { prepareBenign } from "./evaluate_relearned.ts";
 * import { openModel } from "./session.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * using session = await openModel("embedded", context);
 * const training = { texts: ["x"], steps: 1, learningRate: 1e-4 };
 * await assertRejects(() => prepareBenign(session, [], training), RangeError, "Cannot train on 2 tokens");
 * ```
 */
export async function prepareBenign(
  { loaded: { model }, tokenizer }: ModelSession,
  forget: readonly ForgetExample[],
  { texts, ...how }: BenignTraining,
): Promise<PreparedTraining> {
  const { endOfText } = tokenizer;
  if (endOfText === null) {
    throw new RangeError(
      "Cannot train on --benign: the tokenizer has no end-of-text token, which joins texts",
    );
  }
  checkBenign(texts, forget.flatMap(({ secrets }) => secrets.map(({ value }) => value)));
  const ids = await tokenizer.encodeIds(texts);
  const length = Math.min(RELEARN_LENGTH, model.config.maxPositions);
  return { ...how, ids, endOfText, windows: fitWindows(ids, { batch: TRAIN_DEFAULTS.batch, length }) };
}

/**
 * Trains a model as `train --model` does, measures the forget set, and gives the model back as it was.
 *
 * @param session opened with trainable weights @param options.before scores of the same model before that training
 * @returns the row of the set `relearned`
 * @throws as `afterTraining`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { evaluateRelearned } from "./evaluate_relearned.ts";
 * import { openModel } from "./session.ts";
 *
 * const signal = new AbortController().signal;
 * const context = { cwd: "/", progress: createProgress(), signal, seed: 42, breathe: async () => {} };
 * using session = await openModel("embedded", context, { trainable: true });
 * const secret = { doc_id: "a", tag: "KEY", start: 1, end: 3, value: "ab", prefix: [1], secret: [2, 3] };
 * const own = { ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1), owners: Int32Array.of(-1, 0, 0) };
 * const rows = [{ docId: "a", window: 0, ...own, secrets: [secret] }];
 * const ids = [Int32Array.from({ length: 40 }, (_, i) => i)];
 * const training = { ids, endOfText: 0, windows: { batch: 2, length: 8 }, steps: 1, learningRate: 1e-4 };
 * const { set, model } = await evaluateRelearned(session, rows, { model: "erased", training, context });
 * assertEquals([set, model], ["relearned", "erased"]);
 * ```
 */
export async function evaluateRelearned(
  { loaded: { model } }: ModelSession,
  forget: readonly ForgetExample[],
  { model: name, before, training: { ids, endOfText, windows, steps, learningRate: learning_rate }, context }:
    {
      model: string;
      before?: SetSamples;
      training: PreparedTraining;
      context: Pick<Context, "progress" | "breathe" | "signal" | "seed">;
    },
): Promise<MeasuredSet> {
  const stage = context.progress.start(`Training ${name} on innocent texts`, steps, "steps");
  const measure = async () => {
    using scorer = new Scorer(model);
    const sets = { forget, retain: [], unseen: [] };
    const options = { model: name, before, endOfText, onProgress: context.breathe };
    const scored = await evaluateSets(scorer, sets, options);
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
