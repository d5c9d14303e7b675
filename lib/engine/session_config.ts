/**
 * How a TensorFlow context is set up: `ConfigProto` (`tensorflow/core/protobuf/config.proto`) in wire format, and the
 * share of a card's memory that this process may take.
 *
 * @module
 */
import { bytesField, intField, textField } from "./wire_format.ts";

/** What this process may take of a card: a part of its memory, or a number of bytes. */
export type GpuMemory = { fraction: number } | { bytes: number };

const UNITS: { readonly [unit: string]: number } = {
  MB: 1e6,
  GB: 1e9,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};
const MIB = 2 ** 20;
/** A card that is shared still needs room for a step. */
const LEAST_BYTES = 256 * MIB;

/**
 * Reads CODESCRUB_GPU_MEMORY: "20GB", "20 GiB", "500MB" or "50%"; undefined where it is not set.
 *
 * @throws {RangeError} for anything else
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { readGpuMemory } from "./session_config.ts";
 *
 * assertEquals(readGpuMemory("50%"), { fraction: 0.5 });
 * assertEquals(readGpuMemory("20GB"), { bytes: 20e9 });
 * assertThrows(() => readGpuMemory("half"), RangeError, 'Cannot use CODESCRUB_GPU_MEMORY "half": expected');
 * ```
 */
export function readGpuMemory(value: string | undefined): GpuMemory | undefined {
  if (value === undefined || value.trim() === "") return undefined;
  const [, number = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*(%|[MG]i?B)\s*$/i.exec(value) ?? [];
  const amount = Number(number);
  if (unit === "%" && amount > 0 && amount <= 100) return { fraction: amount / 100 };
  const bytes = amount * (UNITS[unit.toUpperCase()] ?? 0);
  if (bytes >= LEAST_BYTES && bytes < 2 ** 50) return { bytes };
  throw new RangeError(
    `Cannot use CODESCRUB_GPU_MEMORY "${value}": expected a share such as "50%" or a size of 256 MiB and more such as ` +
      '"20GB"',
  );
}

/** What a context is set up with. */
export interface SessionOptions {
  /** Threads for one operation, up to 2^14 - 1. */
  threads: number;
  /** Whether cards are left alone. */
  cpuOnly: boolean;
  /** What may be taken of a card's memory; by default all of it, as it is needed. */
  memory?: GpuMemory | undefined;
  /** Which of the visible cards alone are used, in CUDA's order; by default TensorFlow opens all. */
  cards?: readonly number[] | undefined;
  /** As how many logical devices the processor is opened. Default 1. */
  cpus?: number | undefined;
}

/**
 * The bytes of a `ConfigProto`: threads; some of several cards, memory of them taken as it is needed, up to the share; or
 * no card at all, and the processor as several devices.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sessionConfig } from "./session_config.ts";
 *
 * assertEquals([...sessionConfig({ threads: 2, cpuOnly: false })], [0x10, 0x82, 0, 0x32, 2, 0x20, 1]);
 * ```
 */
export function sessionConfig(
  { threads, cpuOnly, memory, cards, cpus = 1 }: SessionOptions,
): Uint8Array<ArrayBuffer> {
  const bytes = [0x10, threads & 0x7f | 0x80, threads >> 7]; // intra_op_parallelism_threads = 2, up to 14 bits
  const gpuOptions = [0x20, 1, ...(cpuOnly ? [] : [...shareOf(memory), ...visible(cards)])]; // allow_growth = 4: true
  bytes.push(...bytesField(6, gpuOptions)); // gpu_options = 6
  if (cpuOnly) bytes.push(...deviceCount("GPU", 0), ...cpus > 1 ? deviceCount("CPU", cpus) : []);
  return Uint8Array.from(bytes);
}

function shareOf(memory: GpuMemory | undefined): number[] {
  if (memory === undefined) return [];
  if ("fraction" in memory) return [0x09, ...double(memory.fraction)]; // per_process_gpu_memory_fraction = 1
  const limit = bytesField(1, float(Math.floor(memory.bytes / MIB))); // memory_limit_mb = 1, packed
  return bytesField(9, bytesField(1, limit)); // experimental = 9 { virtual_devices = 1 { ... } }
}

function visible(cards: readonly number[] | undefined): number[] {
  return cards === undefined ? [] : textField(5, cards.join()); // visible_device_list = 5
}

function deviceCount(type: string, count: number): number[] {
  return bytesField(1, [...textField(1, type), ...intField(2, count)]); // device_count = 1
}

function float(value: number): number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)]; // little-endian on every platform of ours
}

function double(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}
