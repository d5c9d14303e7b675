/**
 * Exposure (Carlini et al., 2019): the rank of a secret among many made-up secrets of its format in its place, in bits.
 *
 * Most secrets take few of them. A secret is done where ten controls are at least as likely: its exposure is known to half
 * a bit then (sequential Monte Carlo tests: Besag and Clifford, 1991). The others are ranked among all, and there
 * most controls take a quarter of the work: a log-probability only falls from token to token, so one whose first tokens
 * are less likely than the whole secret cannot outrank it. Ranks are those of running all tokens. Places of one value after
 * the same tokens are one to the model, and are ranked once.
 *
 * @module
 */
import { mean } from "../metrics/mean.ts";
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import { SuffixPass } from "../decoding/suffix_pass.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type ControlTokens, controlTokens, distinct } from "./control_tokens.ts";
import { ControlScorer, type ControlScores } from "./matched_controls.ts";
import type { PlacedSecret } from "./placed_secret.ts";
import { formatOf } from "./value_format.ts";

/** After so many controls it is looked whether the secret still stands out; of the first all tokens are run. */
const STAGES = [100, 250, 500] as const;
/** It does not, where so many are at least as likely. */
const ENOUGH = 10;
/** Most controls are ruled out by the tokens after which they have lost so many times what the secret has lost in all. */
const MARGIN = 1.25;
/** Tokens come in multiples, as `SuffixPass` runs them; near all of them one run is less than two. */
const [HEAD_UNIT, LONGEST_HEAD] = [8, 24];

/** How to rank. */
export interface ExposureOptions {
  /** Controls of each secret that stands out. Default 1,000. */
  controls?: number;
  /** The seed of the draws. Default 42. */
  seed?: number;
  /** Called with how many more secrets are done. */
  onProgress?: (done: number) => void | Promise<void>;
}

/**
 * Scores secrets as `scoreControls` does, with exposures among up to `controls` made-up secrets: `controls` of a row says
 * among how many, which is all others where a format has fewer values. Distributions, thresholds and other p-values are of the first hundred. A value that stands in several
 * places after the same tokens has the controls of the first one.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { scoreExposures } from "./exposure.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24 };
 * const { rows: [row] } = await scoreExposures({ model: loaded.model, tokenizer }, [secret], { controls: 200 });
 * assert(row!.exposure! >= 0 && [100, 200].includes(row!.controls));
 * ```
 */
export async function scoreExposures(
  subject: { model: Model; tokenizer: Tokenizer },
  secrets: readonly PlacedSecret[],
  options: ExposureOptions = {},
): Promise<ControlScores> {
  const tokens = await tokenizeSecrets(subject.tokenizer, secrets.filter(({ tokens }) => !tokens));
  const keys = secrets.map(({ text, tag, start, end, tokens: own }) =>
    JSON.stringify([tag, text.slice(start, end), ...(own ?? tokens.shift()!).prefix])
  );
  const distinct = [...new Set(keys)];
  const places = distinct.map((key) => keys.indexOf(key));
  await options.onProgress?.(secrets.length - distinct.length);
  const { rows, distributions } = await rankDistinct(subject, places.map((i) => secrets[i]!), options);
  const found = keys.map((key) => distinct.indexOf(key));
  return {
    rows: found.map((place, i) => ({ ...rows[place]!, id: secrets[i]!.id })),
    distributions: found.map((place) => distributions[place]!),
  };
}

async function rankDistinct(
  subject: { model: Model; tokenizer: Tokenizer },
  secrets: readonly PlacedSecret[],
  { controls = 1000, seed = 42, onProgress }: ExposureOptions,
): Promise<ControlScores> {
  const first = Math.min(STAGES[0], controls);
  using scorer = await ControlScorer.create(subject, secrets, { controls: first, seed });
  using pass = new SuffixPass(subject.model);
  const found: ControlScores = { rows: [], distributions: [] };
  for (const [i, secret] of secrets.entries()) {
    const { row, distribution } = await scorer.scoreOne(i);
    let [count, rank] = [row.controls, Math.round(2 ** -(row.exposure ?? 0) * (row.controls + 1)) - 1];
    let seen = scorer.suffixesOf(i);
    for (const [stage, to] of row.exposure === null ? [] : [...STAGES.slice(1), Infinity].entries()) {
      const more = Math.min(to, controls) - count;
      if (rank >= ENOUGH || more <= 0) break;
      const { prefix, suffixes } = await drawMore(subject.tokenizer, secret, { seen, more, seed, stage });
      seen = [...seen, ...suffixes.slice(1)];
      if (suffixes.length === 1) break; // the format has no others
      const even = suffixes[0]!.length * row.nll! / mean(distribution.nll);
      rank += await countAbove(pass, { prefix, suffixes }, { head: headTokens(even), id: secret.id });
      count += suffixes.length - 1;
      await onProgress?.(0);
    }
    const exposure = row.exposure === null ? null : Math.log2((count + 1) / (rank + 1));
    found.rows.push({ ...row, controls: count, exposure });
    found.distributions.push(distribution);
    await onProgress?.(1);
  }
  return found;
}

/**
 * Controls that were not drawn yet. A format of few values goes on with the draws that it began, so that it comes to its
 * last; of others each stage has its own.
 */
async function drawMore(
  tokenizer: Tokenizer,
  secret: PlacedSecret,
  { seen, more, seed, stage }: {
    seen: ControlTokens["suffixes"];
    more: number;
    seed: number;
    stage: number;
  },
): Promise<ControlTokens> {
  const { isSmall } = formatOf({ value: secret.text.slice(secret.start, secret.end), tag: secret.tag });
  const options = isSmall
    ? { controls: seen.length - 1 + more, seed }
    : { controls: more, seed: seed + 1 + stage };
  const [{ prefix, suffixes }] = await controlTokens(tokenizer, [secret], options) as [ControlTokens];
  const others = distinct([...seen, ...suffixes]).slice(seen.length);
  return { prefix, suffixes: [suffixes[0]!, ...others] };
}

/** How many tokens to run first, where after `even` of them controls have lost as much as the secret in all. */
function headTokens(even: number): number {
  const tokens = Math.max(1, Math.ceil(MARGIN * even / HEAD_UNIT)) * HEAD_UNIT;
  return tokens <= LONGEST_HEAD ? tokens : Infinity;
}

/**
 * How many continuations are at least as likely as the first.
 *
 * @param options.head how many of their tokens are run before all @param options.id the secret's, for messages
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { SuffixPass } from "../decoding/suffix_pass.ts";
 * import { countAbove } from "./exposure.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using pass = new SuffixPass(loaded.model);
 * const suffixes = [[41, 9], [41, 5], [9, 9]]; // the second is memorized
 * assertEquals(await countAbove(pass, { prefix: [3, 20, 49], suffixes }, { head: 1, id: "a" }), 1);
 * ```
 */
export async function countAbove(
  pass: SuffixPass,
  { prefix, suffixes: [own, ...controls] }: {
    prefix: ArrayLike<number>;
    suffixes: readonly ArrayLike<number>[];
  },
  { head, id }: { head: number; id: string },
): Promise<number> {
  const run = async (suffixes: readonly ArrayLike<number>[]) => {
    const [found] = await pass.run([{ prefix, suffixes }], {
      nameOf: () => `secret "${id}" or a control of it`,
    });
    return found!.map(({ logProbabilities }) => logProbabilities.reduce((sum, log) => sum + log, 0));
  };
  const heads = await run([own!, ...controls.map((control) => Array.from(control).slice(0, head))]);
  const left = controls.filter((_, k) => heads[k + 1]! >= heads[0]!);
  const long = left.filter(({ length }) => length > head);
  const [again, ...whole] = long.length === 0 ? [] : await run([own!, ...long]); // equal tokens tie in one run
  return left.length - long.length + whole.filter((log) => log >= again!).length;
}
