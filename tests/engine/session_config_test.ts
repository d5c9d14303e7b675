import { assertEquals, assertThrows } from "@std/assert";
import { openLibrary } from "../../lib/engine/library.ts";
import { findTensorFlow } from "../../lib/setup/set_up.ts";
import { Status } from "../../lib/engine/status.ts";
import { readGpuMemory, sessionConfig } from "../../lib/engine/session_config.ts";

Deno.test("readGpuMemory() reads shares and sizes, with and without a space, in any case", () => {
  const read = (...values: (string | undefined)[]) => values.map((value) => readGpuMemory(value));
  assertEquals(read(undefined, "", "  "), [undefined, undefined, undefined]);
  assertEquals(read("50%", "12.5 %", "100%"), [{ fraction: 0.5 }, { fraction: 0.125 }, { fraction: 1 }]);
  assertEquals(read("20GB", "500 mb", "1.5GiB", "256MiB"), [
    { bytes: 20e9 },
    { bytes: 5e8 },
    { bytes: 1.5 * 2 ** 30 },
    { bytes: 2 ** 28 },
  ]);
});

Deno.test("readGpuMemory() refuses everything else", () => {
  for (
    const value of ["0%", "101%", "20", "0GB", "1MB", "-5GB", "1e3GB", "20 TB", "9999999GB", "half", "20GB x"]
  ) {
    assertThrows(
      () => readGpuMemory(value),
      RangeError,
      `Cannot use CODESCRUB_GPU_MEMORY "${value}": expected a share`,
    );
  }
});

Deno.test("sessionConfig() has threads, growth and the CPU alone", () => {
  const memory = { fraction: 0.5 };
  assertEquals([...sessionConfig({ threads: 300, cpuOnly: true, memory, cards: [1] })], [
    ...[0x10, 0xac, 2], // intra_op_parallelism_threads: 300
    ...[0x32, 2, 0x20, 1], // gpu_options { allow_growth: true }
    ...[0x0a, 7, 0x0a, 3, 0x47, 0x50, 0x55, 0x10, 0], // device_count { "GPU": 0 }
  ]);
  const entry = [0x0a, 3, 0x43, 0x50, 0x55, 0x10];
  const ending = (cpus: number) => [...sessionConfig({ threads: 2, cpuOnly: true, cpus })].slice(16);
  assertEquals(ending(1), []);
  assertEquals(ending(2), [0x0a, 7, ...entry, 2]); // device_count { "CPU": 2 }
  assertEquals(ending(300), [0x0a, 8, ...entry, 0xac, 2]);
});

Deno.test("sessionConfig() is a message that TensorFlow can read", () => {
  const symbols = openLibrary(findTensorFlow());
  using status = new Status(symbols);
  const set = (config: Uint8Array<ArrayBuffer>) => {
    const options = symbols.TFE_NewContextOptions();
    symbols.TFE_ContextOptionsSetConfig(options, config, BigInt(config.length), status.pointer);
    symbols.TFE_DeleteContextOptions(options);
    status.check("configuration");
  };
  for (const memory of [undefined, { fraction: 0.25 }, { bytes: 20e9 }]) {
    for (const cards of [undefined, [0], [3, 15]]) {
      set(sessionConfig({ threads: 1024, cpuOnly: false, memory, cards }));
    }
  }
  const cut = sessionConfig({ threads: 2, cpuOnly: false, memory: { bytes: 20e9 } }).subarray(0, -1);
  assertThrows(() => set(cut), Error, "Cannot run configuration: ");
});

Deno.test("sessionConfig() names some of several cards", () => {
  assertEquals([...sessionConfig({ threads: 2, cpuOnly: false, cards: [1, 2] })], [
    ...[0x10, 0x82, 0],
    ...[0x32, 7, 0x20, 1, 0x2a, 3, 0x31, 0x2c, 0x32], // visible_device_list: "1,2"
  ]);
});

Deno.test("sessionConfig() limits a card's memory by a share or a size", () => {
  const options = { threads: 2, cpuOnly: false };
  assertEquals([...sessionConfig({ ...options, memory: { fraction: 0.5 } })], [
    ...[0x10, 0x82, 0],
    ...[0x32, 11, 0x20, 1, 0x09, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f], // per_process_gpu_memory_fraction: 0.5
  ]);
  assertEquals([...sessionConfig({ ...options, memory: { bytes: 2 ** 30 + 1 } })], [
    ...[0x10, 0x82, 0],
    // gpu_options { allow_growth: true, experimental { virtual_devices { memory_limit_mb: 1024 } } }
    ...[0x32, 12, 0x20, 1, 0x4a, 8, 0x0a, 6, 0x0a, 4, 0, 0, 0x80, 0x44],
  ]);
});
