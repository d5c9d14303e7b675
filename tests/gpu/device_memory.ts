/**
 * What a GPU's memory holds: by TensorFlow's own allocator (C++, as the C API has no such call) and, where that is another
 * one or its library is stripped, by the driver's library NVML, which counts other processes too.
 *
 * @module
 */
import { openedPaths } from "../../lib/engine/library.ts";

const CXX = {
  singleton: {
    name: "_ZN10tensorflow15GPUProcessState9singletonEPS0_",
    parameters: ["pointer"],
    result: "pointer",
  },
  allocatorOf: {
    name:
      "_ZN10tensorflow15GPUProcessState15GetGPUAllocatorERKNS_10GPUOptionsEN3tsl3gtl7IntTypeINS4_15TfDeviceId_tag_EiEEmRKSt6vectorIS8_SaIS8_EE",
    parameters: ["pointer", "pointer", "i32", "usize", "buffer"],
    result: "pointer",
  },
  statsOf: {
    name: "_ZN3tsl12BFCAllocator8GetStatsEv",
    parameters: ["buffer", "pointer"],
    result: "pointer",
  },
  options: { name: "_ZN10tensorflow29_GPUOptions_default_instance_E", type: "pointer" },
  table: { name: "_ZTVN10tensorflow15GPUBFCAllocatorE", type: "pointer" },
} as const;

const NVML = {
  nvmlInit_v2: { parameters: [], result: "i32" },
  nvmlDeviceGetHandleByIndex_v2: { parameters: ["u32", "buffer"], result: "i32" },
  nvmlDeviceGetMemoryInfo: { parameters: ["pointer", "buffer"], result: "i32" },
  nvmlDeviceGetName: { parameters: ["pointer", "buffer", "u32"], result: "i32" },
  nvmlSystemGetDriverVersion: { parameters: ["buffer", "u32"], result: "i32" },
} as const;

/** What is held. */
export interface DeviceBytes {
  /** In use now. */
  bytes: number;
  /** The most that were. */
  most: number;
  /** Who says so. */
  by: string;
}

/** The first card's memory in use, by TensorFlow's allocator or, without its numbers, by the driver. */
export function deviceBytes(): DeviceBytes {
  try {
    return allocatorBytes();
  } catch (error) {
    const bytes = withCard((nvml, card) => {
      const info = new BigUint64Array(3); // total, free, used
      if (nvml.nvmlDeviceGetMemoryInfo(card, info) !== 0) {
        throw new Error("Cannot ask NVML for the memory in use");
      }
      return Number(info[2]);
    });
    return { bytes, most: bytes, by: `the driver (TensorFlow's own: ${(error as Error).message})` };
  }
}

/**
 * The numbers of TensorFlow's allocator of GPU:0.
 *
 * @throws {Error} when this build or this allocator does not tell
 */
function allocatorBytes(): DeviceBytes {
  const { symbols } = Deno.dlopen(openedPaths()!.framework, CXX); // it is open already, and stays so
  const state = symbols.singleton(null);
  const noPeers = new Uint8Array(24); // an empty std::vector
  const allocator = symbols.allocatorOf(state, symbols.options, 0, 0n, noPeers);
  if (!allocator || !symbols.table) throw new Error("it has no allocator of GPU:0");
  // A wrong kind of object would end the process: its table of functions, after two words, must be the known one's.
  const table = new Deno.UnsafePointerView(allocator).getBigUint64();
  if (table !== Deno.UnsafePointer.value(symbols.table) + 16n) throw new Error("it is no GPUBFCAllocator");
  const stats = new BigInt64Array(64); // std::optional<AllocatorStats>: calls, bytes in use, the most, the largest, ...
  symbols.statsOf(stats, allocator);
  return { bytes: Number(stats[1]), most: Number(stats[2]), by: "TensorFlow's allocator" };
}

/** The first card and its driver, or null where NVML does not tell. */
export function describeCard(): string | null {
  try {
    return withCard((nvml, card) => {
      const [name, driver] = [new Uint8Array(96), new Uint8Array(80)];
      nvml.nvmlDeviceGetName(card, name, name.length);
      nvml.nvmlSystemGetDriverVersion(driver, driver.length);
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
      return `${text(name)}, driver ${text(driver)}`;
    });
  } catch {
    return null;
  }
}

type Nvml = Deno.DynamicLibrary<typeof NVML>["symbols"];

function withCard<T>(ask: (nvml: Nvml, card: Deno.PointerValue) => T): T {
  const { symbols } = Deno.dlopen("libnvidia-ml.so.1", NVML);
  const index = Number(Deno.env.get("CUDA_VISIBLE_DEVICES")?.split(",")[0] ?? 0);
  const handle = new BigUint64Array(1);
  const isReady = symbols.nvmlInit_v2() === 0 &&
    symbols.nvmlDeviceGetHandleByIndex_v2(Number.isInteger(index) && index >= 0 ? index : 0, handle) === 0;
  if (!isReady) throw new Error("Cannot ask NVML: it does not start, or has no such card");
  return ask(symbols, Deno.UnsafePointer.create(handle[0]!));
}
