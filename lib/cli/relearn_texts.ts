/**
 * What `attack` trains on to bring secrets back: texts without them, and one half of the forget set.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import type { RelearnTraining } from "../attacks/attack_input.ts";
import { checkBenign } from "../attacks/benign_texts.ts";
import { halfOfForgetSet, RELEARN_RATES, RELEARN_STEPS } from "../attacks/relearn.ts";
import { HALF } from "../attacks/relearn_variant.ts";
import { chooseDocuments } from "../datasets/choose_documents.ts";
import type { CorpusOptions } from "../datasets/resolve_corpus.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { fitWindows } from "../training/after_training.ts";
import type { ForgetRowSecrets } from "./attack_secrets.ts";
import { besideCorpus } from "./corpus_options.ts";
import { type Context, UsageError } from "./command.ts";

/** How long and how fast is trained. */
export interface RelearnGrid {
  /** Numbers of steps, each a training of its own. */
  steps: readonly number[];
  /** The highest learning rates. */
  learningRates: readonly number[];
  /** The model's own among them; null where it is not. */
  ownRate: number | null;
  /** Tokens a window, where it is not {@linkcode RELEARN_LENGTH}. */
  length?: number;
}

/** What stands for the model's own rate in a list. */
const OWN = "own";

/** The trainings, and what is left out of them and why. */
export interface Trainings {
  trainings: (RelearnTraining & RelearnGrid)[];
  leftOut: string[];
}

/**
 * The steps and rates of `--relearn-steps` and `--relearn-rates`, and the windows' length. The model's own rate is the last
 * of those by default, where it is known and not one of them.
 *
 * @param own the model's own rate; null where it is not known
 * @throws {UsageError} when one is no such number, or the model's own rate is asked for and not known
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { relearnGrid } from "./relearn_texts.ts";
 *
 * const { steps, learningRates, ownRate } = relearnGrid({ relearnSteps: ["2,5"], relearnRates: [] }, 2e-3);
 * assertEquals([steps, learningRates, ownRate], [[2, 5], [1e-4, 3e-4, 2e-3], 2e-3]);
 * const message = 'Cannot use "0" in --relearn-steps: a whole number of at least 1 is needed';
 * assertThrows(() => relearnGrid({ relearnSteps: ["0"], relearnRates: [] }, null), Error, message);
 * ```
 */
export function relearnGrid(
  { relearnSteps, relearnRates, relearnLength: length }: {
    relearnSteps: readonly string[];
    relearnRates: readonly string[];
    relearnLength?: number | undefined;
  },
  own: number | null,
): RelearnGrid {
  const isCount = (value: number) => Number.isSafeInteger(value) && value > 0;
  const isRate = (value: number) => Number.isFinite(value) && value > 0;
  const steps = numbersOf(relearnSteps, isCount, "--relearn-steps: a whole number of at least 1");
  const words = wordsOf(relearnRates);
  const named = numbersOf(words.filter((word) => word !== OWN), isRate, "--relearn-rates: a number above 0");
  const rates: readonly number[] = words.length > 0 ? named : RELEARN_RATES;
  if (own === null && words.includes(OWN)) {
    throw new UsageError(
      `Cannot use "${OWN}" in --relearn-rates: no record of a training is beside the model or the one before: name the rate`,
    );
  }
  const isAsked = words.length === 0 || words.includes(OWN);
  const ownRate = isAsked && own !== null && !rates.includes(own) ? own : null;
  return {
    steps: steps.length > 0 ? steps : RELEARN_STEPS,
    learningRates: ownRate === null ? rates : [...rates, ownRate],
    ownRate,
    ...length !== undefined && { length },
  };
}

/** Each once. */
function numbersOf(given: readonly string[], isGood: (value: number) => boolean, rule: string): number[] {
  return [
    ...new Set(
      wordsOf(given).map((word) => {
        const value = word === "" ? NaN : Number(word);
        if (!isGood(value)) throw new UsageError(`Cannot use ${JSON.stringify(word)} in ${rule} is needed`);
        return value;
      }),
    ),
  ];
}

function wordsOf(given: readonly string[]): string[] {
  return given.flatMap((list) => list.split(",")).map((word) => word.trim());
}

/** What trainings are made of. */
export interface TrainingSource {
  /** Path of texts without the secrets. */
  benign: string | undefined;
  /** How many of them. */
  maxBenign: number;
  /** How columns are named. */
  corpus: { options: CorpusOptions };
  /** The model's. */
  tokenizer: Tokenizer;
  /** How long. */
  grid: RelearnGrid;
}

/**
 * Reads what is trained on.
 *
 * @param forgotten the forget set
 * @throws {RangeError} when a text of `benign` holds a secret, or they are too short; {Error} as `chooseDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { openTrainings } from "./relearn_texts.ts";
 *
 * const tokenizer = await openTokenizer("data/model");
 * const grid = { steps: [5], learningRates: [1e-4], ownRate: null };
 * const source = { benign: undefined, maxBenign: 9, corpus: { options: {} }, tokenizer, grid };
 * const { trainings, leftOut } = await openTrainings([], source, { seed: 42, breathe: async () => {} });
 * assertEquals([trainings, leftOut], [[], [
 *   "relearn on other texts: it takes texts without the secrets, --benign",
 *   "relearn on half of the forget set: Cannot cut 0 documents into halves: a value of each stands in another one's half",
 * ]]);
 * ```
 */
export async function openTrainings(
  forgotten: readonly ForgetRowSecrets[],
  { benign, maxBenign, corpus, tokenizer, grid }: TrainingSource,
  { seed, breathe }: Pick<Context, "seed" | "breathe">,
): Promise<Trainings> {
  if (tokenizer.endOfText === null) {
    return { trainings: [], leftOut: ["relearn: the tokenizer has no end-of-text token, which joins texts"] };
  }
  const result: Trainings = { trainings: [], leftOut: [] };
  const secrets = forgotten.flatMap(({ secrets }) => secrets.map(({ secret }) => secret));
  if (benign === undefined) {
    result.leftOut.push("relearn on other texts: it takes texts without the secrets, --benign");
  } else {
    const options = { ...besideCorpus(corpus.options), breathe, seed, count: maxBenign };
    const documents = await chooseDocuments(benign, options);
    const texts = documents.map(({ text }) => text);
    checkBenign(texts, secrets.map(({ text, start, end }) => text.slice(start, end)));
    const ids = await tokenizer.encodeIds(texts);
    fitWindows(ids, { batch: 1, length: 2 }); // refuses what is too short, before all other attacks
    result.trainings.push({ texts: ids, ...grid });
  }
  try {
    const rows = forgotten.map(({ secrets, ...row }) => ({
      ...row,
      secrets: secrets.map(({ secret }) => secret),
    }));
    const half = halfOfForgetSet(rows, { seed });
    const measured = half.secrets.map((secret) => secrets.findIndex((own) => own === secret));
    result.trainings.push({ name: HALF, texts: half.texts, measured, ...grid });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    result.leftOut.push(`relearn on half of the forget set: ${reasonOf(error)}`);
  }
  return result;
}
