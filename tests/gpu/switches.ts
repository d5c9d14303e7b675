/**
 * TensorFlow's switches for the whole process, by the C++ functions that its framework library exports. This is the one
 * place that knows how they are reached: where the engine has a function of its own for TF32, that is called.
 *
 * @module
 */
import { openedPaths } from "../../lib/engine/library.ts";

const SYMBOLS = {
  tf32: {
    name: "_ZN3tsl32enable_tensor_float_32_executionEb",
    parameters: ["bool"],
    result: "void",
    optional: true,
  },
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
export async function setTf32(on: boolean): Promise<void> {
  const own = new URL("../../lib/engine/tf32.ts", import.meta.url).href;
  const engine = await import(own).catch(() => ({})) as { setTf32?: (on: boolean) => void };
  if (engine.setTf32) return engine.setTf32(on);
  call("tf32", on);
}

/** Has operations give equal bits in every run, or fail where they cannot: `tf.config.experimental.enable_op_determinism`. */
export function setDeterministic(on: boolean): void {
  call("deterministic", on);
}

function call(name: keyof typeof SYMBOLS, on: boolean): void {
  const { symbols } = Deno.dlopen(openedPaths()!.framework, SYMBOLS); // it is open already, and stays so
  const set = symbols[name];
  if (!set) throw new Error(`Cannot switch ${name}: this TensorFlow has no ${SYMBOLS[name].name}`);
  set(on);
}
