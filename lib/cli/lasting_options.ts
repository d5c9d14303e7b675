/**
 * `--lasting`: the options of the training that secrets must withstand, and the texts that it trains on.
 *
 * @module
 */
import { checkBenign, heldValues } from "../attacks/benign_texts.ts";
import { chooseDocuments } from "../datasets/choose_documents.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { Lasting } from "../unlearning/lasting.ts";
import { besideCorpus } from "./corpus_options.ts";
import { type Context, UsageError } from "./command.ts";

/** The options. */
export const LASTING_OPTIONS = {
  lasting: {
    kind: "flag",
    describe: "go on until ordinary training on innocent texts brings no secret back",
  },
  benign: {
    kind: "path",
    describe: "on these texts too, beside those of the corpus that hold nothing of what is forgotten",
    metavar: "TEXTS",
    orInput: true,
  },
  maxBenign: { kind: "int", describe: "so many of them, chosen by the seed", default: 512, min: 1 },
  benignSteps: { kind: "int", describe: "updates of each training", default: 20, min: 1 },
  benignLr: { kind: "float", describe: "its highest learning rate", default: 3e-4, min: 0 },
  cycles: { kind: "int", describe: "trainings, at most", default: 20, min: 1 },
} as const;

/** Their values. */
export interface LastingValues {
  /** Whether it is wanted. */
  lasting: boolean;
  /** Texts beside those of the corpus. */
  benign: string | undefined;
  /** How many texts of each. */
  maxBenign: number;
  /** Updates of each training. */
  benignSteps: number;
  /** The highest rate of each. */
  benignLr: number;
  /** Trainings at most. */
  cycles: number;
}

/** What texts are taken from, and what must not stand in them. */
export interface BenignSource {
  /** The corpus. */
  source: CorpusSource;
  /** How it is read. */
  options: CorpusOptions;
  /** The model's. */
  tokenizer: Tokenizer;
  /** What is forgotten: the corpus' texts in which it stands are left out, others refused. */
  values: readonly string[];
}

/** Of the corpus' texts that are chosen many may hold a secret: so many times as many are looked at. */
const SPARE = 2;

/**
 * The training that secrets must withstand; undefined where none is asked for.
 *
 * @throws {UsageError} when texts are given and it is not asked for; {RangeError} when no text is left, or one of those
 * that are given beside the corpus holds what is forgotten
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { lastingOf } from "./lasting_options.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, "text\nmail = ada@mail.invalid\nx = 1\n");
 * const source = { source: await resolveCorpus(path), options: {}, values: ["ada@mail.invalid"] };
 * const tokenizer = await openTokenizer("data/model");
 * const values = { lasting: true, benign: undefined, maxBenign: 9, benignSteps: 20, benignLr: 3e-4, cycles: 8 };
 * const lines: string[] = [];
 * const context = { seed: 42, breathe: () => Promise.resolve(), log: (line: string) => void lines.push(line) };
 * const lasting = await lastingOf(values, { ...source, tokenizer }, context);
 * assertEquals([lasting!.texts.length, lines], [1, ["Training between: 1 text, 1 left out that holds what is forgotten"]]);
 * ```
 */
export async function lastingOf(
  { lasting, benign, maxBenign, benignSteps: steps, benignLr: lr, cycles }: LastingValues,
  { source, options, tokenizer, values }: BenignSource,
  { seed, breathe, log }: Pick<Context, "seed" | "breathe" | "log">,
): Promise<Lasting | undefined> {
  if (!lasting) {
    if (benign !== undefined) throw new UsageError('"--benign" is for "--lasting": give both or none');
    return undefined;
  }
  const secrets = [...new Set(values)];
  const texts: string[] = [];
  const chosen = await chooseDocuments(source, { ...options, breathe, seed, count: SPARE * maxBenign });
  const held = heldValues(chosen.map(({ text }) => text), secrets);
  texts.push(...chosen.filter((_, i) => held[i]!.length === 0).slice(0, maxBenign).map(({ text }) => text));
  const left = held.filter((own) => own.length > 0).length;
  if (benign !== undefined) {
    const others = await chooseDocuments(benign, {
      ...besideCorpus(options),
      breathe,
      seed,
      count: maxBenign,
    });
    const innocent = others.map(({ text }) => text);
    checkBenign(innocent, secrets, { use: "train between on" });
    texts.push(...innocent);
  }
  if (texts.length === 0) {
    throw new RangeError(
      `Cannot find texts to train on between: all of ${left} hold what is forgotten: give others by --benign`,
    );
  }
  log(
    `Training between: ${texts.length} text${texts.length === 1 ? "" : "s"}` +
      (left > 0 ? `, ${left} left out that ${left === 1 ? "holds" : "hold"} what is forgotten` : ""),
  );
  const encoded = await tokenizer.encodeIds(texts);
  return { texts: encoded.map((ids) => Int32Array.from(ids)), steps, lr, cycles, seed };
}
