/**
 * The weights that a configuration asks for, out of a source of tensors. All differences between the two are listed at
 * once and before anything is read; NaN and infinite weights are refused.
 *
 * @module
 */
import { dispose, type Tensor } from "../npm/tfjs_core.ts";
import type { Products } from "../engine/compile.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import { freeMemory } from "../engine/free_memory.ts";
import { fillBfloat16Tensor, fillTensor } from "../engine/tensor_memory.ts";
import type { Architecture, ModelConfig, Weights } from "../models/architecture.ts";
import { isStorageDtype, narrow, type StorageDtype } from "./float_types.ts";
import { PIECE_ELEMENTS, type TensorSource } from "./tensor_source.ts";

/**
 * Reads the weights as float32 tensors, which the caller disposes.
 *
 * @param options.keep what matrices are kept in; vectors are float32
 * @throws {TypeError} when tensors are missing, unknown, of another shape or no floats, hold NaN or infinite values, or
 * when output weights that should be the embedding differ from it; {RangeError} when they need more memory than there is
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { openTensors } from "./open_tensors.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using source = await openTensors("tests/fixtures/gpt2/plain");
 * const sizes = { vocab_size: 40, n_positions: 32, n_embd: 8, n_layer: 2, n_head: 2 };
 * const weights = await readWeights(source, gpt2, gpt2.readConfig(sizes, "config.json"));
 * assertEquals(weights["transformer.wpe.weight"]!.shape, [32, 8]);
 * ```
 */
export async function readWeights<C extends ModelConfig>(
  source: TensorSource,
  architecture: Architecture<C>,
  config: C,
  { keep = "float32" }: { keep?: Products } = {},
): Promise<Weights> {
  const names = matchTensors(source, architecture, config);
  const isNarrow = (stored: string) => keep === "bfloat16" && source.tensors.get(stored)!.shape.length > 1;
  const bytes = [...names.values()].map((stored) =>
    (isNarrow(stored) ? 2 : 4) * sizeOf(source.tensors.get(stored)!.shape)
  );
  checkMemory(source.file, bytes.reduce((sum, size) => sum + size, 0), keep);
  const weights: Record<string, Tensor> = {};
  let scratch = new Float32Array(0); // one for all: the garbage collector sees no need to free many
  try {
    for (const [name, stored] of names) {
      const { shape } = source.tensors.get(stored)!;
      const size = Math.min(PIECE_ELEMENTS, sizeOf(shape));
      if (isNarrow(stored) && scratch.length < size) scratch = new Float32Array(size);
      weights[name] = isNarrow(stored)
        ? await fillBfloat16Tensor(shape, (halves) => readNarrow(source, stored, { halves, scratch }))
        : await fillTensor(shape, (values) => readTensor(source, stored, values));
    }
    if (config.tiedEmbeddings) await checkTied(source, names, architecture);
    return weights;
  } catch (error) {
    dispose(weights);
    throw error;
  }
}

/**
 * The type that most of a source's elements are stored in; F32 where weights cannot be stored so.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensors } from "./open_tensors.ts";
 *
 * using source = await openTensors("tests/fixtures/gpt2/bfloat");
 * assertEquals(storageDtype(source), "BF16");
 * ```
 */
export function storageDtype(source: TensorSource): StorageDtype {
  const elements = new Map<string, number>();
  for (const { dtype, shape, isReadable } of source.tensors.values()) {
    if (isReadable) elements.set(dtype, (elements.get(dtype) ?? 0) + sizeOf(shape));
  }
  const [most = "F32"] = [...elements].sort((a, b) => b[1] - a[1])[0] ?? [];
  return isStorageDtype(most) ? most : "F32";
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

/** The source's name of each weight that the configuration asks for. */
function matchTensors<C extends ModelConfig>(
  source: TensorSource,
  architecture: Architecture<C>,
  config: C,
): Map<string, string> {
  const expected = architecture.shapes(config);
  const hasPrefix = source.tensors.keys().some((name) => name.startsWith(architecture.prefix));
  const found = new Map<string, string>();
  const unknown: string[] = [];
  for (const stored of source.tensors.keys()) {
    const isOutput = stored === architecture.outputName;
    const name = hasPrefix || isOutput ? stored : architecture.prefix + stored;
    if (Object.hasOwn(expected, name)) found.set(name, stored);
    else if (!architecture.isBuffer(name) && !(isOutput && config.tiedEmbeddings)) unknown.push(stored);
  }
  const { embeddingName, outputName } = architecture;
  if (config.tiedEmbeddings && !found.has(embeddingName) && source.tensors.has(outputName)) {
    found.set(embeddingName, outputName); // of two names for one tensor safetensors' save_model keeps this one
  }
  const missing = Object.keys(expected).filter((name) => !found.has(name));
  const wrong: string[] = [];
  for (const [name, stored] of found) {
    const { shape, dtype, isReadable } = source.tensors.get(stored)!;
    if (!isReadable) wrong.push(`"${name}" is stored as ${dtype}, expected F32, F16 or BF16`);
    else if (shape.join() !== expected[name]!.join()) {
      wrong.push(`"${name}" is [${shape}], expected [${expected[name]}]`);
    }
  }
  const problems = [...count(missing, "missing"), ...count(unknown, "unknown"), ...wrong.slice(0, 3)];
  if (problems.length > 0) throw new TypeError(`Cannot load "${source.file}": ${problems.join(", ")}`);
  return new Map(Object.keys(expected).map((name) => [name, found.get(name)!]));
}

function count(names: readonly string[], kind: string): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 3).map((name) => `"${name}"`).join(", ") + (names.length > 3 ? ", ..." : "");
  const many = names.length === 1 ? "1 tensor is" : `${names.length} tensors are`;
  return [`${many} ${kind} (${shown})`];
}

/** Many names may share few bytes of a file, so its size says nothing about what they need. */
function checkMemory(file: string, needed: number, keep: Products): void {
  const available = gpuMemory() ?? freeMemory({ swap: true });
  if (available === null || needed <= available) return;
  const megabytes = (bytes: number) => Math.ceil(bytes / 1e6);
  throw new RangeError(
    `Cannot load "${file}": its weights need ${megabytes(needed)} MB of memory as ${keep}, ${
      megabytes(available)
    } MB are free`,
  );
}

/**
 * Fills a tensor's memory piece by piece.
 *
 * @throws {TypeError} when a value is NaN or infinite; as `TensorSource.read`
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensors } from "./open_tensors.ts";
 *
 * using source = await openTensors("tests/fixtures/gpt2/plain");
 * const values = new Float32Array(8);
 * await readTensor(source, "transformer.ln_f.weight", values);
 * assert(values.every((value) => value !== 0));
 * ```
 */
export async function readTensor(source: TensorSource, name: string, values: Float32Array): Promise<void> {
  for (let start = 0; start < values.length; start += PIECE_ELEMENTS) {
    await readPiece(source, name, { piece: values.subarray(start, start + PIECE_ELEMENTS), start });
  }
}

/**
 * Fills the memory of a tensor that is kept in bfloat16.
 *
 * @param scratch as long as a piece or the tensor
 */
async function readNarrow(
  source: TensorSource,
  name: string,
  { halves, scratch }: { halves: Uint16Array; scratch: Float32Array },
): Promise<void> {
  const { dtype } = source.tensors.get(name)!;
  for (let start = 0; start < halves.length; start += PIECE_ELEMENTS) {
    if (dtype === "BF16" && source.readHalves) {
      const piece = halves.subarray(start, start + PIECE_ELEMENTS);
      await source.readHalves(name, piece, start);
      const bad = findNonFiniteHalf(piece);
      if (bad >= 0) refuseNonFinite(source, { name, value: widened(piece[bad]!), element: start + bad });
      continue;
    }
    const piece = scratch.subarray(0, Math.min(PIECE_ELEMENTS, halves.length - start));
    await readPiece(source, name, { piece, start });
    const target = halves.subarray(start, start + piece.length);
    narrow(piece, "BF16", new Uint8Array(target.buffer, target.byteOffset, target.byteLength));
  }
}

async function readPiece(
  source: TensorSource,
  name: string,
  { piece, start }: { piece: Float32Array; start: number },
): Promise<void> {
  await source.read(name, piece, start);
  const bad = findNonFinite(piece);
  if (bad >= 0) refuseNonFinite(source, { name, value: piece[bad]!, element: start + bad });
}

function refuseNonFinite(
  { file }: TensorSource,
  { name, value, element }: { name: string; value: number; element: number },
): never {
  throw new TypeError(`Cannot load "${file}": "${name}" holds ${value} at element ${element}`);
}

/** The first NaN or infinity, or -1: numbers whose exponent's bits are all one. */
function findNonFinite(values: Float32Array): number {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) if ((bits[i]! & 0x7f800000) === 0x7f800000) return i;
  return -1;
}

/** Does what `findNonFinite` does, for bfloat16; two at a time, as billions are looked at. */
function findNonFiniteHalf(halves: Uint16Array): number {
  const isBad = (half: number) => (half & 0x7f80) === 0x7f80;
  const pairs = new Int32Array(halves.buffer, halves.byteOffset, halves.length >> 1); // pieces begin at whole tensors
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    if ((pair & 0x7f80) !== 0x7f80 && (pair & 0x7f800000) !== 0x7f800000) continue;
    return isBad(halves[2 * i]!) ? 2 * i : 2 * i + 1;
  }
  const last = halves.length - 1;
  return halves.length % 2 === 1 && isBad(halves[last]!) ? last : -1;
}

function widened(half: number): number {
  return new Float32Array(Uint32Array.of(half << 16).buffer)[0]!;
}

/** Output weights that a file has beside the embedding must be the same: transformers would use them. */
async function checkTied(
  source: TensorSource,
  names: ReadonlyMap<string, string>,
  { outputName, embeddingName }: { outputName: string; embeddingName: string },
): Promise<void> {
  const output = source.tensors.get(outputName);
  const stored = names.get(embeddingName)!;
  if (!output || stored === outputName) return;
  const refuse = (what: string): never => {
    throw new TypeError(
      `Cannot load "${source.file}": "${outputName}" ${what} "${embeddingName}", but tie_word_embeddings is true`,
    );
  };
  const { shape } = source.tensors.get(stored)!;
  if (!output.isReadable || output.shape.join() !== shape.join()) {
    refuse(`of ${output.dtype} [${output.shape}] is not`);
  }
  const pieces = [0, 1].map(() => new Float32Array(Math.min(PIECE_ELEMENTS, sizeOf(shape))));
  for (let start = 0; start < sizeOf(shape); start += PIECE_ELEMENTS) {
    const [values, embedding] = pieces.map((piece) => piece.subarray(0, sizeOf(shape) - start));
    await source.read(outputName, values!, start);
    await source.read(stored, embedding!, start);
    const other = values!.findIndex((value, i) => value !== embedding![i]);
    if (other >= 0) refuse(`at element ${start + other} is not`);
  }
}
