/**
 * Whole numbers from 0 to 255 in a quarter of a tensor's memory: four in the bits of a float32, which is copied, kept and
 * stored like any other but is no number to compute with.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { backend } from "./backend.ts";
import { ATTR, DTYPE } from "./dtypes.ts";

/**
 * Packs numbers.
 *
 * @param codes [..., 4] int32, each from 0 to 255
 * @returns [...] float32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const packed = packBytes(tf.tensor2d([[0, 1, 128, 255]], [1, 4], "int32"));
 * assertEquals([packed.shape, [...unpackBytes(packed).dataSync()]], [[1], [0, 1, 128, 255]]);
 * ```
 */
export function packBytes(codes: Tensor): Tensor {
  return tf.tidy(() => bitcast(cast(codes, DTYPE.int32, DTYPE.uint8), DTYPE.uint8, DTYPE.float32));
}

/**
 * What was packed.
 *
 * @param packed [...] float32
 * @returns [..., 4] int32
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([...unpackBytes(tf.tensor1d([0, 1])).dataSync()], [0, 0, 0, 0, 0, 0, 128, 63]);
 * ```
 */
export function unpackBytes(packed: Tensor): Tensor {
  return tf.tidy(() => cast(bitcast(packed, DTYPE.float32, DTYPE.uint8), DTYPE.uint8, DTYPE.int32));
}

function bitcast(x: Tensor, from: number, to: number): Tensor {
  const attrs = [
    { name: "T", type: ATTR.type, value: from },
    { name: "type", type: ATTR.type, value: to },
  ];
  return backend().executeSingleOutput("Bitcast", attrs, [x]);
}

function cast(x: Tensor, from: number, to: number): Tensor {
  const attrs = [
    { name: "SrcT", type: ATTR.type, value: from },
    { name: "DstT", type: ATTR.type, value: to },
    { name: "Truncate", type: ATTR.bool, value: false },
  ];
  return backend().executeSingleOutput("Cast", attrs, [x]);
}
