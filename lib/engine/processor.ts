/**
 * What the processor can do, as far as it decides how a step runs fastest.
 *
 * @module
 */
import type { Products } from "./capture.ts";
import { currentEngine } from "./state.ts";

/** TensorFlow's numbers (`tsl/platform/cpu_info.h`) of the instructions that multiply in bfloat16. */
const [AVX512_BF16, AMX_BF16] = [39, 43];

/**
 * Whether XLA speeds up large products of a kind. Where the processor multiplies in bfloat16 (AVX512_BF16 or AMX), it does
 * not: TensorFlow's own products use these instructions, XLA's on processors widen their inputs to float32.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assert(isXlaFaster("float32"));
 * ```
 */
export function isXlaFaster(products: Products): boolean {
  if (products === "float32") return true;
  const { symbols, binding } = currentEngine();
  const { testFeature } = symbols;
  return binding.isUsingGpuDevice() || !testFeature ||
    ![AVX512_BF16, AMX_BF16].some((feature) => testFeature(feature));
}
