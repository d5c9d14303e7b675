/**
 * A model folder in Hugging Face's layout, written: weights, in several files when they are large, tokenizer,
 * config.json last; each file by a temporary name and a rename. NaN and infinite weights, and those that the storage
 * type cannot hold, are refused.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { makeFolder, removePath } from "../files/folders.ts";
import { viewTensor } from "../engine/tensor_memory.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { FLOAT_BYTES, type StorageDtype, TOO_LARGE } from "./float_types.ts";
import type { Model } from "../models/model.ts";
import { TOKENIZER_FILES, writeModelTokenizer } from "./model_tokenizer.ts";
import { writeSafetensors } from "./write_safetensors.ts";

/** What to write beside the weights. */
export interface SaveOptions {
  /** config.json's fields. */
  configJson: Record<string, unknown>;
  /** How to store the weights. */
  dtype: StorageDtype;
  /** The folder, or GGUF file, whose tokenizer goes along. */
  tokenizerFolder: string;
  /** The most bytes of tensors in one file, unless a single tensor has more. Default: 5 GB. */
  shardBytes?: number;
}

/** Names of the files that {@linkcode saveModel} may write; `*` stands for any letters. */
export const MODEL_FILES = [
  "config.json",
  ...TOKENIZER_FILES,
  "model.safetensors",
  "model.safetensors.index.json",
  "model-*-of-*.safetensors",
] as const;

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const SHARD = /^model-\d{5}-of-\d{5}\.safetensors$/;

/**
 * Writes a model folder that transformers loads; weights of another layout that were there are removed. A model's adapter
 * is made part of the weights on the way, before they are rounded.
 *
 * @throws {Error} when the folder cannot be written; {RangeError} when a weight cannot be stored: nothing is written then
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "./load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const folder = await Deno.makeTempDir();
 * await saveModel(loaded.model, folder, { ...loaded, dtype: "F16", tokenizerFolder: loaded.folder });
 * using again = await loadModel(folder);
 * assertEquals(again.dtype, "F16");
 * ```
 */
export async function saveModel(model: Model, folder: string, options: SaveOptions): Promise<void> {
  const { configJson, dtype, tokenizerFolder, shardBytes = 5e9 } = options;
  await makeFolder(folder);
  using held = new DisposableStack();
  const weights = { ...model.weights };
  for (const layer of model.adapter?.layers ?? []) {
    weights[`${layer}.weight`] = held.adopt(model.merged(layer), tf.dispose);
  }
  for (const [name, weight] of Object.entries(weights)) {
    using view = viewTensor(weight);
    const bad = describeTooLarge(view.values, dtype);
    if (bad) throw new RangeError(`Cannot save "${folder}" as ${dtype}: "${name}" holds ${bad}`);
  }
  const written = await writeWeights(weights, folder, { dtype, shardBytes });
  await writeModelTokenizer(tokenizerFolder, folder);
  const dtypeName = { F32: "float32", F16: "float16", BF16: "bfloat16" }[dtype];
  const { dtype: _, torch_dtype: __, ...fields } = configJson;
  const config = { architectures: [model.className], ...fields, torch_dtype: dtypeName };
  await writeFileAtomic(`${folder}/config.json`, JSON.stringify(config, null, 2) + "\n");
  await removeOthers(folder, written);
}

/** The first value that a type cannot hold, or null. */
function describeTooLarge(values: Float32Array, dtype: StorageDtype): string | null {
  const limit = TOO_LARGE[dtype];
  for (let i = 0; i < values.length; i++) {
    if (!(Math.abs(values[i]!) < limit)) return `${values[i]} at element ${i}`;
  }
  return null;
}

/** Writes one file, or several and their index; their names. */
async function writeWeights(
  weights: Readonly<Record<string, Tensor>>,
  folder: string,
  { dtype, shardBytes }: { dtype: StorageDtype; shardBytes: number },
): Promise<string[]> {
  const shards = splitWeights(weights, shardBytes / FLOAT_BYTES[dtype]);
  if (shards.length === 1) {
    await writeSafetensors(`${folder}/${WEIGHTS}`, weights, dtype);
    return [WEIGHTS];
  }
  const number = (n: number) => String(n).padStart(5, "0");
  const names = shards.map((_, i) => `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`);
  for (const [i, shard] of shards.entries()) await writeSafetensors(`${folder}/${names[i]}`, shard, dtype);
  const elements = Object.values(weights).reduce((sum, { size }) => sum + size, 0);
  const index = {
    metadata: { total_size: FLOAT_BYTES[dtype] * elements },
    weight_map: Object.fromEntries(
      shards.flatMap((shard, i) => Object.keys(shard).map((name) => [name, names[i]!])),
    ),
  };
  await writeFileAtomic(`${folder}/${INDEX}`, JSON.stringify(index, null, 2) + "\n");
  return [...names, INDEX];
}

/** Weights in their order, in parts of at most `elements` where a weight is not larger by itself. */
function splitWeights(
  weights: Readonly<Record<string, Tensor>>,
  elements: number,
): Record<string, Tensor>[] {
  const parts: Record<string, Tensor>[] = [{}];
  let size = 0;
  for (const [name, weight] of Object.entries(weights)) {
    if (size > 0 && size + weight.size > elements) {
      parts.push({});
      size = 0;
    }
    parts.at(-1)![name] = weight;
    size += weight.size;
  }
  return parts;
}

/** Removes an older save's weights, which would be read before or beside the new ones. */
async function removeOthers(folder: string, written: readonly string[]): Promise<void> {
  for (const { name } of [...Deno.readDirSync(folder)]) {
    const isWeights = name === WEIGHTS || name === INDEX || SHARD.test(name);
    if (isWeights && !written.includes(name)) await removePath(`${folder}/${name}`);
  }
}
