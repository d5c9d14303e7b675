/**
 * Scores that are measured once: the same weights, tokens and options give the same scores, so a pipeline whose
 * stages ask for some of them again need not decode again.
 *
 * @module
 */
import { viewTensor } from "../engine/tensor_memory.ts";
import type { Model } from "../models/model.ts";
import { type ScoreOptions, Scorer, type Scores, type SecretTokens } from "./text_scores.ts";

/** What scores texts and secrets: a `Scorer`, or one that remembers. */
export type TextScorer = Pick<Scorer, "texts" | "secrets">;

/**
 * The scores of a process, by weights, tokens and options.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../models/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const memo = new ScoreMemo();
 * using scorer = await memo.scorer(loaded.model);
 * const [first] = await scorer.texts([[3, 20, 49, 41, 5, 26, 8]]);
 * const [again] = await scorer.texts([[3, 20, 49, 41, 5, 26, 8]]);
 * assertStrictEquals(again, first);
 * ```
 */
export class ScoreMemo {
  readonly #known = new Map<string, Scores>();

  /**
   * A scorer that measures what is not known yet; `using` frees it, not the model.
   *
   * @param model its weights must not change as long as the scorer is used
   */
  async scorer(model: Model): Promise<TextScorer & Disposable> {
    const scorer = new Scorer(model);
    try {
      const key = `${model.products} ${await digestOf(model)}`;
      return {
        texts: (texts, options = {}) =>
          this.#recall(texts, options, {
            keyOf: (ids) => `${key} ${options.el ?? true} ${Array.from(ids)}`,
            measure: (missing, options) => scorer.texts(missing, options),
          }),
        secrets: (secrets, options = {}) =>
          this.#recall(secrets, options, {
            keyOf: ({ prefix, secret }) =>
              [key, options.el ?? true, options.endOfText ?? null, Array.from(prefix), Array.from(secret)]
                .join(" "),
            measure: (missing, options) => scorer.secrets(missing, options),
          }),
        [Symbol.dispose]: () => scorer[Symbol.dispose](),
      };
    } catch (error) {
      scorer[Symbol.dispose]();
      throw error;
    }
  }

  async #recall<T extends ArrayLike<number> | SecretTokens>(
    items: readonly T[],
    options: ScoreOptions,
    { keyOf, measure }: {
      keyOf: (item: T) => string;
      measure: (missing: readonly T[], options: ScoreOptions) => Promise<Scores[]>;
    },
  ): Promise<Scores[]> {
    const keys = items.map(keyOf);
    const missing = new Map(items.map((item, i) => [keys[i]!, item] as const));
    for (const key of missing.keys()) if (this.#known.has(key)) missing.delete(key);
    if (missing.size < items.length) await options.onProgress?.(items.length - missing.size);
    const scores = await measure([...missing.values()], options);
    [...missing.keys()].forEach((key, i) => this.#known.set(key, scores[i]!));
    return keys.map((key) => this.#known.get(key)!);
  }
}

/** What the weights are, in 64 hexadecimal digits. */
async function digestOf(model: Model): Promise<string> {
  const parts: string[] = [model.className, JSON.stringify(model.config)];
  for (const [name, weight] of Object.entries(model.weights)) {
    using view = viewTensor(weight);
    parts.push(`${name} ${hex(await crypto.subtle.digest("SHA-256", view.values))}`);
  }
  return hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join("\n"))));
}

function hex(bytes: ArrayBuffer): string {
  return new Uint8Array(bytes).toHex();
}
