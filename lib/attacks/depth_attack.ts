/**
 * `depthScores` as an attack: what each layer still holds of the secrets, beside what it holds of their controls, and of
 * both in the model before.
 *
 * @module
 */
import { tokenizeSecrets } from "../datasets/secret_tokens.ts";
import type { Model } from "../models/model.ts";
import { type AttackInput, type AttackResult, progressOf } from "./attack_input.ts";
import { type AttackScore, AttackScores, type Finding } from "./attack_scores.ts";
import { controlSecrets } from "./control_secrets.ts";
import { depthScores } from "./depth.ts";
import { DepthPasses } from "./depth_passes.ts";
import type { PlacedSecret } from "./placed_secret.ts";

/** Controls that run at once. */
const BATCH = 8;

/**
 * Scores each secret's depth, `uds`, relative to the model that never saw it where one is given, and the lens of each layer,
 * `lens 0` and so on, of the model under test and the one before.
 *
 * @throws {TypeError} when the model before is not given; {RangeError} as `depthScores`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { depth } from "./depth_attack.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const { model } = loaded;
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24, fingerprint: "f" };
 * const options = { controls: 9, attackedControls: 2, seed: 1 };
 * const { scores, before } = await depth({ model, before: model, tokenizer, secrets: [secret], ...options });
 * assertEquals(scores.map(({ variant }) => variant), ["uds", "lens 0", "lens 1", "lens 2", "lens 3"]);
 * assertEquals(before, scores.slice(1)); // both models are one
 * ```
 */
export async function depth(input: AttackInput): Promise<AttackResult> {
  const { model, before, neverSeen = null, tokenizer, secrets, attackedControls: controls, seed } = input;
  if (!before) throw new TypeError("Cannot score depths without the model before");
  const made = await controlSecrets(tokenizer, secrets, { controls, seed });
  const flat = made.flat();
  const onProgress = progressOf(input, secrets.length + 2 * flat.length);
  const models = { model, before, neverSeen, tokenizer };
  const found = await depthScores(models, secrets, { controls, seed, onProgress });
  const layers = Map.groupBy(found.layers, ({ layer }) => layer);
  const [lens, lensBefore] = [
    await controlLenses(model, { tokenizer, controls: flat, onProgress }),
    await controlLenses(before, { tokenizer, controls: flat, onProgress }),
  ];
  const [scores, scoresBefore] = [new AttackScores(), new AttackScores()];
  found.secrets.forEach(({ uds: score }, secret) => {
    scores.add({ secret, variant: "uds", score, extracted: null, controls: made[secret]!.length }, []);
  });
  const finding = (score: number | null): Finding => ({ score, extracted: null });
  for (let layer = 0; layer < model.config.layers; layer++) {
    const own = layers.get(layer) ?? [];
    let [next, from] = [0, 0];
    secrets.forEach(({ id }, secret) => {
      const row = own[next]?.id === id ? own[next++]! : null; // those without tokens have none
      const to = from + made[secret]!.length;
      const of = (lenses: number[][]) => lenses.slice(from, to).map((all) => finding(all[layer] ?? null));
      const name = { secret, variant: `lens ${layer}` };
      scores.add({ ...name, ...finding(row?.lens ?? null) }, of(lens));
      scoresBefore.add({ ...name, ...finding(row?.lens_before ?? null) }, of(lensBefore));
      from = to;
    });
  }
  const rowsBefore: AttackScore[] = scoresBefore.outcome().scores;
  return { ...scores.outcome(), aucs: [], before: rowsBefore };
}

/** The lens of each layer for each control. */
async function controlLenses(
  model: Model,
  { tokenizer, controls, onProgress }: Pick<AttackInput, "tokenizer"> & {
    controls: readonly PlacedSecret[];
    onProgress: (done: number) => Promise<void>;
  },
): Promise<number[][]> {
  const tokens = await tokenizeSecrets(tokenizer, controls);
  const rows = tokens.map(({ prefix, secret }, i) => ({
    id: controls[i]!.id,
    ids: [...prefix, ...secret],
    from: prefix.length,
  }));
  using passes = new DepthPasses(model);
  const lenses: number[][] = [];
  for (let first = 0; first < rows.length; first += BATCH) {
    const chunk = rows.slice(first, first + BATCH);
    const { lens } = await passes.run(chunk, []);
    lenses.push(...lens);
    await onProgress(chunk.length);
  }
  return lenses;
}
