/**
 * The tokens at which a model ends what it writes, as transformers' `generate` takes them: those of generation_config.json,
 * else of config.json; beside them the tokenizer's end of a text, and what is usually called so: a model of a chat, which
 * ends a turn, writes that after code.
 *
 * @module
 */
import { join } from "node:path";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { isGguf } from "./gguf_files.ts";
import type { LoadedModel } from "./load.ts";

const FILE = "generation_config.json";
const MAX_BYTES = 1 << 24;

/**
 * The ids, each once: several where a model of a chat also ends a turn, as Qwen's instructed ones do.
 *
 * @throws {Error} when generation_config.json cannot be read; {SyntaxError} when it is malformed; {RangeError} when either
 * file names something else than ids of the model
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { endTokens } from "./end_tokens.ts";
 *
 * const folder = "tests/fixtures/gpt2/plain"; // it has no generation_config.json
 * const model = { config: { vocabularySize: 40 } };
 * const loaded = { folder, model, configJson: { eos_token_id: [2, 7] } };
 * assertEquals(await endTokens(loaded, { endOfText: 0 }), [2, 7, 0]);
 * ```
 */
export async function endTokens(
  { folder, configJson, model: { config } }: Pick<LoadedModel, "folder" | "configJson"> & {
    model: { config: { vocabularySize: number } };
  },
  { endOfText, usualEnd = null }: Pick<Tokenizer, "endOfText"> & Partial<Pick<Tokenizer, "usualEnd">>,
): Promise<number[]> {
  const own = isGguf(folder) ? undefined : (await readGenerationConfig(folder)).eos_token_id;
  const named = own ?? configJson.eos_token_id ?? [];
  const ids: unknown[] = Array.isArray(named) ? named : [named];
  const isId = (id: unknown) => Number.isInteger(id) && Number(id) >= 0 && Number(id) < config.vocabularySize;
  if (!ids.every(isId)) {
    throw new RangeError(
      `Cannot end what "${folder}" writes: ${own === undefined ? "config.json" : FILE} has an eos_token_id ` +
        `that is none of the ${config.vocabularySize} ids`,
    );
  }
  return [...new Set([...ids as number[], endOfText, usualEnd])].filter((id) => id !== null);
}

async function readGenerationConfig(folder: string): Promise<{ eos_token_id?: unknown }> {
  let text: string;
  try {
    text = await readRegularText(join(folder, FILE), { what: "configuration", maxBytes: MAX_BYTES });
  } catch (error) {
    if ((error as Error).cause instanceof Deno.errors.NotFound) return {};
    throw error;
  }
  try {
    return JSON.parse(text) ?? {};
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${folder}": ${FILE} is no valid JSON: ${reasonOf(cause)}`, { cause });
  }
}
