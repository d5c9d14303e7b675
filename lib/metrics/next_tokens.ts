/**
 * What a model makes of each token of known texts, by one forward a text: whether it would have named it first, its loss,
 * and how sure it was of what it named.
 *
 * @module
 */
import { paddedLength } from "../decoding/batch_sizes.ts";
import { Prefill } from "../decoding/prefill.ts";
import type { Model } from "../models/model.ts";

/** A text whose tokens are to be predicted. */
export interface PredictedText {
  /** Token ids, [T], at least 1. */
  ids: Int32Array;
  /** The first token that is wanted, 1 to T; those before are only read. */
  from: number;
}

/** A text's tokens from the wanted one on, [T - from]. */
export interface NextTokens {
  /** 1 where the token is the model's argmax given the true tokens before it, else 0. */
  hits: Uint8Array;
  /** Its cross entropy, nats. */
  losses: Float32Array;
  /** The probability of the argmax, whether it is the token or not. */
  confidences: Float32Array;
}

/** Texts that are given to the model at once, which runs as many of them at a time as its memory allows. */
const TEXTS = 16;

/**
 * Predicts the tokens of texts under one model; `using` frees its captured steps.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { NextTokenScorer } from "./next_tokens.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using scorer = new NextTokenScorer(loaded.model);
 * const ids = Int32Array.of(3, 20, 49, 41, 5, 26, 9); // a text that it has memorized, but for the last token
 * const [[, { hits, confidences }]] = await Array.fromAsync(scorer.score([{ ids, from: 3 }]));
 * assertEquals([...hits], [1, 1, 1, 0]);
 * assert(confidences[0]! > 0.5);
 * ```
 */
export class NextTokenScorer implements Disposable {
  readonly #pass: Prefill;
  readonly #maxPositions: number;

  /** @param model not owned */
  constructor(model: Model) {
    this.#pass = new Prefill(model, { best: true });
    this.#maxPositions = model.config.maxPositions;
  }

  /**
   * Predicts texts, those of like lengths together; each is given with its number as soon as it has run, so that what is
   * known of many need not be held.
   *
   * @throws {RangeError} when a text is empty or longer than the model's positions, or has ids unknown to it;
   * {NotFiniteError} when logits are NaN or infinite
   */
  async *score(
    texts: readonly PredictedText[],
    { nameOf = (text) => `text ${text}` }: { nameOf?: (text: number) => string } = {},
  ): AsyncGenerator<[text: number, tokens: NextTokens]> {
    const groups = Map.groupBy(
      texts.keys(),
      (i) => paddedLength(texts[i]!.ids.length, this.#maxPositions),
    );
    for (const [length, group] of groups) {
      for (let first = 0; first < group.length; first += TEXTS) {
        const numbers = group.slice(first, first + TEXTS);
        const chunk = numbers.map((i) => texts[i]!);
        using filled = await this.#pass.run(chunk.map(({ ids }) => ids), {
          length,
          keepCache: false,
          from: chunk.map(({ from }) => from - 1),
          nameOf: (k) => nameOf(numbers[k]!),
        });
        for (const [k, { ids, from }] of chunk.entries()) {
          const [losses, best] = [filled.losses[k]!, filled.bestLosses[k]!].map((all) => all.slice(from - 1));
          yield [numbers[k]!, {
            hits: Uint8Array.from(
              ids.subarray(from),
              (token, t) => Number(filled.predictions[k]![from - 1 + t] === token),
            ),
            losses: losses!,
            confidences: best!.map((loss) => Math.exp(-Math.max(0, loss))),
          }];
        }
      }
    }
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#pass[Symbol.dispose]();
  }
}
