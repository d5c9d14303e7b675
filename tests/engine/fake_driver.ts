/** NVIDIA's driver as tests want it: the functions of its two libraries, over a list of cards. */
import type { Cuda, NvidiaDriver, Nvml } from "../../lib/engine/nvidia_driver.ts";

/** A card of the fake. */
export interface FakeCard {
  name: string;
  capability: readonly [major: number, minor: number];
  memoryBytes: number;
  freeBytes: number;
}

/** How the fake behaves. */
export interface FakeDriverOptions {
  cards?: readonly FakeCard[];
  /** Those that CUDA shows, by number, in its order; all when not given. */
  visible?: readonly number[];
  version?: string;
  /** 13000 is 13.0. */
  cuda?: number;
  /** What nvmlInit_v2 returns, and NVML's words for it. */
  nvmlFailure?: readonly [code: number, text: string];
  /** What cuInit returns, and CUDA's name of it. */
  cudaFailure?: readonly [code: number, name: string];
  /** Which library does not open. */
  without?: readonly ("nvml" | "cuda")[];
}

/** A card that works. */
export const H100: FakeCard = {
  name: "NVIDIA H100 80GB HBM3",
  capability: [9, 0],
  memoryBytes: 85e9,
  freeBytes: 84e9,
};

const kept: Uint8Array<ArrayBuffer>[] = []; // what C is pointed to must stay where it is

function cText(text: string): Deno.PointerObject {
  const bytes = new TextEncoder().encode(text + "\0");
  kept.push(bytes);
  return Deno.UnsafePointer.of(bytes)!;
}

/** What parameters of C that are buffers are here. */
type Bytes = Parameters<Nvml["nvmlDeviceGetCount_v2"]>[0];

function write(target: Bytes, text: string): number {
  (target as Uint8Array).set(new TextEncoder().encode(text + "\0"));
  return 0;
}

function put(target: Bytes, value: number | bigint, at = 0): number {
  if (target instanceof BigUint64Array) target[at] = BigInt(value);
  else (target as Int32Array)[at] = Number(value);
  return 0;
}

/** A driver. */
export function fakeDriver(options: FakeDriverOptions = {}): NvidiaDriver {
  const { cards = [H100], visible = cards.map((_, i) => i), version = "580.95.05", cuda: release = 13000 } =
    options;
  const { nvmlFailure, cudaFailure, without = [] } = options;
  const byHandle = (handle: number | bigint) => cards[Number(handle) - 1]!;
  const nvml: Nvml = {
    nvmlInit_v2: () => nvmlFailure?.[0] ?? 0,
    nvmlErrorString: () => cText(nvmlFailure?.[1] ?? "?"),
    nvmlSystemGetDriverVersion: (bytes) => write(bytes, version),
    nvmlDeviceGetCount_v2: (count) => put(count, cards.length),
    nvmlDeviceGetHandleByIndex_v2: (index, handle) => put(handle, index + 1),
    nvmlDeviceGetName: (handle, bytes) => write(bytes, byHandle(handle).name),
    nvmlDeviceGetUUID: (handle, bytes) =>
      write(bytes, `GPU-${"0".repeat(7)}${handle}-0000-0000-0000-000000000000`),
    nvmlDeviceGetMemoryInfo: (handle, memory) =>
      put(memory, byHandle(handle).memoryBytes) + put(memory, byHandle(handle).freeBytes, 1),
    nvmlDeviceGetCudaComputeCapability: (handle, major, minor) =>
      put(major, byHandle(handle).capability[0]) + put(minor, byHandle(handle).capability[1]),
  };
  const cuda: Cuda = {
    cuInit: () => cudaFailure?.[0] ?? 0,
    cuGetErrorName: (_, into) => put(into, Deno.UnsafePointer.value(cText(cudaFailure?.[1] ?? "?"))),
    cuDriverGetVersion: (into) => put(into, release),
    cuDeviceGetCount: (into) => put(into, visible.length),
    cuDeviceGet: (into, ordinal) => put(into, visible[ordinal]!),
    cuDeviceGetName: (bytes, _, device) => write(bytes, cards[device]!.name),
    cuDeviceGetUuid: (bytes, device) => {
      (bytes as Uint8Array)[3] = device + 1;
      return 0;
    },
    cuDeviceGetAttribute: (into, attribute, device) =>
      put(into, cards[device]!.capability[attribute === 75 ? 0 : 1]),
    cuDeviceTotalMem_v2: (into, device) => put(into, cards[device]!.memoryBytes),
  };
  return { nvml: without.includes("nvml") ? null : nvml, cuda: without.includes("cuda") ? null : cuda };
}
