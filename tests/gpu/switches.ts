/**
 * TensorFlow's switches for the whole process: that of TF32 as the engine has it, and that of determinism, a C++ function
 * that its framework library exports.
 *
 * @module
 */
import { openedPaths } from "../../lib/engine/library.ts";
import { currentEngine } from "../../lib/engine/state.ts";

const SYMBOLS = {
  deterministic: {
    name: "_ZN3tsl19EnableOpDeterminismEb",
    parameters: ["bool"],
    result: "void",
    optional: true,
  },
} as const;

/** What XLA is told for equal bits; read once, at the first compilation. */
export const DETERMINISTIC_XLA = "--xla_gpu_deterministic_ops=true";

/**
 * Lets products of float32 round their factors to TF32, or forbids it. Has an effect on GPUs only, on operations that
 * run and steps that XLA compiles after it. Where there is no such switch it throws.
 */
export function setTf32(on: boolean): void {
  const { enableTensorFloat32 } = currentEngine().symbols;
  if (!enableTensorFloat32) throw new Error("Cannot switch TF32: this TensorFlow has no switch of it");
  enableTensorFloat32(on);
}

/** Has operations give equal bits in every run, or fail where they cannot: `tf.config.experimental.enable_op_determinism`. */
export function setDeterministic(on: boolean): void {
  const { symbols } = Deno.dlopen(openedPaths()!.framework, SYMBOLS); // it is open already, and stays so
  const { deterministic: set } = symbols;
  if (!set) {
    throw new Error(`Cannot switch deterministic: this TensorFlow has no ${SYMBOLS.deterministic.name}`);
  }
  set(on);
}
