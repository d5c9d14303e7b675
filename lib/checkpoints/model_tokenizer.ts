/**
 * The tokenizer of a model's folder, or of its GGUF file: opened, and written beside a checkpoint.
 *
 * @module
 */
import { specialTokensOf } from "../tokenizers/special_tokens.ts";
import { openTokenizer, parseTokenizer, type Tokenizer } from "../tokenizers/tokenizer.ts";
import { readRegularFile } from "../files/read_file.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { ggufTokenizerFiles } from "./gguf.ts";
import { isGguf, modelPath } from "./gguf_files.ts";

/** Files that a tokenizer may consist of, and how to generate. */
export const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "tokenizer.model",
  "chat_template.jinja",
  "generation_config.json",
] as const;
/** The largest tokenizer.json have 33 million bytes. */
const MAX_FILE_BYTES = 1 << 26;

/**
 * Opens the tokenizer of a model.
 *
 * @param path a folder, a GGUF file or "embedded", the model that comes with the project
 * @throws {Error} when there is none; {SyntaxError} when it cannot be read; {RangeError} when its kind is not known
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const tokenizer = await openModelTokenizer("tests/fixtures/gguf/llama.gguf");
 * assertEquals(tokenizer.token(tokenizer.endOfText!), "<|endoftext|>");
 * ```
 */
export async function openModelTokenizer(path: string): Promise<Tokenizer> {
  path = modelPath(path);
  if (!isGguf(path)) return await openTokenizer(path);
  const files = ggufTokenizerFiles(path);
  const special = specialTokensOf(JSON.parse(files.get("tokenizer_config.json")!), {});
  return parseTokenizer(files.get("tokenizer.json")!, path, special);
}

/**
 * Writes a model's tokenizer into a folder.
 *
 * @param path the model's folder or GGUF file; a folder without a tokenizer gives nothing
 * @throws {Error} when it cannot be read or written; {TypeError} when a file is no regular one; {RangeError} when one has
 * more than 2^26 bytes
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await writeModelTokenizer("tests/fixtures/gguf/llama.gguf", folder);
 * assertEquals((await openModelTokenizer(folder)).vocabularySize, 288);
 * ```
 */
export async function writeModelTokenizer(path: string, folder: string): Promise<void> {
  const files = isGguf(path) ? ggufTokenizerFiles(path) : await filesOf(path);
  for (const [name, content] of files) await writeFileAtomic(`${folder}/${name}`, content);
}

async function filesOf(folder: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of TOKENIZER_FILES) {
    try {
      const options = { what: "tokenizer file", maxBytes: MAX_FILE_BYTES };
      files.set(name, await readRegularFile(`${folder}/${name}`, options));
    } catch (error) {
      if (!((error as Error).cause instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return files;
}
