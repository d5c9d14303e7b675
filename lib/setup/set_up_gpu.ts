/**
 * Fetches TensorFlow's build for NVIDIA's cards, a wheel at a time: downloaded, checked, unpacked into its place by one
 * rename, deleted. A killed set-up leaves whole parts and at most one whole wheel, which the next one does not fetch
 * again; the build is used when all parts are there.
 *
 * @module
 */
import { join } from "node:path";
import { cacheFolder, checkFreeSpace, withCacheLock } from "./cache_folder.ts";
import { GPU_WHEELS, gpuFolder, type GpuWheel, missingGpuWheels, planGpuSetUp } from "./gpu_wheels.ts";
import { unpackWheel } from "./unpack_wheel.ts";
import { downloadWheels, type FetchWheelsOptions, missingWheels } from "./fetch_wheels.ts";

/** Options of {@linkcode setUpGpu}. */
export interface SetUpGpuOptions extends FetchWheelsOptions {
  /** What the build is made of (for tests). */
  wheels?: readonly GpuWheel[];
}

const WHAT = "TensorFlow for GPUs";

/**
 * Makes sure that the build is in the cache: 2.86 GB are downloaded, 4.49 GB kept. Nothing is asked where it is whole.
 *
 * @returns Its folder.
 * @throws {Error} As `fetchWheels`, or if there is not enough space.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { setUpGpu } from "./set_up_gpu.ts";
 *
 * const cache = await Deno.makeTempDir();
 * await assertRejects(() => setUpGpu({ cache, python: "no-such-python3" }), Error, "is not on the PATH");
 * ```
 */
export async function setUpGpu(options: SetUpGpuOptions = {}): Promise<string> {
  const { cache = cacheFolder(), onProgress, wheels = GPU_WHEELS } = options;
  if (missingGpuWheels(cache, wheels).length > 0) {
    await withCacheLock(async (temporary) => {
      checkFreeSpace(cache, planGpuSetUp(cache, wheels).neededBytes, WHAT);
      for (const wheel of missingGpuWheels(cache, wheels)) {
        const working = await Deno.makeTempDir({ dir: temporary });
        await setUpPart(wheel, working, { ...options, cache });
        await Deno.remove(working, { recursive: true });
      }
    }, { cache, onProgress });
  }
  return gpuFolder(cache);
}

async function setUpPart(
  wheel: GpuWheel,
  temporary: string,
  { cache, onProgress, python }: SetUpGpuOptions & { cache: string },
): Promise<void> {
  const kept = join(cache, "wheels", wheel.file); // outlives a set-up that is killed while it unpacks
  if ((await missingWheels([wheel], join(cache, "wheels"))).length > 0) {
    await downloadWheels([wheel], temporary, { onProgress, python });
    await Deno.mkdir(join(cache, "wheels"), { recursive: true });
    await Deno.rename(join(temporary, wheel.file), kept);
  }
  const { files, links } = wheel;
  const what = `${wheel.name} ${wheel.version}`;
  await unpackWheel(kept, join(gpuFolder(cache), wheel.folder), {
    what,
    files,
    links,
    temporary,
    onProgress: (progress) => onProgress?.({ ...progress, what }), // not of each of its files
  });
  await Deno.remove(kept);
}
