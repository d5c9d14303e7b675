/**
 * The model card of a checkpoint, written again with what the model is still good for: `unlearn` writes it before that
 * is measured.
 *
 * @module
 */
import { basename, join } from "node:path";
import { readRegularText } from "../files/read_file.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { addUse } from "../report/card_use.ts";
import type { RunTables } from "../report/run_tables.ts";
import { contentOf } from "./run_content.ts";
import { readRunRecord } from "./run_folder.ts";
import { writeRecord } from "./run_record.ts";
import { MODEL_CARD } from "./write_model_card.ts";

/** A card has a table of a few lines. */
const MAX_CARD_BYTES = 2 ** 20;

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
  const path = join(folder, MODEL_CARD);
  const card = addUse(await readRegularText(path, { what: "model card", maxBytes: MAX_CARD_BYTES }), own);
  if (card === null) throw new Error(`Cannot write the card "${path}": unlearn did not write it`);
  const isOwn = record?.outputs[MODEL_CARD] === await contentOf(path);
  await writeFileAtomic(path, card);
  if (!record || !isOwn) return;
  const outputs = { ...record.outputs, [MODEL_CARD]: await contentOf(path) };
  await writeRecord(join(folder, "run.json"), { ...record, outputs });
}
