/**
 * Which device TensorFlow is opened on. Where it sees no GPU it seldom says why: what is asked of the driver, what kind
 * of build it is and which libraries it has opened tell. A GPU that was asked for by name is an error of one line when
 * it cannot be had, one that is merely there a warning.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { findTensorFlow, isGpuBuildFetched } from "../setup/set_up.ts";
import { prepareCuda, unopenedLibraries } from "./cuda_libraries.ts";
import { isCudaBuild, type LibraryPaths, openCudaLibraries, openedPaths, withWarnings } from "./library.ts";
import { type Gpu, type Gpus, queryGpus } from "./nvidia.ts";

/** What was asked for, and what the driver says; null where nobody asked it. */
export interface DeviceRequest {
  /** The device that was asked for, as in `EngineOptions`. */
  wanted: "auto" | "cpu" | "gpu";
  /** The cards. */
  gpus: Gpus | null;
}

/** What fetches the build for GPUs. */
const SET_UP = 'run "npx -y deno task setup --gpu"';
/** TensorFlow's build for GPUs has code for this and newer compute capabilities. */
const OLDEST_CAPABILITY = 6;
/** The compute capability from which on the driver compiles the build's kernels when they are first used. */
const NEWEST_CAPABILITY = 10;
/** A context with cuBLAS and cuDNN takes about this much before there is a tensor. */
const LEAST_FREE_BYTES = 2 ** 29;

/**
 * Asks the driver, unless the CPU is wanted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { requestDevice } from "./gpu_device.ts";
 *
 * assertEquals(requestDevice("cpu"), { wanted: "cpu", gpus: null });
 * ```
 */
export function requestDevice(wanted: DeviceRequest["wanted"] = "auto", query = queryGpus): DeviceRequest {
  return { wanted, gpus: wanted === "cpu" ? null : query() };
}

/**
 * The libraries for a device: those already opened, else the build for GPUs where a GPU is to be used and it is there,
 * which then finds CUDA's libraries beside it.
 *
 * @throws {Error} as `findTensorFlow`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { librariesFor } from "./gpu_device.ts";
 *
 * const paths = { framework: "/data/a.so", cc: "/data/b.so" };
 * assertEquals(librariesFor({ wanted: "cpu", gpus: null }, paths), paths);
 * ```
 */
export function librariesFor(request: DeviceRequest, paths?: LibraryPaths): LibraryPaths {
  const { wanted, gpus } = request;
  const forGpu = wanted === "gpu" || (wanted === "auto" && gpus !== null && gpus.problem === null);
  const found = paths ?? openedPaths() ?? findTensorFlow({ build: forGpu ? "gpu" : "cpu" });
  if (forGpu) prepareCuda(found);
  return found;
}

let cards: readonly number[] | undefined;

/**
 * Which of several visible cards are used, in CUDA's order: the first that nothing speaks against; undefined where there
 * is one, or none. TensorFlow would take memory on all of them. They are chosen once a process, as TensorFlow keeps to
 * them.
 *
 * @param count of cards
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseCards } from "./gpu_device.ts";
 *
 * assertEquals(chooseCards({ gpus: [], problem: "no NVIDIA driver", isPresent: false }), undefined);
 * ```
 */
export function chooseCards(gpus: Gpus | null, count = 1): readonly number[] | undefined {
  const visible = gpus?.gpus ?? [];
  if (cards === undefined && visible.length > 1) {
    const sound = visible.keys().filter((i) => gpuProblem(visible[i]!) === null).toArray();
    cards = sound.length === 0 ? [0] : sound.slice(0, count);
  }
  return cards;
}

/** What opens a context, and closes it again. */
export interface ContextMaker<T> {
  /** A context, on the CPU only or with all cards. */
  open: (cpuOnly: boolean) => T;
  /** Frees it. */
  close: (context: T) => void;
  /** Called with what TensorFlow wrote, and why there is no GPU, once a process (for tests). */
  warn?: (line: string) => void;
  /** What is known of the opened libraries (for tests). */
  build?: GpuBuild;
}

/** What decides whether TensorFlow can use a card that works. */
export interface GpuBuild {
  /** Why it is no build for GPUs, and what to do; null where it is one. */
  problem: () => string | null;
  /** Libraries of CUDA's that it cannot open. */
  missing: () => readonly string[];
}

const OPENED_BUILD: GpuBuild = {
  problem: () => isCudaBuild() ? null : cpuBuildInUse(),
  missing: () => openCudaLibraries() ? unopenedLibraries() : [],
};

let hasWarned = false;

/**
 * Opens a context on the device that was asked for, the CPU where "auto" finds no GPU that works. TensorFlow is let near
 * the cards only where nothing is known to speak against it: it ends the process where a library is missing.
 *
 * @throws {Error} in one line where "gpu" cannot be had
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { openOnDevice } from "./gpu_device.ts";
 *
 * const maker = { open: () => ({ devices: [{ type: "CPU" }] }), close: () => {} };
 * const gpus = { gpus: [], problem: "no NVIDIA driver", isPresent: false };
 * assertEquals(openOnDevice({ wanted: "auto", gpus }, maker).devices.length, 1);
 * assertThrows(
 *   () => openOnDevice({ wanted: "gpu", gpus }, maker),
 *   Error,
 *   "Cannot open TensorFlow on a GPU: no NVIDIA driver: CODESCRUB_DEVICE=cpu computes on the CPU",
 * );
 * ```
 */
export function openOnDevice<T extends { devices: readonly { type: string }[] }>(
  { wanted, gpus }: DeviceRequest,
  { open, close, warn = (line) => console.error(line), build = OPENED_BUILD }: ContextMaker<T>,
): T {
  if (wanted === "cpu") return withWarnings(() => open(true));
  let reason = whyNoGpu(gpus, build);
  let [context, cause]: [T | null, unknown] = [null, undefined];
  if (reason === null) {
    let lines: string[] = [];
    try {
      context = withWarnings(() => open(false), (found) => lines = found);
    } catch (error) {
      cause = error;
    }
    const hasGpu = context?.devices.some(({ type }) => type === "GPU") ?? false;
    const toShow = hasGpu ? lines : lines.filter((line) => !ABOUT_GPUS.test(line));
    if (toShow.length > 0) warn(toShow.join("\n"));
    if (context && hasGpu) return context;
    reason = whyNotOpened(cause, lines);
  }
  if (wanted === "gpu") {
    if (context) close(context);
    const advice = reason.includes(": ") ? "" : ": CODESCRUB_DEVICE=cpu computes on the CPU";
    throw new Error(`Cannot open TensorFlow on a GPU: ${reason}${advice}`, { cause });
  }
  if (gpus?.isPresent && !hasWarned) {
    hasWarned = true;
    warn(`The GPU is not used: ${reason} (CODESCRUB_DEVICE=cpu hides this line)`);
  }
  return context ?? withWarnings(() => open(true));
}

/** Why the opened libraries are not those for GPUs, and what to do. */
function cpuBuildInUse(): string {
  if (Deno.env.get("CODESCRUB_TENSORFLOW")) {
    return `CODESCRUB_TENSORFLOW names a build for CPUs: unset it and ${SET_UP}`;
  }
  return isGpuBuildFetched()
    ? "TensorFlow's build for CPUs is loaded, and stays until the process ends: open it in another one"
    : `TensorFlow's build for CPUs is in use: ${SET_UP}`;
}

/**
 * Why TensorFlow will use no GPU, and what to do: the first reason that applies; null where none is known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyNoGpu } from "./gpu_device.ts";
 *
 * const build = { problem: () => null, missing: () => ["libcudnn.so.9"] };
 * assertEquals(
 *   whyNoGpu({ gpus: [], problem: null, isPresent: true }, build),
 *   'TensorFlow does not find libcudnn.so.9: run "npx -y deno task setup --gpu"',
 * );
 * ```
 */
export function whyNoGpu(gpus: Gpus | null, build: GpuBuild): string | null {
  const first = gpus?.problem ?? build.problem();
  if (first !== null) return first;
  const cards = gpus?.gpus ?? [];
  const problems = cards.map((gpu) => gpuProblem(gpu));
  if (cards.length > 0 && problems.every((problem) => problem !== null)) {
    return `${cards[0]!.name}: ${problems[0]}`;
  }
  const missing = build.missing();
  if (missing.length === 0) return null;
  const own = Deno.env.get("CODESCRUB_TENSORFLOW") ? "unset CODESCRUB_TENSORFLOW and " : "";
  return `TensorFlow does not find ${missing.join(", ")}: ${own}${SET_UP}`;
}

/** A line of TensorFlow's about cards, which the reason makes superfluous. */
const ABOUT_GPUS = /gpu|cuda|cudnn|cublas/i;

/**
 * Why TensorFlow saw no card although nothing spoke against it: what it threw, else what it wrote.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { whyNotOpened } from "./gpu_device.ts";
 *
 * assertEquals(whyNotOpened(new Error("Cannot run it: no memory"), []), "TensorFlow fails: Cannot run it: no memory");
 * const line = "W0000 00:00:1.5   7 gpu_device.cc:2365] Cannot dlopen some GPU libraries.";
 * assertEquals(
 *   whyNotOpened(undefined, [line]),
 *   "TensorFlow says: gpu_device.cc:2365] Cannot dlopen some GPU libraries.",
 * );
 * ```
 */
export function whyNotOpened(thrown: unknown, lines: readonly string[]): string {
  if (thrown !== undefined) return `TensorFlow fails: ${reasonOf(thrown)}`;
  const last = lines.findLast((line) => ABOUT_GPUS.test(line))?.replace(/^\S+ \S+\s+\d+ /, "");
  return last
    ? `TensorFlow says: ${reasonOf(last)}`
    : "TensorFlow sees none: TF_CPP_MIN_LOG_LEVEL=0 shows all that it says";
}

/**
 * What speaks against a card, and what to do; null where nothing does.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpuProblem } from "./gpu_device.ts";
 *
 * const card = { index: 0, uuid: "GPU-1", name: "Tesla M40", driver: "580.95.05", cudaVersion: "13.0" };
 * const gpu = { ...card, memoryBytes: 12e9, freeBytes: 11e9, computeCapability: "5.2" };
 * assertEquals(gpuProblem(gpu), "compute capability 5.2 is too old: TensorFlow's build begins at 6.0");
 * assertEquals(gpuProblem({ ...gpu, computeCapability: "9.0" }), null);
 * ```
 */
export function gpuProblem(
  { driver, cudaVersion, computeCapability, freeBytes, memoryBytes }: Gpu,
): string | null {
  if (cudaVersion !== null && parseFloat(cudaVersion) < 12) {
    const which = driver === null ? "the driver" : `driver ${driver}`;
    return `${which} is too old: it knows CUDA ${cudaVersion}, CUDA 12 needs 525.60.13 or newer`;
  }
  if (parseFloat(computeCapability) < OLDEST_CAPABILITY) {
    return `compute capability ${computeCapability} is too old: TensorFlow's build begins at ${OLDEST_CAPABILITY}.0`;
  }
  if (freeBytes !== null && freeBytes < LEAST_FREE_BYTES) {
    const megabytes = (bytes: number) => Math.floor(bytes / 1e6);
    return `${megabytes(freeBytes)} of ${
      megabytes(memoryBytes)
    } MB are free: wait for other processes or choose ` +
      "another card by CUDA_VISIBLE_DEVICES";
  }
  return null;
}

/**
 * What is to be known of a card that works; null where nothing is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpuNote } from "./gpu_device.ts";
 *
 * assertEquals(gpuNote({ computeCapability: "9.0" }), null);
 * ```
 */
export function gpuNote({ computeCapability }: Pick<Gpu, "computeCapability">): string | null {
  return parseFloat(computeCapability) >= NEWEST_CAPABILITY
    ? `TensorFlow's build has no code for ${computeCapability}: compiled at first use, and XLA may fail`
    : null;
}
