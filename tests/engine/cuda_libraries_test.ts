import { assertEquals } from "@std/assert";
import { join } from "node:path";
import {
  CUDA_LIBRARIES,
  missingLibraries,
  prepareCuda,
  shadowedLibraries,
  unopenedLibraries,
  xlaFlags,
} from "../../lib/engine/cuda_libraries.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

/** Empty files. */
function touch(folder: string, ...paths: string[]): void {
  for (const path of paths) {
    Deno.mkdirSync(join(folder, path, ".."), { recursive: true });
    Deno.writeTextFileSync(join(folder, path), "");
  }
}

const pathsIn = (folder: string) => ({
  framework: `${folder}/tensorflow/libtensorflow_framework.so.2`,
  cc: `${folder}/tensorflow/libtensorflow_cc.so.2`,
});

Deno.test("xlaFlags() adds the folder to the user's flags, unless they name one or a file", () => {
  const cases: [string | undefined, string][] = [
    [undefined, "--xla_gpu_cuda_data_dir=/c"],
    ["", "--xla_gpu_cuda_data_dir=/c"],
    ["--xla_dump_to=d", "--xla_dump_to=d --xla_gpu_cuda_data_dir=/c"],
    ["--xla_gpu_cuda_data_dir=/usr/local/cuda", "--xla_gpu_cuda_data_dir=/usr/local/cuda"],
    ["flags.txt", "flags.txt"],
  ];
  for (const [flags, expected] of cases) assertEquals(xlaFlags(flags, "/c"), expected);
  assertEquals(xlaFlags(undefined, "/my cache"), '--xla_gpu_cuda_data_dir="/my cache"');
  assertEquals(xlaFlags(xlaFlags("--a", "/c"), "/c"), "--a --xla_gpu_cuda_data_dir=/c");
});

Deno.test("prepareCuda() names the compiler that lies beside TensorFlow", () => {
  using folder = temporaryFolder();
  touch(folder.path, "nvidia/cuda_nvcc/bin/ptxas");
  const before = Deno.env.get("XLA_FLAGS");
  Deno.env.set("XLA_FLAGS", "--xla_dump_to=d");
  try {
    prepareCuda(pathsIn(folder.path));
    const expected = `--xla_dump_to=d --xla_gpu_cuda_data_dir=${folder.path}/nvidia/cuda_nvcc`;
    assertEquals(Deno.env.get("XLA_FLAGS"), expected);
  } finally {
    if (before === undefined) Deno.env.delete("XLA_FLAGS");
    else Deno.env.set("XLA_FLAGS", before);
  }
});

Deno.test("shadowedLibraries() gives all in the order of what needs what, where LD_LIBRARY_PATH has one of them", () => {
  using folder = temporaryFolder();
  const nvidia = `${folder.path}/nvidia`;
  touch(nvidia, "cudnn/lib/libcudnn.so.9", "cublas/lib/libcublas.so.12", "cublas/lib/libcublasLt.so.12");
  touch(folder.path, "toolkit/libcublas.so.12", "other/libfoo.so");
  const all = ["cublas/lib/libcublasLt.so.12", "cublas/lib/libcublas.so.12", "cudnn/lib/libcudnn.so.9"];
  const expected = all.map((path) => join(nvidia, path));
  assertEquals(shadowedLibraries(nvidia, `${folder.path}/other:${folder.path}/toolkit`), expected);
  for (const path of [undefined, "", ":", `${folder.path}/other`, `${nvidia}/cublas/lib`, "/nowhere"]) {
    assertEquals(shadowedLibraries(nvidia, path), []);
  }
});

Deno.test("missingLibraries() tries what lies beside TensorFlow, then what the system has, in order", () => {
  using folder = temporaryFolder();
  const paths = pathsIn(folder.path);
  touch(folder.path, "nvidia/cudnn/lib/libcudnn.so.9", "nvidia/cufft/lib/libcufft.so.11");
  const tried: string[] = [];
  const opens = (name: string) => {
    tried.push(name);
    return name.endsWith("libcudnn.so.9") && name.startsWith("/") || name === "libcudart.so.12";
  };
  const missing = CUDA_LIBRARIES.filter((name) => !/cudart|cudnn/.test(name));
  assertEquals(missingLibraries(paths, opens), missing);
  assertEquals(tried.slice(0, 2), ["libcudart.so.12", "libcublas.so.12"]);
  assertEquals(tried.filter((name) => name.startsWith("/")).length, 2);
});

Deno.test("missingLibraries() and unopenedLibraries() do not take an empty file for a library", () => {
  using folder = temporaryFolder();
  touch(folder.path, "nvidia/cudnn/lib/libcudnn.so.9");
  assertEquals(
    missingLibraries(pathsIn(folder.path)).includes("libcudnn.so.9"),
    unopenedLibraries().includes("libcudnn.so.9"),
  );
});
