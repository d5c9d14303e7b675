/**
 * Set-up: everything that does not come with the repository or with npm is found here, or fetched once, checked and
 * kept in the cache folder. TensorFlow's two libraries come from a pinned wheel; other pinned wheels hold the code of
 * the embedded corpus. The second time nothing asks the network.
 *
 * @module
 */
import { join } from "node:path";
import packages from "../../data/packages.json" with { type: "json" };
import { cacheFolder, type CacheOptions, checkFreeSpace, withCacheLock } from "./cache_folder.ts";
import { childCommand } from "./child_command.ts";
import { setUpGpu } from "./set_up_gpu.ts";
import { GPU_WHEELS, gpuFolder, missingGpuWheels } from "./gpu_wheels.ts";
import { findJupyter } from "./jupyter.ts";
import {
  downloadFolder,
  findTensorFlow,
  type FindTensorFlowOptions,
  isDownloaded,
  TENSORFLOW_FILES,
  TENSORFLOW_WHEEL,
  type TensorFlowLibraries,
} from "./tensorflow_libraries.ts";
import { unpackWheel } from "./unpack_wheel.ts";
import { downloadWheels, fetchWheels, type FetchWheelsOptions, missingWheels } from "./fetch_wheels.ts";
import { reasonOf } from "../files/reason.ts";

export { cacheFolder, type CacheOptions, type OnSetUpProgress, type SetUpProgress } from "./cache_folder.ts";
export { type GpuPlan, planGpuSetUp } from "./gpu_wheels.ts";
export {
  findTensorFlow,
  type FindTensorFlowOptions,
  type TensorFlowLibraries,
} from "./tensorflow_libraries.ts";
export { verifySetUp, type VerifySetUpOptions } from "./verify_set_up.ts";
export { fetchWheels, type FetchWheelsOptions, type Wheel } from "./fetch_wheels.ts";

/** What fetches everything; `deno` itself need not be on the PATH. */
const SET_UP = "npx -y deno task setup";

/** One part of the set-up, for `doctor`. */
export interface SetUpRow {
  /** What it is about. */
  part: string;
  /** Whether it can be used; what is optional is fetched by what needs it. */
  state: "ready" | "missing" | "optional";
  /** Which one is there, where that is known. */
  version: string | null;
  /** Where it is, where that is known. */
  path: string | null;
  /** What to do where it is missing. */
  howToGet: string | null;
}

/** Options of {@linkcode setUpTensorFlow}. */
export interface SetUpTensorFlowOptions extends FetchWheelsOptions, FindTensorFlowOptions {}

/**
 * Finds TensorFlow's libraries, or fetches them: 274 MB are downloaded, 853 MB kept. Two set-ups at once wait for each
 * other; a failed or killed one leaves nothing half installed.
 *
 * @throws {Error} If this platform has no pinned libraries, or as {@linkcode fetchWheels}.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { setUpTensorFlow } from "./set_up.ts";
 *
 * const { cc } = await setUpTensorFlow();
 * assert(cc.endsWith("libtensorflow_cc.so.2"));
 * ```
 */
export async function setUpTensorFlow(options: SetUpTensorFlowOptions = {}): Promise<TensorFlowLibraries> {
  const { variable = (name) => Deno.env.get(name), prefixes, onProgress, python } = options;
  const { cache = cacheFolder(variable) } = options;
  try {
    return findTensorFlow({ cache, variable, prefixes });
  } catch (error) {
    if (variable("CODESCRUB_TENSORFLOW")) throw error; // the user's own choice is not replaced by another
  }
  checkPlatform(Deno.build);
  await withCacheLock(async (temporary) => {
    if (isDownloaded(downloadFolder(cache))) return; // by the set-up that this one waited for
    const unpacked = TENSORFLOW_FILES.reduce((sum, { bytes }) => sum + bytes, 0);
    checkFreeSpace(cache, unpacked + TENSORFLOW_WHEEL.bytes, "TensorFlow");
    await downloadWheels([TENSORFLOW_WHEEL], temporary, { onProgress, python });
    const wheel = join(temporary, TENSORFLOW_WHEEL.file);
    const unpacking = { what: "TensorFlow", files: TENSORFLOW_FILES, temporary, onProgress };
    await unpackWheel(wheel, downloadFolder(cache), unpacking);
  }, { cache, onProgress });
  return findTensorFlow({ cache, variable, prefixes });
}

/**
 * Refuses a platform that the pinned wheel is not for.
 *
 * @throws {Error} Unless it is Linux on x86_64.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { checkPlatform } from "./set_up.ts";
 *
 * checkPlatform({ os: "linux", arch: "x86_64" });
 * assertThrows(() => checkPlatform({ os: "darwin", arch: "aarch64" }), Error, "on darwin aarch64");
 * ```
 */
export function checkPlatform({ os, arch }: { os: string; arch: string }): void {
  if (os === "linux" && arch === "x86_64") return;
  throw new Error(
    `Cannot set up TensorFlow on ${os} ${arch}: the pinned wheel is for linux x86_64: ` +
      "set CODESCRUB_TENSORFLOW to a folder with its libraries",
  );
}

/** Options of {@linkcode setUp}. */
export interface SetUpOptions extends FetchWheelsOptions {
  /** Whether the build for NVIDIA's cards is fetched too: 2.86 GB more, 4.49 GB kept. */
  gpu?: boolean;
}

/**
 * Fetches everything that `demo` and the tests need; with `gpu` what a GPU needs too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSetup, setUp } from "./set_up.ts";
 *
 * await setUp();
 * const rows = await describeSetup();
 * assertEquals(rows.find(({ part }) => part === "wheels")?.state, "ready");
 * ```
 */
export async function setUp({ gpu = false, ...options }: SetUpOptions = {}): Promise<void> {
  await setUpTensorFlow(options);
  await fetchWheels(packages.wheels, options);
  if (!gpu) return;
  checkPlatform(Deno.build);
  await setUpGpu(options);
}

/**
 * What is installed where, a row each: Deno, TensorFlow's libraries for CPUs and GPUs, the pinned wheels, Python, pip, Jupyter, git and
 * bubblewrap.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeSetup } from "./set_up.ts";
 *
 * const [deno] = await describeSetup();
 * assertEquals(deno?.version, Deno.version.deno);
 * ```
 */
export async function describeSetup({ cache = cacheFolder() }: CacheOptions = {}): Promise<SetUpRow[]> {
  const deno = Deno.execPath();
  return [
    { part: "deno", state: "ready", version: Deno.version.deno, path: deno, howToGet: null },
    describeTensorFlow(cache),
    describeGpuBuild(cache),
    await describeWheels(cache),
    await describeCommand("python3", ["python3", "--version"], "install Python 3 (package python3)"),
    await describeCommand("pip", ["python3", "-m", "pip", "--version"], "install it (package python3-pip)"),
    describeJupyter(cache),
    await describeCommand("git", ["git", "--version"], "install it (package git)"),
    await describeBubblewrap(),
  ];
}

function describeTensorFlow(cache: string): SetUpRow {
  try {
    const { version, folder } = findTensorFlow({ cache });
    return { part: "TensorFlow", state: "ready", version, path: folder, howToGet: null };
  } catch (error) {
    const howToGet = Deno.env.get("CODESCRUB_TENSORFLOW") ? reasonOf(error) : SET_UP;
    return { part: "TensorFlow", state: "missing", version: null, path: null, howToGet };
  }
}

/**
 * Whether the build for GPUs is in the cache, whole.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isGpuBuildFetched } from "./set_up.ts";
 *
 * assertEquals(isGpuBuildFetched({ cache: await Deno.makeTempDir() }), false);
 * ```
 */
export function isGpuBuildFetched({ cache = cacheFolder() }: CacheOptions = {}): boolean {
  return missingGpuWheels(cache).length === 0;
}

function describeGpuBuild(cache: string): SetUpRow {
  const left = missingGpuWheels(cache).length;
  const part = "TensorFlow for GPUs";
  const version = left === 0 ? "2.21.0" : null;
  if (left === 0) return { part, state: "ready", version, path: gpuFolder(cache), howToGet: null };
  const isPartial = left < GPU_WHEELS.length;
  const howToGet = `${SET_UP} --gpu${
    isPartial ? ` (${left} of ${GPU_WHEELS.length} parts are missing)` : ""
  }`;
  return { part, state: "optional", version, path: null, howToGet };
}

function describeJupyter(cache: string): SetUpRow {
  const jupyter = findJupyter({ cache });
  if (!jupyter) {
    return {
      part: "Jupyter",
      state: "optional",
      version: null,
      path: null,
      howToGet: "npx -y deno task notebooks",
    };
  }
  return { part: "Jupyter", state: "ready", version: jupyter.version, path: jupyter.folder, howToGet: null };
}

async function describeWheels(cache: string): Promise<SetUpRow> {
  const folder = join(cache, "wheels");
  const missing = await missingWheels(packages.wheels, folder);
  const version = `${packages.wheels.length - missing.length} of ${packages.wheels.length}`;
  return missing.length === 0
    ? { part: "wheels", state: "ready", version, path: folder, howToGet: null }
    : { part: "wheels", state: "missing", version, path: folder, howToGet: SET_UP };
}

async function describeCommand(part: string, command: string[], howToGet: string): Promise<SetUpRow> {
  const [name = "", ...args] = command;
  try {
    const kind = name === "git" ? "git" : "python";
    const output = await childCommand(kind, name, { args, stderr: "null" }).output();
    const version = /\d+(\.\d+)+/.exec(new TextDecoder().decode(output.stdout))?.[0] ?? null;
    if (output.success) return { part, state: "ready", version, path: null, howToGet: null };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { part, state: "missing", version: null, path: null, howToGet };
}

/** `humaneval --sandbox bubblewrap` needs one that may make namespaces, which some machines forbid. */
async function describeBubblewrap(): Promise<SetUpRow> {
  const row = { part: "bubblewrap", version: null, path: null };
  const ready = await describeCommand("bubblewrap", ["bwrap", "--version"], "").catch(() => null);
  if (ready?.state !== "ready") {
    const howToGet = "install it (package bubblewrap), for humaneval --sandbox bubblewrap";
    return { ...row, state: "optional", howToGet };
  }
  const args = ["--ro-bind", "/", "/", "--unshare-all", "true"];
  const { success, stderr } = await childCommand("judged", "bwrap", { args, stdout: "null" }).output();
  if (success) return ready;
  const said = new TextDecoder().decode(stderr).split("\n", 1)[0]!.replace(/^bwrap: /, "");
  return { ...row, state: "optional", howToGet: `it does not work here: ${said}` };
}
