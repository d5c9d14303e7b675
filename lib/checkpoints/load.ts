/**
 * A model out of a folder in Hugging Face's layout, config.json and weights, or out of one GGUF file.
 *
 * @module
 */
import { dispose, type Tensor } from "../npm/tfjs_core.ts";
import { assign, type Products } from "../engine/compile.ts";
import { fillBfloat16Tensor, isNarrow, viewTensor } from "../engine/tensor_memory.ts";
import type { Architecture, OwnConfig } from "../models/architecture.ts";
import { checkBase, type ReadAdapter, readAdapter } from "./adapter.ts";
import { narrow, type StorageDtype } from "./float_types.ts";
import { openGguf } from "./gguf.ts";
import { isGguf, modelPath } from "./gguf_files.ts";
import { linearLayers, type LinearSize, newAdapter, type NewLora } from "../models/lora.ts";
import { Model } from "../models/model.ts";
import type { Trainable } from "../models/trainable.ts";
import { architectureOf } from "../models/models.ts";
import { openTensors } from "./open_tensors.ts";
import { readWeights, storageDtype } from "./read_weights.ts";
import { readRegularText } from "../files/read_file.ts";
import { fileReasonOf, reasonOf } from "../files/reason.ts";

/** A model together with what its folder says beside the weights. */
export interface LoadedModel extends Disposable {
  /** The model. */
  model: Model;
  /** config.json as it stands. */
  configJson: Record<string, unknown>;
  /** How most of the weights were stored; F32 where that is no type to store them in again. */
  dtype: StorageDtype;
  /** The folder or file it came from. */
  folder: string;
}

/** How to load. */
export interface LoadOptions {
  /**
   * What matrix products are computed in. With "bfloat16" the weights of products are kept in it as well: half the
   * memory. Default "float32".
   */
  products?: Products;
  /**
   * Which weights will be trained: all, those of some names, or those of which a function says so; all are kept in
   * float32 then. Default false: some may be in bfloat16, and to train those is refused.
   */
  trainable?: false | Trainable;
  /**
   * A new adapter beside the linear layers, which alone is trained: the weights stay as `products` keeps them. Default:
   * none.
   */
  lora?: NewLora | undefined;
  /**
   * The folder of an adapter that was made for the model. It becomes part of the weights, unless it is to be trained on.
   * Default: none.
   */
  adapter?: string | undefined;
  /** Whether the adapter is kept apart, and alone is trained. Default false. */
  trainsAdapter?: boolean | undefined;
}

/** A configuration has some kilobytes, with the names of a classifier's labels some hundred. */
const MAX_CONFIG_BYTES = 1 << 24;

/** The text of a file of a model folder. */
async function readText(folder: string, name: string): Promise<string> {
  try {
    return await readRegularText(`${folder}/${name}`, { what: "configuration", maxBytes: MAX_CONFIG_BYTES });
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof Error)) throw error; // it says itself why the file is not read
    throw new Error(`Cannot load model "${folder}": ${name} cannot be read: ${fileReasonOf(cause)}`, {
      cause,
    });
  }
}

/**
 * Reads the configuration, config.json's or a GGUF file's: the family, its sizes, and the JSON itself.
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
  path: string,
): Promise<{ architecture: Architecture; config: OwnConfig; json: Record<string, unknown> }> {
  path = modelPath(path);
  if (!isGguf(path)) return checkConfig(await readJson(path), `${path}/config.json`);
  const { source, configJson } = openGguf(path);
  source[Symbol.dispose]();
  return checkConfig(configJson, path);
}

function checkConfig(json: Record<string, unknown>, file: string) {
  const architecture = architectureOf(json.model_type);
  return { architecture, config: architecture.readConfig(json, file), json };
}

async function readJson(folder: string): Promise<Record<string, unknown>> {
  const text = await readText(folder, "config.json");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(
      `Cannot load model "${folder}": config.json is no valid JSON: ${reasonOf(cause)}`,
      { cause },
    );
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    throw new SyntaxError(`Cannot load model "${folder}": config.json is no JSON object`);
  }
  return json as Record<string, unknown>;
}

/** What is to stand beside the weights: a new adapter, or one of a folder. */
async function openBeside(
  { lora, adapter }: LoadOptions,
  model: { layers: ReadonlyMap<string, LinearSize>; name: string },
): Promise<ReadAdapter | undefined> {
  if (adapter !== undefined) return await readAdapter(adapter, model);
  return lora && { adapter: newAdapter(model.layers, lora, model.name), base: null, digest: undefined };
}

/** Makes a model's adapter part of its weights, each in the type that it is kept in. */
async function mergeAdapter(model: Model): Promise<void> {
  for (const layer of model.adapter!.layers) {
    using held = new DisposableStack();
    const sum = held.adopt(model.merged(layer), dispose);
    const weight = model.weights[`${layer}.weight`]!;
    assign(weight, isNarrow(weight) ? held.adopt(await roundedToBfloat16(sum), dispose) : sum);
  }
}

async function roundedToBfloat16(tensor: Tensor): Promise<Tensor> {
  using view = viewTensor(tensor);
  return await fillBfloat16Tensor(tensor.shape, (halves) => {
    narrow(view.values, "BF16", new Uint8Array(halves.buffer, halves.byteOffset, halves.byteLength));
  });
}

/**
 * Loads a model folder, a GGUF file or "embedded", the model that comes with the project. TensorFlow must be open. Peak
 * memory is the weights', as they are kept, and little more: files are read by pieces into the tensors' own memory.
 *
 * @throws {Error} when a file is missing or no regular file; {SyntaxError} when one is malformed; {RangeError} for a
 * configuration that has more than 2^24 bytes or is not supported, or more weights than there is memory; {TypeError} when tensors do not fit the configuration or hold
 * NaN or infinite values
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
export async function loadModel(path: string, options: LoadOptions = {}): Promise<LoadedModel> {
  const { products = "float32", trainable = false } = options;
  path = modelPath(path);
  const { architecture, config, json } = await readConfig(path);
  using source = isGguf(path) ? openGguf(path).source : await openTensors(path);
  const isFrozen = !trainable || options.lora !== undefined || options.trainsAdapter;
  const keep = products === "bfloat16" && isFrozen ? "bfloat16" : "float32";
  using made = new DisposableStack(); // what has been made is freed if the rest fails
  const beside = await openBeside(options, { layers: linearLayers(architecture, config), name: path });
  if (beside) made.use(beside.adapter);
  const weights = await readWeights(source, architecture, config, { keep });
  made.defer(() => dispose(weights));
  if (beside) checkBase(beside, weights, { folder: options.adapter!, name: path });
  const adapter = beside?.adapter;
  const parts = { architecture, config, weights, products, name: path, adapter };
  if (adapter && !options.lora && !options.trainsAdapter) {
    await mergeAdapter(new Model(parts));
    parts.adapter = undefined;
  }
  const model = new Model({ ...parts, trainable: trainable === false ? true : trainable });
  made.move();
  if (!parts.adapter) adapter?.[Symbol.dispose]();
  return {
    model,
    configJson: json,
    dtype: storageDtype(source),
    folder: path,
    [Symbol.dispose]: () => model[Symbol.dispose](),
  };
}
