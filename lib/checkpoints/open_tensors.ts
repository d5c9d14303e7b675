/**
 * Finds the weights of a model folder, in the order in which transformers looks for them.
 *
 * @module
 */
import { openSafetensors } from "./safetensors_source.ts";
import { openShards } from "./shards.ts";
import type { TensorSource } from "./tensor_source.ts";
import { openTorchFile } from "./torch_file.ts";

/** What opens a file of weights, by its name. */
const WEIGHT_FILES = {
  "model.safetensors": openSafetensors,
  "model.safetensors.index.json": (path: string) => openShards(path, openSafetensors),
  "pytorch_model.bin": openTorchFile,
  "pytorch_model.bin.index.json": (path: string) => openShards(path, openTorchFile),
  "pytorch_model.pt": openTorchFile,
} as const satisfies Readonly<Record<string, (path: string) => Promise<TensorSource>>>;

/**
 * Opens a folder's weights: safetensors before PyTorch's files, one file before several. Links are followed, as the
 * Hub's cache consists of them.
 *
 * @throws {Error} when there are none, or a file cannot be opened; {SyntaxError} when one is malformed
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * using source = await openTensors("tests/fixtures/gpt2/plain");
 * assertEquals(source.tensors.get("transformer.wpe.weight")!.shape, [32, 8]);
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => openTensors(folder), Error, "it has none of model.safetensors, ");
 * ```
 */
export async function openTensors(folder: string): Promise<TensorSource> {
  for (const [name, open] of Object.entries(WEIGHT_FILES)) {
    const path = `${folder}/${name}`;
    if (await isThere(path)) return await open(path);
  }
  throw new Error(`Cannot load model "${folder}": it has none of ${Object.keys(WEIGHT_FILES).join(", ")}`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}
