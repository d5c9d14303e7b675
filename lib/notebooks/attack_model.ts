/**
 * An attack on a model as a notebook runs it: with progress in place, and rows as `attack` writes them.
 *
 * @module
 */
import { type AttackInput, type AttackName, type AttackRow, runAttack } from "../attacks/mod.ts";
import type { ForgetSecret } from "../cli/attack_secrets.ts";
import type { SecretPlace } from "../datasets/place.ts";
import type { NotebookSession } from "./session.ts";
import { showProgress } from "./show_progress.ts";

/** What is attacked, and how. */
export interface AttackModelOptions
  extends Pick<AttackInput, "controls" | "attackedControls" | "seed" | "training"> {
  /** What rows call the model: "before" or "after". */
  model: string;
  /** The secrets, as `forgetSecrets` gives them. */
  found: readonly ForgetSecret[];
}

/**
 * Runs an attack; its progress is shown in the cell.
 *
 * @returns a row a secret and variant
 * @throws as `runAttack`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { attackModel } from "./attack_model.ts";
 * import { openSession } from "./session.ts";
 *
 * const session = await openSession("embedded");
 * const secret = { id: "a", text: 'mail = "ada@mail.invalid"', tag: "EMAIL", start: 8, end: 24, fingerprint: "f" };
 * const found = [{ place: { doc_id: "a.py", tag: "EMAIL", start: 8, end: 24 }, secret }];
 * const options = { model: "before", found, controls: 9, attackedControls: 1, seed: 1 };
 * const [row] = await attackModel("exposure", session, options);
 * session[Symbol.dispose]();
 * assertEquals([row!.doc_id, row!.model, row!.variant, row!.controls], ["a.py", "before", "rank", 9]);
 * ```
 */
export async function attackModel(
  attack: AttackName,
  { model, tokenizer }: NotebookSession,
  { found, model: name, ...options }: AttackModelOptions,
): Promise<(AttackRow & SecretPlace)[]> {
  const secrets = found.map(({ secret }) => secret);
  const { scores } = await showProgress(
    `${attack}, ${name}`,
    (onProgress) => runAttack(attack, { model, tokenizer, secrets, ...options, onProgress }),
    { total: secrets.length, unit: "secrets" },
  );
  return scores.map(({ secret, ...score }) => {
    const { place, secret: { fingerprint } } = found[secret]!;
    return { ...place, fingerprint, model: name, attack, ...score };
  });
}
