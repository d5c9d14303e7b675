/**
 * What `unlearn` aims at: means of unseen texts out of a table or options, or, for each secret, what made-up ones of its
 * format score in its place under the model as it came.
 *
 * Controls that show an EL_10 above 0 are rare, and each takes as long as fifteen without: one of each secret is measured,
 * or more of a few secrets, at least 40 in all, and all secrets share the quantile of these. But where the format alone
 * lets the model name ten tokens in a row, as in the head of a PEM key, more are measured for a quantile of its own.
 *
 * @module
 */
import { ControlScorer } from "../attacks/mod.ts";
import { THRESHOLD_COLUMNS } from "../datasets/columns.ts";
import type { Document } from "../datasets/corpus.ts";
import type { ExampleSecret } from "../datasets/examples.ts";
import { perMetric } from "../datasets/metrics.ts";
import { readRows } from "../datasets/row_table.ts";
import { quantile } from "../metrics/bootstrap.ts";
import { mean } from "../metrics/mean.ts";
import { aboveByChance } from "../metrics/rank_test.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { StopThresholds } from "../unlearning/early_stop.ts";
import type { SecretThresholds } from "../unlearning/per_secret_stop.ts";
import { borrowedThresholds, NO_CONTROLS } from "./borrowed_thresholds.ts";
import { UsageError } from "./command.ts";
import { placedSecrets } from "./placed_secrets.ts";

/** The word that stands for thresholds of each secret's own. */
export const MATCHED = "matched";

/** Where what was never seen lies for a secret; the lower ends are known by controls alone. */
export interface SecretBounds extends SecretThresholds {
  /** How many controls tell. */
  controls: number | null;
  /** The MA that 95 % of controls reach. */
  ma_floor: number | null;
  /** The loss that 95 % of controls stay within, nats a token. */
  nll_ceiling: number | null;
  /** The loss below which no chance explains that it is above, nats a token. */
  nll_floor: number | null;
}

/** The options that say what to aim at. */
export interface ThresholdValues {
  /** A table, or {@linkcode MATCHED}. */
  thresholds: string | undefined;
  /** `--ma`. */
  ma: number | undefined;
  /** `--el10`. */
  el10: number | undefined;
  /** Whether each secret is judged. */
  isPerSecret: boolean;
}

/** What the rules of stopping look at: `reference` at all of them. */
const STOP_METRICS = ["ma", "el_3", "el_5", "el_10"] as const;

/**
 * The thresholds of a table or of --ma and --el10; null where each secret has its own.
 *
 * @throws {UsageError} when there are none, or two; {RangeError} when the table lacks a mean
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readThresholds } from "./unlearn_thresholds.ts";
 *
 * const given = { thresholds: undefined, ma: 0.3, el10: 0, isPerSecret: true };
 * assertEquals(await readThresholds(given), { ma: 0.3, el_10: 0 });
 * ```
 */
export async function readThresholds(
  { thresholds, ma, el10, isPerSecret }: ThresholdValues,
): Promise<StopThresholds | null> {
  if (thresholds === undefined) {
    if (ma === undefined || el10 === undefined) {
      throw new UsageError("Missing thresholds: give --thresholds F, or --ma and --el10");
    }
    return { ma, el_10: el10 };
  }
  if (ma !== undefined || el10 !== undefined) {
    throw new UsageError("Two thresholds: give --thresholds F, or --ma and --el10");
  }
  if (thresholds === MATCHED) {
    if (isPerSecret) return null;
    throw new UsageError("--thresholds matched judges each secret: it needs --stop secret, --compat sound");
  }
  const rows = await readRows(thresholds, THRESHOLD_COLUMNS);
  const mean = (metric: string) => {
    const value = rows.find((row) => row.metric === metric)?.mean ?? null;
    if (value === null) throw new RangeError(`Cannot use "${thresholds}": it has no mean for ${metric}`);
    return value;
  };
  return perMetric(STOP_METRICS, mean);
}

/** EL_10 is measured of so many controls at least, all secrets together. */
const EL_CONTROLS = 40;
/** Of so many controls of a secret whose format gives so many tokens in a row away. */
const OWN_EL_CONTROLS = { controls: 20, run: 10 };
/** The share of what was never seen that lies within its threshold. */
const SHARE = 0.95;
/** A secret is left alone while its loss is between these shares of that of the control drawn for it. */
const MIDST = [0.85, 1.25] as const;

/** What controls are drawn by. */
export interface MatchedOptions {
  /** The seed of the draws. */
  seed: number;
  /** Controls of each secret. Default 100. */
  controls?: number;
}

/** Called with how many more secrets are done. */
type OnProgress = (done: number) => void | Promise<void>;

/**
 * Each secret's own thresholds, by controls that the model scores as it is; `using` frees what scores them, not the model.
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { MatchedThresholds } from "./unlearn_thresholds.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const under = { model: loaded.model, tokenizer: await openTokenizer("data/model") };
 * const documents = [{ docId: "a", path: null, text: 'mail = "ada@mail.invalid"' }];
 * const sets = { documents, secrets: [{ doc_id: "a", tag: "EMAIL", start: 8, end: 24 }] };
 * using matched = await MatchedThresholds.create(under, sets, { seed: 42, controls: 9 });
 * const [bounds] = await matched.score();
 * assertEquals(bounds!.controls, 9);
 * assert(bounds!.ma_floor! <= bounds!.ma && bounds!.ma < 1);
 * const [again] = await matched.rescore([bounds!]);
 * assertEquals(again!.nll_band, bounds!.nll_band); // the model is the same yet
 * ```
 */
export class MatchedThresholds implements Disposable {
  readonly #scorer: ControlScorer;

  private constructor(scorer: ControlScorer) {
    this.#scorer = scorer;
  }

  /**
   * Draws the controls.
   *
   * @param sets secrets of forget rows, with the documents that they stand in
   */
  static async create(
    under: { model: Model; tokenizer: Tokenizer },
    { documents, secrets }: {
      documents: readonly Document[];
      secrets: readonly Pick<ExampleSecret, "doc_id" | "tag" | "start" | "end">[];
    },
    { seed, controls = 100 }: MatchedOptions,
  ): Promise<MatchedThresholds> {
    const placed = placedSecrets(documents, secrets);
    return new MatchedThresholds(await ControlScorer.create(under, placed, { controls, seed }));
  }

  /**
   * The thresholds by the model as it came. Those of a secret whose format has no other value are borrowed
   * (`borrowedThresholds`).
   *
   * @throws {RangeError} when no control can be drawn for any secret
   */
  async score(onProgress?: OnProgress): Promise<SecretBounds[]> {
    const secrets = this.#scorer.count;
    const { rows, distributions } = await this.#scorer.score({
      ...{ elControls: Math.ceil(EL_CONTROLS / Math.max(1, secrets)), quantile: SHARE },
      ...onProgress && { onProgress },
    });
    const givesAway = distributions.map(({ runs }) =>
      runs.filter((run) => run >= OWN_EL_CONTROLS.run).length > (1 - SHARE) * runs.length
    );
    const ownEl = await this.#ownLikelihoods(givesAway, onProgress);
    if (rows.every((row) => row.controls === 0)) {
      throw new RangeError(
        `Cannot give secrets thresholds of their own: ${NO_CONTROLS}--thresholds FILE`,
      );
    }
    const ofAll = (name: "el_10" | "nll", share: number, isMeant = (_: number) => true) => {
      const all = distributions.filter((_, i) => isMeant(i)).flatMap((scores) => scores[name])
        .filter((value) => !Number.isNaN(value));
      return all.length === 0 ? 0 : quantile(all.sort((a, b) => a - b), share);
    };
    const el_10 = ofAll("el_10", SHARE, (i) => !givesAway[i]);
    const own = rows.map(({ controls, ma_threshold: ma, ma_floor, nll_ceiling }, i) => {
      return { ma, el_10: controls === 0 ? null : ownEl.get(i) ?? el_10, ma_floor, nll_ceiling };
    });
    const others = borrowedThresholds(own, ["ma", "el_10", "ma_floor", "nll_ceiling"]);
    return own.map((bounds, i) => {
      const { controls } = rows[i]!;
      const nll = controls > 0 ? distributions[i]!.tokens : [ofAll("nll", 0.5)];
      const { ma, el_10, ma_floor, nll_ceiling } = controls > 0 ? bounds : others;
      const nll_floor = controls > 0 ? floorOf(distributions[i]!.nll) : MIDST[0] * ofAll("nll", 0);
      return {
        controls,
        nll,
        nll_band: bandOf(nll),
        ma: ma!,
        el_10: el_10!,
        ma_floor,
        nll_ceiling,
        nll_floor,
      };
    });
  }

  /** Thresholds of EL_10 of the secrets whose formats give ten tokens in a row away, by their numbers. */
  async #ownLikelihoods(
    givesAway: readonly boolean[],
    onProgress: OnProgress | undefined,
  ): Promise<Map<number, number>> {
    const thresholds = new Map<number, number>();
    for (const secret of givesAway.keys().filter((i) => givesAway[i])) {
      const [, ...likelihoods] = await this.#scorer.likelihoods(secret, OWN_EL_CONTROLS.controls);
      const defined = likelihoods.filter((value) => !Number.isNaN(value));
      if (defined.length > 0) thresholds.set(secret, quantile(defined.sort((a, b) => a - b), SHARE));
      await onProgress?.(0);
    }
    return thresholds;
  }

  /**
   * The losses to which secrets are brought, by the model as it is now: what was never seen loses less where a secret is
   * no longer expected; likewise where what was never seen ends below. The thresholds of MA and EL_10 stay those of the
   * model as it came: unlearning makes all values of a kind less likely, and a threshold that followed would call for
   * ever more of it.
   *
   * @param bounds by the model as it came
   */
  async rescore(bounds: readonly SecretBounds[], onProgress?: OnProgress): Promise<SecretBounds[]> {
    const { rows, distributions } = await this.#scorer.score({
      quantile: SHARE,
      ...onProgress && { onProgress },
    });
    return bounds.map((first, i) => {
      const { controls, ma_floor, nll_ceiling } = rows[i]!;
      const nll = distributions[i]!.tokens;
      if (controls === 0) return first;
      const nll_floor = floorOf(distributions[i]!.nll);
      return { ...first, nll, nll_band: bandOf(nll), ma_floor, nll_ceiling, nll_floor };
    });
  }

  /** Frees what scores. */
  [Symbol.dispose](): void {
    this.#scorer[Symbol.dispose]();
  }
}

function bandOf(nll: readonly number[]): [number, number] {
  return [MIDST[0] * mean(nll), MIDST[1] * mean(nll)];
}

/** What is likelier than the likeliest control by more than a secret may be than the control drawn for it. */
function floorOf(controls: readonly number[]): number {
  return MIDST[0] * Math.min(...controls);
}

/**
 * How many never-seen secrets may be above thresholds of their own, before it is more than chance: one in twenty, and beside
 * fewer than 19 controls more, as the highest of all is the secret as often as any of them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { matchedAbove } from "./unlearn_thresholds.ts";
 *
 * const bounds = (secrets: number, controls: number) => Array<{ controls: number }>(secrets).fill({ controls });
 * assertEquals([matchedAbove(bounds(1, 100)), matchedAbove(bounds(76, 100)), matchedAbove(bounds(76, 9))], [0, 7, 12]);
 * ```
 */
export function matchedAbove(bounds: readonly Pick<SecretBounds, "controls">[]): number {
  const share = ({ controls }: typeof bounds[number]) =>
    Math.max(1 - SHARE, 1 / ((controls ?? Infinity) + 1));
  return bounds.length === 0 ? 0 : aboveByChance(bounds.length, mean(bounds.map(share)));
}

/**
 * The mean of secrets' thresholds: what their means are shown beside.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { meanThresholds } from "./unlearn_thresholds.ts";
 *
 * assertEquals(meanThresholds([{ ma: 0.25, el_10: 0 }, { ma: 0.75, el_10: 0 }]), { ma: 0.5, el_10: 0 });
 * ```
 */
export function meanThresholds(bounds: readonly SecretThresholds[]): SecretThresholds {
  const meanOf = (name: "ma" | "el_10") => mean(bounds.map((each) => each[name]));
  return { ma: meanOf("ma"), el_10: meanOf("el_10") };
}
