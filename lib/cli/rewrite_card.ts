/**
 * The model card of a checkpoint, written again once more is known than when `unlearn` wrote it.
 *
 * @module
 */
import { join } from "node:path";
import { readRegularText } from "../files/read_file.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { contentOf } from "./run_content.ts";
import { readRunRecord } from "./run_folder.ts";
import { writeRecord } from "./run_record.ts";
import { MODEL_CARD } from "./write_model_card.ts";

/** A card has a table of a few lines. */
const MAX_CARD_BYTES = 2 ** 20;

/**
 * Writes a card again, and what it holds now into the checkpoint's record.
 *
 * @param folder the checkpoint's
 * @param change the new card; null where the old one is not as `unlearn` writes it
 * @param options.isOwn whether the record is told only if the card was as it says. Default false
 * @returns whether the card was written
 * @throws {Error} when it cannot be read or written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rewriteCard } from "./rewrite_card.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/README.md`, "# A model\n");
 * assertEquals(await rewriteCard(folder, () => null), false);
 * assertEquals(await rewriteCard(folder, (card) => `${card}More.\n`), true);
 * assertEquals(await Deno.readTextFile(`${folder}/README.md`), "# A model\nMore.\n");
 * ```
 */
export async function rewriteCard(
  folder: string,
  change: (card: string) => string | null,
  { isOwn = false }: { isOwn?: boolean } = {},
): Promise<boolean> {
  const path = join(folder, MODEL_CARD);
  const card = change(await readRegularText(path, { what: "model card", maxBytes: MAX_CARD_BYTES }));
  if (card === null) return false;
  const record = await readRunRecord(folder);
  const isTold = record && (!isOwn || record.outputs[MODEL_CARD] === await contentOf(path));
  await writeFileAtomic(path, card);
  if (!isTold) return true;
  const outputs = { ...record.outputs, [MODEL_CARD]: await contentOf(path) };
  await writeRecord(join(folder, "run.json"), { ...record, outputs });
  return true;
}
