import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { CUDA_LIBRARIES } from "../../lib/engine/cuda_libraries.ts";
import { describeSetup, findTensorFlow } from "../../lib/setup/set_up.ts";
import { setUpGpu } from "../../lib/setup/set_up_gpu.ts";
import {
  GPU_WHEELS,
  gpuFolder,
  type GpuWheel,
  missingGpuWheels,
  planGpuSetUp,
} from "../../lib/setup/gpu_wheels.ts";
import { placeOf, stampPinnedFiles } from "../../lib/setup/pinned_files.ts";
import { downloadFolder, TENSORFLOW_FILES } from "../../lib/setup/tensorflow_libraries.ts";
import { verifySetUp } from "../../lib/setup/verify_set_up.ts";
import { storedZip } from "../files/stored_zip.ts";

/** What two small wheels hold, and what is kept of them. */
const PARTS = {
  "nvidia/cuda_nvcc": {
    kept: { "nvidia/cuda_nvcc/bin/ptxas": "a program", "nvidia/cuda_nvcc/nvvm/libdevice/a.bc": "code" },
    dropped: { "nvidia/cuda_nvcc/include/a.h": "a header" },
  },
  tensorflow: { kept: { "tensorflow/a.so.2": "a library" }, dropped: { "tensorflow/python/a.py": "" } },
} as const;

const hashOf = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");

/** A folder with small wheels, their pins, and a python3 that hands them out as pip does, counting its calls. */
async function fakeRegistry(): Promise<
  { python: string; cache: string; wheels: GpuWheel[]; calls: () => number }
> {
  const root = await Deno.makeTempDir();
  const wheels: GpuWheel[] = [];
  for (const [folder, { kept, dropped }] of Object.entries(PARTS)) {
    const name = basename(folder).replace("_", "-");
    const file = `${basename(folder)}-1-py3-none-any.whl`;
    const zip = storedZip({ ...kept, ...dropped });
    await Deno.writeFile(`${root}/${file}`, zip);
    const files = Object.entries(kept).map(([name, text]) => ({
      name,
      path: name.slice(folder.length + 1),
      bytes: text.length,
      sha256: hashOf(text),
      isProgram: name.endsWith("ptxas"),
    }));
    const links = folder === "tensorflow" ? { "a.so": "a.so.2" } : undefined;
    wheels.push({ folder, name, version: "1", file, sha256: hashOf(zip), bytes: zip.length, files, links });
  }
  const python = `${root}/python3`;
  const body = 'for last; do :; done; echo call >> "$(dirname "$0")/calls"\n' +
    'name=$(cut -d= -f1 "$last/requirements.txt" | tr - _); cp "$(dirname "$0")/$name"-*.whl "$last"\n';
  await Deno.writeTextFile(python, `#!/bin/sh\n${body}`, { mode: 0o755 });
  const calls = () => Deno.readTextFileSync(`${root}/calls`).trim().split("\n").length;
  return { python, cache: `${root}/cache`, wheels, calls };
}

function namesUnder(folder: string, within = ""): string[] {
  return Array.from(Deno.readDirSync(join(folder, within))).flatMap(({ name, isDirectory }) => {
    const path = join(within, name);
    return isDirectory ? namesUnder(folder, path) : [path];
  }).sort();
}

const LAID = [
  "nvidia/cuda_nvcc/bin/ptxas",
  "nvidia/cuda_nvcc/checked.json",
  "nvidia/cuda_nvcc/nvvm/libdevice/a.bc",
  "tensorflow/a.so",
  "tensorflow/a.so.2",
  "tensorflow/checked.json",
];

Deno.test("setUpGpu() lays what is needed of each wheel as pip would, and keeps no wheel", async () => {
  const { python, cache, wheels, calls } = await fakeRegistry();
  const shown = new Set<string>();
  const onProgress = ({ stage, what }: { stage: string; what: string }) => shown.add(`${stage} ${what}`);
  const folder = await setUpGpu({ python, cache, wheels, onProgress });
  assertEquals([folder, calls()], [gpuFolder(cache), 2]);
  assertEquals(namesUnder(folder), LAID);
  assertEquals(Deno.statSync(`${folder}/nvidia/cuda_nvcc/bin/ptxas`).mode! & 0o111, 0o111);
  assertEquals(Deno.statSync(`${folder}/tensorflow/a.so.2`).mode! & 0o111, 0);
  assertEquals(Deno.readTextFileSync(`${folder}/tensorflow/a.so`), "a library");
  assertEquals(namesUnder(cache, "wheels"), []);
  assertEquals([...shown], [
    "download cuda-nvcc 1",
    "unpack cuda-nvcc 1",
    "download tensorflow 1",
    "unpack tensorflow 1",
  ]);
});

Deno.test("setUpGpu() fetches only what is missing or damaged", async () => {
  const { python, cache, wheels, calls } = await fakeRegistry();
  const folder = await setUpGpu({ python, cache, wheels });
  await setUpGpu({ python: "/nowhere/python3", cache, wheels });
  const damages = [
    () => Deno.removeSync(`${folder}/nvidia`, { recursive: true }),
    () => Deno.removeSync(`${folder}/tensorflow/a.so`), // the link
    () => Deno.writeTextFileSync(`${folder}/tensorflow/a.so.2`, "a librarY"),
  ];
  for (const [i, damage] of damages.entries()) {
    damage();
    assertEquals(missingGpuWheels(cache, wheels).length, 1);
    await setUpGpu({ python, cache, wheels });
    assertEquals([namesUnder(folder), calls()], [LAID, 3 + i]);
  }
});

Deno.test("setUpGpu() goes on where one that failed or was killed stopped", async () => {
  const { python, cache, wheels, calls } = await fakeRegistry();
  const [nvcc, tensorflow] = wheels;
  const source = join(python, "..", tensorflow!.file);
  const whole = await Deno.readFile(source);
  await Deno.writeTextFile(source, "cut");
  const message =
    'Cannot set up tensorflow: pip did not leave "tensorflow-1-py3-none-any.whl" of the pinned hash';
  await assertRejects(() => setUpGpu({ python, cache, wheels }), Error, message);
  assertEquals(missingGpuWheels(cache, wheels), [tensorflow]);
  assertEquals(planGpuSetUp(cache, wheels).downloadBytes, tensorflow!.bytes);
  // Killed while it unpacked: the wheel is there, and something in tmp.
  await Deno.mkdir(`${cache}/tmp/half/unpacked`, { recursive: true });
  await Deno.mkdir(`${cache}/wheels`, { recursive: true });
  await Deno.writeFile(`${cache}/wheels/${tensorflow!.file}`, whole);
  const before = calls();
  await setUpGpu({ python: "/nowhere/python3", cache, wheels });
  assertEquals([missingGpuWheels(cache, wheels), calls()], [[], before]);
  assertEquals(namesUnder(cache).filter((name) => name.startsWith("tmp") || name.endsWith(".whl")), []);
  assertEquals(nvcc!.folder, "nvidia/cuda_nvcc");
});

Deno.test("setUpGpu() called twice at once fetches once", async () => {
  const { python, cache, wheels, calls } = await fakeRegistry();
  await Promise.all([setUpGpu({ python, cache, wheels }), setUpGpu({ python, cache, wheels })]);
  assertEquals(calls(), 2);
});

Deno.test("setUpGpu() says how much space it needs before it fetches anything", async () => {
  const { python, cache, wheels } = await fakeRegistry();
  const large = wheels.map((wheel) => ({ ...wheel, bytes: 1e18 }));
  const error = await assertRejects(() => setUpGpu({ python, cache, wheels: large }), Error);
  assertMatch(
    error.message,
    /^Cannot set up TensorFlow for GPUs in ".*": it needs 20{12} MB, \d+ MB are free: make/,
  );
});

Deno.test("the pinned wheels hold every library that a card needs, each in the folder that is looked in", () => {
  const files = GPU_WHEELS.flatMap(({ folder, files }) =>
    files.map((file) => ({ folder, place: placeOf(file), ...file }))
  );
  for (const { folder, place, name, sha256 } of files) {
    assertEquals(name, `${folder}/${place}`);
    assertMatch(sha256, /^[0-9a-f]{64}$/);
  }
  const names = files.map(({ name }) => basename(name));
  assertEquals(CUDA_LIBRARIES.filter((name) => !names.includes(name)), []);
  assertEquals(files.filter(({ isProgram }) => isProgram).map(({ name }) => name), [
    "nvidia/cuda_nvcc/bin/ptxas",
  ]);
  assertEquals(GPU_WHEELS.at(-1)?.folder, "tensorflow");
});

/** A cache with builds of the pinned sizes: zeros, which stamps call whole. */
async function cacheWith(...builds: ("cpu" | "gpu")[]): Promise<string> {
  const cache = await Deno.makeTempDir();
  const lay = async (folder: string, files: Parameters<typeof stampPinnedFiles>[1]) => {
    for (const file of files) {
      const path = join(folder, placeOf(file));
      await Deno.mkdir(join(path, ".."), { recursive: true });
      await Deno.writeFile(path, new Uint8Array());
      await Deno.truncate(path, file.bytes);
    }
    stampPinnedFiles(folder, files);
  };
  if (builds.includes("cpu")) await lay(downloadFolder(cache), TENSORFLOW_FILES);
  if (!builds.includes("gpu")) return cache;
  for (const { folder, files, links = {} } of GPU_WHEELS) {
    const part = join(gpuFolder(cache), folder);
    await lay(part, files);
    for (const [path, target] of Object.entries(links)) await Deno.symlink(target, join(part, path));
  }
  return cache;
}

Deno.test("findTensorFlow() takes the build that is asked for, the other where it is not there", async () => {
  const find = (cache: string, build?: "cpu" | "gpu", own?: string) => {
    const variable = (name: string) => name === "CODESCRUB_TENSORFLOW" ? own : undefined;
    return findTensorFlow({ cache, build, variable, prefixes: [] }).folder;
  };
  const both = await cacheWith("cpu", "gpu");
  const [cpu, gpu] = [downloadFolder(both), `${gpuFolder(both)}/tensorflow`];
  assertEquals([find(both), find(both, "cpu"), find(both, "gpu")], [cpu, cpu, gpu]);
  assertEquals(find(both, "gpu", cpu), cpu);
  const onlyCpu = await cacheWith("cpu");
  assertEquals(find(onlyCpu, "gpu"), downloadFolder(onlyCpu));
  const onlyGpu = await cacheWith("gpu");
  assertEquals(find(onlyGpu, "cpu"), `${gpuFolder(onlyGpu)}/tensorflow`);
  await Deno.remove(`${gpuFolder(both)}/nvidia/cudnn`, { recursive: true }); // a set-up that was killed
  assertEquals(find(both, "gpu"), cpu);
  await Deno.remove(`${gpuFolder(onlyGpu)}/nvidia/cusparse/lib/libcusolver.so.11`);
  assertThrows(() => find(onlyGpu, "gpu"), Error, "Cannot find TensorFlow's libraries");
});

Deno.test("describeSetup() says whether the build for GPUs is there, and how to get the rest of it", async () => {
  const row = async (cache: string) => {
    const { state, version, path, howToGet } = (await describeSetup({ cache }))
      .find(({ part }) => part === "TensorFlow for GPUs")!;
    return [state, version, path, howToGet];
  };
  const cache = await cacheWith("gpu");
  assertEquals(await row(cache), ["ready", "2.21.0", gpuFolder(cache), null]);
  await Deno.remove(`${gpuFolder(cache)}/nvidia/cudnn`, { recursive: true });
  const howToGet = "npx -y deno task setup --gpu (1 of 9 parts are missing)";
  assertEquals(await row(cache), ["optional", null, null, howToGet]);
  assertEquals(await row(await cacheWith()), ["optional", null, null, "npx -y deno task setup --gpu"]);
});

Deno.test("verifySetUp() reads the build for GPUs too", async () => {
  const cache = await Deno.makeTempDir();
  const folder = join(gpuFolder(cache), "nvidia", "cuda_runtime", "lib");
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "libcudart.so.12"), "another");
  const rows = await verifySetUp({ cache, denoFolder: cache });
  const row = rows.find(({ part }) => part === "TensorFlow for GPUs libcudart.so.12");
  assertEquals([row?.state, row?.detail], [
    "differs",
    `remove "${folder}/libcudart.so.12": npx -y deno task setup --gpu fetches it anew`,
  ]);
});
