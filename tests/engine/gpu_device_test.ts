import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  chooseCards,
  type GpuBuild,
  gpuNote,
  gpuProblem,
  librariesFor,
  openOnDevice,
  requestDevice,
  whyNoGpu,
  whyNotOpened,
} from "../../lib/engine/gpu_device.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { type Gpus, queryGpus } from "../../lib/engine/nvidia.ts";
import { fakeDriver, type FakeDriverOptions, H100 } from "./fake_driver.ts";

const WHOLE: GpuBuild = { problem: () => null, missing: () => [] };

function gpusOf(options: FakeDriverOptions = {}): Gpus {
  return queryGpus({
    open: () => fakeDriver(options),
    variable: () => undefined,
    exists: () => !options.without,
  });
}

/** What an opening did: contexts made and freed, and what was told. */
function opener({ hasGpu = false, failure }: { hasGpu?: boolean; failure?: Error } = {}) {
  const done: string[] = [];
  return {
    done,
    open: (cpuOnly: boolean) => {
      done.push(cpuOnly ? "open on the CPU" : "open");
      if (!cpuOnly && failure) throw failure;
      return { devices: [{ type: "CPU" }, ...(hasGpu && !cpuOnly ? [{ type: "GPU" }] : [])] };
    },
    close: () => done.push("close"),
    warn: (line: string) => done.push(line),
    build: WHOLE,
  };
}

Deno.test("requestDevice() asks the driver unless the CPU is wanted", () => {
  let asked = 0;
  const query = () => {
    asked++;
    return gpusOf();
  };
  assertEquals([requestDevice("cpu", query).gpus, asked], [null, 0]);
  assertEquals([requestDevice(undefined, query).wanted, asked], ["auto", 1]);
});

Deno.test("librariesFor() takes libraries that are named, and leaves the environment alone where none lie beside", () => {
  const paths = { framework: "/nowhere/tensorflow/a.so", cc: "/nowhere/tensorflow/b.so" };
  const before = Deno.env.get("XLA_FLAGS");
  assertEquals(librariesFor({ wanted: "auto", gpus: gpusOf() }, paths), paths);
  assertEquals(Deno.env.get("XLA_FLAGS"), before);
});

Deno.test("openOnDevice() opens the GPU where it is there, and never for the CPU", () => {
  const auto = opener({ hasGpu: true });
  assertEquals(openOnDevice({ wanted: "auto", gpus: gpusOf() }, auto).devices.length, 2);
  assertEquals(auto.done, ["open"]);
  const cpu = opener({ hasGpu: true });
  assertEquals(openOnDevice({ wanted: "cpu", gpus: null }, cpu).devices.length, 1);
  assertEquals(cpu.done, ["open on the CPU"]);
});

Deno.test("openOnDevice() says nothing where there is no driver, and warns once where a GPU is left unused", () => {
  const silent = opener();
  openOnDevice({ wanted: "auto", gpus: gpusOf({ without: ["nvml", "cuda"] }) }, silent);
  assertEquals(silent.done, ["open on the CPU"]);
  const warned = opener();
  const request = { wanted: "auto", gpus: gpusOf({ cuda: 11040, version: "470.57.02" }) } as const;
  openOnDevice(request, warned);
  openOnDevice(request, warned);
  const reason =
    "NVIDIA H100 80GB HBM3: driver 470.57.02 is too old: it knows CUDA 11.4, CUDA 12 needs 525.60.13 or newer";
  const line = `The GPU is not used: ${reason} (CODESCRUB_DEVICE=cpu hides this line)`;
  assertEquals(warned.done, [line, "open on the CPU", "open on the CPU"]);
});

Deno.test("openOnDevice() falls back to the CPU where TensorFlow fails on a card", () => {
  const failing = opener({ failure: new Error("Cannot run the eager context: out of memory (INTERNAL)") });
  assertEquals(openOnDevice({ wanted: "auto", gpus: gpusOf() }, failing).devices.length, 1);
  assertEquals(failing.done.filter((what) => what.startsWith("open")), ["open", "open on the CPU"]);
});

const FAILURES: [string, FakeDriverOptions, Partial<GpuBuild>, string][] = [
  [
    "no driver",
    { without: ["nvml", "cuda"] },
    {},
    "no NVIDIA driver: CODESCRUB_DEVICE=cpu computes on the CPU",
  ],
  ["no card", { cards: [] }, {}, "the driver sees no GPU: CODESCRUB_DEVICE=cpu computes on the CPU"],
  [
    "the build for CPUs",
    {},
    { problem: () => 'TensorFlow\'s build for CPUs is in use: run "npx -y deno task setup --gpu"' },
    'TensorFlow\'s build for CPUs is in use: run "npx -y deno task setup --gpu"',
  ],
  [
    "an old driver",
    { cuda: 11080, version: "520.61.05" },
    {},
    "NVIDIA H100 80GB HBM3: driver 520.61.05 is too old: it knows CUDA 11.8, CUDA 12 needs 525.60.13 or newer",
  ],
  [
    "an old card",
    { cards: [{ ...H100, name: "Tesla M40", capability: [5, 2] }] },
    {},
    "Tesla M40: compute capability 5.2 is too old: TensorFlow's build begins at 6.0",
  ],
  [
    "a full card",
    { cards: [{ ...H100, freeBytes: 2e8 }] },
    {},
    "NVIDIA H100 80GB HBM3: 200 of 85000 MB are free: wait for other processes or choose another card by " +
    "CUDA_VISIBLE_DEVICES",
  ],
  [
    "missing libraries",
    {},
    { missing: () => ["libcublas.so.12", "libcudnn.so.9"] },
    'TensorFlow does not find libcublas.so.12, libcudnn.so.9: run "npx -y deno task setup --gpu"',
  ],
];

for (const [what, driver, build, expected] of FAILURES) {
  Deno.test(`openOnDevice() on a GPU names ${what} in one line and opens nothing`, () => {
    const maker = { ...opener(), build: { ...WHOLE, ...build } };
    const opening = () => openOnDevice({ wanted: "gpu", gpus: gpusOf(driver) }, maker);
    const { message } = assertThrows(opening, Error);
    assertEquals(message, `Cannot open TensorFlow on a GPU: ${expected}`);
    assertEquals(maker.done, []);
  });
}

Deno.test("openOnDevice() on a GPU that TensorFlow does not see frees the context", () => {
  const maker = opener();
  const opening = () => openOnDevice({ wanted: "gpu", gpus: gpusOf() }, maker);
  assertThrows(
    opening,
    Error,
    "on a GPU: TensorFlow sees none: TF_CPP_MIN_LOG_LEVEL=0 shows all that it says",
  );
  assertEquals(maker.done, ["open", "close"]);
});

Deno.test("whyNoGpu() lets one good card of two kinds be used", () => {
  const gpus = gpusOf({ cards: [{ ...H100, capability: [5, 2] }, H100] });
  assertEquals(whyNoGpu(gpus, WHOLE), null);
});

Deno.test("chooseCards() takes the first of several that work, for good", () => {
  assertEquals(chooseCards(gpusOf()), undefined);
  const full = { ...H100, freeBytes: 1e8 };
  assertEquals(chooseCards(gpusOf({ cards: [full, H100, H100, H100] }), 2), [1, 2]);
  assertEquals(chooseCards(gpusOf({ cards: [H100, H100] })), [1, 2]);
});

Deno.test("whyNotOpened() takes TensorFlow's last line about cards", () => {
  const lines = [
    "E0000 00:00:1795771893.492518   17485 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error",
    "something else",
  ];
  const expected = "TensorFlow says: cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error";
  assertEquals(whyNotOpened(undefined, lines), expected);
});

Deno.test("gpuProblem() and gpuNote() know the architectures of the build", () => {
  const [gpu] = gpusOf().gpus;
  const of = (computeCapability: string) => [
    gpuProblem({ ...gpu!, computeCapability }) !== null,
    gpuNote({ computeCapability }) !== null,
  ];
  assertEquals(["5.2", "6.0", "7.5", "9.0", "10.0", "12.0"].map(of), [
    [true, false],
    [false, false],
    [false, false],
    [false, false],
    [false, true],
    [false, true],
  ]);
});

Deno.test("openTensorFlow() refuses a CODESCRUB_GPU_MEMORY that is none, before it opens anything", async () => {
  Deno.env.set("CODESCRUB_GPU_MEMORY", "a lot");
  try {
    await assertRejects(
      () => openTensorFlow(),
      RangeError,
      'Cannot use CODESCRUB_GPU_MEMORY "a lot": expected a share',
    );
  } finally {
    Deno.env.delete("CODESCRUB_GPU_MEMORY");
  }
});
