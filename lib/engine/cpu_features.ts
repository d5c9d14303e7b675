/**
 * What the processor and the GPU can do, as far as it decides how a step runs fastest.
 *
 * @module
 */
import { currentEngine } from "./state.ts";

/** Instructions by TensorFlow's numbers (`tsl/platform/cpu_info.h`). */
const INSTRUCTIONS = { AVX512F: 27, AVX512_BF16: 39, AMX_BF16: 43 } as const;

/**
 * Whether steps run on the processor and it has these instructions; false where TensorFlow's build does not tell.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const isNew = cpuHas("AVX512_BF16"); // no processor has it without AVX512F
 * assertEquals(isNew && cpuHas("AVX512F"), isNew);
 * ```
 */
export function cpuHas(instructions: keyof typeof INSTRUCTIONS): boolean {
  const { symbols, binding } = currentEngine();
  return !binding.isUsingGpuDevice() && symbols.testFeature?.(INSTRUCTIONS[instructions]) === true;
}

/**
 * Whether the processor has instructions for products in bfloat16.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(multipliesInBfloat16(), cpuHas("AVX512_BF16") || cpuHas("AMX_BF16"));
 * ```
 */
export function multipliesInBfloat16(): boolean {
  return cpuHas("AVX512_BF16") || cpuHas("AMX_BF16");
}

/**
 * Bytes of a GPU's memory that TensorFlow may take, weights included; null where the processor computes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(gpuMemory(), null);
 * ```
 */
export function gpuMemory(): number | null {
  return currentEngine().binding.gpu?.memory ?? null;
}
