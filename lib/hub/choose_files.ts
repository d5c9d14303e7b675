/**
 * Which files of a model's repository are needed: its configuration, its tokenizer and its weights in one format. What
 * else it holds (other formats, figures, examples) is not downloaded, and its names are never used as paths.
 *
 * @module
 */
import { readRegularText } from "../files/read_file.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../files/reason.ts";

/** Weights, the best first, as transformers takes them. */
const WEIGHTS = [
  "model.safetensors",
  "model.safetensors.index.json",
  "pytorch_model.bin",
  "pytorch_model.bin.index.json",
] as const;

/** Files that make a tokenizer: all of one row. */
const TOKENIZERS = [["tokenizer.json"], ["vocab.json", "merges.txt"], ["tokenizer.model"]] as const;

/** Files that are downloaded beside the weights, where the repository has them. */
const SMALL_FILES = [
  "config.json",
  "generation_config.json",
  ...TOKENIZERS.flat(),
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
] as const;

/** What is to be downloaded. */
export interface NeededFiles {
  /** Names of files. */
  names: string[];
  /** The file, one of the names, that lists the weights' files; null where the weights are one file of `names`. */
  index: string | null;
}

/**
 * Chooses from the names of a repository's top folder.
 *
 * @throws {Error} If it holds no model that can be loaded
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseFiles } from "./choose_files.ts";
 *
 * const names = ["README.md", "config.json", "model.safetensors", "pytorch_model.bin", "tokenizer.json"];
 * assertEquals(chooseFiles(names, "ada/coder").names, ["config.json", "tokenizer.json", "model.safetensors"]);
 * ```
 */
export function chooseFiles(listed: Iterable<string>, label: string): NeededFiles {
  const all = new Set(listed);
  const refuse = (what: string): never => {
    throw new Error(`Cannot use model "${label}": ${what}`);
  };
  if (!all.has("config.json")) refuse("it has no config.json");
  const weights = WEIGHTS.find((name) => all.has(name));
  if (!weights) {
    const [gguf] = [...all].filter((name) => name.endsWith(".gguf"));
    const hint = gguf ? ", but GGUF files: download one of them and give its path" : "";
    return refuse(`it has no model.safetensors and no pytorch_model.bin${hint}`);
  }
  return {
    names: [...SMALL_FILES.filter((name) => all.has(name)), weights],
    index: weights.endsWith(".index.json") ? weights : null,
  };
}

/**
 * The weights' files that an index lists.
 *
 * @throws {SyntaxError} If it is no index, or a name leads out of the model's folder
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readShardNames } from "./choose_files.ts";
 *
 * const index = '{"weight_map": {"a": "model-1-of-2.safetensors", "b": "model-2-of-2.safetensors"}}';
 * assertEquals(readShardNames(index, "the index"), ["model-1-of-2.safetensors", "model-2-of-2.safetensors"]);
 * ```
 */
export function readShardNames(json: string, file: string): string[] {
  let map: unknown;
  try {
    map = JSON.parse(json)?.weight_map;
  } catch (cause) {
    throw new SyntaxError(`Cannot read "${file}": ${reasonOf(cause)}`, { cause });
  }
  const names = typeof map === "object" && map !== null ? Object.values(map) : [];
  if (names.length === 0) throw new SyntaxError(`Cannot read "${file}": it has no weight_map`);
  for (const name of names) {
    if (typeof name === "string" && /^[^/\\\p{Cc}.][^/\\\p{Cc}]*\.(?:safetensors|bin)$/u.test(name)) continue;
    throw new SyntaxError(
      `Cannot read "${file}": ${JSON.stringify(name)} is no name of a weights file beside it`,
    );
  }
  return [...new Set(names as string[])];
}

/**
 * What a model's folder lacks to be loaded; null where it is whole.
 *
 * @throws {SyntaxError} If it has an index that cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { missingPart } from "./choose_files.ts";
 *
 * assertEquals(await missingPart("tests/fixtures/gpt2/plain"), "its tokenizer is");
 * assertEquals(await missingPart("/nowhere"), "config.json is");
 * ```
 */
export async function missingPart(folder: string): Promise<string | null> {
  const has = (name: string) => existsSync(join(folder, name));
  if (!has("config.json")) return "config.json is";
  if (!TOKENIZERS.some((names) => names.every(has))) return "its tokenizer is";
  const weights = WEIGHTS.find(has);
  if (!weights) return "its weights are";
  if (!weights.endsWith(".index.json")) return null;
  const path = join(folder, weights);
  const shard = readShardNames(await readRegularText(path, { what: "index", maxBytes: 2 ** 26 }), path).find((
    name,
  ) => !has(name));
  return shard === undefined ? null : `"${shard}" is`;
}
