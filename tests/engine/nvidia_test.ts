import { assertEquals } from "@std/assert";
import { queryGpus } from "../../lib/engine/nvidia.ts";
import { type FakeCard, fakeDriver, type FakeDriverOptions, H100 } from "./fake_driver.ts";

const OLD: FakeCard = { name: "Tesla M40", capability: [5, 2], memoryBytes: 12e9, freeBytes: 1e8 };

function query(
  options: FakeDriverOptions,
  { visible, files = ["/dev/nvidiactl"] }: { visible?: string; files?: string[] } = {},
) {
  return queryGpus({
    open: () => fakeDriver(options),
    variable: (name) => name === "CUDA_VISIBLE_DEVICES" ? visible : undefined,
    exists: (path) => files.includes(path),
  });
}

Deno.test("queryGpus() tells of a card what CUDA and NVML know", () => {
  const { gpus, problem, isPresent } = query({});
  assertEquals([problem, isPresent], [null, true]);
  assertEquals(gpus, [{
    index: 0,
    uuid: "GPU-00000001-0000-0000-0000-000000000000",
    name: "NVIDIA H100 80GB HBM3",
    driver: "580.95.05",
    cudaVersion: "13.0",
    memoryBytes: 85e9,
    freeBytes: 84e9,
    computeCapability: "9.0",
  }]);
});

Deno.test("queryGpus() keeps CUDA's order of two kinds of cards, and hides what CUDA_VISIBLE_DEVICES hides", () => {
  const numbers = (visible: number[]) =>
    query({ cards: [OLD, H100], visible }).gpus.map(({ index }) => index);
  assertEquals(numbers([1, 0]), [1, 0]); // the fastest first
  assertEquals(numbers([1]), [1]);
  const { gpus } = query({ cards: [OLD, H100], visible: [1, 0] });
  assertEquals(gpus.map(({ computeCapability }) => computeCapability), ["9.0", "5.2"]);
});

const NO_DEVICE = [100, "CUDA_ERROR_NO_DEVICE"] as const;
const START = "start the container with GPUs (docker --gpus all, apptainer --nv)";
const PARTS = "give the container the driver's parts (NVIDIA_DRIVER_CAPABILITIES=compute,utility)";

const PROBLEMS: [string, ReturnType<typeof query>, string, isPresent: boolean, cards: number][] = [
  ["no driver", query({ without: ["nvml", "cuda"] }, { files: [] }), "no NVIDIA driver", false, 0],
  [
    "a container without the driver's libraries",
    query({ without: ["nvml", "cuda"] }, { files: ["/proc/driver/nvidia/version"] }),
    `the machine has an NVIDIA driver, but its libraries are not here: ${START}`,
    false,
    0,
  ],
  [
    "a container without compute",
    query({ without: ["cuda"] }),
    `libcuda.so.1 does not open: ${PARTS}`,
    true,
    1,
  ],
  [
    "a container without NVML",
    query({ without: ["nvml"] }),
    `libnvidia-ml.so.1 does not open: ${PARTS}`,
    true,
    1,
  ],
  [
    "a driver that is not loaded",
    query({ nvmlFailure: [9, "Driver Not Loaded"], cudaFailure: NO_DEVICE }),
    "NVIDIA's driver does not start: Driver Not Loaded",
    false,
    0,
  ],
  [
    "a driver that was updated without a restart",
    query({ nvmlFailure: [18, "Driver/library version mismatch"] }),
    "NVIDIA's driver does not start: Driver/library version mismatch",
    true,
    1,
  ],
  [
    "a container without /dev/nvidia*",
    query({ nvmlFailure: [9, "Driver Not Loaded"], cudaFailure: NO_DEVICE }, { files: [] }),
    `NVIDIA's driver does not start: Driver Not Loaded; there is no /dev/nvidia*: ${START}`,
    false,
    0,
  ],
  [
    "CUDA that does not start",
    query({ cudaFailure: [802, "CUDA_ERROR_SYSTEM_NOT_READY"] }),
    "CUDA does not start: CUDA_ERROR_SYSTEM_NOT_READY",
    true,
    1,
  ],
  ["no card", query({ cards: [] }), "the driver sees no GPU", false, 0],
  ["no card, says CUDA", query({ cards: [], cudaFailure: NO_DEVICE }), "the driver sees no GPU", false, 0],
  [
    "hidden cards",
    query({ cards: [H100, H100], cudaFailure: NO_DEVICE }, { visible: "-1" }),
    'CUDA_VISIBLE_DEVICES="-1" hides all 2 GPUs',
    false,
    0,
  ],
  [
    "a hidden card",
    query({ cudaFailure: NO_DEVICE }, { visible: "" }),
    'CUDA_VISIBLE_DEVICES="" hides the GPU',
    false,
    0,
  ],
];

for (const [what, { gpus, problem, isPresent }, expected, present, cards] of PROBLEMS) {
  Deno.test(`queryGpus() names ${what}`, () => {
    assertEquals([problem, isPresent, gpus.length], [expected, present, cards]);
  });
}

Deno.test("queryGpus() of this machine's own driver says of each card its name, or why there is none", () => {
  const { gpus, problem } = queryGpus();
  assertEquals(gpus.every(({ name, memoryBytes }) => name !== "" && memoryBytes > 0), true);
  assertEquals(gpus.length > 0 || problem !== null, true);
});
