/**
 * The model card of a checkpoint, written again with what attacks have found: `unlearn` writes it before there are any.
 *
 * @module
 */
import { join } from "node:path";
import { readRegularText } from "../files/read_file.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { addAttacks } from "../report/model_card.ts";
import { readJson } from "../report/read_json.ts";
import type { AttackReport } from "./attack_report.ts";
import { contentOf } from "./run_content.ts";
import { readRunRecord } from "./run_folder.ts";
import { writeRecord } from "./run_record.ts";
import { MODEL_CARD } from "./write_model_card.ts";

/** A card has a table of a few lines. */
const MAX_CARD_BYTES = 2 ** 20;

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
  const path = join(out, MODEL_CARD);
  const card = addAttacks(
    await readRegularText(path, { what: "model card", maxBytes: MAX_CARD_BYTES }),
    found,
  );
  if (card === null) throw new Error(`Cannot write of attacks into "${path}": unlearn did not write it`);
  await writeFileAtomic(path, card);
  const record = await readRunRecord(out);
  if (record === undefined) return;
  const outputs = { ...record.outputs, [MODEL_CARD]: await contentOf(path) };
  await writeRecord(join(out, "run.json"), { ...record, outputs });
}
