/**
 * Opens TensorFlow as tfjs's backend: libraries, eager context, threads and device.
 *
 * One engine is open at a time; closing it frees its context's threads and tensors. The libraries are loaded on the
 * first opening, never at import.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import util from "node:util";
import { chooseCards, librariesFor, openOnDevice, requestDevice } from "./gpu_device.ts";
import { tuneXla } from "./cuda_libraries.ts";
import { hostOf, joinHosts } from "./hosts.ts";
import { type LibraryPaths, openLibrary } from "./library.ts";
import { limitMemory } from "./memory_budget.ts";
import { readGpuMemory, sessionConfig, type SessionOptions } from "./session_config.ts";
import { setEngine } from "./state.ts";
import { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

/** How to open TensorFlow. */
export interface EngineOptions {
  /** "cpu", "gpu", or the best present ("auto", the default). */
  device?: "auto" | "cpu" | "gpu";
  /** Threads for one operation, up to 1,024. Default: those of the process, at first as many as there are cores. */
  threads?: number;
  /**
   * How many GPUs compute, or as how many logical devices the processor is opened, up to 16, which share its cores: for
   * `toDevice` and steps compiled for a device. Default: one, the first.
   */
  count?: number;
  /**
   * Machines on which `codescrub worker` waits, HOST:PORT: the first device of each, of the kind that computes here, is another
   * one behind those of this process. Default: none.
   */
  hosts?: readonly string[] | undefined;
  /** Where the libraries are. Default: what `findTensorFlow()` finds. */
  paths?: LibraryPaths;
  /**
   * What the process may take where the processor computes, bytes: `limitMemory`, and where TensorFlow is not loaded yet,
   * what is freed is given back at once, which takes up to a third more time. Default: as is fastest.
   */
  memory?: number | undefined;
}

/** A device of TensorFlow's. */
export interface Device {
  /** Such as "/job:localhost/replica:0/task:0/device:CPU:0" */
  name: string;
  /** "CPU" or "GPU" */
  type: string;
  /** Bytes that TensorFlow may take of its memory, as it was when it opened. */
  memory: number;
}

/** An open TensorFlow. */
export interface Engine extends Disposable {
  /** TensorFlow's version. */
  readonly version: string;
  /** All devices. */
  readonly devices: readonly Device[];
  /** The one in use. */
  readonly device: "cpu" | "gpu";
  /** How many of that kind compute, those of hosts too. */
  readonly count: number;
  /** The hosts, as they were given. */
  readonly hosts: readonly string[];
  /** Threads for one operation. */
  readonly threads: number;
  /** Tensors known to tfjs and native tensors held: both are back at their start when all is disposed. */
  memory(): { tensors: number; handles: number };
}

/** A pool of more threads than any machine has cores is a slip. */
const MOST_THREADS = 1024;
/** Logical devices make nothing faster: more of them are a slip. */
const MOST_LOGICAL = 16;

let open: Engine | null = null;
let opening: Promise<Engine> | null = null;
let users = 0;
/** TensorFlow's pool for operations belongs to the process: the first context decides on its size, for good. */
let processThreads: number | null = null;

/**
 * Opens TensorFlow and makes it tfjs's backend; the same engine when it is open already. It is closed when everyone who
 * opened it has disposed it. Options that are not given ask for whatever is open.
 *
 * @throws {Error} when the libraries are not found or cannot be loaded, the device is not there, or TensorFlow is open
 * with another device, other threads or other libraries than those asked for; {RangeError} for no number of threads, and
 * more devices than there are
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * using engine = await openTensorFlow({ device: "cpu" });
 * const { tensors } = engine.memory();
 * const sum = tf.add(1, 2);
 * assertEquals([engine.device, sum.dataSync()[0], engine.memory().tensors], ["cpu", 3, tensors + 1]);
 * ```
 */
export async function openTensorFlow(options: EngineOptions = {}): Promise<Engine> {
  const { threads, count = 1 } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new RangeError(
      `Cannot open TensorFlow with ${threads} threads: expected a whole number from 1 to ${MOST_THREADS}`,
    );
  }
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new RangeError(`Cannot open TensorFlow on ${count} devices: expected a whole number from 1`);
  }
  while (opening) await opening.catch(() => {}); // two calls at once must not make two contexts
  refuseOther(options);
  const engine = open ?? await (opening = openContext(options).finally(() => opening = null));
  if (options.memory !== undefined) limitMemory(options.memory);
  users++;
  return engine;
}

/** Refuses options that what is open does not fulfil. */
function refuseOther({ device = "auto", threads, count, hosts, paths }: EngineOptions): void {
  if (open && device !== "auto" && device !== open.device) {
    throw new Error(`Cannot open TensorFlow on "${device}": it is open on "${open.device}": close it first`);
  }
  const own = open ? open.count - open.hosts.length : 0;
  if (open && count !== undefined && count !== own) {
    throw new Error(`Cannot open TensorFlow on ${count} devices: it is open on ${own}: close it first`);
  }
  if (open && hosts !== undefined && hosts.join() !== open.hosts.join()) {
    throw new Error(`Cannot open TensorFlow with hosts ${hosts.join(", ")}: it is open: close it first`);
  }
  if (processThreads !== null && threads !== undefined && threads !== processThreads) {
    throw new Error(
      `Cannot open TensorFlow with ${threads} threads: it was opened with ${processThreads}, and they stay until the ` +
        "process ends: open it in another one",
    );
  }
  if (open && paths) openLibrary(paths);
}

async function openContext(options: EngineOptions): Promise<Engine> {
  const threads = processThreads ?? options.threads ?? Math.min(navigator.hardwareConcurrency, MOST_THREADS);
  const request = requestDevice(options.device);
  const memory = request.wanted === "cpu" ? undefined : readGpuMemory(Deno.env.get("CODESCRUB_GPU_MEMORY"));
  const { count = 1, hosts = [] } = options;
  const savesMemory = options.memory !== undefined;
  const symbols = openLibrary(librariesFor(request, options.paths), { savesMemory });
  const { context, config, computing, ...opened } = openOnDevice(request, {
    open: (cpuOnly) => {
      const cards = chooseCards(request.gpus, count);
      const opened = newContext(symbols, { threads, cpuOnly, memory, cards, cpus: count });
      return { ...opened, computing: computingDevices(opened.devices) };
    },
    close: ({ context }) => symbols.TFE_DeleteContext(context),
  });
  processThreads = threads;
  const gpu = computing[0]?.type === "GPU" ? computing[0] : null;
  if (count > computing.length || (!gpu && count > MOST_LOGICAL)) {
    symbols.TFE_DeleteContext(context);
    const there = gpu
      ? `TensorFlow can use ${plural(computing.length, "GPU")}`
      : `a processor is opened as ${MOST_LOGICAL} at most`;
    throw new RangeError(`Cannot compute on ${plural(count, "device")}: ${there}`);
  }
  const { devices, lent } = hosts.length === 0
    ? { devices: opened.devices, lent: [] }
    : lendDevices(symbols, context, { hosts, config, type: gpu ? "GPU" : "CPU" });
  // tfjs-node 4.22 calls two functions that newer runtimes have removed from node:util
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  const [{ Backend }, { Binding }, { registerKernels }, { registerGradients }] = await Promise.all([
    import("./backend.ts"),
    import("./binding.ts"),
    import("./kernels.ts"),
    import("./gradients.ts"),
  ]);
  const binding = new Binding(symbols, context, {
    gpu,
    devices: [...computing.slice(0, count), ...lent].map(({ name }) => name),
    hosts,
  });
  const backend = new Backend(binding);
  tf.registerBackend("tensorflow", () => backend as unknown as tf.KernelBackend, 3);
  await import("../npm/tfjs_node_kernels.ts");
  registerKernels();
  registerGradients();
  await tf.setBackend("tensorflow");
  setEngine({ symbols, binding, backend, config });
  const version = Deno.UnsafePointerView.getCString(symbols.TF_Version()!);
  if (gpu) tuneXla(version);
  users = 0;
  const engine: Engine = {
    version,
    devices,
    device: gpu ? "gpu" : "cpu",
    count: count + hosts.length,
    hosts,
    threads,
    memory: () => ({ tensors: tf.memory().numTensors, handles: binding.handleCount }),
    [Symbol.dispose]() {
      if (open !== engine || --users > 0) return;
      open = null;
      setEngine(null);
      tf.removeBackend("tensorflow");
      binding.close(() => symbols.TFE_DeleteContext(context));
    },
  };
  return open = engine;
}

/** The GPUs, else the processors. */
function computingDevices(devices: readonly Device[]): Device[] {
  const gpus = devices.filter(({ type }) => type === "GPU");
  return gpus.length > 0 ? gpus : devices.filter(({ type }) => type === "CPU");
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function newContext(symbols: Symbols, session: SessionOptions) {
  using status = new Status(symbols);
  const options = symbols.TFE_NewContextOptions();
  try {
    const config = sessionConfig(session);
    symbols.TFE_ContextOptionsSetConfig(options, config, BigInt(config.length), status.pointer);
    status.check("the session's configuration");
    const context = symbols.TFE_NewContext(options, status.pointer);
    status.check("the eager context");
    return { context, config, devices: listDevices(symbols, context, status) };
  } finally {
    symbols.TFE_DeleteContextOptions(options);
  }
}

/** Gives a context the hosts' devices, or frees it: all that it has then, and the one of each host that computes. */
function lendDevices(
  symbols: Symbols,
  context: Deno.PointerValue,
  { hosts, config, type }: { hosts: readonly string[]; config: Uint8Array; type: "CPU" | "GPU" },
) {
  using status = new Status(symbols);
  try {
    joinHosts(symbols, context, { hosts, config });
    const devices = listDevices(symbols, context, status);
    const lent = hosts.map((host, i) => {
      const device = devices.find((own) => hostOf(own.name) === i + 1 && own.type === type);
      if (device) return device;
      throw new Error(`Cannot compute on ${host}: it has no ${type}, by which this machine computes`);
    });
    return { devices, lent };
  } catch (error) {
    symbols.TFE_DeleteContext(context);
    throw error;
  }
}

function listDevices(symbols: Symbols, context: Deno.PointerValue, status: Status): Device[] {
  const list = symbols.TFE_ContextListDevices(context, status.pointer);
  status.check("the list of devices");
  const text = (pointer: Deno.PointerValue) => pointer ? Deno.UnsafePointerView.getCString(pointer) : "";
  const devices = Array.from({ length: symbols.TF_DeviceListCount(list) }, (_, i) => ({
    name: text(symbols.TF_DeviceListName(list, i, status.pointer)),
    type: text(symbols.TF_DeviceListType(list, i, status.pointer)),
    memory: Number(symbols.TF_DeviceListMemoryBytes(list, i, status.pointer)),
  }));
  symbols.TF_DeleteDeviceList(list);
  return devices;
}
