/**
 * CUDA 12's libraries as TensorFlow 2.21 opens them, and how it and XLA come to use those that lie beside it, whatever
 * else a machine has: a folder of LD_LIBRARY_PATH would win over TensorFlow's own, and a toolkit in /usr/local/cuda over
 * the compiler that XLA is to use.
 *
 * @module
 */
import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { isLoaded, keepLoaded } from "./libc.ts";
import type { LibraryPaths } from "./library.ts";

/** What a card needs, in the order in which TensorFlow opens it. */
export const CUDA_LIBRARIES = [
  "libcudart.so.12",
  "libcublas.so.12",
  "libcublasLt.so.12",
  "libcufft.so.11",
  "libcusolver.so.11",
  "libcusparse.so.12",
  "libcudnn.so.9",
] as const;

/** Within `nvidia/`: each after what it is linked to, so that none is looked for elsewhere. */
const BY_DEPENDENCE = [
  "cuda_runtime/lib/libcudart.so.12",
  "nvjitlink/lib/libnvJitLink.so.12",
  "cublas/lib/libcublasLt.so.12",
  "cublas/lib/libcublas.so.12",
  "cusparse/lib/libcusparse.so.12",
  "cusolver/lib/libcusolver.so.11",
  "cufft/lib/libcufft.so.11",
  "cudnn/lib/libcudnn_graph.so.9",
  "cudnn/lib/libcudnn_ops.so.9",
  "cudnn/lib/libcudnn_heuristic.so.9",
  "cudnn/lib/libcudnn_engines_precompiled.so.9",
  "cudnn/lib/libcudnn_engines_runtime_compiled.so.9",
  "cudnn/lib/libcudnn_engines_tensor_ir.so.9",
  "cudnn/lib/libcudnn_ext.so.9",
  "cudnn/lib/libcudnn_cnn.so.9",
  "cudnn/lib/libcudnn_adv.so.9",
  "cudnn/lib/libcudnn.so.9",
] as const;

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // in a folder that is not ours to read, which LD_LIBRARY_PATH may well name
  }
}

/** The folder with CUDA's libraries beside a TensorFlow, as pip and `setup --gpu` lay them. */
function nvidiaFolder({ cc }: LibraryPaths): string {
  return join(dirname(dirname(cc)), "nvidia");
}

/**
 * Which of CUDA's libraries TensorFlow could not open when it looked for cards: it says so nowhere itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unopenedLibraries } from "./cuda_libraries.ts";
 *
 * assertEquals(unopenedLibraries((name) => !name.startsWith("libcudnn")), ["libcudnn.so.9"]);
 * ```
 */
export function unopenedLibraries(isOpen: (name: string) => boolean = isLoaded): string[] {
  return CUDA_LIBRARIES.filter((name) => !isOpen(name));
}

/**
 * Which of CUDA's libraries would not open from beside a TensorFlow, nor from where the system looks: tried one by one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CUDA_LIBRARIES, missingLibraries } from "./cuda_libraries.ts";
 *
 * const paths = { framework: "/nowhere/tensorflow/a.so", cc: "/nowhere/tensorflow/b.so" };
 * assertEquals(missingLibraries(paths, () => false), CUDA_LIBRARIES);
 * ```
 */
export function missingLibraries(
  paths: LibraryPaths,
  opens: (name: string) => boolean = keepLoaded,
): string[] {
  const beside = new Map(BY_DEPENDENCE.map((path) => [basename(path), join(nvidiaFolder(paths), path)]));
  return CUDA_LIBRARIES.filter((name) => {
    const path = beside.get(name)!;
    return !(isThere(path) && opens(path)) && !opens(name);
  });
}

/**
 * Has TensorFlow and XLA use what lies beside them: XLA's folder is named in XLA_FLAGS, which it reads at its first
 * compilation, and libraries that LD_LIBRARY_PATH would replace are loaded beforehand. Does nothing where nothing lies
 * there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { prepareCuda } from "./cuda_libraries.ts";
 *
 * const before = Deno.env.get("XLA_FLAGS");
 * prepareCuda({ framework: "/nowhere/tensorflow/a.so", cc: "/nowhere/tensorflow/b.so" });
 * assertEquals(Deno.env.get("XLA_FLAGS"), before);
 * ```
 */
export function prepareCuda(paths: LibraryPaths): void {
  const nvidia = nvidiaFolder(paths);
  const compiler = join(nvidia, "cuda_nvcc");
  if (isThere(join(compiler, "bin", "ptxas"))) {
    Deno.env.set("XLA_FLAGS", xlaFlags(Deno.env.get("XLA_FLAGS"), compiler));
  }
  for (const path of shadowedLibraries(nvidia, Deno.env.get("LD_LIBRARY_PATH"))) keepLoaded(path);
  // TensorFlow does not look where pip puts this one; set-up makes a link where it does
  keepLoaded(join(nvidia, "cusolver", "lib", "libcusolver.so.11"));
}

/**
 * XLA_FLAGS with the folder of ptxas and libdevice, unless the user names one, or the name of a file with flags.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { xlaFlags } from "./cuda_libraries.ts";
 *
 * assertEquals(xlaFlags("--xla_dump_to=d", "/c/nvcc"), "--xla_dump_to=d --xla_gpu_cuda_data_dir=/c/nvcc");
 * assertEquals(xlaFlags("--xla_gpu_cuda_data_dir=/usr", "/c/nvcc"), "--xla_gpu_cuda_data_dir=/usr");
 * ```
 */
export function xlaFlags(flags: string | undefined, folder: string): string {
  const own = flags?.trim() ?? "";
  const isFile = own !== "" && !own.startsWith("-");
  if (isFile || own.includes("--xla_gpu_cuda_data_dir")) return flags!;
  const value = /\s/.test(folder) ? `"${folder}"` : folder;
  return `${own} --xla_gpu_cuda_data_dir=${value}`.trimStart();
}

/**
 * The libraries beside TensorFlow, in the order to load them in, where a folder of LD_LIBRARY_PATH has one of their
 * names: all of them, as libraries of two releases do not work together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { shadowedLibraries } from "./cuda_libraries.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.mkdir(`${folder}/nvidia/cudnn/lib`, { recursive: true });
 * for (const place of ["", "nvidia/cudnn/lib/"]) await Deno.writeTextFile(`${folder}/${place}libcudnn.so.9`, "");
 * assertEquals(shadowedLibraries(`${folder}/nvidia`, `/nowhere:${folder}`).length, 1);
 * assertEquals(shadowedLibraries(`${folder}/nvidia`, "/nowhere"), []);
 * ```
 */
export function shadowedLibraries(nvidia: string, libraryPath: string | undefined): string[] {
  const there = BY_DEPENDENCE.map((path) => join(nvidia, path)).filter((path) => isThere(path));
  const folders = (libraryPath ?? "").split(/[:;]/).filter(Boolean);
  const isShadowed = folders.some((folder) =>
    there.some((path) => dirname(path) !== folder && isThere(join(folder, basename(path))))
  );
  return isShadowed ? there : [];
}
