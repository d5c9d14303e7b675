/**
 * Samples of completions, many prompts and many samples each, in continuous batches: a row that is through gives its place
 * to the next sample at once. A prompt runs once, and each of its samples begins with a copy of its cache.
 *
 * A sample depends on the model, the settings, and its task and number: not on the order of tasks, on what else is sampled,
 * or on how the work is divided. Draws are functions of seed, task, sample and place (`taskDraws`); logits are, as every
 * prompt is a pass of its own and a step's shapes follow from `batch` and a row's position alone (`SlotTier`). On
 * processors, where XLA is not used here, `batch` changes nothing either, so what is left at the end runs in smaller steps.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import { compilesDecoding } from "../engine/xla_policy.ts";
import type { Model } from "../models/model.ts";
import { checkFinite } from "../models/not_finite.ts";
import { roundUp, slotsAtOnce } from "./batch_sizes.ts";
import { decodeCached, fillCache, takeBuffers } from "./cached_step.ts";
import { chooseTokens, finiteOf, outcomeOf, type StepOutcome } from "./choose_tokens.ts";
import type { SamplingOptions } from "./filter_logits.ts";
import { taskDraws } from "./philox.ts";
import {
  checkSamples,
  longestOf,
  type SampledCompletion,
  type SampleOptions,
  type SamplePrompt,
} from "./sample_options.ts";
import { type CacheRow, ROW_UNIT, SlotTier, tierLengths } from "./slot_tier.ts";
import { hasStop } from "./stop_strings.ts";

/** A prompt that has run. */
interface FilledPrompt extends CacheRow {
  prompt: SamplePrompt;
  /** Its next tokens' results; all of its samples draw from them. */
  outcome: StepOutcome;
  draw: (sample: number, place: number) => number;
}

/** A sample in progress. */
interface Row extends Pick<FilledPrompt, "prompt" | "draw"> {
  sample: number;
  tokens: number[];
}

/** Prompts are padded to a multiple, that few shapes are captured. */
const PROMPT_UNIT = 64;

type Step = CompiledStep<Tensor[], StepOutcome>;

/**
 * Samples completions; each is given out when it is through, in no particular order.
 *
 * @param model not owned
 * @throws {RangeError} when a prompt is empty, leaves no room for a completion, has ids unknown to the model or another's
 * name, or an option is out of range; {NotFiniteError} when logits are NaN or infinite; the signal's reason
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { sampleCompletions } from "./sample_completions.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const prompts = [{ task: "a text that it has memorized", tokens: [3, 20, 49] }];
 * const samples = sampleCompletions(loaded.model, prompts, { n: 2, temperature: 0.1, maxTokens: 6 });
 * for await (const { tokens, ended } of samples) assertEquals([[...tokens], ended], [[41, 5, 26], "length"]);
 * ```
 */
export async function* sampleCompletions(
  model: Model,
  prompts: readonly SamplePrompt[],
  options: SampleOptions,
): AsyncGenerator<SampledCompletion, void, void> {
  checkSamples(model, prompts, options);
  using run = new SampleRun(model, prompts, options);
  yield* run.completions();
}

class SampleRun implements Disposable {
  readonly #model: Model;
  readonly #options: SampleOptions;
  readonly #sampling: SamplingOptions | undefined;
  readonly #limit: number;
  /** Whether other multiples of {@linkcode ROW_UNIT} rows give the same bits, as on processors they do. */
  readonly #shrinks: boolean;
  readonly #ends: readonly number[];
  readonly #held = new DisposableStack();
  readonly #fill: Step;
  readonly #decode: Step;
  readonly #tiers: readonly SlotTier<Row>[];
  /** What is still to be sampled, the shortest prompts first. */
  readonly #waiting: { prompt: SamplePrompt; samples: number[] }[];
  /** The first of them, when it has run. */
  #filled: FilledPrompt | null = null;

  constructor(model: Model, prompts: readonly SamplePrompt[], options: SampleOptions) {
    const { n, temperature, topP = 1, topK = 0, endOfText, isDone, batch } = options;
    const { config, products } = model;
    this.#model = model;
    this.#options = options;
    this.#sampling = temperature === 0 ? undefined : { temperature, topP, topK };
    this.#limit = longestOf(model, options);
    this.#ends = typeof endOfText === "number" ? [endOfText] : endOfText ?? [];
    const rows = batch === undefined
      ? slotsAtOnce(config, { positions: this.#limit, unit: ROW_UNIT }, memoryBudget())
      : roundUp(batch, ROW_UNIT);
    this.#tiers = tierLengths(this.#limit).map((length) =>
      this.#held.use(new SlotTier<Row>({ rows, length }, config))
    );
    // of nothing that depends on how much there is to do: it must not change what is sampled
    const work = { tokens: rows * this.#limit, steps: this.#limit };
    const xla = options.xla ?? (gpuMemory() !== null && compilesDecoding(work, model));
    this.#shrinks = !xla && gpuMemory() === null;
    const fill = (...[ids, last]: Tensor[]) => {
      const { logits, cache } = fillCache(model, ids!, last!);
      return { ...outcomeOf(logits, this.#sampling), ...cache };
    };
    const decode = (...inputs: Tensor[]) => outcomeOf(decodeCached(model, inputs), this.#sampling);
    this.#fill = this.#held.use(compile(fill, { name: "prompt", products }));
    this.#decode = this.#held.use(compile(decode, { name: "sample", products, xla }));
    this.#waiting = prompts.map((prompt) => ({
      prompt,
      samples: Array.from({ length: n }, (_, sample) => sample).filter((i) => !isDone?.(prompt.task, i)),
    })).filter(({ samples }) => samples.length > 0)
      .sort((a, b) => a.prompt.tokens.length - b.prompt.tokens.length);
  }

  /** The samples as they are through. */
  async *completions(): AsyncGenerator<SampledCompletion, void, void> {
    while (true) {
      this.#options.signal?.throwIfAborted();
      this.#moveUp();
      const full = this.#tiers.findLast((tier) => tier.isFull);
      if (!full && this.#waiting.length > 0) {
        const row = await this.#begin();
        const ended = await this.#endOf(row);
        if (ended) yield completionOf(row, ended);
        else this.#tierOf(row).put(row, this.#filled!, row.prompt.tokens.length);
        this.#release();
        continue;
      }
      const tier = full ?? this.#tiers.find((tier) => !tier.isEmpty);
      if (!tier) return;
      if (!full && this.#shrinks) tier.shrink(); // nothing waits, and no shorter tier has rows
      yield* await this.#step(tier);
    }
  }

  /** Rows that have outgrown their tier go to the next one, as far as that has free slots; those of it that is full wait. */
  #moveUp(): void {
    for (let i = this.#tiers.length - 2; i >= 0; i--) {
      const [tier, next] = [this.#tiers[i]!, this.#tiers[i + 1]!];
      tier.rows.forEach((row, slot) => {
        if (row === null || positionOf(row) < tier.length || next.isFull) return;
        next.put(row, { buffers: tier.buffers, length: tier.length, row: slot }, tier.length);
        tier.rows[slot] = null;
      });
    }
  }

  #tierOf(row: Row): SlotTier<Row> {
    return this.#tiers.find(({ length }) => positionOf(row) < length)!;
  }

  /** The next sample that waits, with its first token; its prompt runs if it is the prompt's first one. */
  async #begin(): Promise<Row> {
    const { prompt, samples } = this.#waiting[0]!;
    this.#filled ??= await this.#fillPrompt(prompt);
    const { draw, outcome } = this.#filled;
    const row = { prompt, draw, sample: samples.shift()!, tokens: [] };
    this.#addTokens([row], outcome);
    return row;
  }

  /** Frees the prompt that has run once all of its samples have begun. */
  #release(): void {
    if (this.#waiting[0]!.samples.length > 0) return;
    tf.dispose([this.#filled!.outcome, ...this.#filled!.buffers]);
    this.#filled = null;
    this.#waiting.shift();
  }

  /** A prompt's pass, alone: in a shape that follows from its own length. */
  async #fillPrompt(prompt: SamplePrompt): Promise<FilledPrompt> {
    const { maxPositions, layers } = this.#model.config;
    const length = roundUp(prompt.tokens.length, PROMPT_UNIT, maxPositions);
    const ids = new Int32Array(length);
    ids.set(prompt.tokens);
    const inputs = [
      tf.tensor2d(ids, [1, length], "int32"),
      tf.tensor1d([prompt.tokens.length - 1], "int32"),
    ];
    const outcome = await this.#fill.async(...inputs).finally(() => tf.dispose(inputs));
    const buffers = takeBuffers(outcome, layers);
    const draw = taskDraws(this.#options.seed ?? 0, prompt.task);
    return { prompt, draw, outcome, buffers, length, row: 0 };
  }

  /** One token of a tier's rows; empty slots decode what is not used. @returns those that are through by it */
  async #step(tier: SlotTier<Row>): Promise<SampledCompletion[]> {
    const column = (value: (row: Row) => number) =>
      tf.tensor1d(Int32Array.from(tier.rows, (row) => row ? value(row) : 0), "int32");
    const inputs = [column(({ tokens }) => tokens.at(-1)!), column(positionOf)];
    const outcome = await this.#decode.async(...inputs, ...tier.buffers).finally(() => tf.dispose(inputs));
    try {
      this.#addTokens(tier.rows, outcome);
    } finally {
      tf.dispose(outcome);
    }
    const through: SampledCompletion[] = [];
    await Promise.all(tier.rows.map(async (row, slot) => {
      const ended = row && await this.#endOf(row);
      if (!ended) return;
      through.push(completionOf(row, ended));
      tier.rows[slot] = null;
    }));
    return through;
  }

  #addTokens(rows: readonly (Row | null)[], outcome: StepOutcome): void {
    const next = chooseTokens(outcome, this.#sampling);
    const numbers = finiteOf(outcome);
    rows.forEach((row, i) => {
      if (!row) return;
      checkFinite([numbers[i]!], `sample completions of "${row.prompt.task}"`, this.#model);
      row.tokens.push(next(i, () => row.draw(row.sample, row.tokens.length)));
    });
    this.#options.onTokens?.(rows.filter((row) => row !== null).length);
  }

  /** What ends a row at its last token, if anything does. */
  async #endOf({ prompt, tokens }: Row): Promise<SampledCompletion["ended"] | null> {
    const { stop } = this.#options;
    if (this.#ends.includes(tokens.at(-1)!)) return "end-of-text";
    if (stop && await hasStop(tokens, stop)) return "stop";
    return prompt.tokens.length + tokens.length >= this.#limit ? "length" : null;
  }

  [Symbol.dispose](): void {
    if (this.#filled) tf.dispose([this.#filled.outcome, ...this.#filled.buffers]);
    this.#held[Symbol.dispose]();
  }
}

/** Where a row's last token stands, and is written when the row is decoded. */
function positionOf({ prompt, tokens }: Row): number {
  return prompt.tokens.length + tokens.length - 1;
}

function completionOf({ prompt, sample, tokens }: Row, ended: SampledCompletion["ended"]): SampledCompletion {
  return { task: prompt.task, sample, tokens: Int32Array.from(tokens), ended };
}
