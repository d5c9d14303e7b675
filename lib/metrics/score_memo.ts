/**
 * Scores that are measured once: the same weights, tokens and options give the same scores, so a pipeline whose
 * stages ask for some of them again need not decode again.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { viewTensor } from "../engine/tensor_memory.ts";
import type { Model } from "../models/model.ts";
import type { TokenizedSecret } from "../datasets/secret_tokens.ts";
import { type ScoreOptions, Scorer, type Scores } from "./scorer.ts";

/** What scores texts and secrets: a `Scorer`, or one that remembers. */
export type TextScorer = Pick<Scorer, "texts" | "secrets" | "forget">;

/**
 * The scores of a process, by weights, tokens and options.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const memo = new ScoreMemo();
 * using scorer = memo.scorer(loaded.model);
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
  scorer(model: Model): TextScorer & Disposable {
    const key = `${model.products} ${digestOf(model)}`;
    const scorer = new Scorer(model);
    return {
      texts: (texts, options = {}) =>
        this.#recall(texts, options, {
          keyOf: (ids) => `${key} ${options.el ?? true} ${Array.from(ids)}`,
          nameOf: options.nameOf ?? ((i) => `text ${i}`),
          measure: (missing, nameOf) => scorer.texts(missing, { ...options, nameOf }),
        }),
      secrets: (secrets, options = {}) =>
        this.#recall(secrets, options, {
          keyOf: ({ prefix, secret }) =>
            [key, options.el ?? true, options.endOfText ?? null, prefix, secret].join(
              " ",
            ),
          nameOf: options.nameOf ?? ((i) => `secret ${i}`),
          measure: (missing, nameOf) => scorer.secrets(missing, { ...options, nameOf }),
        }),
      forget: () => scorer.forget(),
      [Symbol.dispose]: () => scorer[Symbol.dispose](),
    };
  }

  async #recall<T extends ArrayLike<number> | TokenizedSecret>(
    items: readonly T[],
    { onProgress }: ScoreOptions,
    { keyOf, nameOf, measure }: {
      keyOf: (item: T) => string;
      nameOf: (i: number) => string;
      measure: (missing: readonly T[], nameOf: (i: number) => string) => Promise<Scores[]>;
    },
  ): Promise<Scores[]> {
    const keys = items.map(keyOf);
    const missing = new Map(keys.map((key, i) => [key, i] as const));
    for (const key of missing.keys()) if (this.#known.has(key)) missing.delete(key);
    if (missing.size < items.length) await onProgress?.(items.length - missing.size);
    const numbers = [...missing.values()];
    const scores = await measure(numbers.map((i) => items[i]!), (i) => nameOf(numbers[i]!));
    [...missing.keys()].forEach((key, i) => this.#known.set(key, scores[i]!));
    return keys.map((key) => this.#known.get(key)!);
  }
}

/** What the weights are, in 64 hexadecimal digits. */
function digestOf(model: Model): string {
  const { className, config, adapter } = model;
  const hash = createHash("sha256").update(`${className} ${JSON.stringify([config, adapter?.scale])}`);
  for (const [name, weight] of Object.entries({ ...model.weights, ...adapter?.weights })) {
    using view = viewTensor(weight);
    const { buffer, byteOffset, byteLength } = view.values;
    hash.update(`${name} ${byteLength} `).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}

/**
 * A scorer of a model: one that remembers where there is a memo; `using` frees it, not the model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using scorer = openScorer(loaded.model);
 * assertEquals((await scorer.texts([[3, 20, 49, 41, 5, 26, 8]]))[0]!.ma, 1);
 * ```
 */
export function openScorer(model: Model, memo?: ScoreMemo | undefined): TextScorer & Disposable {
  return memo?.scorer(model) ?? new Scorer(model);
}
