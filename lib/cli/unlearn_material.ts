/**
 * What `unlearn` aims at, of each secret or of means, and what the run of some rows needs for it: made-up values in the
 * secrets' places, and their losses scored anew.
 *
 * @module
 */
import { controlRows } from "../attacks/control_rows.ts";
import type { Document } from "../datasets/corpus.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import type { ChunkMaterial } from "../unlearning/chunk_options.ts";
import type { StopThresholds } from "../unlearning/early_stop.ts";
import type { Context } from "./command.ts";
import { matchedAbove, MatchedThresholds, meanThresholds, type SecretBounds } from "./unlearn_thresholds.ts";

/** What it is made of. */
export interface MaterialSource {
  model: Model;
  tokenizer: Tokenizer;
  /** Those of the rows. */
  documents: readonly Document[];
  /** The forget set. */
  forget: readonly ForgetExample[];
  /** Thresholds that all secrets share; null where each has its own. */
  given: StopThresholds | null;
  /** Sets of made-up values that are held, where each has its own. */
  held: number;
}

/** What is aimed at. */
export interface UnlearnAim {
  /** Of each secret, in the forget set's order. */
  bounds: SecretBounds[];
  /** Of the means. */
  thresholds: StopThresholds;
  /** So many secrets may be above by chance. */
  byChance: number;
}

/** Thresholds that are no secret's own say nothing of where what was never seen ends below. */
const UNMATCHED = { controls: null, ma_floor: null, nll_ceiling: null, nll_floor: null };

/**
 * The thresholds by the model as it came.
 *
 * @throws {RangeError} as `MatchedThresholds.score`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoreAim } from "./unlearn_material.ts";
 *
 * const source = { forget: [{ secrets: [{}] }], given: { ma: 0.3, el_10: 0 } } as never;
 * const { bounds, byChance } = await scoreAim(source, {} as never);
 * assertEquals([bounds[0]!.ma, byChance], [0.3, 0]);
 * ```
 */
export async function scoreAim(
  source: MaterialSource,
  context: Pick<Context, "seed" | "progress" | "breathe">,
): Promise<UnlearnAim> {
  const { given } = source;
  const secrets = source.forget.flatMap((row) => row.secrets);
  if (given) {
    const bounds = secrets.map(() => ({ ma: given.ma, el_10: given.el_10, ...UNMATCHED }));
    return { bounds, thresholds: given, byChance: 0 };
  }
  using matched = await matchedOf(source, source.forget, context);
  const stage = context.progress.start("Scoring controls", secrets.length, "secrets");
  const bounds = await matched.score(async (done) => {
    stage.advance(done);
    await context.breathe();
  });
  stage.done();
  return { bounds, thresholds: meanThresholds(bounds), byChance: matchedAbove(bounds) };
}

/**
 * What the run of some rows needs; `using` frees it.
 *
 * @param rows by their numbers in the forget set
 * @param options.onScored called with how many of how many secrets are scored anew
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { materialOf } from "./unlearn_material.ts";
 *
 * const source = { forget: [{ secrets: [{}] }], given: { ma: 0.3, el_10: 0 } } as never;
 * using material = await materialOf(source, [0], { bounds: [], seed: 42, onScored: () => Promise.resolve() });
 * assertEquals(material.rescore, undefined);
 * ```
 */
export async function materialOf(
  source: MaterialSource,
  rows: readonly number[],
  { bounds, seed, onScored }: {
    bounds: readonly SecretBounds[];
    seed: number;
    onScored: (done: number, all: number) => Promise<void>;
  },
): Promise<ChunkMaterial> {
  const { given, tokenizer, documents, forget, held } = source;
  if (given) return { [Symbol.dispose]: () => {} };
  const examples = rows.map((row) => forget[row]!);
  const own = boundsOf(forget, rows, bounds);
  const controls = await controlRows({ tokenizer, documents }, examples, { sets: held, seed });
  let matched: MatchedThresholds | undefined;
  return {
    controls,
    rescore: async () => {
      matched ??= await matchedOf(source, examples, { seed });
      let scored = 0;
      return await matched.rescore(own, async (done) => {
        scored += done;
        await onScored(scored, own.length);
      });
    },
    [Symbol.dispose]: () => matched?.[Symbol.dispose](),
  };
}

/** Those of the secrets of some rows, in the order of the rows. */
function boundsOf(
  forget: readonly ForgetExample[],
  rows: readonly number[],
  bounds: readonly SecretBounds[],
): SecretBounds[] {
  let next = 0;
  const byRow = forget.map(({ secrets }) => bounds.slice(next, next += secrets.length));
  return rows.flatMap((row) => byRow[row]!);
}

function matchedOf(
  { model, tokenizer, documents }: MaterialSource,
  examples: readonly ForgetExample[],
  { seed }: { seed: number },
): Promise<MatchedThresholds> {
  const secrets = examples.flatMap((row) => row.secrets);
  return MatchedThresholds.create({ model, tokenizer }, { documents, secrets }, { seed });
}
