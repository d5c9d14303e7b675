/**
 * A model folder in Hugging Face's layout, read and written: config.json, model.safetensors, tokenizer.json.
 *
 * All differences between a file and its configuration are listed at once; NaN and infinite weights are refused, on
 * writing too; each file appears by a temporary name and a rename.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Architecture, ModelConfig, Weights } from "./architecture.ts";
import { Model } from "./model.ts";
import { architectureOf } from "./models.ts";
import {
  encodeSafetensors,
  headerLength,
  parseHeader,
  type SafetensorsHeader,
  type StorageDtype,
  toFloat32,
} from "./safetensors.ts";

/** A model together with what its folder says beside the weights. */
export interface LoadedModel extends Disposable {
  /** The model. */
  model: Model;
  /** config.json as it stands. */
  configJson: Record<string, unknown>;
  /** How the weights were stored (most of them). */
  dtype: StorageDtype;
  /** The folder it came from. */
  folder: string;
}

/** The text of a file of a model folder. */
async function readText(folder: string, name: string): Promise<string> {
  try {
    return await Deno.readTextFile(`${folder}/${name}`);
  } catch (cause) {
    throw new Error(`Cannot load model "${folder}": ${name} cannot be read: ${reason(cause)}`, { cause });
  }
}

function reason(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "no such file";
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * Reads config.json: the family, its sizes, and the JSON itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const { config } = await readConfig("tests/fixtures/gpt2/plain");
 * assertEquals([config.layers, config.width, config.tiedEmbeddings], [2, 8, true]);
 * ```
 */
export async function readConfig(
  folder: string,
): Promise<{ architecture: Architecture; config: ModelConfig; json: Record<string, unknown> }> {
  const text = await readText(folder, "config.json");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot load model "${folder}": config.json is no valid JSON: ${reason(cause)}`, {
      cause,
    });
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    throw new SyntaxError(`Cannot load model "${folder}": config.json is no JSON object`);
  }
  const fields = json as Record<string, unknown>;
  const architecture = architectureOf(fields.model_type);
  return { architecture, config: architecture.readConfig(fields, `${folder}/config.json`), json: fields };
}

/**
 * Loads a model folder. TensorFlow must be open.
 *
 * @throws {Error} when a file is missing; {SyntaxError} when one is malformed; {RangeError} for a configuration that
 * is not supported; {TypeError} when tensors do not fit it or hold NaN or infinite values
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const logits = tf.tidy(() => loaded.model.logits(tf.tensor2d([[1, 2, 3]], [1, 3], "int32")));
 * assertEquals([logits.shape, loaded.dtype], [[1, 3, 40], "F32"]);
 * ```
 */
export async function loadModel(folder: string): Promise<LoadedModel> {
  const { architecture, config, json } = await readConfig(folder);
  const file = `${folder}/model.safetensors`;
  using handle = await openFile(file);
  const header = await readHeader(handle, file);
  const stored = matchTensors(header, architecture, config, file);
  const weights: Record<string, tf.Tensor> = {};
  try {
    for (const [name, tensor] of stored) {
      const bytes = new Uint8Array(tensor.end - tensor.begin);
      await handle.seek(header.dataStart + tensor.begin, Deno.SeekMode.Start);
      await readFully(handle, bytes, file);
      const values = toFloat32(bytes, tensor.dtype, name);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new TypeError(`Cannot load "${file}": "${name}" holds ${values[bad]} at element ${bad}`);
      }
      weights[name] = tf.tensor(values, tensor.shape);
    }
  } catch (error) {
    tf.dispose(weights);
    throw error;
  }
  const model = new Model({ architecture, config, weights });
  return {
    model,
    configJson: json,
    dtype: [...stored.values()][0]!.dtype as StorageDtype,
    folder,
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}

async function openFile(path: string): Promise<Deno.FsFile> {
  try {
    return await Deno.open(path);
  } catch (cause) {
    throw new Error(`Cannot load "${path}": ${reason(cause)}`, { cause });
  }
}

async function readFully(handle: Deno.FsFile, bytes: Uint8Array, file: string): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    const count = await handle.read(bytes.subarray(offset));
    if (count === null) {
      throw new SyntaxError(`Cannot read safetensors "${file}": the file ended while it was read`);
    }
    offset += count;
  }
}

async function readHeader(handle: Deno.FsFile, file: string): Promise<SafetensorsHeader> {
  const { size, isFile } = await handle.stat();
  if (!isFile) throw new SyntaxError(`Cannot read safetensors "${file}": it is no file`);
  const start = new Uint8Array(Math.min(8, size));
  await readFully(handle, start, file);
  const bytes = new Uint8Array(8 + headerLength(start, size, file));
  bytes.set(start);
  await readFully(handle, bytes.subarray(8), file);
  return parseHeader(bytes, size, file);
}

/** The file's tensors by the names that the configuration asks for. */
function matchTensors(
  header: SafetensorsHeader,
  architecture: Architecture,
  config: ModelConfig,
  file: string,
) {
  const expected = architecture.shapes(config);
  const hasPrefix = header.tensors.some(({ name }) => name.startsWith(architecture.prefix));
  const found = new Map<string, SafetensorsHeader["tensors"][number]>();
  const unknown: string[] = [];
  for (const tensor of header.tensors) {
    const isOutput = tensor.name === architecture.outputName;
    const name = hasPrefix || isOutput ? tensor.name : architecture.prefix + tensor.name;
    if (Object.hasOwn(expected, name)) found.set(name, tensor);
    else if (!architecture.isBuffer(name) && !(isOutput && config.tiedEmbeddings)) unknown.push(tensor.name);
  }
  const missing = Object.keys(expected).filter((name) => !found.has(name));
  const wrong = [...found].filter(([name, { shape }]) => shape.join() !== expected[name]!.join()).map((
    [name, tensor],
  ) => `"${name}" is [${tensor.shape}], expected [${expected[name]}]`);
  const problems = [...count(missing, "missing"), ...count(unknown, "unknown"), ...wrong.slice(0, 3)];
  if (problems.length > 0) throw new TypeError(`Cannot load "${file}": ${problems.join(", ")}`);
  return new Map(Object.keys(expected).map((name) => [name, found.get(name)!]));
}

function count(names: readonly string[], kind: string): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).map((name) => `"${name}"`).join(", ") + (names.length > 3 ? ", ..." : "");
  const many = names.length === 1 ? "1 tensor is" : `${names.length} tensors are`;
  return [`${many} ${kind} (${shown})`];
}

/** What to write beside the weights. */
export interface SaveOptions {
  /** config.json's fields. */
  configJson: Record<string, unknown>;
  /** How to store the weights. */
  dtype: StorageDtype;
  /** The folder whose tokenizer files go along. */
  tokenizerFolder: string;
}

/** What rounds to infinity in a storage type, by its definition in IEEE 754 and in bfloat16. */
const LARGEST = { F32: Infinity, F16: 65520, BF16: (2 - 2 ** -8) * 2 ** 127 } as const;

/** Files that a tokenizer may consist of. */
export const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
] as const;

/**
 * Writes a model folder that transformers loads: each file by a temporary name and a rename, config.json last.
 *
 * @throws {Error} when the folder cannot be written; {RangeError} when a weight cannot be stored: nothing is written then
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
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
  await Deno.mkdir(folder, { recursive: true });
  const tensors = await Promise.all(
    Object.entries(model.weights).map(async ([name, weight]) => ({
      name,
      shape: weight.shape,
      dtype: options.dtype,
      values: await weight.data() as Float32Array,
    })),
  );
  for (const { name, values, dtype } of tensors) {
    const bad = values.findIndex((value) => !(Math.abs(value) < LARGEST[dtype]));
    if (bad >= 0) {
      throw new RangeError(
        `Cannot save "${folder}" as ${dtype}: "${name}" holds ${values[bad]} at element ${bad}`,
      );
    }
  }
  const dtypeName = { F32: "float32", F16: "float16", BF16: "bfloat16" }[options.dtype];
  const { dtype: _, torch_dtype: __, ...fields } = options.configJson;
  await writeWhole(`${folder}/model.safetensors`, encodeSafetensors(tensors));
  for (const name of TOKENIZER_FILES) {
    try {
      await writeWhole(`${folder}/${name}`, await Deno.readFile(`${options.tokenizerFolder}/${name}`));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  const config = { architectures: ["GPT2LMHeadModel"], ...fields, torch_dtype: dtypeName };
  await writeWhole(`${folder}/config.json`, new TextEncoder().encode(JSON.stringify(config, null, 2) + "\n"));
}

async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    using file = await Deno.open(temporary, { write: true, createNew: true });
    for (let offset = 0; offset < bytes.length;) offset += await file.write(bytes.subarray(offset));
    await file.sync();
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/**
 * A new model with random weights: normal with deviation 0.02, residual projections scaled, norms one, biases zero.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { architectureOf } from "./models.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const gpt2 = architectureOf("gpt2");
 * using model = newModel(gpt2, gpt2.readConfig({ n_layer: 1, n_embd: 12 }, "the example"), () => 0.5);
 * assertEquals(model.weights["transformer.wpe.weight"]!.shape, [1024, 12]);
 * ```
 */
export function newModel(architecture: Architecture, config: ModelConfig, normal: () => number): Model {
  const weights: Record<string, tf.Tensor> = {};
  for (const [name, shape] of Object.entries(architecture.shapes(config))) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    const isNorm = /\.(ln_1|ln_2|ln_f|norm)\.weight$/.test(name);
    const deviation = name.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2 * config.layers) : 0.02;
    const value = isNorm ? () => 1 : name.endsWith(".bias") ? () => 0 : () => deviation * normal();
    weights[name] = tf.tensor(Float32Array.from({ length: size }, value), shape);
  }
  return new Model({ architecture, config, weights: weights as Weights });
}
