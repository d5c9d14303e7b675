/**
 * Adapters in files as the peft library keeps them: adapter_config.json and adapter_model.safetensors, whose names are those
 * of the base's layers. Ours also say which weights they were made for, in the file's metadata, so that an adapter on
 * another base of the same shapes is noticed.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { dispose, type Tensor } from "../npm/tfjs_core.ts";
import { assign } from "../engine/compile.ts";
import { fillTensor, viewTensor } from "../engine/tensor_memory.ts";
import type { Weights } from "../models/architecture.ts";
import { Adapter } from "../models/adapter.ts";
import type { LinearSize } from "../models/lora.ts";
import type { Model } from "../models/model.ts";
import { makeFolder } from "../files/folders.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { ADAPTER_CONFIG, adapterConfigJson, readAdapterConfig } from "./adapter_config.ts";
import { narrow, type StorageDtype } from "./float_types.ts";
import { readTensor } from "./read_weights.ts";
import { openSafetensors } from "./safetensors_source.ts";
import { writeSafetensors } from "./write_safetensors.ts";

/** Names of the files that {@linkcode saveAdapter} writes. */
export const ADAPTER_FILES = [ADAPTER_CONFIG, "adapter_model.safetensors"] as const;

const TENSORS = ADAPTER_FILES[1];
const PREFIX = "base_model.model.";
/** The metadata that says which weights an adapter was made for. */
const BASE_KEY = "base_weights_sha256";
/** So many numbers of each weight tell it from another's. */
const SAMPLES = 64;

/** What an adapter is to fit. */
export interface AdaptedModel {
  /** Its linear layers, of `linearLayers`. */
  layers: ReadonlyMap<string, LinearSize>;
  /** What messages call it. */
  name: string;
}

/** An adapter out of a folder. */
export interface ReadAdapter {
  /** The adapter; the caller disposes it. */
  adapter: Adapter;
  /** What its base was called. */
  base: string | null;
  /** The digest of its base's weights; undefined in peft's own files. */
  digest: string | undefined;
}

/**
 * Reads an adapter for a model's linear layers.
 *
 * @throws {Error} when a file is missing; {SyntaxError} when one is malformed; {RangeError} for a configuration that is not
 * supported; {TypeError} when the adapter is of another base, by its layers' names and shapes, or holds NaN or infinity
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [h, sizes] = ["transformer.h", { inputs: 8, outputs: 8 }];
 * const layers = new Map([0, 1].flatMap((l) => [
 *   [`${h}.${l}.attn.c_attn`, { ...sizes, outputs: 24 }] as const,
 *   [`${h}.${l}.attn.c_proj`, sizes] as const,
 * ]));
 * const { adapter } = await readAdapter("tests/fixtures/lora/gpt2", { layers, name: "m" });
 * assertEquals([adapter.layers.length, adapter.scale], [4, 2]);
 * adapter[Symbol.dispose]();
 * ```
 */
export async function readAdapter(folder: string, model: AdaptedModel): Promise<ReadAdapter> {
  using opened = await openAdapter(folder, model);
  const { source, config: { base, ...options } } = opened;
  const weights: Record<string, Tensor> = {};
  try {
    for (const layer of model.layers.keys()) { // in the model's order, as a new one has them
      for (const own of [`${layer}.lora_A.weight`, `${layer}.lora_B.weight`]) {
        const stored = source.tensors.get(PREFIX + own);
        if (!stored) continue;
        weights[own] = await fillTensor(stored.shape, (values) => readTensor(source, PREFIX + own, values));
      }
    }
    return { adapter: new Adapter(options, weights), base, digest: source.metadata[BASE_KEY] };
  } catch (error) {
    dispose(weights);
    throw error;
  }
}

/**
 * How many numbers an adapter has, without reading them.
 *
 * @throws {Error} as `readAdapter`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readConfig } from "./load.ts";
 * import { linearLayers } from "../models/lora.ts";
 *
 * const { architecture, config } = await readConfig("tests/fixtures/gpt2/plain");
 * const layers = linearLayers(architecture, config);
 * assertEquals(await adapterSize("tests/fixtures/lora/gpt2", { layers, name: "m" }), 2 * 3 * (8 + 24 + 8 + 8));
 * ```
 */
export async function adapterSize(folder: string, model: AdaptedModel): Promise<number> {
  using opened = await openAdapter(folder, model);
  const sizes = opened.source.tensors.values().map(({ shape }) =>
    shape.reduce((product, dim) => product * dim, 1)
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Opens an adapter's files and checks that they fit the model. */
async function openAdapter(folder: string, { layers, name }: AdaptedModel) {
  const config = await readAdapterConfig(folder);
  const refuse = (what: string): never => {
    const other = config.base === null ? "" : `: it was made for "${config.base}"`;
    throw new TypeError(`Cannot use adapter "${folder}" with model "${name}": ${what}${other}`);
  };
  using made = new DisposableStack();
  const source = made.use(await openTensors(folder));
  for (const [stored, { shape, dtype, isReadable }] of source.tensors) {
    const [, layer, which] = /^base_model\.model\.(.*)\.lora_([AB])\.weight$/.exec(stored) ?? [];
    const sizes = layer === undefined ? undefined : layers.get(layer);
    if (!sizes) refuse(`it has "${stored}", which is of no linear layer`);
    const { inputs, outputs } = sizes!;
    const expected = which === "A" ? [config.rank, inputs] : [outputs, config.rank];
    if (shape.join() !== expected.join()) refuse(`"${stored}" is [${shape}], expected [${expected}]`);
    if (!isReadable) refuse(`"${stored}" is stored as ${dtype}`);
    const other = stored.replace(/lora_[AB]\.weight$/, which === "A" ? "lora_B.weight" : "lora_A.weight");
    if (!source.tensors.has(other)) refuse(`it lacks "${other}"`);
  }
  if (source.tensors.size === 0) refuse("it holds no tensors");
  const held = made.move();
  return { source, config, [Symbol.dispose]: () => held.dispose() };
}

async function openTensors(folder: string) {
  try {
    return await openSafetensors(`${folder}/${TENSORS}`);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw cause; // it names the file and what is wrong with it
    throw new Error(`Cannot use adapter "${folder}": ${TENSORS} cannot be read`, { cause });
  }
}

/**
 * Refuses an adapter that was made for other weights of the same shapes.
 *
 * @param weights the base's @param model.folder the adapter's @param model.name the base's, for messages
 * @throws {TypeError} when the adapter says that it was made for others
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * const read = { base: "org/coder", digest: "00" };
 * const message = 'Cannot use adapter "a" with model "m": its weights are others than those it was made for, "org/coder"';
 * assertThrows(() => checkBase(read, {}, { folder: "a", name: "m" }), TypeError, message);
 * ```
 */
export function checkBase(
  { base, digest }: Pick<ReadAdapter, "base" | "digest">,
  weights: Weights,
  { folder, name }: { folder: string; name: string },
): void {
  if (digest === undefined || digest === digestOf(weights)) return;
  const other = base === null ? "" : `, "${base}"`;
  throw new TypeError(
    `Cannot use adapter "${folder}" with model "${name}": its weights are others than those it was made for${other}`,
  );
}

/** What tells weights from others: some numbers of each, in bfloat16, in which they may be kept. */
function digestOf(weights: Weights): string {
  const hash = createHash("sha256");
  for (const [name, weight] of Object.entries(weights)) {
    using view = viewTensor(weight);
    const step = Math.max(1, Math.floor(weight.size / SAMPLES));
    const values = Float32Array.from(
      { length: Math.min(SAMPLES, weight.size) },
      (_, i) => view.values[i * step]!,
    );
    const bytes = new Uint8Array(2 * values.length);
    narrow(values, "BF16", bytes);
    hash.update(`${name} [${weight.shape}] `).update(bytes);
  }
  return hash.digest("hex");
}

/**
 * Writes a model's adapter into a folder that peft loads.
 *
 * @param options.base what the model is called, for peft and for messages @param options.dtype how to store it
 * @throws {Error} when the folder cannot be written; {TypeError} when the model has no adapter
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { LORA_DEFAULTS } from "../models/lora.ts";
 * import { loadModel } from "./load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [base, folder] = ["tests/fixtures/gpt2/plain", await Deno.makeTempDir()];
 * using loaded = await loadModel(base, { lora: { ...LORA_DEFAULTS, seed: 1 } });
 * await saveAdapter(loaded.model, folder, { base, dtype: "F32" });
 * using again = await loadModel(base, { adapter: folder });
 * assertEquals(again.model.adapter, null); // it is part of the weights now
 * ```
 */
export async function saveAdapter(
  model: Model,
  folder: string,
  { base, dtype }: { base: string; dtype: StorageDtype },
): Promise<void> {
  const { adapter, isInOut } = model;
  if (!adapter) throw new TypeError(`Cannot save the adapter of "${model.name}": it has none`);
  await makeFolder(folder);
  const tensors = Object.entries(adapter.weights).map(([name, weight]) => [PREFIX + name, weight] as const);
  await writeSafetensors(`${folder}/${TENSORS}`, Object.fromEntries(tensors), dtype, {
    metadata: { format: "pt", [BASE_KEY]: digestOf(model.weights) },
  });
  const json = adapterConfigJson({ ...adapter.options, base }, { targets: targetsOf(model), isInOut });
  await writeFileAtomic(`${folder}/${ADAPTER_CONFIG}`, JSON.stringify(json, null, 2) + "\n");
}

/** The layers as peft finds them: by the ends of their names where these mean no others, else one by one. */
function targetsOf({ adapter, linearLayers }: Model): string[] {
  const endOf = (layer: string) => layer.replace(/^.*\.\d+\./, "");
  const ends = [...new Set(adapter!.layers.map(endOf))];
  const meant = [...linearLayers.keys()].filter((layer) => ends.includes(endOf(layer)));
  return meant.length === adapter!.layers.length ? ends : [...adapter!.layers];
}

/**
 * Gives a model's adapter the values of one that was saved of it: what the file holds, rounded as it is stored.
 *
 * @throws as `readAdapter`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { LORA_DEFAULTS } from "../models/lora.ts";
 * import { loadModel } from "./load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [base, folder] = ["tests/fixtures/gpt2/plain", await Deno.makeTempDir()];
 * using loaded = await loadModel(base, { lora: { ...LORA_DEFAULTS, seed: 1 } });
 * const [weight] = Object.values(loaded.model.adapter!.weights);
 * const before = weight!.dataSync()[0]!;
 * await saveAdapter(loaded.model, folder, { base, dtype: "F16" });
 * await rereadAdapter(loaded.model, folder);
 * assertEquals(weight!.dataSync()[0], Math.f16round(before));
 * ```
 */
export async function rereadAdapter(model: Model, folder: string): Promise<void> {
  const { adapter } = await readAdapter(folder, { layers: model.linearLayers, name: model.name });
  using _read = adapter;
  for (const [name, weight] of Object.entries(model.adapter!.weights)) assign(weight, adapter.weights[name]!);
}
