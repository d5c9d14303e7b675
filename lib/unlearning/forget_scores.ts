/**
 * What a run measures after each epoch: the forget set's secrets and their means, and the retain set's MA.
 *
 * @module
 */
import { LIKELIHOOD_NAMES, type MetricValues, perMetric, type ThresholdMetric } from "../datasets/metrics.ts";
import { evaluationBatches, groupMeans } from "../metrics/group_scores.ts";
import { Scorer, type Scores } from "../metrics/scorer.ts";
import type { Model } from "../models/model.ts";
import type { Compat } from "./early_stop.ts";
import type { UnlearnSets } from "./unlearn_options.ts";

/** The sets' scores. */
export interface SetScores {
  /** Those of each secret, in the order of the forget set. */
  secrets: Scores[];
  /** Means over the forget set, null where not all secrets were measured, and the retain set's. */
  means: MetricValues<ThresholdMetric> & { retain_ma: number | null };
}

/** How a run's sets are scored. */
export interface ForgetScoresOptions {
  /** Ends a secret's decode. */
  endOfText: number | null;
  /** By the `"reference"` means are over batches of documents, see `evaluationBatches`. Default "sound". */
  compat?: Compat;
}

/** Whether EL_n is wanted: of all secrets, of none, or of those of some MA. */
export type WantsEl = boolean | ((secret: number, ma: number) => boolean);

/** Measures the sets; `el` takes by far the most time. */
export type Measure = (el: WantsEl) => Promise<SetScores>;

/**
 * Scores the sets of a run under its model as it is; `using` frees captured steps, not the model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { ForgetScores } from "./forget_scores.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const secrets = [{ prefix: [3, 20, 49], secret: [41, 5, 26, 8] }, { prefix: [3, 20, 49], secret: [9, 9, 9, 9] }];
 * const sets = { forget: [{ ids: Int32Array.of(3, 20), secrets }], retain: [] };
 * using scores = new ForgetScores(loaded.model, sets, { endOfText: null });
 * const { secrets: [known, other], means } = await scores.measure((_, ma) => ma < 0.5, () => {});
 * assertEquals([known!.ma, known!.el_3, other!.ma, other!.el_3, means.el_3], [1, null, 0, 0, null]);
 * ```
 */
export class ForgetScores implements Disposable {
  readonly #scorer: Scorer;
  readonly #sets: UnlearnSets;
  readonly #options: ForgetScoresOptions;

  constructor(model: Model, sets: UnlearnSets, options: ForgetScoresOptions) {
    this.#scorer = new Scorer(model);
    this.#sets = sets;
    this.#options = options;
  }

  /** Measures; `onProgress` is called now and then, and may throw. */
  async measure(el: WantsEl, onProgress: () => void): Promise<SetScores> {
    const { secrets, means } = await this.measureRows([...this.#sets.forget.keys()], { el, onProgress });
    return { secrets, means: { ...means, retain_ma: await this.retainMa(onProgress) } };
  }

  /**
   * Measures some rows of the forget set.
   *
   * @param rows their numbers
   * @returns the scores of their secrets, in the order of the rows, and the means over these
   */
  async measureRows(
    rows: readonly number[],
    { el, onProgress }: { el: WantsEl; onProgress: () => void },
  ): Promise<{ secrets: Scores[]; means: MetricValues<ThresholdMetric> }> {
    const examples = rows.map((row) => this.#sets.forget[row]!);
    const tokens = examples.flatMap((example) => example.secrets);
    const owners = examples.flatMap((example, row) => example.secrets.map(() => row));
    const { endOfText, compat } = this.#options;
    const options = { endOfText, onProgress };
    const secrets = await this.#scorer.secrets(tokens, { ...options, el: el === true });
    if (typeof el === "function") {
      const near = [...secrets.keys()].filter((i) => secrets[i]!.ma !== null && el(i, secrets[i]!.ma!));
      const measured = await this.#scorer.secrets(near.map((i) => tokens[i]!), options);
      near.forEach((i, k) => secrets[i] = measured[k]!);
    }
    const { nll: _, ...means } = groupMeans(
      secrets,
      compat === "reference" ? evaluationBatches(owners) : owners,
    );
    const isWhole = secrets.every(({ ma, el_10 }) => ma === null || el_10 !== null);
    return { secrets, means: { ...means, ...!isWhole && perMetric(LIKELIHOOD_NAMES, () => null) } };
  }

  /** How many texts the retain set has. */
  get retained(): number {
    return this.#sets.retain.length;
  }

  /** Mean MA of the retain set; null where there is none. */
  async retainMa(onProgress: () => void): Promise<number | null> {
    const texts = await this.#scorer.texts(this.#sets.retain, { el: false, onProgress });
    return groupMeans(texts, [...texts.keys()]).ma;
  }

  /** Frees the captured steps. */
  [Symbol.dispose](): void {
    this.#scorer[Symbol.dispose]();
  }
}
