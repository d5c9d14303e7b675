/**
 * What a GPU's memory holds: by TensorFlow's own allocator (C++, as the C API has no such call) and, where that is another
 * one or its library is stripped, by the driver's library NVML, which counts other processes too.
 *
 * @module
 */
import { openedPaths } from "../../lib/engine/library.ts";
import { openCard } from "./card_memory.ts";

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
    const card = openCard();
    if (!card) throw new Error("Cannot ask NVML: it does not start, or has no such card");
    const bytes = card.usedBytes();
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
  const card = openCard();
  return card && `${card.name}, driver ${card.driver}`;
}
