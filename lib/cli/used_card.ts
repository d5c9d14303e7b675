/**
 * The model card of a checkpoint, written again with what the model is still good for: `unlearn` writes it before that
 * is measured.
 *
 * @module
 */
import { basename, join } from "node:path";
import { addUse } from "../report/card_use.ts";
import type { RunTables } from "../report/run_tables.ts";
import { rewriteCard } from "./rewrite_card.ts";
import { readRunRecord } from "./run_folder.ts";
import { MODEL_CARD } from "./write_model_card.ts";

/**
 * Writes what a run says of a checkpoint's use into its card, and what the card holds now into the checkpoint's record, if
 * the card was as the record says. Again, it leaves the same.
 *
 * @param folder the checkpoint's
 * @throws {Error} where the run says nothing of it, or the card is not as `unlearn` writes it
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { addUseToCard } from "./used_card.ts";
 *
 * const writing = addUseToCard("/models/erased", {});
 * await assertRejects(() => writing, Error, "the tables say nothing of its use: run humaneval or evaluate --utility");
 * ```
 */
export async function addUseToCard(
  folder: string,
  { passes, utility = [] }: Pick<RunTables, "passes" | "utility">,
): Promise<void> {
  const record = await readRunRecord(folder);
  const names: readonly unknown[] = [basename(folder), record?.settings.method];
  const own = {
    passes: passes?.method === undefined || names.includes(passes.method) ? passes : undefined,
    utility: utility.filter(({ model }) => model === "before" || names.includes(model)),
  };
  if (!own.passes && !own.utility.some(({ model }) => model !== "before")) {
    throw new Error(
      `Cannot write the card of "${folder}": the tables say nothing of its use: run humaneval or evaluate --utility`,
    );
  }
  if (await rewriteCard(folder, (card) => addUse(card, own), { isOwn: true })) return;
  throw new Error(`Cannot write the card "${join(folder, MODEL_CARD)}": unlearn did not write it`);
}
