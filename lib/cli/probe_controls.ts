/**
 * What `probe --controls` adds to a secret's row: where it stands among made-up secrets of its format in its place. They
 * are columns of the same row rather than a table of their own, so that shards, their merging and what an interrupted run
 * goes on from are those of the table.
 *
 * @module
 */
import { type ControlledSecret, scoreControls } from "../attacks/mod.ts";
import type { CONTROL_COLUMNS } from "../datasets/columns.ts";
import type { RowOf } from "../datasets/row_table.ts";
import { SECRET_TOKENS } from "../datasets/token_counts.ts";
import { SuffixPass } from "../decoding/suffix_pass.ts";
import type { LocatedSecret } from "../evaluation/locate_secrets.ts";
import { Scorer, type Scores } from "../metrics/scorer.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";

/** With `--el`, so many controls of a secret get an EL_10: each takes as long as fifteen without. */
const EL_CONTROLS = 5;

/** The columns of a secret without controls. */
export type ControlCells = RowOf<typeof CONTROL_COLUMNS>;

/** How to draw and score. */
export interface LocatedControlsOptions {
  /** Controls of each secret. */
  controls: number;
  /** Whether EL_10 is wanted of some. */
  el: boolean;
  /** The seed of the draws. */
  seed: number;
  /** Called with how many more secrets are done. */
  onProgress: (done: number) => void | Promise<void>;
}

/**
 * The cells of secrets that were found with their values; equal tokens in equal places are scored once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { locatedControls } from "./probe_controls.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const under = { model: loaded.model, tokenizer: await openTokenizer("data/model") };
 * const [value, place] = ["ada@mail.invalid", { doc_id: "a", tag: "EMAIL", start: 8, end: 24 }];
 * const [tokens] = await tokenizeSecrets(under.tokenizer, [{ text: `mail = "${value}"`, start: 8, end: 24 }]);
 * const secret = { place, value, pair: { key: "k", ...tokens! } };
 * let done = 0;
 * const options = { controls: 9, el: false, seed: 42, onProgress: (more: number) => void (done += more) };
 * const [first, second] = await locatedControls(under, [secret, secret], options);
 * assertEquals([first!.controls, first, done], [9, second, 2]);
 * ```
 */
export async function locatedControls(
  under: { model: Model; tokenizer: Tokenizer },
  located: readonly Pick<LocatedSecret, "place" | "pair" | "value">[],
  { controls, el, seed, onProgress }: LocatedControlsOptions,
): Promise<ControlCells[]> {
  const keyOf = ({ pair, place }: typeof located[number]) => `${place.tag} ${pair.key}`;
  const groups = [...Map.groupBy(located, keyOf)];
  const secrets = groups.map(([id, [first]]) => {
    const { place: { tag }, pair, value = "" } = first!;
    return { id, tag, text: value, start: 0, end: value.length, tokens: pair };
  });
  let at = 0;
  const { rows } = await scoreControls(under, secrets, {
    ...{ controls, elControls: el ? Math.min(controls, EL_CONTROLS) : 0, seed },
    onProgress: () => onProgress(groups[at++]![1].length),
  });
  const cells = new Map(rows.map((row) => [row.id, cellsOf(row)]));
  return located.map((secret) => cells.get(keyOf(secret))!);
}

function cellsOf({ id: _, ma: __, el_10: ___, ...cells }: ControlledSecret): ControlCells {
  return cells;
}

/**
 * Scores rows of the most tokens as secrets with made-up controls, to tell how long it takes.
 *
 * @param rows tokens of a secret, 32, and those before it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { timeSecrets } from "./probe_controls.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * const [scores] = await timeSecrets(loaded.model, [new Int32Array(40)], { el: false, controls: 3 });
 * assertEquals(scores!.tokens, 32);
 * ```
 */
export async function timeSecrets(
  model: Model,
  rows: readonly Int32Array[],
  { el, controls }: { el: boolean; controls: number },
): Promise<Scores[]> {
  using scorer = new Scorer(model);
  const secrets = rows.map((row) => ({
    prefix: row.subarray(0, -SECRET_TOKENS),
    secret: row.subarray(-SECRET_TOKENS),
  }));
  const likelihoods = el ? Math.min(controls, EL_CONTROLS) : 0;
  using pass = new SuffixPass(model);
  for (const { prefix, secret } of controls > 0 ? secrets : []) {
    await pass.run([{ prefix, suffixes: Array.from({ length: 1 + controls }, () => secret) }]);
    if (likelihoods > 0) {
      await scorer.secrets(Array.from({ length: likelihoods }, () => ({ prefix, secret })));
    }
  }
  return await scorer.secrets(secrets, { el });
}
