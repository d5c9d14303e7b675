/**
 * What set-up put into the cache folder, and Deno into its own, beside what it must be: every byte is read, no stamp
 * believed, no network asked. What is read does not tell of who reads it: Deno itself, Python and this repository.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import packages from "../../data/packages.json" with { type: "json" };
import { cacheFolder, type CacheOptions } from "./cache_folder.ts";
import { GPU_WHEELS, gpuFolder } from "./gpu_wheels.ts";
import { findJupyter } from "./jupyter.ts";
import { FETCHED_MODELS, fetchedModelFile } from "./fetched_models.ts";
import { HUMANEVAL, humanEvalFile } from "./fetched_problems.ts";
import { verifyNpmPackages } from "./npm_packages.ts";
import { hashFile, type PinnedFile, placeOf, type ReadOptions, type VerifyRow } from "./pinned_files.ts";
import { downloadFolder, findTensorFlow, TENSORFLOW_FILES } from "./tensorflow_libraries.ts";

/** Options of {@linkcode verifySetUp}. */
export interface VerifySetUpOptions extends CacheOptions {
  /** Deno's cache folder (default: as Deno chooses it). */
  denoFolder?: string | null;
  /** Ends it. */
  signal?: AbortSignal;
}

/**
 * Checks TensorFlow's libraries, the wheels, fetched models and npm packages.
 *
 * @returns A row for each that is there, or kind of which none is; "differs" says what to do.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verifySetUp } from "./verify_set_up.ts";
 *
 * const nowhere = await Deno.makeTempDir();
 * const rows = await verifySetUp({ cache: nowhere, denoFolder: nowhere });
 * assertEquals(rows.filter(({ state }) => state === "differs"), []);
 * ```
 */
export async function verifySetUp(options: VerifySetUpOptions = {}): Promise<VerifyRow[]> {
  const { cache = cacheFolder(), onProgress, signal } = options;
  const reading = (what: string): ReadOptions => {
    let done = 0;
    const onBytes = (count: number) => onProgress?.({ stage: "check", what, done: done += count, total: 0 });
    return { onBytes, signal };
  };
  return [
    ...await verifyTensorFlow(cache, reading("TensorFlow")),
    ...await verifyGpuBuild(cache, reading("TensorFlow for GPUs")),
    ...await verifyWheels(cache, reading("wheels")),
    ...await verifyModels(cache, reading("models")),
    ...verifyMade(cache),
    ...await verifyNpmPackages({ folder: options.denoFolder, ...reading("npm packages") }),
  ];
}

/** Files of one folder in a row, or a row for each that differs; none where none is there. */
async function verifyFiles(
  part: string,
  folder: string,
  { files, anew = ANEW, ...reading }: ReadOptions & { files: readonly PinnedFile[]; anew?: string },
): Promise<VerifyRow[]> {
  const there = files.filter((file) => existsSync(join(folder, placeOf(file))));
  const rows: VerifyRow[] = [];
  for (const file of there) {
    const path = join(folder, placeOf(file));
    if (await hashFile(path, reading) === file.sha256) continue;
    rows.push({
      part: `${part} ${basename(file.name)}`,
      state: "differs",
      detail: `remove "${path}": ${anew}`,
    });
  }
  const same = there.length - rows.length;
  if (same === 0) return rows;
  return [{ part, state: "ok", detail: `${same} of ${files.length} files: ${folder}` }, ...rows];
}

const ANEW = "npx -y deno task setup fetches it anew";

async function verifyTensorFlow(cache: string, reading: ReadOptions): Promise<VerifyRow[]> {
  const rows = await verifyFiles("TensorFlow", downloadFolder(cache), {
    files: TENSORFLOW_FILES,
    ...reading,
  });
  try {
    const { folder, origin } = findTensorFlow({ cache });
    if (origin === "download") return rows;
    return [...rows, {
      part: "TensorFlow",
      state: "not checked",
      detail: `not fetched by set-up: ${folder}`,
    }];
  } catch {
    return rows.length > 0 ? rows : [absent("TensorFlow", cache)];
  }
}

async function verifyGpuBuild(cache: string, reading: ReadOptions): Promise<VerifyRow[]> {
  const files = GPU_WHEELS.flatMap((wheel) =>
    wheel.files.map((file) => ({ ...file, path: join(wheel.folder, placeOf(file)) }))
  );
  return await verifyFiles("TensorFlow for GPUs", gpuFolder(cache), {
    files,
    anew: ANEW.replace("setup", "setup --gpu"),
    ...reading,
  });
}

async function verifyWheels(cache: string, reading: ReadOptions): Promise<VerifyRow[]> {
  const files = packages.wheels.map(({ file, bytes, sha256 }) => ({ name: file, bytes, sha256 }));
  const rows = await verifyFiles("wheels", join(cache, "wheels"), { files, ...reading });
  return rows.length > 0 ? rows : [absent("wheels", cache)];
}

async function verifyModels(cache: string, reading: ReadOptions): Promise<VerifyRow[]> {
  const rows: VerifyRow[] = [];
  for (const [name, { file }] of Object.entries(FETCHED_MODELS)) {
    const folder = dirname(fetchedModelFile(name as keyof typeof FETCHED_MODELS, { cache }));
    rows.push(...await verifyFiles(`model ${name}`, folder, { files: [file], ...reading }));
  }
  const problems = dirname(humanEvalFile({ cache }));
  return [...rows, ...await verifyFiles("HumanEval", problems, { files: [HUMANEVAL.file], ...reading })];
}

/** What was made on this machine out of checked wheels: no two machines make the same. */
function verifyMade(cache: string): VerifyRow[] {
  const jupyter = findJupyter({ cache })?.folder;
  const corpus = join(cache, "embedded");
  const made: VerifyRow[] = [];
  if (jupyter) made.push({ part: "Jupyter", state: "not checked", detail: remade(jupyter) });
  if (existsSync(corpus)) {
    made.push({ part: "embedded corpus", state: "not checked", detail: remade(corpus) });
  }
  return made;
}

function remade(folder: string): string {
  return `made here out of checked wheels: remove "${folder}" to have it made anew`;
}

function absent(part: string, folder: string): VerifyRow {
  return { part, state: "not checked", detail: `not there: ${folder}` };
}
