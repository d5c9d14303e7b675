/**
 * Where TensorFlow's two libraries are: the folder of an environment variable, the project's own download, or an
 * installed `tensorflow` package, whose folder is found without starting Python. The same wheel that pip would
 * install holds both, and `libtensorflow_cc.so.2` exports the whole C API.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { cacheFolder } from "./cache_folder.ts";
import { gpuFolder, missingGpuWheels } from "./gpu_wheels.ts";
import { hasPinnedFiles, type PinnedFile } from "./pinned_files.ts";
import type { Wheel } from "./fetch_wheels.ts";

/** TensorFlow's libraries, found. */
export interface TensorFlowLibraries {
  /** The folder that holds both. */
  folder: string;
  /** `libtensorflow_framework.so.2`: to be opened first. */
  framework: string;
  /** `libtensorflow_cc.so.2`: the C API. */
  cc: string;
  /** "2.21.0", or null for a folder that the environment names. */
  version: string | null;
  /** Who named the folder. */
  origin: "environment" | "download" | "package";
}

/** The wheel that set-up takes the libraries from. */
export const TENSORFLOW_WHEEL = {
  name: "tensorflow-cpu",
  version: "2.21.0",
  file: "tensorflow_cpu-2.21.0-cp312-cp312-manylinux_2_27_x86_64.whl",
  sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
  bytes: 274_000_871,
  platform: "manylinux_2_27_x86_64",
} as const satisfies Wheel;

/** The two libraries in it. */
export const TENSORFLOW_FILES = [
  {
    name: "tensorflow/libtensorflow_framework.so.2",
    bytes: 65_222_328,
    sha256: "f060b323b26ef80add21b9df9428de3aeaf2843d772c5bb098745f7abff3709b",
  },
  {
    name: "tensorflow/libtensorflow_cc.so.2",
    bytes: 788_086_608,
    sha256: "6505a4b9657e62100c6bdacb683957a395cb047725042945aaa50e40a71e429e",
  },
] as const satisfies readonly PinnedFile[];

const NAMES = TENSORFLOW_FILES.map(({ name }) => basename(name));

// Older packages lack functions that the binding calls.
const OLDEST_MINOR = 21;

/** Options of {@linkcode findTensorFlow}. */
export interface FindTensorFlowOptions {
  /** The cache folder (default {@linkcode cacheFolder}). */
  cache?: string;
  /** Reads an environment variable (for tests). */
  variable?: (name: string) => string | undefined;
  /** Which of the downloads is wanted; the other serves where it is not there (default "cpu", which starts faster). */
  build?: "cpu" | "gpu";
  /** Where Python may be installed apart from the environment's folders (for tests). */
  prefixes?: readonly string[];
}

/**
 * Finds TensorFlow's libraries: `$CODESCRUB_TENSORFLOW`, else the download of {@linkcode setUpTensorFlow}, for CPUs or
 * GPUs, else an installed package of version 2.21 or later. Opens nothing.
 *
 * @throws {Error} If there is none; the message lists what was tried.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { findTensorFlow } from "./tensorflow_libraries.ts";
 *
 * const variable = (name: string) => name === "CODESCRUB_TENSORFLOW" ? "/nowhere" : undefined;
 * assertThrows(() => findTensorFlow({ variable }), Error, '"/nowhere" has no libtensorflow_framework.so.2');
 * ```
 */
export function findTensorFlow(
  { cache, variable = (name) => Deno.env.get(name), build = "cpu", prefixes = ["/usr/local", "/usr"] }:
    FindTensorFlowOptions = {},
): TensorFlowLibraries {
  const named = variable("CODESCRUB_TENSORFLOW");
  if (named) {
    const folder = resolve(named);
    const missing = NAMES.find((name) => !isFile(join(folder, name)));
    if (missing === undefined) return libraries(folder, null, "environment");
    throw new Error(
      `Cannot find TensorFlow as CODESCRUB_TENSORFLOW says: "${folder}" has no ${missing}: correct or unset it`,
    );
  }
  const folderOfCache = cache ?? cacheFolder(variable);
  const download = downloadFolder(folderOfCache);
  const builds = {
    cpu: () => isDownloaded(download),
    gpu: () => missingGpuWheels(folderOfCache).length === 0,
  };
  for (const which of build === "gpu" ? ["gpu", "cpu"] as const : ["cpu", "gpu"] as const) {
    if (!builds[which]()) continue;
    const folder = which === "gpu" ? join(gpuFolder(folderOfCache), "tensorflow") : download;
    return libraries(folder, TENSORFLOW_WHEEL.version, "download");
  }
  const tried = [hasLibraries(download) ? `${download} (not the pinned files)` : download];
  for (const sitePackages of sitePackagesFolders(variable, prefixes)) {
    const folder = join(sitePackages, "tensorflow");
    const version = packageVersion(sitePackages);
    const whole = hasLibraries(folder);
    if (whole && version && isRecent(version)) return libraries(folder, version, "package");
    tried.push(whole ? `${folder} (version ${version ?? "unknown"}, needs 2.${OLDEST_MINOR})` : folder);
  }
  throw new Error(`Cannot find TensorFlow's libraries in ${tried.join(", ")}: run "npx -y deno task setup"`);
}

/**
 * Where the project's own download lies within a cache folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { downloadFolder } from "./tensorflow_libraries.ts";
 *
 * assertEquals(downloadFolder("/data"), "/data/tensorflow-cpu-2.21.0");
 * ```
 */
export function downloadFolder(cache: string): string {
  return join(cache, `${TENSORFLOW_WHEEL.name}-${TENSORFLOW_WHEEL.version}`);
}

/**
 * Whether a folder holds both libraries of the pinned wheel and no others.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isDownloaded } from "./tensorflow_libraries.ts";
 *
 * assertEquals(isDownloaded(await Deno.makeTempDir()), false);
 * ```
 */
export function isDownloaded(folder: string): boolean {
  return hasPinnedFiles(folder, TENSORFLOW_FILES);
}

function hasLibraries(folder: string): boolean {
  return NAMES.every((name) => isFile(join(folder, name)));
}

function libraries(
  folder: string,
  version: string | null,
  origin: TensorFlowLibraries["origin"],
): TensorFlowLibraries {
  const framework = join(folder, "libtensorflow_framework.so.2");
  return { folder, framework, cc: join(folder, "libtensorflow_cc.so.2"), version, origin };
}

function statOrNull(path: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(path);
  } catch {
    return null; // not there, or not ours to read: either way nothing to open
  }
}

function isFile(path: string): boolean {
  return statOrNull(path)?.isFile ?? false;
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= OLDEST_MINOR);
}

function listFolder(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  } catch {
    return [];
  }
}

/** The folders that a Python here would import from, most specific first; only those that exist. */
function sitePackagesFolders(
  variable: (name: string) => string | undefined,
  system: readonly string[],
): string[] {
  const prefixes = [variable("VIRTUAL_ENV"), variable("CONDA_PREFIX")];
  for (const folder of (variable("PATH") ?? "").split(":")) {
    const python = join(folder, "python3");
    if (folder && isFile(python)) prefixes.push(dirname(folder), dirname(dirname(Deno.realPathSync(python))));
  }
  const home = variable("HOME");
  if (home) prefixes.push(join(home, ".local"));
  prefixes.push(...system);
  const found = new Set<string>();
  for (const prefix of prefixes) {
    if (!prefix) continue;
    const pythons = listFolder(join(prefix, "lib")).filter((name) => /^python3(\.\d+)?$/.test(name));
    for (const name of pythons) {
      for (const last of ["site-packages", "dist-packages"]) found.add(join(prefix, "lib", name, last));
    }
  }
  return [...found].filter((folder) => statOrNull(folder)?.isDirectory);
}

/** The version in the name of TensorFlow's `.dist-info` folder. */
function packageVersion(sitePackages: string): string | null {
  for (const name of listFolder(sitePackages)) {
    const match = /^(?:tensorflow|tensorflow_cpu|intel_tensorflow)-(\d[^-]*)\.dist-info$/.exec(name);
    if (match?.[1]) return match[1];
  }
  return null;
}
