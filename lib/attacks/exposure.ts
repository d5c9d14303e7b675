/**
 * Exposure (Carlini et al., 2019): the rank of a secret among many made-up secrets of its format in its place, in bits.
 *
 * Most secrets take few of them. Those that do not stand out among the first hundred are done: their exposure is known to
 * a fraction of a bit (sequential Monte Carlo tests: Besag and Clifford, 1991). The others are ranked among all, and there
 * most controls take a quarter of the work: a log-probability only falls from token to token, so one whose first tokens
 * are less likely than the whole secret can not outrank it. Ranks are those of running all tokens.
 *
 * @module
 */
import { SuffixPass } from "../decoding/suffix_pass.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { controlTokens } from "./control_tokens.ts";
import { type ControlScores, scoreControls } from "./matched_controls.ts";
import type { PlacedSecret } from "./placed_secret.ts";

/** Controls of which all is run. */
const FIRST = 100;
/** A secret among these of the first controls is ranked among all. */
const TAIL = 0.1;
/** Tokens that are run before most controls are ruled out. */
const HEAD_TOKENS = 8;

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
 * among how many. Distributions, thresholds and other p-values are of the first hundred.
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
 * const secret = { id: "a", text: "import os\nport = 80", tag: "KEY", start: 7, end: 9 }; // "os"
 * const { rows: [row] } = await scoreExposures({ model: loaded.model, tokenizer }, [secret], { controls: 200 });
 * assert(row!.controls === 200 && row!.exposure! > 4);
 * ```
 */
export async function scoreExposures(
  subject: { model: Model; tokenizer: Tokenizer },
  secrets: readonly PlacedSecret[],
  { controls = 1000, seed = 42, onProgress }: ExposureOptions = {},
): Promise<ControlScores> {
  const first = Math.min(FIRST, controls);
  let early = 0;
  const found = await scoreControls(subject, secrets, {
    controls: first,
    seed,
    onProgress: async (done) => {
      early += done;
      await onProgress?.(early < secrets.length ? done : done - 1); // the last one waits for those that stand out
    },
  });
  using pass = new SuffixPass(subject.model);
  for (const [i, secret] of secrets.entries()) {
    const row = found.rows[i]!;
    if (row.exposure === null || row.controls < first || controls === first || 2 ** -row.exposure > TAIL) {
      continue;
    }
    const others = { controls: controls - first, seed: seed + 1 };
    const [tokens] = await controlTokens(subject.tokenizer, [secret], others);
    const rank = Math.round(2 ** -row.exposure * (first + 1)) - 1 +
      await countAbove(pass, tokens!, secret.id);
    found.rows[i] = { ...row, controls, exposure: -Math.log2((rank + 1) / (controls + 1)) + 0 };
    await onProgress?.(0);
  }
  if (secrets.length > 0) await onProgress?.(1);
  return found;
}

/**
 * How many continuations are at least as likely as the first.
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
 * assertEquals(await countAbove(pass, { prefix: [3, 20, 49], suffixes }, "a"), 1);
 * ```
 */
export async function countAbove(
  pass: SuffixPass,
  { prefix, suffixes: [own, ...controls] }: {
    prefix: ArrayLike<number>;
    suffixes: readonly ArrayLike<number>[];
  },
  id: string,
): Promise<number> {
  const run = async (suffixes: readonly ArrayLike<number>[]) => {
    const [found] = await pass.run([{ prefix, suffixes }], {
      nameOf: () => `secret "${id}" or a control of it`,
    });
    return found!.map(({ logProbabilities }) => logProbabilities.reduce((sum, log) => sum + log, 0));
  };
  const heads = await run([own!, ...controls.map((control) => Array.from(control).slice(0, HEAD_TOKENS))]);
  const left = controls.filter((_, k) => heads[k + 1]! >= heads[0]!);
  const long = left.filter(({ length }) => length > HEAD_TOKENS);
  const [again, ...whole] = long.length === 0 ? [] : await run([own!, ...long]); // equal tokens tie in one run
  return left.length - long.length + whole.filter((log) => log >= again!).length;
}
