/**
 * Tensors into safetensors files, by pieces out of their own memory: no more than a piece is held beside them.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import type { Tensor } from "../npm/tfjs_core.ts";
import { viewTensor } from "../engine/tensor_memory.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import { FLOAT_BYTES, narrow, type StorageDtype } from "./float_types.ts";
import { encodeHeader } from "./safetensors.ts";
import { PIECE_ELEMENTS } from "./tensor_source.ts";

/**
 * Writes a file, which appears by a rename.
 *
 * @param tensors float32, by name; values that the type cannot hold become infinite
 * @param options.hash is given every byte of the file @param options.metadata the header's; default: PyTorch's format
 * @throws {Error} when it cannot be written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { openSafetensors } from "./safetensors_source.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const path = `${await Deno.makeTempDir()}/model.safetensors`;
 * await writeSafetensors(path, { x: tf.tensor1d([1, 2]) }, "BF16");
 * using source = await openSafetensors(path);
 * assertEquals(source.tensors.get("x")!.dtype, "BF16");
 * ```
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  dtype: StorageDtype,
  { hash, metadata }: { hash?: Hash; metadata?: Record<string, string> } = {},
): Promise<void> {
  const head = encodeHeader(
    Object.entries(tensors).map(([name, { shape }]) => ({ name, shape, dtype })),
    metadata,
  );
  const elements = Object.values(tensors).reduce((sum, { size }) => sum + size, 0);
  await writeFileAtomic(path, {
    bytes: head.length + FLOAT_BYTES[dtype] * elements,
    pieces: hashed(pieces(head, Object.values(tensors), dtype), hash),
  });
}

async function* hashed(
  pieces: AsyncIterable<Uint8Array>,
  hash: Hash | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    hash?.update(piece);
    yield piece;
  }
}

async function* pieces(
  head: Uint8Array,
  tensors: readonly Tensor[],
  dtype: StorageDtype,
): AsyncGenerator<Uint8Array> {
  yield head;
  const buffer = new Uint8Array(FLOAT_BYTES[dtype] * PIECE_ELEMENTS);
  for (const tensor of tensors) {
    using view = viewTensor(tensor);
    for (let start = 0; start < tensor.size; start += PIECE_ELEMENTS) {
      const piece = view.values.subarray(start, start + PIECE_ELEMENTS);
      const bytes = buffer.subarray(0, FLOAT_BYTES[dtype] * piece.length);
      narrow(piece, dtype, bytes);
      yield bytes;
    }
  }
}
