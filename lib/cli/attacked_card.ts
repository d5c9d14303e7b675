/**
 * The model card of a checkpoint, written again with what attacks have found: `unlearn` writes it before there are any.
 *
 * @module
 */
import { join } from "node:path";
import { addAttacks } from "../report/model_card.ts";
import { readJson } from "../report/read_json.ts";
import type { AttackReport } from "./attack_report.ts";
import { rewriteCard } from "./rewrite_card.ts";
import { MODEL_CARD } from "./write_model_card.ts";

/**
 * Writes what attacks found into a checkpoint's card, and what it holds now into the checkpoint's record. Again, it
 * leaves the same.
 *
 * @param out the checkpoint's folder @param attacks the folder that `attack` wrote
 * @throws {Error} where the attacks' summary is missing, or the card is not as `unlearn` writes it
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { addAttacksToCard } from "./attacked_card.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => addAttacksToCard(folder, folder), Error, "it has no attacks.json");
 * ```
 */
export async function addAttacksToCard(out: string, attacks: string): Promise<void> {
  const found = await readJson(join(attacks, "attacks.json")) as AttackReport | undefined;
  if (!found) throw new Error(`Cannot write of attacks by "${attacks}": it has no attacks.json: run attack`);
  if (await rewriteCard(out, (card) => addAttacks(card, found))) return;
  throw new Error(`Cannot write of attacks into "${join(out, MODEL_CARD)}": unlearn did not write it`);
}
