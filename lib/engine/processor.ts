/**
 * What the processor can do, as far as it decides how a step runs fastest.
 *
 * @module
 */
let flags: string | undefined;

/**
 * Whether the processor multiplies matrices in bfloat16 (Intel's AMX): TensorFlow's own products use it, XLA's do not.
 *
 * @param cpuInfo in the format of Linux's /proc/cpuinfo; that of this machine if not given, where there is none: false
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const flags = (names: string) => hasBfloat16Matrices(`model name : X\nflags\t\t: fpu ${names} sse2\n`);
 * assertEquals([flags("amx_bf16 amx_tile"), flags("avx512_bf16")], [true, false]);
 * ```
 */
export function hasBfloat16Matrices(cpuInfo?: string): boolean {
  return /^flags\s*:.*\bamx_bf16\b/m.test(cpuInfo ?? (flags ??= readCpuInfo()));
}

function readCpuInfo(): string {
  try {
    return Deno.readTextFileSync("/proc/cpuinfo");
  } catch {
    return ""; // not Linux, or not permitted
  }
}
