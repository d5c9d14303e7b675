/**
 * TensorFlow's build for NVIDIA's cards in the cache: its two libraries beside those of CUDA 12 that they open, each
 * wheel's files in a folder of their own, as pip would lay them. TensorFlow finds them from where it lies itself, so
 * that no LD_LIBRARY_PATH is needed, and XLA finds ptxas and libdevice. Read from, never written to, by this file.
 *
 * @module
 */
import { join } from "node:path";
import data from "../../data/cuda_wheels.json" with { type: "json" };
import { hasPinnedFiles, type PinnedFile } from "./pinned_files.ts";
import type { Wheel } from "./fetch_wheels.ts";

/** A wheel of which some files are kept. */
export interface GpuWheel extends Wheel {
  /** Where they lie within the build's folder. */
  folder: string;
  /** Which. */
  files: readonly PinnedFile[];
  /** Links beside them: where, and to what. */
  links?: { readonly [path: string]: string };
}

/** What the build is made of: TensorFlow 2.21.0 for CUDA 12, and eight wheels of NVIDIA's. */
export const GPU_WHEELS: readonly GpuWheel[] = data.wheels;

/**
 * Where the build lies within a cache folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gpuFolder } from "./gpu_wheels.ts";
 *
 * assertEquals(gpuFolder("/data"), "/data/tensorflow-2.21.0-cuda12");
 * ```
 */
export function gpuFolder(cache: string): string {
  const { version } = GPU_WHEELS.find(({ folder }) => folder === "tensorflow")!;
  return join(cache, `tensorflow-${version}-cuda12`);
}

/**
 * The wheels whose files are not in a cache, or not as pinned: none where the build is whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { GPU_WHEELS, missingGpuWheels } from "./gpu_wheels.ts";
 *
 * assertEquals(missingGpuWheels(await Deno.makeTempDir()), GPU_WHEELS);
 * ```
 */
export function missingGpuWheels(cache: string, wheels: readonly GpuWheel[] = GPU_WHEELS): GpuWheel[] {
  const base = gpuFolder(cache);
  return wheels.filter(({ folder, files, links = {} }) => {
    const part = join(base, folder);
    const areLinked = Object.entries(links).every(([path, target]) => linkOf(join(part, path)) === target);
    return !areLinked || !hasPinnedFiles(part, files);
  });
}

function linkOf(path: string): string | null {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return null; // not there, or no link
  }
}

/** What a set-up would do. */
export interface GpuPlan {
  /** How many wheels it would fetch. */
  wheels: number;
  /** Their size. */
  downloadBytes: number;
  /** What is kept of them. */
  keptBytes: number;
  /** What the file system must have free: what is kept, and the largest wheel twice. */
  neededBytes: number;
}

/**
 * How much is to be fetched and kept until the build is whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { planGpuSetUp } from "./gpu_wheels.ts";
 *
 * const { wheels, downloadBytes, keptBytes } = planGpuSetUp(await Deno.makeTempDir());
 * assertEquals([wheels, downloadBytes, keptBytes], [9, 2859639797, 4487943536]);
 * ```
 */
export function planGpuSetUp(cache: string, wheels: readonly GpuWheel[] = GPU_WHEELS): GpuPlan {
  const left = missingGpuWheels(cache, wheels);
  const sum = (sizes: readonly { bytes: number }[]) => sizes.reduce((all, { bytes }) => all + bytes, 0);
  const keptBytes = sum(left.flatMap(({ files }) => files));
  const largest = Math.max(0, ...left.map(({ bytes }) => bytes));
  return { wheels: left.length, downloadBytes: sum(left), keptBytes, neededBytes: keptBytes + 2 * largest };
}
