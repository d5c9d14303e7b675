/**
 * Runs dumped steps through a PJRT plugin. Each stage prints its line at once, so that a crash tells how far it came.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { keepLoaded } from "../../lib/engine/libc.ts";
import { PjrtApi } from "./pjrt_api.ts";
import {
  type ClientOptions,
  ELEMENT_BYTES,
  type PjrtBuffer,
  PjrtClient,
  type PjrtExecutable,
} from "./pjrt.ts";
import { type DumpedStep, type DumpedTensor, FILES, type Manifest } from "./pjrt_steps.ts";

/** How to run. */
export interface RunOptions {
  /** Timed runs of each step. */
  repeat: number;
  /** Alone to be run, where given. */
  step?: string;
  /** Alone to be run, where given: TensorFlow's program or ours. */
  format?: string;
}

/** Results of more bytes than this are not read back. */
const LARGEST_READ = 2 ** 24;
/** Largest difference from the expected results, relative to the largest number of each. */
const TOLERANCE = 1e-4;

/**
 * What JAX's package loads before the plugin: the folder below site-packages/nvidia and the libraries in it. Those that
 * are not there are left to the system's loader.
 */
const CUDA_LIBRARIES: readonly (readonly [folder: string, name: RegExp])[] = [
  ...["cudart", "nvrtc", "nvJitLink", "cublasLt", "cublas", "cupti", "cusparse", "cusolver", "cufft"].flatMap(
    (name) => ["cu13/lib"].map((folder) => [folder, new RegExp(`^lib${name}\\.so\\.1\\d$`)] as const),
  ),
  ["nccl/lib", /^libnccl\.so\.2$/],
  ["nvshmem/lib", /^libnvshmem_host\.so\.3$/],
  ["cudnn/lib", /^libcudnn\.so\.9$/],
];

/**
 * An update of a few rows of a cache as StableHLO's text: the result takes the cache's memory. The smallest program that
 * shows what our own emitter would write.
 */
const WRITE_ROWS = `module @write_rows {
  func.func public @main(
    %cache: tensor<4x3xf32> {tf.aliasing_output = 0 : i32}, %row: tensor<i32>, %values: tensor<1x3xf32>
  ) -> tensor<4x3xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %0 = stablehlo.dynamic_update_slice %cache, %values, %row, %zero
      : (tensor<4x3xf32>, tensor<1x3xf32>, tensor<i32>, tensor<i32>) -> tensor<4x3xf32>
    return %0 : tensor<4x3xf32>
  }
}`;

const log = (line: string) => console.log(`pjrt: ${line}`);
const since = (start: number) => `${((performance.now() - start) / 1000).toFixed(2)} s`;

/** What a plugin says can be long, and its beginning tells. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2000);
}

/** Loads what the CUDA plugin opens by name, from the folder of NVIDIA's Python packages beside it. */
function loadCuda(plugin: string): void {
  const given = Deno.env.get("NVIDIA_PACKAGES"); // the folder "nvidia" of site-packages
  const folder = given ?? join(dirname(plugin), "../../nvidia");
  const loaded = CUDA_LIBRARIES.flatMap(([part, pattern]) => {
    try {
      const names = Array.from(Deno.readDirSync(join(folder, part)), ({ name }) => name);
      return names.filter((name) => pattern.test(name) && keepLoaded(join(folder, part, name)));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
  log(
    `CUDA's libraries from ${given ? "NVIDIA_PACKAGES" : "beside the plugin"}: ${loaded.join(" ") || "none"}`,
  );
}

/** Runs every step of a folder. @returns whether all results are as expected */
export async function runSteps(folder: string, plugin: string, options: RunOptions): Promise<boolean> {
  const manifest: Manifest = JSON.parse(await Deno.readTextFile(join(folder, FILES.manifest)));
  const isGpu = /cuda|gpu/.test(basename(plugin));
  if (isGpu) loadCuda(plugin);
  const api = new PjrtApi(plugin);
  log(`opened ${basename(plugin)}, PJRT C API ${api.version}`);
  api.call("Plugin_Initialize", {});
  log("initialized");
  // not the whole card at the start
  const settings: ClientOptions = isGpu ? { preallocate: false, memory_fraction: 0.9 } : {};
  let start = performance.now();
  using client = new PjrtClient(api, settings);
  log(`client: ${client.platform.replace(/\s+/g, " ")}, ${client.devices.join(", ")}, ${since(start)}`);
  let isRight = writeRows(client);
  const numbers = await Deno.readFile(join(folder, FILES.numbers)).catch(() => new Uint8Array());
  for (const step of manifest.steps) {
    if (options.step && options.step !== step.name) continue;
    for (const [format, file] of [["hlo", step.module], ["mlir", step.text]] as const) {
      if (options.format && options.format !== format) continue;
      const name = `${step.name} (${format === "hlo" ? "TensorFlow's HLO" : "our StableHLO"})`;
      try {
        const code = await readCompressed(join(folder, file));
        start = performance.now();
        using executable = client.compile({ format, code });
        log(`${name}: ${step.inputs.length} inputs, compiled in ${since(start)}`);
        isRight = runStep(client, executable, { step: { ...step, name }, numbers, repeat: options.repeat }) &&
          isRight;
      } catch (error) {
        log(`${name}: FAILED: ${messageOf(error)}`);
        isRight = false;
      }
    }
  }
  return isRight;
}

async function readCompressed(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const { readable } = await Deno.open(path);
  const stream = readable.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Whether a program written as text runs and updates its input in place. */
function writeRows(client: PjrtClient): boolean {
  using program = client.compile({ format: "mlir", code: new TextEncoder().encode(WRITE_ROWS) });
  const floats = (values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  using cache = client.upload(floats(new Array(12).fill(0)), "float32", [4, 3]);
  using row = client.upload(new Uint8Array(Int32Array.of(2).buffer), "int32", []);
  using values = client.upload(floats([1, 2, 3]), "float32", [1, 3]);
  const before = cache.data;
  const [result] = program.run([cache, row, values]);
  using written = result!;
  const found = [...new Float32Array(written.read().buffer)].join();
  const isRight = found === "0,0,0,0,0,0,1,2,3,0,0,0";
  const place = written.data === before && cache.isDeleted ? "in place" : "NOT in place";
  log(`StableHLO as text, rows of a cache written ${place}: ${isRight ? "right" : `WRONG: ${found}`}`);
  return isRight;
}

function runStep(
  client: PjrtClient,
  executable: PjrtExecutable,
  { step, numbers, repeat }: { step: DumpedStep; numbers: Uint8Array<ArrayBuffer>; repeat: number },
): boolean {
  let start = performance.now();
  const inputs = step.inputs.map((tensor) =>
    client.upload(valuesOf(tensor, numbers), tensor.type, tensor.shape)
  );
  log(`${step.name}: inputs uploaded in ${since(start)}`);
  let results: PjrtBuffer[] = [];
  let isInPlace = step.aliases.length > 0;
  const run = () => {
    for (const old of results) old[Symbol.dispose]();
    const places = step.aliases.map(([, input]) => inputs[input]!.data);
    results = executable.run(inputs);
    step.aliases.forEach(([output, input], i) => {
      isInPlace &&= inputs[input]!.isDeleted && results[output]!.data === places[i];
      inputs[input]![Symbol.dispose]();
      inputs[input] = results[output]!;
    });
    // what is an input now is freed as one
    results = results.filter((result) => !inputs.includes(result));
  };
  try {
    for (let i = 0; i < step.runs; i++) run();
    const last = step.outputs.map((_, output) => {
      const alias = step.aliases.find(([aliased]) => aliased === output);
      return alias ? inputs[alias[1]]! : results[output]!;
    });
    const isRight = compare(step, last, numbers);
    const times = Array.from({ length: repeat }, () => {
      start = performance.now();
      run();
      return performance.now() - start;
    }).sort((a, b) => a - b);
    if (step.aliases.length > 0) {
      log(`${step.name}: ${step.aliases.length} weights ${isInPlace ? "" : "NOT "}in place`);
    }
    const memory = client.memory();
    const peak = memory?.peak ? `, at most ${(memory.peak / 2 ** 30).toFixed(2)} GiB` : "";
    const median = times[times.length >> 1]!;
    log(
      `${step.name}: ${median.toFixed(2)} ms a run (median of ${repeat}, least ${
        times[0]!.toFixed(2)
      })${peak}`,
    );
    return isRight;
  } finally {
    for (const buffer of new Set([...inputs, ...results])) buffer[Symbol.dispose]();
  }
}

/** Compares what has expected numbers; of the rest it says whether it is finite, where it is small. */
function compare(
  step: DumpedStep,
  results: readonly PjrtBuffer[],
  numbers: Uint8Array<ArrayBuffer>,
): boolean {
  let [absolute, relative, compared, isFinite] = [0, 0, 0, true];
  step.outputs.forEach((output, i) => {
    const size = sizeOf(output) * ELEMENT_BYTES[output.type];
    if (output.type !== "float32" || size > LARGEST_READ) return;
    const found = new Float32Array(results[i]!.read().slice().buffer);
    if (`${results[i]!.shape}` !== `${output.shape}`) {
      throw new Error(`it has the shape [${results[i]!.shape}]`);
    }
    isFinite &&= found.every(Number.isFinite);
    if (output.offset === undefined) return;
    const expected = new Float32Array(numbers.slice(output.offset, output.offset + size).buffer);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = expected.reduce((most, value, j) => Math.max(most, Math.abs(value - found[j]!)), 0);
    absolute = Math.max(absolute, difference);
    relative = Math.max(relative, largest > 0 ? difference / largest : difference);
    compared++;
  });
  const isRight = isFinite && relative <= TOLERANCE;
  const finite = isFinite ? "all finite" : "NOT FINITE";
  const difference =
    `largest difference ${absolute.toExponential(1)}, relative ${relative.toExponential(1)}, ` +
    `${finite}: ${isRight ? "equal" : "DIFFERENT"}`;
  const outcome = compared > 0 ? difference : `no expected numbers, ${finite}`;
  log(`${step.name}: ${compared} results compared after ${step.runs} runs: ${outcome}`);
  return isRight;
}

const sizeOf = ({ shape }: DumpedTensor) => shape.reduce((product, dim) => product * dim, 1);

/** A tensor's numbers: kept ones, or random ones, the same in every call. */
function valuesOf(tensor: DumpedTensor, numbers: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const size = sizeOf(tensor);
  if (tensor.offset !== undefined) {
    return numbers.slice(tensor.offset, tensor.offset + size * ELEMENT_BYTES[tensor.type]);
  }
  let state = 1;
  const next = () => state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  if (tensor.below) {
    return new Uint8Array(Int32Array.from({ length: size }, () => next() % tensor.below!).buffer);
  }
  const values = new Float32Array(size);
  const scale = 2 * (tensor.spread ?? 1) / 2 ** 32;
  for (let i = 0; i < size; i++) values[i] = (next() - 2 ** 31) * scale;
  return new Uint8Array(values.buffer);
}
