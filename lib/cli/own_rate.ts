/**
 * The rate at which a model was trained, from what `train` left beside it: an owner who goes on training takes that one.
 *
 * @module
 */
import { join } from "node:path";
import { readRegularText } from "../files/read_file.ts";
import { readRunRecord } from "./run_folder.ts";
import { type ModelContext, modelFolder } from "./model_folder.ts";

/** What `train` writes every few steps. */
const LOG = "training_log.jsonl";
const MAX_LOG_BYTES = 2 ** 26;

/**
 * The highest learning rate of a model's training: `--lr` of the `train` that wrote it, else the highest of its
 * training_log.jsonl.
 *
 * @param models names, the first of which that has a record counts; undefined ones are left out
 * @returns null where none has one
 * @throws {Error} as `modelFolder`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { ownRate } from "./own_rate.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * assertEquals(await ownRate([undefined, "embedded"], context), 2e-3);
 * ```
 */
export async function ownRate(
  models: readonly (string | undefined)[],
  context: ModelContext,
): Promise<number | null> {
  for (const name of models) {
    if (name === undefined) continue;
    const folder = await modelFolder(name, context);
    const record = await readRunRecord(folder).catch(() => undefined); // another tool's file, or a GGUF file's name
    const rate = record?.command === "train" ? Number(record.settings.lr) : await loggedRate(folder);
    if (isRate(rate)) return rate;
  }
  return null;
}

/** 0 where there is none. */
async function loggedRate(folder: string): Promise<number> {
  const options = { what: "the log of the training", maxBytes: MAX_LOG_BYTES };
  const text = await readRegularText(join(folder, LOG), options).catch(() => "");
  const rates = text.split("\n").map((line) => {
    try {
      return Number(JSON.parse(line).rate);
    } catch {
      return 0; // a line that another tool wrote, or the last of a training that was killed
    }
  });
  return rates.filter(isRate).reduce((most, rate) => Math.max(most, rate), 0);
}

function isRate(rate: number): boolean {
  return Number.isFinite(rate) && rate > 0;
}
