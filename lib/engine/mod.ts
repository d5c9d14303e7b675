/**
 * TensorFlow under tfjs, by its C API: opened once, then every tfjs operation runs on it, on the CPU or a GPU.
 * `compile` makes one TensorFlow function of a pure tfjs function, gradients and in-place updates included. Importing
 * this opens no library; {@linkcode openTensorFlow} does. `tf` is the tfjs that the library itself uses: take it from
 * here, as a second copy knows nothing of the engine.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { compile, openTensorFlow, tf } from "./mod.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using double = compile((x: tf.Tensor) => tf.mul(x, 2));
 * assertEquals([...double(tf.tensor1d([1, 2])).dataSync()], [2, 4]);
 * ```
 *
 * @module
 */
export * as tf from "../npm/tfjs_core.ts";
export type { CaptureOptions, Products, StepInput } from "./capture.ts";
export { CaptureError } from "./capture_error.ts";
export { assign, compile, type CompiledStep, type CompileOptions, outsideXla, snapshot } from "./compile.ts";
export { type Device, type Engine, type EngineOptions, openTensorFlow } from "./engine.ts";
export { toDevice } from "./devices.ts";
export type { LibraryPaths } from "./library.ts";
export { TensorFlowError } from "./status.ts";
export type { TensorTree } from "./tensor_tree.ts";
