/**
 * `relearn` as an attack: the secrets and their controls after each training.
 *
 * @module
 */
import { type AttackInput, type AttackResult, progressOf } from "./attack_input.ts";
import { AttackScores, findingOfMa } from "./attack_scores.ts";
import { relearn, RELEARN_RATES, RELEARN_STEPS } from "./relearn.ts";
import { relearnVariant } from "./relearn_variant.ts";

/**
 * Trains the model further and measures MA, and whether greedy decoding gives all, which is an MA of one; the weights are
 * then what they were.
 *
 * @throws {TypeError} when there is nothing to train on; {RangeError} as `relearn`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { relearning } from "./relearn_attack.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded");
 * const tokenizer = await openTokenizer("data/model");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24, fingerprint: "f" };
 * const training = { texts: await tokenizer.encodeIds(["for i in range(9):\n    print(i)\n"]), steps: [0], learningRates: [1e-4] };
 * const options = { controls: 9, attackedControls: 2, seed: 1, training };
 * const { scores: [row] } = await relearning({ model: loaded.model, tokenizer, secrets: [secret], ...options });
 * assertEquals([row!.variant, row!.extracted, row!.controls], ["0 steps at 0.0001", false, 2]);
 * ```
 */
export async function relearning(input: AttackInput): Promise<AttackResult> {
  const { secrets, attackedControls: controls, seed, training } = input;
  if (!training) throw new TypeError("Cannot relearn without texts to train on");
  const { name, texts, trainer, length, ownRate, steps = RELEARN_STEPS, learningRates = RELEARN_RATES } =
    training;
  const measured = training.measured ?? secrets.map((_, i) => i);
  const total = learningRates.length * steps.reduce((sum, steps) => sum + steps, 0);
  const onProgress = progressOf({ ...input, secrets: measured }, total);
  const inputs = { texts, secrets: measured.map((i) => secrets[i]!) };
  const rows = await relearn(input, inputs, {
    ...{ steps, learningRates, controls, seed },
    ...trainer && { trainer },
    ...length !== undefined && { length },
    onStep: () => onProgress(1),
  });
  const scores = new AttackScores();
  rows.forEach(({ ma, ma_threshold: threshold, control_mas, ...run }, i) => {
    const secret = measured[i % measured.length]!;
    const isOwn = run.learning_rate === ownRate;
    scores.add(
      { secret, variant: relearnVariant({ ...run, isOwn }, name), ...findingOfMa(ma), threshold },
      control_mas.map(findingOfMa),
    );
  });
  return { ...scores.outcome(), aucs: [] };
}
