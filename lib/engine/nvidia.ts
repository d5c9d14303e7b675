/**
 * Which of NVIDIA's cards this process can use, asked of the driver itself; no other program is started. CUDA decides
 * which cards are visible and in which order, as it does for TensorFlow; NVML adds what CUDA does not say.
 *
 * @module
 */
import { isKernelFile, keepLoaded } from "./libc.ts";
import { type Cuda, cudaError, type NvidiaDriver, type Nvml, nvmlError } from "./nvidia_driver.ts";
import { openNvidiaDriver, textIn } from "./nvidia_driver.ts";

/** A card. */
export interface Gpu {
  /** Its number for the driver and nvidia-smi, whatever CUDA_VISIBLE_DEVICES says; null where NVML does not say. */
  index: number | null;
  /** "GPU-..." */
  uuid: string;
  /** "NVIDIA H100 80GB HBM3" */
  name: string;
  /** The driver's version, "580.95.05"; null where NVML does not say. */
  driver: string | null;
  /** The newest CUDA that the driver knows, "13.0"; null where it does not say. */
  cudaVersion: string | null;
  /** All of its memory. */
  memoryBytes: number;
  /** What no process has taken; null where NVML does not say. */
  freeBytes: number | null;
  /** "9.0" */
  computeCapability: string;
}

/** What the driver says. */
export interface Gpus {
  /** The visible cards in CUDA's order; where CUDA does not open, all. */
  gpus: readonly Gpu[];
  /** Why TensorFlow can use none, and what to do; null where nothing speaks against it. */
  problem: string | null;
  /** Whether there is a card that the user has not hidden: then a silent fall back to the CPU would be a loss. */
  isPresent: boolean;
}

/** Options of {@linkcode queryGpus}, for tests. */
export interface QueryGpusOptions {
  /** Opens the driver's libraries. */
  open?: () => NvidiaDriver;
  /** Reads an environment variable. */
  variable?: (name: string) => string | undefined;
  /** Whether a file of the kernel's is there. */
  exists?: typeof isKernelFile;
}

const NO_DEVICE = 100; // CUDA_ERROR_NO_DEVICE
const [MAJOR, MINOR] = [75, 76]; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR
const IN_CONTAINER = "start the container with GPUs (docker --gpus all, apptainer --nv)";
const WITH_ALL_PARTS = "give the container the driver's parts (NVIDIA_DRIVER_CAPABILITIES=compute,utility)";

/**
 * Asks the driver for its cards.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { queryGpus } from "./nvidia.ts";
 *
 * const open = () => ({ nvml: null, cuda: null });
 * const { gpus, problem } = queryGpus({ open, exists: () => false });
 * assertEquals([gpus, problem], [[], "no NVIDIA driver"]);
 * ```
 */
export function queryGpus(options: QueryGpusOptions = {}): Gpus {
  const { open = () => openNvidiaDriver(keepLoaded) } = options;
  const { variable = (name) => Deno.env.get(name), exists = isKernelFile } = options;
  const { nvml, cuda } = open();
  const none = (problem: string, isPresent = false): Gpus => ({ gpus: [], problem, isPresent });
  if (!nvml && !cuda) {
    const isElsewhere = exists("/proc/driver/nvidia/version") || exists("/dev/nvidiactl");
    return isElsewhere
      ? none(`the machine has an NVIDIA driver, but its libraries are not here: ${IN_CONTAINER}`)
      : none("no NVIDIA driver");
  }
  const all = nvml
    ? askNvml(nvml)
    : { gpus: [], problem: `libnvidia-ml.so.1 does not open: ${WITH_ALL_PARTS}` };
  const seen = cuda ? askCuda(cuda) : { gpus: null, code: 0, problem: "" };
  if (seen.gpus === null) {
    const isPresent = all.gpus.length > 0;
    if (!cuda) {
      return { gpus: all.gpus, problem: `libcuda.so.1 does not open: ${WITH_ALL_PARTS}`, isPresent };
    }
    const choice = variable("CUDA_VISIBLE_DEVICES");
    if (seen.code === NO_DEVICE && isPresent && choice !== undefined) {
      const count = all.gpus.length === 1 ? "the GPU" : `all ${all.gpus.length} GPUs`;
      return none(`CUDA_VISIBLE_DEVICES="${choice}" hides ${count}`);
    }
    const problem = seen.code === NO_DEVICE
      ? "the driver sees no GPU"
      : `CUDA does not start: ${seen.problem}`;
    const why = all.problem && nvml ? all.problem : problem;
    const hasDevices = exists("/dev/nvidiactl") || exists("/dev/dxg"); // the latter in Windows' Linux
    if (!hasDevices) {
      return none(`${why}; there is no /dev/nvidia*: ${IN_CONTAINER}`, isPresent);
    }
    return { gpus: all.gpus, problem: why, isPresent };
  }
  const gpus = seen.gpus.map((gpu) => {
    const known = all.gpus.find(({ uuid }) => uuid === gpu.uuid);
    if (!known) return gpu;
    const freeBytes = Math.min(known.freeBytes ?? gpu.memoryBytes, gpu.memoryBytes); // MIG: a part of the card
    return { ...gpu, index: known.index, driver: known.driver, freeBytes };
  });
  return {
    gpus,
    problem: gpus.length === 0 ? "the driver sees no GPU" : all.problem,
    isPresent: gpus.length > 0,
  };
}

function askNvml(nvml: Nvml): { gpus: Gpu[]; problem: string | null } {
  const started = nvml.nvmlInit_v2();
  if (started !== 0) {
    return { gpus: [], problem: `NVIDIA's driver does not start: ${nvmlError(nvml, started)}` };
  }
  const text = (read: (bytes: Uint8Array<ArrayBuffer>, length: number) => number) => {
    const bytes = new Uint8Array(96);
    return read(bytes, bytes.length) === 0 ? textIn(bytes) : "";
  };
  const driver = text((bytes, length) => nvml.nvmlSystemGetDriverVersion(bytes, length)) || null;
  const count = new Uint32Array(1);
  nvml.nvmlDeviceGetCount_v2(count);
  const gpus: Gpu[] = [];
  for (let index = 0; index < count[0]!; index++) {
    const address = new BigUint64Array(1);
    if (nvml.nvmlDeviceGetHandleByIndex_v2(index, address) !== 0) continue; // another user's, or lost
    const handle = address[0]!;
    const memory = new BigUint64Array(3); // total, free, used
    const isKnown = nvml.nvmlDeviceGetMemoryInfo(handle, memory) === 0;
    const [major, minor] = [new Int32Array(1), new Int32Array(1)];
    nvml.nvmlDeviceGetCudaComputeCapability(handle, major, minor);
    gpus.push({
      index,
      uuid: text((bytes, length) => nvml.nvmlDeviceGetUUID(handle, bytes, length)),
      name: text((bytes, length) => nvml.nvmlDeviceGetName(handle, bytes, length)) || "unknown",
      driver,
      cudaVersion: null,
      memoryBytes: Number(memory[0]),
      freeBytes: isKnown ? Number(memory[1]) : null,
      computeCapability: `${major[0]}.${minor[0]}`,
    });
  }
  return { gpus, problem: null };
}

function askCuda(cuda: Cuda): { gpus: Gpu[] | null; code: number; problem: string } {
  const number = (read: (into: Int32Array<ArrayBuffer>) => number) => {
    const into = new Int32Array(1);
    return read(into) === 0 ? into[0]! : 0;
  };
  const version = number((into) => cuda.cuDriverGetVersion(into)); // 13000: known before CUDA starts
  const cudaVersion = version > 0
    ? `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`
    : null;
  const code = cuda.cuInit(0);
  if (code !== 0) return { gpus: null, code, problem: cudaError(cuda, code) };
  const count = number((into) => cuda.cuDeviceGetCount(into));
  const gpus = Array.from({ length: count }, (_, ordinal): Gpu => {
    const device = number((into) => cuda.cuDeviceGet(into, ordinal));
    const [name, uuid, memory] = [new Uint8Array(96), new Uint8Array(16), new BigUint64Array(1)];
    cuda.cuDeviceGetName(name, name.length, device);
    cuda.cuDeviceGetUuid?.(uuid, device);
    cuda.cuDeviceTotalMem_v2(memory, device);
    const [major, minor] = [MAJOR, MINOR].map((attribute) =>
      number((into) => cuda.cuDeviceGetAttribute(into, attribute, device))
    );
    return {
      index: null,
      uuid: formatUuid(uuid),
      name: textIn(name) || "unknown",
      driver: null,
      cudaVersion,
      memoryBytes: Number(memory[0]),
      freeBytes: null,
      computeCapability: `${major}.${minor}`,
    };
  });
  return { gpus, code, problem: "" };
}

function formatUuid(bytes: Uint8Array): string {
  const digits = bytes.toHex();
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20)];
  return `GPU-${[...parts, digits.slice(20)].join("-")}`;
}
