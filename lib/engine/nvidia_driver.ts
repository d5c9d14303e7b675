/**
 * The few functions of NVIDIA's driver that say which cards there are: NVML (`nvml.h`), which reports all cards of the
 * machine, and CUDA's driver API (`cuda.h`), which reports those that this process may use. TensorFlow 2.21 needs both:
 * without NVML it sees no card and says nothing. Handles of NVML are addresses, passed as numbers.
 *
 * @module
 */

const NVML = {
  nvmlInit_v2: { parameters: [], result: "i32" },
  nvmlErrorString: { parameters: ["i32"], result: "pointer" },
  nvmlSystemGetDriverVersion: { parameters: ["buffer", "u32"], result: "i32" },
  nvmlDeviceGetCount_v2: { parameters: ["buffer"], result: "i32" },
  nvmlDeviceGetHandleByIndex_v2: { parameters: ["u32", "buffer"], result: "i32" },
  nvmlDeviceGetName: { parameters: ["u64", "buffer", "u32"], result: "i32" },
  nvmlDeviceGetUUID: { parameters: ["u64", "buffer", "u32"], result: "i32" },
  nvmlDeviceGetMemoryInfo: { parameters: ["u64", "buffer"], result: "i32" },
  nvmlDeviceGetCudaComputeCapability: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const CUDA = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuGetErrorName: { parameters: ["i32", "buffer"], result: "i32" },
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceGetUuid: { parameters: ["buffer", "i32"], result: "i32", optional: true }, // its newer form is _v2
  cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** NVML's functions. */
export type Nvml = Deno.DynamicLibrary<typeof NVML>["symbols"];
/** Functions of CUDA's driver API. */
export type Cuda = Deno.DynamicLibrary<typeof CUDA>["symbols"];

/** The driver's two libraries, null where one cannot be opened. */
export interface NvidiaDriver {
  /** `libnvidia-ml.so.1` */
  nvml: Nvml | null;
  /** `libcuda.so.1` */
  cuda: Cuda | null;
}

let opened: NvidiaDriver | null = null;

/**
 * Opens the driver's libraries, for good: CUDA's threads run until the process ends.
 *
 * @param keepLoaded keeps a library in memory; see `libc.ts`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openNvidiaDriver } from "./nvidia_driver.ts";
 *
 * assertEquals(openNvidiaDriver(() => true), openNvidiaDriver(() => true));
 * ```
 */
export function openNvidiaDriver(keepLoaded: (name: string) => boolean): NvidiaDriver {
  if (opened) return opened;
  const open = <S extends Deno.ForeignLibraryInterface>(name: string, symbols: S) => {
    try {
      const library = Deno.dlopen(name, symbols);
      keepLoaded(name);
      return library.symbols;
    } catch {
      return null; // no driver, or too old a one to have these functions
    }
  };
  return opened = { nvml: open("libnvidia-ml.so.1", NVML), cuda: open("libcuda.so.1", CUDA) };
}

/**
 * A text that a function of C left in a buffer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { textIn } from "./nvidia_driver.ts";
 *
 * assertEquals(textIn(new TextEncoder().encode("NVIDIA H100\0...")), "NVIDIA H100");
 * ```
 */
export function textIn(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/**
 * NVML's words for one of its errors.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { nvmlError } from "./nvidia_driver.ts";
 *
 * const text = new TextEncoder().encode("Driver Not Loaded\0");
 * assertEquals(nvmlError({ nvmlErrorString: () => Deno.UnsafePointer.of(text) }, 9), "Driver Not Loaded");
 * ```
 */
export function nvmlError(nvml: Pick<Nvml, "nvmlErrorString">, code: number): string {
  const text = nvml.nvmlErrorString(code);
  return text ? Deno.UnsafePointerView.getCString(text) : `NVML's error ${code}`;
}

/**
 * CUDA's name of one of its errors.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cudaError } from "./nvidia_driver.ts";
 *
 * assertEquals(cudaError({ cuGetErrorName: () => 1 }, 12345), "CUDA's error 12345");
 * ```
 */
export function cudaError(cuda: Pick<Cuda, "cuGetErrorName">, code: number): string {
  const address = new BigUint64Array(1);
  const isKnown = cuda.cuGetErrorName(code, address) === 0 && address[0] !== 0n;
  const text = isKnown ? Deno.UnsafePointer.create(address[0]!) : null;
  return text ? Deno.UnsafePointerView.getCString(text) : `CUDA's error ${code}`;
}
