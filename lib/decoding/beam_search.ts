/**
 * Beam search: the likeliest continuations of a text, some at a time, over cached steps. All rows of a text share its
 * cache; a row's own keys and values move with it when it is continued in another's place. Tokens may be ruled out, such as
 * those that no key of a format could go on with; what is left is then a distribution of its own.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { compile, type CompiledStep } from "../engine/compile.ts";
import { memoryBudget } from "../engine/memory_budget.ts";
import type { Model } from "../models/model.ts";
import { checkFinite, checkTokens } from "../models/not_finite.ts";
import { byPaddedLength, powerOfTwo, powerOfTwoBelow, rowsAtOnce } from "./batch_sizes.ts";
import { branchAttention } from "./branch_attention.ts";
import { growCacheBuffer, keepCacheRows, newCacheBuffer } from "./kv_cache.ts";
import { Prefill, type PrefilledTexts } from "./prefill.ts";

/** A text to continue. */
export interface BeamPrompt {
  /** Its tokens, at least one. */
  prefix: ArrayLike<number>;
  /** How many tokens to add. */
  tokens: number;
  /** Which tokens may follow after those so far: V entries, 0 for those that may not; null for all. Default all. */
  allow?: (soFar: readonly number[]) => Uint8Array | null;
  /**
   * Which continuations are kept first among equally likely ones: for those so far the ln of the weight, at most 0, of each
   * by one more token, which is added to its log-probability wherever they are compared. Default 0 for all.
   */
  weigh?: (soFar: readonly number[]) => (token: number) => number;
}

/** A continuation. */
export interface Beam {
  /** Its tokens; an end of text is one like others. */
  tokens: readonly number[];
  /** Its log-probability, nats, among what was allowed at each step. */
  logProbability: number;
  /** The ln of its weight, where it was weighed. */
  weight?: number;
}

/** A search for the continuations of one text. */
interface Search {
  prompt: BeamPrompt;
  /** Likeliest first. */
  beams: Beam[];
}

const PREFIX_UNIT = 32;
const OWN_UNIT = 16;

/**
 * Searches; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { BeamSearch } from "./beam_search.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using search = new BeamSearch(loaded.model, { width: 2 });
 * const [beams] = await search.run([{ prefix: [3, 20, 49], tokens: 3 }]);
 * assertEquals(beams!.map(({ tokens }) => tokens.length), [3, 3]);
 * assertEquals(beams![0]!.tokens, [41, 5, 26]); // a text that it has memorized
 * ```
 */
export class BeamSearch implements Disposable {
  readonly #model: Model;
  readonly #width: number;
  readonly #texts: Prefill;
  readonly #step: CompiledStep<Tensor[], Tensor>;

  /** @param model not owned @param options.width continuations that are kept at each step; default 8 */
  constructor(model: Model, { width = 8 }: { width?: number } = {}) {
    if (!(width >= 1 && Number.isSafeInteger(width))) {
      throw new RangeError(`Cannot search with ${width} beams: a whole number of at least 1 is needed`);
    }
    this.#model = model;
    this.#width = width;
    this.#texts = new Prefill(model, { xla: false });
    this.#step = compile((...inputs: Tensor[]) => this.#logits(inputs), {
      name: "beams",
      products: model.products,
    });
  }

  /**
   * Continues texts.
   *
   * @param options.nameOf what messages call a text; "text 0" by default
   * @returns for each text its continuations, the likeliest first (with their weights, where given); fewer than the width where too little was allowed
   * @throws {RangeError} when a prefix is empty, a text with its continuation is longer than the model's positions, or it has
   * no such token; {NotFiniteError} when logits are NaN or infinite
   */
  async run(
    prompts: readonly BeamPrompt[],
    { nameOf = (text) => `text ${text}` }: { nameOf?: (text: number) => string } = {},
  ): Promise<Beam[][]> {
    const { maxPositions, vocabularySize } = this.#model.config;
    prompts.forEach(({ prefix, tokens }, text) => {
      if (prefix.length < 1 || prefix.length + tokens > maxPositions) {
        throw new RangeError(
          `Cannot continue ${
            nameOf(text)
          } of ${prefix.length} tokens by ${tokens}: expected at least 1, and at most ${maxPositions} together`,
        );
      }
      checkTokens(prefix, vocabularySize, `continue ${nameOf(text)}`);
    });
    const results: Beam[][] = prompts.map(() => [{ tokens: [], logProbability: 0 }]);
    const size = powerOfTwoBelow(rowsAtOnce(this.#model.config, memoryBudget()) / this.#width);
    for (const [length, group] of byPaddedLength(prompts, PREFIX_UNIT, maxPositions)) {
      group.sort((a, b) => prompts[a]!.tokens - prompts[b]!.tokens); // those of like ends together
      for (let first = 0; first < group.length; first += size) {
        const chunk = group.slice(first, first + size);
        const searches = chunk.map((i) => ({ prompt: prompts[i]!, beams: results[i]! }));
        using filled = await this.#texts.run(searches.map(({ prompt }) => prompt.prefix), {
          length,
          keepCache: true,
          from: searches.map(({ prompt }) => prompt.prefix.length - 1),
          nameOf: (text) => nameOf(chunk[text]!),
        });
        await this.#continueAll(filled, searches);
        searches.forEach(({ beams }, k) => results[chunk[k]!] = beams);
      }
    }
    return results;
  }

  async #continueAll(filled: PrefilledTexts, searches: readonly Search[]): Promise<void> {
    const { cacheHeads: heads, headWidth: width, vocabularySize: V } = this.#model.config;
    const W = this.#width;
    const texts = powerOfTwo(searches.length);
    const rows = texts * W;
    using held = new DisposableStack();
    const hold = (...tensors: Tensor[]) => held.adopt(tensors, tf.dispose); // what is put into the list later, too
    const column = (values: ArrayLike<number>) => tf.tensor1d(Int32Array.from(values), "int32");
    const picked = column(Array.from({ length: texts }, (_, n) => n < searches.length ? n : 0));
    const ofTexts = hold(...[...filled.keys, ...filled.values].map((tensor) => tf.gather(tensor, picked)));
    picked.dispose();
    const searchOf = (row: number) => searches[Math.floor(row / W)] ?? searches[0]!;
    // the text's last token is a row's first: what the model makes of it is what the search begins with
    const [starts] = hold(
      column(Array.from({ length: rows }, (_, row) => searchOf(row).prompt.prefix.length - 1)),
    ) as [Tensor];
    let length = OWN_UNIT;
    const own = hold(...ofTexts.map(() => newCacheBuffer({ rows, heads, length, width })));
    const steps = Math.max(...searches.map(({ prompt }) => prompt.tokens));
    for (let i = 0; i < steps; i++) {
      if (i === length) {
        length += OWN_UNIT;
        own.forEach((buffer, k) => own[k] = growCacheBuffer(buffer, { rows, heads, length }));
      }
      const ids = Array.from({ length: rows }, (_, row) => {
        const { prompt: { prefix }, beams } = searchOf(row);
        return (beams[row % W] ?? beams[0])?.tokens.at(-1) ?? prefix[prefix.length - 1]!;
      });
      const inputs = [column(ids), column(Array(rows).fill(i))];
      const logits = await this.#step.async(...inputs, starts, ...ofTexts, ...own)
        .finally(() => tf.dispose(inputs));
      const values = logits.dataSync() as Float32Array;
      logits.dispose();
      const kept = Array.from({ length: rows }, (_, row) => row);
      searches.forEach((search, n) => {
        if (search.beams.length === 0 || search.beams[0]!.tokens.length === search.prompt.tokens) return;
        const next = search.beams.flatMap((beam, k) => {
          const row = values.subarray((n * W + k) * V, (n * W + k + 1) * V);
          checkFinite(
            [row.reduce((sum, value) => sum + value, 0)],
            `continue ${filled.nameOf(n)}`,
            this.#model,
          );
          const { allow, weigh } = search.prompt;
          const options = { allowed: allow?.(beam.tokens) ?? null, weightOf: weigh?.(beam.tokens), count: W };
          return likeliest(row, options).map(({ token, log, ...weight }) => ({
            from: n * W + k,
            beam: { tokens: [...beam.tokens, token], logProbability: beam.logProbability + log, ...weight },
          }));
        }).sort((a, b) => scoreOf(b.beam) - scoreOf(a.beam)).slice(0, W);
        next.forEach(({ from }, k) => kept[n * W + k] = from);
        search.beams = next.map(({ beam }) => beam);
      });
      if (kept.some((from, row) => from !== row)) {
        own.forEach((buffer, k) => own[k] = keepCacheRows(buffer, { kept, rows, to: rows }));
      }
    }
  }

  /** Logits after one token of every row, [B, V]. */
  #logits([ids, steps, starts, ...cache]: Tensor[]): Tensor {
    const { layers, maxPositions, windows } = this.#model.config;
    const [textKeys, textValues, ownKeys, ownValues] = [0, 1, 2, 3].map((part) =>
      cache.slice(part * layers, (part + 1) * layers)
    ) as [Tensor[], Tensor[], Tensor[], Tensor[]];
    const caches = { textKeys, textValues, ownKeys, ownValues };
    const attention = branchAttention(caches, { starts: starts!, steps: steps! }, windows);
    const positions = tf.minimum(tf.add(starts!, steps!), tf.scalar(maxPositions - 1, "int32"));
    return this.#model.decode(ids!, positions, attention);
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#texts[Symbol.dispose]();
    this.#step[Symbol.dispose]();
  }
}

/** What continuations are compared by. */
function scoreOf({ logProbability, weight = 0 }: Beam): number {
  return logProbability + weight;
}

/** The likeliest tokens of a row of logits among those that are allowed, by their weights, the first first. */
function likeliest(
  logits: Float32Array,
  { allowed, weightOf, count }: {
    allowed: Uint8Array | null;
    weightOf: ((token: number) => number) | undefined;
    count: number;
  },
): { token: number; log: number; weight?: number }[] {
  const found: { token: number; log: number; score: number; weight?: number }[] = [];
  let largest = -Infinity;
  for (let token = 0; token < logits.length; token++) {
    if (allowed && allowed[token] === 0) continue;
    const log = logits[token]!;
    largest = Math.max(largest, log);
    const isFull = found.length === count;
    if (isFull && log <= found.at(-1)!.score) continue; // nor would it be with a weight
    const weight = weightOf?.(token) ?? 0;
    const score = log + weight;
    if (isFull && score <= found.at(-1)!.score) continue;
    let place = found.length;
    while (place > 0 && found[place - 1]!.score < score) place--;
    found.splice(place, 0, { token, log, score, ...weightOf && { weight } });
    if (found.length > count) found.pop();
  }
  let sum = 0;
  for (let token = 0; token < logits.length; token++) {
    if (!allowed || allowed[token] !== 0) sum += Math.exp(logits[token]! - largest);
  }
  return found.map(({ score: _, log, ...rest }) => ({ ...rest, log: log - largest - Math.log(sum) }));
}
